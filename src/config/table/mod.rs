mod lists;
mod relations;

use crate::aws::ProfileName;
use crate::config::echo;
use crate::config::keys::{self, Key};
use crate::config::mistake::{Mistakes, Reported};
use crate::config::suggest::nearest;
use crate::config::tree::{Entry, Node, Value};

/// One table of the file, read against the keys that [`keys`] has for it.
///
/// Every method reports what is wrong and goes on, so that all mistakes are found; `Err` stands for a value that was
/// reported.
pub(super) struct Table<'t> {
    /// As the user finds it in the file: `profile.ops`.
    path: String,
    at: usize,
    entries: &'t [Entry],
    mistakes: &'t Mistakes,
    /// Has an unknown key.
    unknown: Option<Reported>,
    /// Known keys that an unknown one was probably meant as: to report them missing would say it twice.
    meant: Vec<&'static str>,
}

/// A profile's name and its table, each as far as it is right.
pub(super) type NamedTable<'t> = (Result<ProfileName, Reported>, Result<Table<'t>, Reported>);

impl<'t> Table<'t> {
    /// The file itself.
    pub(super) fn root(tree: &'t Node, mistakes: &'t Mistakes) -> Result<Self, Reported> {
        let must = "must be a table with `server` and `profile`";
        Ok(Self::new(
            String::new(),
            tree.at,
            entries(tree, "", must, mistakes)?,
            "",
            mistakes,
        ))
    }

    /// A top-level table; an empty one if the file has none.
    pub(super) fn top_level(&self, name: &'static str, must: &str) -> Result<Self, Reported> {
        match self.find(name) {
            None => Ok(Self::new(name.to_owned(), self.at, &[], name, self.mistakes)),
            Some(entry) => {
                let entries = entries(&entry.node, name, must, self.mistakes)?;
                Ok(Self::new(name.to_owned(), entry.node.at, entries, name, self.mistakes))
            }
        }
    }

