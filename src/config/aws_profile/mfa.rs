use super::key::command;
use super::settings::AwsProfile;
use crate::config::mistake::Reported;
use crate::config::{Mfa, MfaCode};

/// `mfa_serial`, with `mfa_process` (aws-vault's word) where there is one; otherwise a person submits the codes.
pub(super) fn of(profile: &AwsProfile<'_>) -> Result<Option<Mfa>, Reported> {
    let process = profile.setting("mfa_process");
    let serial = profile.read("mfa_serial");
    let code = match &process {
        None => Ok(MfaCode::Push { notify: None }),
        Some(setting) => command(setting).map(MfaCode::Process),
    };
    match (serial?, process) {
        (None, Some(setting)) => Err(setting.report("needs mfa_serial; set it, or remove this")),
        (None, None) => Ok(None),
        (Some(serial), _) => Ok(Some(Mfa::new(serial, code?))),
    }
}
