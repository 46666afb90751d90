use super::command;
use super::keys::{
    MFA_CODE, MFA_CODE_NOTIFY, MFA_CODE_PASS_ENVIRONMENT, MFA_CODE_PROCESS, MFA_CODE_PUSH, MFA_CODE_TOTP_SEED_FILE,
    MFA_SERIAL,
};
use super::mistake::Reported;
use super::paths::absolute;
use super::plan::{Mfa, MfaCode};
use super::table::Table;
use crate::aws::Invalid;

/// `mfa_serial` and `mfa_code`. The device without its codes, or codes without their device, make no MFA.
pub(super) fn read(profile: &Table<'_>) -> Result<Option<Mfa>, Reported> {
    let paired = profile
        .pair(&MFA_SERIAL, &MFA_CODE)
        .and_then(|()| profile.pair(&MFA_CODE, &MFA_SERIAL));
    let serial = profile.string(&MFA_SERIAL, |text| text.parse().map_err(|Invalid(rule)| rule));
    let code = code(profile);
    paired?;
    Ok(serial?.zip(code?).map(|(serial, code)| Mfa { serial, code }))
}

fn code(profile: &Table<'_>) -> Result<Option<MfaCode>, Reported> {
    let Some(table) = profile.table(&MFA_CODE)? else {
        return Ok(None);
    };
    let seed = table.string(&MFA_CODE_TOTP_SEED_FILE, absolute);
    let passed = command::environment(&table, &MFA_CODE_PASS_ENVIRONMENT);
    let process = command::read(&table, &MFA_CODE_PROCESS, &passed);
    let notify = command::read(&table, &MFA_CODE_NOTIFY, &passed);
    let push = match table.only_true(&MFA_CODE_PUSH) {
        Ok(Some(())) => notify.map(|notify| Some(MfaCode::Push { notify })),
        Ok(None) => Ok(None),
        Err(reported) => Err(reported),
    };
    let sources = [
        seed.map(|file| file.map(MfaCode::TotpSeedFile)),
        process.map(|command| command.map(MfaCode::Process)),
        push,
    ];
    let source = table.only_source(&MFA_CODE, sources)?;
    table.beside(
        &MFA_CODE_NOTIFY,
        &[MFA_CODE_PUSH],
        "is for `push`, where a person is asked for a code; leave it out",
    )?;
    table.beside(
        &MFA_CODE_PASS_ENVIRONMENT,
        &[MFA_CODE_PROCESS, MFA_CODE_NOTIFY],
        "is for a `process` or `notify`, and there is none; leave it out",
    )?;
    Ok(Some(source))
}
