use super::keys::{
    AUDIT, CONTROL_SOCKET, CREDENTIALS, IMDS, IMDS_PROFILE, Key, OPS, STATE_DIR, TLS_CERTIFICATE, TLS_PRIVATE_KEY,
    TOKEN_DIR, TOKEN_MODE,
};
use super::mistake::{Mistakes, Reported};
use super::table::Table;

/// The flags of `serve` that beat `[server]` of the file, as they were typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--credentials`
    pub credentials: Option<String>,
    /// `--tls-certificate`
    pub tls_certificate: Option<String>,
    /// `--tls-private-key`
    pub tls_private_key: Option<String>,
    /// `--ops`
    pub ops: Option<String>,
    /// `--imds`
    pub imds: Option<String>,
    /// `--imds-profile`
    pub imds_profile: Option<String>,
    /// `--token-dir`
    pub token_dir: Option<String>,
    /// `--token-mode`
    pub token_mode: Option<String>,
    /// `--control-socket`
    pub control_socket: Option<String>,
    /// `--state-dir`
    pub state_dir: Option<String>,
    /// `--audit`; a flag can only turn it on.
    pub audit: bool,
}

/// The settings of `[server]`: each from its flag, else from the file, if there is one.
pub(super) struct Settings<'s> {
    pub(super) flags: &'s Overrides,
    pub(super) file: Option<Table<'s>>,
    pub(super) mistakes: &'s Mistakes,
}

impl Settings<'_> {
    /// A string. `parse` answers with the rule that it breaks; what is wrong in the file is told even where a flag beats it.
    pub(super) fn string<T>(
        &self,
        key: &Key,
        parse: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Result<Option<T>, Reported> {
        let in_file = self.file.as_ref().map_or(Ok(None), |table| table.string(key, &parse));
        let typed = self.flags.of(key).map(&parse).transpose();
        let typed = typed.map_err(|rule| self.mistakes.report_outside(&flag(key), rule));
        Ok(typed?.or(in_file?))
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, key: &Key) -> Result<bool, Reported> {
        let in_file = self.file.as_ref().map_or(Ok(None), |table| table.boolean(key))?;
        Ok(in_file.unwrap_or(false) || (key.name() == AUDIT.name() && self.flags.audit))
    }

    /// An integer, which only a file can give.
    pub(super) fn integer<T>(
        &self,
        key: &Key,
        parse: impl Fn(i64) -> Result<T, &'static str>,
    ) -> Result<Option<T>, Reported> {
        self.file.as_ref().map_or(Ok(None), |table| table.integer(key, &parse))
    }

    /// `key` says nothing unless `needed` is given; `text` says so.
    pub(super) fn beside(&self, key: &Key, needed: &Key, text: &str) -> Result<(), Reported> {
        if self.has(needed) {
            return Ok(());
        }
        match &self.file {
            Some(table) if self.flags.of(key).is_none() => table.beside(key, &[*needed], text),
            _ if self.has(key) => Err(self.report(key, text)),
            _ => Ok(()),
        }
    }

    /// Where `present` is given, `needed` must be, too.
    pub(super) fn pair(&self, present: &Key, needed: &Key) -> Result<(), Reported> {
        if self.has(needed) || !self.has(present) {
            return Ok(());
        }
        match &self.file {
            Some(table) if self.flags.of(present).is_none() => table.pair(present, needed),
            _ => {
                let text = format!("is missing, and {} needs it; {}", flag(present), needed.must);
                Err(self.mistakes.report_outside(&flag(needed), text))
            }
        }
    }

    fn has(&self, key: &Key) -> bool {
        self.flags.of(key).is_some() || self.file.as_ref().is_some_and(|table| table.has(key))
    }

    /// A mistake in the value of `key`, wherever it comes from; a missing one belongs into the file, if there is one.
    pub(super) fn report(&self, key: &Key, text: impl Into<String>) -> Reported {
        match &self.file {
            Some(table) if self.flags.of(key).is_none() => table.report(key, text),
            _ => self.mistakes.report_outside(&flag(key), text),
        }
    }
}

impl Overrides {
    fn of(&self, key: &Key) -> Option<&str> {
        let typed = [
            (CREDENTIALS, &self.credentials),
            (TLS_CERTIFICATE, &self.tls_certificate),
            (TLS_PRIVATE_KEY, &self.tls_private_key),
            (OPS, &self.ops),
            (IMDS, &self.imds),
            (IMDS_PROFILE, &self.imds_profile),
            (TOKEN_DIR, &self.token_dir),
            (TOKEN_MODE, &self.token_mode),
            (CONTROL_SOCKET, &self.control_socket),
            (STATE_DIR, &self.state_dir),
        ];
        let (_, value) = typed.into_iter().find(|(typed, _)| typed.path == key.path)?;
        value.as_deref()
    }
}

fn flag(key: &Key) -> String {
    format!("--{}", key.name().replace('_', "-"))
}
