use super::command;
use super::keys::{
    MFA_CODE, MFA_CODE_NOTIFY, MFA_CODE_PASS_ENVIRONMENT, MFA_CODE_PROCESS, MFA_CODE_PUSH, MFA_CODE_TOTP_SEED_FILE,
    MFA_DEVICES, MFA_SERIAL,
};
use super::mistake::Reported;
use super::paths::absolute;
use super::plan::{Mfa, MfaCode};
use super::table::Table;
use crate::aws::Invalid;

/// An IAM user has no more devices.
const MOST_DEVICES: usize = 8;

/// `mfa_serial` and `mfa_code`, or `mfa_devices`.
pub(super) fn read(profile: &Table<'_>) -> Result<Option<Mfa>, Reported> {
    let only = device(profile);
    if !profile.has(&MFA_DEVICES) {
        return only;
    }
    let text = "must be left out: `mfa_devices` names the devices; keep one of them";
    let alone = [MFA_SERIAL, MFA_CODE].map(|key| profile.without(&key, text));
    let devices = devices(profile);
    alone.into_iter().collect::<Result<(), _>>()?;
    only?;
    devices.map(Some)
}

/// All of them, in the order of the file: the first, and the others in it.
fn devices(profile: &Table<'_>) -> Result<Mfa, Reported> {
    let tables = profile.tables(&MFA_DEVICES)?.unwrap_or_default();
    let read: Vec<_> = tables.into_iter().map(|table| made_device(&table?)).collect();
    let mut devices = read.into_iter().collect::<Result<Vec<_>, _>>()?;
    if devices.is_empty() || devices.len() > MOST_DEVICES {
        return Err(profile.report(&MFA_DEVICES, MFA_DEVICES.must));
    }
    let is_repeated = |at: usize| devices[..at].iter().any(|before| before.serial == devices[at].serial);
    if (0..devices.len()).any(is_repeated) {
        return Err(profile.report(&MFA_DEVICES, "names a device twice; leave one of them out"));
    }
    let first = devices.remove(0);
    Ok(Mfa {
        others: devices,
        ..first
    })
}

/// A person is asked for the codes of one device.
fn made_device(table: &Table<'_>) -> Result<Mfa, Reported> {
    let Some(device) = device(table)? else {
        return Err(table.report_missing(&MFA_SERIAL));
    };
    match device.code {
        MfaCode::Push { .. } => Err(table.report(
            &MFA_CODE,
            "must be a `totp_seed_file` or a `process`: for a person's codes write `mfa_serial` and `mfa_code` in place of `mfa_devices`",
        )),
        MfaCode::Process(_) | MfaCode::TotpSeedFile(_) => Ok(device),
    }
}

/// One device. It without its codes, or codes without their device, make no MFA.
fn device(profile: &Table<'_>) -> Result<Option<Mfa>, Reported> {
    let paired = profile
        .pair(&MFA_SERIAL, &MFA_CODE)
        .and_then(|()| profile.pair(&MFA_CODE, &MFA_SERIAL));
    let serial = profile.string(&MFA_SERIAL, |text| text.parse().map_err(|Invalid(rule)| rule));
    let code = code(profile);
    paired?;
    Ok(serial?.zip(code?).map(|(serial, code)| Mfa::new(serial, code)))
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
