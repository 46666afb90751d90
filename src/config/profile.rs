use std::path::{Path, PathBuf};

use super::endpoint;
use super::keys::{
    DURATION_SECONDS, KEY, KEY_DIRECTORY, MFA_CODE, MFA_CODE_TOTP_SEED_FILE, MFA_SERIAL, REGION, REQUIRED,
};
use super::mistake::Reported;
use super::plan::{KeySource, Kind, Mfa, MfaCode, Profile, Session};
use super::table::Table;
use crate::aws::{Invalid, ProfileName, SessionDuration};

/// Every `[profile.<name>]`, in the order of the file.
pub(super) fn read(root: &Table<'_>) -> Result<Vec<Profile>, Reported> {
    let profiles: Vec<_> = root
        .profiles()?
        .into_iter()
        .map(|(name, table)| profile(name, &table?))
        .collect();
    profiles.into_iter().collect()
}

/// A path as the user must write it, since the working directory and the home of a daemon are nobody's.
pub(super) fn absolute_path(text: &str) -> Result<PathBuf, &'static str> {
    // Such a path would also write into the log as it likes.
    if text.contains(|c: char| c.is_control()) {
        return Err("must be a path without control characters");
    }
    if Path::new(text).is_absolute() {
        Ok(PathBuf::from(text))
    } else {
        Err(KEY_DIRECTORY.must)
    }
}

fn profile(name: Result<ProfileName, Reported>, table: &Table<'_>) -> Result<Profile, Reported> {
    let region = table.string(&REGION, |text| text.parse().map_err(|Invalid(rule)| rule));
    let region = table.required(&REGION, region);
    let required = table.boolean(&REQUIRED);
    let url = endpoint::url(table);
    let session = session(table);
    let region = region?;
    Ok(Profile {
        name: name?,
        required: required?.unwrap_or(true),
        endpoint: endpoint::of(url?, &region),
        kind: Kind::Session(session?),
        region,
    })
}

fn session(profile: &Table<'_>) -> Result<Session, Reported> {
    let key = key_source(profile);
    let mfa = mfa(profile);
    let duration = profile.integer(&DURATION_SECONDS, |seconds| {
        SessionDuration::try_from(seconds).map_err(|Invalid(rule)| rule)
    });
    Ok(Session {
        key: key?,
        mfa: mfa?,
        duration: duration?.unwrap_or_default(),
    })
}

fn key_source(profile: &Table<'_>) -> Result<KeySource, Reported> {
    let source = profile.required(&KEY, profile.table(&KEY))?;
    let directory = source.only_source(&KEY, &KEY_DIRECTORY, absolute_path)?;
    Ok(KeySource::Directory(directory))
}

/// The device without its codes, or codes without their device, make no MFA.
fn mfa(profile: &Table<'_>) -> Result<Option<Mfa>, Reported> {
    let paired = profile
        .pair(&MFA_SERIAL, &MFA_CODE)
        .and_then(|()| profile.pair(&MFA_CODE, &MFA_SERIAL));
    let serial = profile.string(&MFA_SERIAL, |text| text.parse().map_err(|Invalid(rule)| rule));
    let code = mfa_code(profile);
    paired?;
    Ok(serial?.zip(code?).map(|(serial, code)| Mfa { serial, code }))
}

fn mfa_code(profile: &Table<'_>) -> Result<Option<MfaCode>, Reported> {
    let Some(source) = profile.table(&MFA_CODE)? else {
        return Ok(None);
    };
    let file = source.only_source(&MFA_CODE, &MFA_CODE_TOTP_SEED_FILE, absolute_path)?;
    Ok(Some(MfaCode::TotpSeedFile(file)))
}
