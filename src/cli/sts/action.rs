use clap::Command;

use super::asker::Asker;
use super::page::Page;
use super::parameter::{self, Parameter};
use crate::BoxFuture;
use crate::cli::Failed;

/// An action of STS as a command.
pub(super) struct Action {
    /// As the AWS CLI calls it.
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) signed_by: SignedBy,
    pub(super) required: &'static [&'static Parameter],
    pub(super) optional: &'static [&'static Parameter],
    pub(super) ask: for<'a> fn(&'a Asker<'a>) -> BoxFuture<'a, Result<Page, Failed>>,
}

/// What signs an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignedBy {
    /// Nothing: a token or an assertion opens.
    Nobody,
    /// The credentials that the daemon serves, or with a flag the long-term key.
    Credentials,
    /// The long-term key, since STS takes nothing else.
    Key,
}

impl Action {
    /// Its options, in one order for all actions.
    pub(super) fn command(&self) -> Command {
        let all = self.required.iter().chain(self.optional);
        let refused: Vec<_> = all.filter_map(|parameter| parameter.refused()).collect();
        let required = self.required.iter().map(|parameter| {
            let typed = refused.iter().map(|(name, _)| *name).chain([parameter::STRAY]);
            parameter.arg().required_unless_present_any(typed)
        });
        let optional = self.optional.iter().map(|parameter| parameter.arg());
        let key = (self.signed_by == SignedBy::Credentials).then_some(&parameter::LONG_TERM_KEY);
        let common = key.into_iter().chain(parameter::COMMON);
        let common = common.map(|parameter| parameter.arg().help_heading("Who asks whom"));
        Command::new(self.name)
            .about(self.what)
            .override_usage(self.usage())
            .args(required.chain(optional))
            .arg(parameter::JSON.arg())
            .args(common)
            .args(refused.iter().map(|(name, _)| parameter::refused_arg(name)))
            .arg(parameter::stray_arg())
    }

    fn usage(&self) -> String {
        let required = self.required.iter().map(|parameter| format!(" {}", parameter.usage()));
        format!("valetkey sts {}{} [OPTIONS]", self.name, required.collect::<String>())
    }
}
