use super::Env;
use super::endpoint::{self, Environment};
use super::keys::{
    ALLOWED_UIDS, EXPECTED_ACCOUNT_ID, REGION, REQUIRED, ROLE_ARN, STS_REGIONAL_ENDPOINTS, TARGET_PRINCIPAL,
};
use super::mistake::{Mistakes, Reported};
use super::plan::{Kind, Profile};
use super::table::Table;
use super::{kind, source_profile};
use crate::aws::{AccountId, Endpoint, Invalid, ProfileName};

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
    let expected_account_id = table.string(&EXPECTED_ACCOUNT_ID, |text| text.parse().map_err(|Invalid(rule)| rule));
    let allowed_uids = allowed_uids(table);
    let kind = kind::read(name, table, env);
    let region = region?;
    let (kind, endpoint) = (kind?, endpoint?);
    regional_for_root(&kind, &endpoint, table)?;
    let expected_account_id = expected_account_id?;
    of_one_account(&kind, expected_account_id.as_ref(), table)?;
    Ok(Profile {
        name: name.clone()?,
        required: required?.unwrap_or(true),
        endpoint,
        expected_account_id,
        allowed_uids: allowed_uids?,
        kind,
        region,
    })
}

/// An empty list would let nobody in, and the largest number is the system's word for nobody.
fn allowed_uids(table: &Table<'_>) -> Result<Option<Vec<u32>>, Reported> {
    let uid = |number| u32::try_from(number).ok().filter(|uid| *uid != u32::MAX);
    let uids = table.integers(&ALLOWED_UIDS, |number| {
        uid(number).ok_or("has what is no UID in it; a UID is a number from 0 to 4294967294")
    })?;
    if uids.as_ref().is_some_and(Vec::is_empty) {
        let text = "is empty, and would let nobody in; name the UIDs that may have the credentials, or leave it out";
        return Err(table.report(&ALLOWED_UIDS, text));
    }
    Ok(uids)
}

/// Otherwise the wrong role would be assumed at every try, and never served.
fn of_one_account(kind: &Kind, expected: Option<&AccountId>, table: &Table<'_>) -> Result<(), Reported> {
    match (expected, kind.account()) {
        (Some(expected), Some(account)) if expected.as_str() != account => {
            let other = if matches!(kind, Kind::Root(_)) {
                TARGET_PRINCIPAL
            } else {
                ROLE_ARN
            };
            let text = format!(
                "is another account than that of `{}`; correct one of them",
                other.name()
            );
            Err(table.report(&EXPECTED_ACCOUNT_ID, text))
        }
        _ => Ok(()),
    }
}

/// The global endpoint has no AssumeRoot.
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html>
fn regional_for_root(kind: &Kind, endpoint: &Endpoint, table: &Table<'_>) -> Result<(), Reported> {
    if matches!(kind, Kind::Root(_)) && endpoint.is_aws_global() {
        let text = "must be \"regional\" for a root session: the global endpoint has no AssumeRoot; where the region is \
                    aws-global, name a region of the organization";
        return Err(table.report(&STS_REGIONAL_ENDPOINTS, text));
    }
    Ok(())
}
