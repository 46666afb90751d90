use super::Env;
use super::keys::{KEY, MFA_CODE, MFA_DEVICES, MFA_SERIAL, SOURCE_PROFILE};
use super::mistake::Reported;
use super::plan::SignedBy;
use super::table::Table;
use super::{key_source, mfa, source_profile};

/// `key` with the MFA device, or `source_profile`.
pub(super) fn read(table: &Table<'_>, env: Env<'_>) -> Result<SignedBy, Reported> {
    if !table.has(&SOURCE_PROFILE) {
        let key = key_source::read(table, env);
        let mfa = mfa::read(table);
        let (key, mfa) = (key?, mfa?);
        return Ok(SignedBy::Key { key, mfa });
    }
    let text = "must be left out: `source_profile` signs in its place; keep one of them";
    let no_key = table.without(&KEY, text);
    let text = "must be left out: the source profile's session signs, and its MFA carries over";
    let no_mfa = [MFA_SERIAL, MFA_CODE, MFA_DEVICES].map(|key| table.without(&key, text));
    let source = source_profile::named_in(table);
    no_key?;
    no_mfa.into_iter().collect::<Result<(), _>>()?;
    Ok(SignedBy::Profile(source?))
}
