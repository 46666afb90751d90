use super::keys::{AUDIT, CONTROL_SOCKET, CREDENTIALS, Key, OPS, TOKEN_DIR, TOKEN_MODE};
use super::mistake::{Mistakes, Reported};
use super::table::Table;

/// The flags of `serve` that beat `[server]` of the file, as they were typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--credentials`
    pub credentials: Option<String>,
    /// `--ops`
    pub ops: Option<String>,
    /// `--token-dir`
    pub token_dir: Option<String>,
    /// `--token-mode`
    pub token_mode: Option<String>,
    /// `--control-socket`
    pub control_socket: Option<String>,
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
            (OPS, &self.ops),
            (TOKEN_DIR, &self.token_dir),
            (TOKEN_MODE, &self.token_mode),
            (CONTROL_SOCKET, &self.control_socket),
        ];
        let (_, value) = typed.into_iter().find(|(typed, _)| typed.path == key.path)?;
        value.as_deref()
    }
}

fn flag(key: &Key) -> String {
    format!("--{}", key.name().replace('_', "-"))
}
