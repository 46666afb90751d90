use super::Env;
use super::endpoint::{self, Environment};
use super::keys::{DURATION_SECONDS, KEY, MFA_CODE, MFA_SERIAL, REGION, REQUIRED, ROLE_ARN, SOURCE_PROFILE};
use super::mistake::{Mistakes, Reported};
use super::plan::{Kind, Profile, Role, Session, SignedBy};
use super::table::Table;
use super::{key_source, mfa, role, source_profile};
use crate::aws::{Invalid, ProfileName, SessionDuration};

/// Every `[profile.<name>]`, in the order of the file.
pub(super) fn read(root: &Table<'_>, env: Env<'_>, mistakes: &Mistakes) -> Result<Vec<Profile>, Reported> {
    let report = |variable: &str, rule: &str| mistakes.report_outside(variable, rule);
    let environment = Environment::new(env, &report);
    let tables = root.profiles()?;
    let sources = source_profile::check(&tables);
    let profiles: Vec<_> = tables
        .iter()
        .map(|(name, table)| profile(name, table, env, &environment))
        .collect();
    sources?;
    profiles.into_iter().collect()
}

fn profile(
    name: &Result<ProfileName, Reported>,
    table: &Result<Table<'_>, Reported>,
    env: Env<'_>,
    environment: &Environment<'_>,
) -> Result<Profile, Reported> {
    let table = table.as_ref().map_err(|reported| *reported)?;
    let region = table.string(&REGION, |text| text.parse().map_err(|Invalid(rule)| rule));
    let region = table.required(&REGION, region);
    let required = table.boolean(&REQUIRED);
    let endpoint = endpoint::of_profile(table, region.as_ref().map_err(|reported| *reported), environment);
    let kind = kind(name, table, env);
    let region = region?;
    Ok(Profile {
        name: name.clone()?,
        required: required?.unwrap_or(true),
        endpoint: endpoint?,
        kind: kind?,
        region,
    })
}

fn kind(name: &Result<ProfileName, Reported>, table: &Table<'_>, env: Env<'_>) -> Result<Kind, Reported> {
    let signed_by = signed_by(table, env);
    if table.has(&ROLE_ARN) {
        let request = role::request(name, table);
        let (signed_by, request) = (signed_by?, request?);
        return Ok(Kind::Role(Role { signed_by, request }));
    }
    let no_role = role::none(table);
    let duration = table.integer(&DURATION_SECONDS, |seconds| {
        SessionDuration::try_from(seconds).map_err(|Invalid(rule)| rule)
    });
    match signed_by? {
        SignedBy::Key { key, mfa } => {
            no_role?;
            let duration = duration?.unwrap_or_default();
            Ok(Kind::Session(Session { key, mfa, duration }))
        }
        SignedBy::Profile(_) => Err(table.lonely(
            &SOURCE_PROFILE,
            &[ROLE_ARN],
            "needs `role_arn` beside it, since a session cannot be made from a session; add that, or write `key` instead",
        )),
    }
}

fn signed_by(table: &Table<'_>, env: Env<'_>) -> Result<SignedBy, Reported> {
    if !table.has(&SOURCE_PROFILE) {
        let key = key_source::read(table, env);
        let mfa = mfa::read(table);
        let (key, mfa) = (key?, mfa?);
        return Ok(SignedBy::Key { key, mfa });
    }
    let text = "must be left out: `source_profile` signs in its place; keep one of them";
    let no_key = table.without(&KEY, text);
    let text = "must be left out: the source profile's session signs, and its MFA carries over";
    let no_mfa = [MFA_SERIAL, MFA_CODE].map(|key| table.without(&key, text));
    let source = source_profile::named_in(table);
    no_key?;
    no_mfa.into_iter().collect::<Result<(), _>>()?;
    Ok(SignedBy::Profile(source?))
}
