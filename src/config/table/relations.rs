use super::Table;
use crate::config::keys::Key;
use crate::config::mistake::Reported;

/// Which keys need others, and which exclude each other.
impl Table<'_> {
    pub(in crate::config) fn has(&self, key: &Key) -> bool {
        self.find(key.name()).is_some()
    }

    /// Where `present` is given, `needed` must be, too.
    pub(in crate::config) fn pair(&self, present: &Key, needed: &Key) -> Result<(), Reported> {
        match (self.find(present.name()), self.find(needed.name())) {
            (Some(entry), None) => {
                let text = format!("is missing, and `{}` needs it; {}", present.name(), needed.must);
                Err(self.missing(needed.name(), entry.at, &text))
            }
            _ => Ok(()),
        }
    }

    /// `key` says nothing unless one of `others` is given; `text` says so.
    pub(in crate::config) fn beside(&self, key: &Key, others: &[Key], text: &str) -> Result<(), Reported> {
        if !self.has(key) || others.iter().any(|other| self.has(other)) {
            return Ok(());
        }
        Err(self.lonely(key, others, text))
    }

    /// The mistake that `key` is given and none of `others` is.
    pub(in crate::config) fn lonely(&self, key: &Key, others: &[Key], text: &str) -> Reported {
        let names: Vec<_> = others.iter().map(Key::name).collect();
        self.excused(&names).unwrap_or_else(|| self.report_key(key, text))
    }

    /// `key` must be left out, for this reason.
    pub(in crate::config) fn without(&self, key: &Key, text: &str) -> Result<(), Reported> {
        if self.has(key) {
            Err(self.report_key(key, text))
        } else {
            Ok(())
        }
    }

    /// The one source that a table such as `key` names, of those that were looked for.
    pub(in crate::config) fn only_source<T, const N: usize>(
        &self,
        key: &Key,
        sources: [Result<Option<T>, Reported>; N],
    ) -> Result<T, Reported> {
        let mut given = sources.into_iter().filter_map(Result::transpose);
        let found = match (given.next(), given.next()) {
            (Some(source), None) => return source,
            (Some(_), Some(_)) => "found more than one source",
            (None, _) if self.entries.is_empty() => "is empty",
            (None, _) => match self.unknown {
                Some(reported) => return Err(reported),
                None => "found no source",
            },
        };
        let text = format!("{found}; {}", key.must);
        Err(self.mistakes.report(self.at, &self.path, text))
    }

    /// At the key rather than its value.
    pub(in crate::config) fn report_key(&self, key: &Key, text: &str) -> Reported {
        let at = self.find(key.name()).map_or(self.at, |entry| entry.at);
        self.mistakes.report(at, &self.path_of(key.name()), text)
    }
}