    /// `[profile.<name>]`, at least one: each name and each table, as far as they are right.
    pub(super) fn profiles(&self) -> Result<Vec<NamedTable<'t>>, Reported> {
        let must = "must be one or more tables such as [profile.ops]";
        let Some(Entry { node, .. }) = self.find("profile") else {
            return Err(self.missing("profile", self.at, &format!("is missing; {must}")));
        };
        match entries(node, "profile", must, self.mistakes)? {
            [] => Err(self.mistakes.report(node.at, "profile", format!("is empty; {must}"))),
            profiles => Ok(profiles.iter().map(|entry| self.profile(entry)).collect()),
        }
    }

    /// The names of the profiles, right or wrong. Nothing is reported.
    pub(super) fn profile_names(&self) -> Vec<&'t str> {
        match self.find("profile").map(|entry| &entry.node.value) {
            Some(Value::Table(profiles)) => profiles.iter().map(|entry| entry.name.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    fn profile(&self, Entry { name, at, node }: &'t Entry) -> NamedTable<'t> {
        let path = format!("profile.{}", echo::profile(name));
        let name = name
            .parse()
            .map_err(|rule| self.mistakes.report(*at, &path, format!("a profile's name {rule}")));
        let must = format!("must be a table such as [{path}]");
        let table = entries(node, &path, &must, self.mistakes)
            .map(|entries| Self::new(path, node.at, entries, "profile.<name>", self.mistakes));
        (name, table)
    }

    /// A table that is the value of a key.
    pub(super) fn table(&self, key: &Key) -> Result<Option<Self>, Reported> {
        let Some(Entry { node, .. }) = self.find(key.name()) else {
            return Ok(None);
        };
        let path = self.path_of(key.name());
        let entries = entries(node, &path, key.must, self.mistakes)?;
        Ok(Some(Self::new(path, node.at, entries, key.path, self.mistakes)))
    }

    /// A string; `parse` answers with the rule that it breaks.
    pub(super) fn string<T>(
        &self,
        key: &Key,
        parse: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Result<Option<T>, Reported> {
        self.value(key, |value| match value {
            Value::String(text) => Some(parse(text.expose())),
            _ => None,
        })
    }

    /// A string as it is, if it is one. Nothing is reported.
    pub(super) fn text(&self, key: &Key) -> Option<&'t str> {
        match &self.find(key.name())?.node.value {
            Value::String(text) => Some(text.expose()),
            _ => None,
        }
    }

    /// An integer; `parse` answers with the rule that it breaks.
    pub(super) fn integer<T>(
        &self,
        key: &Key,
        parse: impl FnOnce(i64) -> Result<T, &'static str>,
    ) -> Result<Option<T>, Reported> {
        self.value(key, |value| match value {
            Value::Integer(number) => Some(parse(*number)),
            _ => None,
        })
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, key: &Key) -> Result<Option<bool>, Reported> {
        self.value(key, |value| match value {
            Value::Boolean(value) => Some(Ok(*value)),
            _ => None,
        })
    }

    /// `true`, which is all that may be said.
    pub(super) fn only_true(&self, key: &Key) -> Result<Option<()>, Reported> {
        match self.boolean(key)? {
            Some(false) => Err(self.report(key, key.must)),
            Some(true) => Ok(Some(())),
            None => Ok(None),
        }
    }

    /// The value of a key that may not be left out.
    pub(super) fn required<T>(&self, key: &Key, value: Result<Option<T>, Reported>) -> Result<T, Reported> {
        value?.ok_or_else(|| self.report_missing(key))
    }

    /// The mistake that a key is not there.
    pub(super) fn report_missing(&self, key: &Key) -> Reported {
        self.missing(key.name(), self.at, &format!("is missing; {}", key.must))
    }

    /// A mistake in the value of `key`, or in the table if it has no such key.
    pub(super) fn report(&self, key: &Key, text: impl Into<String>) -> Reported {
        let at = self.find(key.name()).map_or(self.at, |entry| entry.node.at);
        self.mistakes.report(at, &self.path_of(key.name()), text)
    }

    fn new(path: String, at: usize, entries: &'t [Entry], form: &str, mistakes: &'t Mistakes) -> Self {
        let mut table = Self {
            path,
            at,
            entries,
            mistakes,
            unknown: None,
            meant: Vec::new(),
        };
        table.check_names(form);
        table
    }

    /// Reports every key that this version does not have.
    fn check_names(&mut self, form: &str) {
        let supported = keys::supported(form);
        for entry in self.entries {
            let name = entry.name.as_str();
            if !supported.contains(&name) {
                let nearest = nearest(name, &supported);
                self.unknown = Some(self.report_unknown(entry, nearest, &supported));
                self.meant.extend(nearest);
            }
        }
    }

    fn report_unknown(&self, entry: &Entry, nearest: Option<&str>, supported: &[&str]) -> Reported {
        let remedy = match nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("known here: `{}`", supported.join("`, `")),
        };
        match echo::key(&entry.name) {
            Some(name) => {
                let text = format!("is not a known key; {remedy}");
                self.mistakes.report(entry.at, &self.path_of(name), text)
            }
            None => self
                .mistakes
                .report(entry.at, &self.path, format!("found an unknown key; {remedy}")),
        }
    }

    fn value<T>(
        &self,
        key: &Key,
        read: impl FnOnce(&Value) -> Option<Result<T, &'static str>>,
    ) -> Result<Option<T>, Reported> {
        let Some(Entry { node, .. }) = self.find(key.name()) else {
            return Ok(None);
        };
        match read(&node.value) {
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(rule)) => Err(self.report(key, rule)),
            None => Err(self.report(key, format!("found {}; {}", node.value.kind(), key.must))),
        }
    }

    fn missing(&self, name: &str, at: usize, text: &str) -> Reported {
        self.excused(&[name])
            .unwrap_or_else(|| self.mistakes.report(at, &self.path_of(name), text))
    }

    /// That none of these keys is given is no mistake of its own: an unknown key was meant as one.
    fn excused(&self, names: &[&str]) -> Option<Reported> {
        let meant = names.iter().any(|name| self.meant.contains(name));
        self.unknown.filter(|_| meant)
    }

    fn find(&self, name: &str) -> Option<&'t Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    fn path_of(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }
}

fn entries<'t>(node: &'t Node, path: &str, must: &str, mistakes: &Mistakes) -> Result<&'t [Entry], Reported> {
    match &node.value {
        Value::Table(entries) => Ok(entries),
        other => Err(mistakes.report(node.at, path, format!("found {}; {must}", other.kind()))),
    }
}
