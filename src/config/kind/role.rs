use super::lists::{policies, provided_contexts, tags};
use super::{parsed, role_session_name};
use crate::aws::{AssumeRole, Invalid, ProfileName, RoleArn, RoleDuration};
use crate::config::keys::{
    EXTERNAL_ID, ROLE_ARN, ROLE_DURATION_SECONDS, ROLE_SESSION_NAME, SOURCE_IDENTITY, SOURCE_PROFILE,
};
use crate::config::mistake::Reported;
use crate::config::plan::Role;
use crate::config::table::Table;
use crate::config::{Env, signed_by};

/// A profile with `role_arn`, for which a key or another profile asks.
pub(super) fn read(name: &Result<ProfileName, Reported>, table: &Table<'_>, env: Env<'_>) -> Result<Role, Reported> {
    let signed_by = signed_by::read(table, env);
    let request = request(name, table);
    let (signed_by, request) = (signed_by?, request?);
    Ok(Role { signed_by, request })
}

fn request(name: &Result<ProfileName, Reported>, table: &Table<'_>) -> Result<AssumeRole, Reported> {
    let role_arn = role_arn(table);
    let session_name = parsed(table, &ROLE_SESSION_NAME);
    let duration = chainable_duration(table);
    let external_id = parsed(table, &EXTERNAL_ID);
    let source_identity = parsed(table, &SOURCE_IDENTITY);
    let policies = policies(table);
    let tags = tags(table);
    let provided_contexts = provided_contexts(table);
    Ok(AssumeRole {
        role_arn: role_arn?,
        role_session_name: role_session_name(session_name?, name)?,
        duration: duration?,
        external_id: external_id?,
        source_identity: source_identity?,
        policies: policies?,
        tags: tags?,
        provided_contexts: provided_contexts?,
        minimum_session_token_size: None,
    })
}

/// The role itself, which whoever opens it must name.
pub(super) fn role_arn(table: &Table<'_>) -> Result<RoleArn, Reported> {
    table.required(&ROLE_ARN, parsed(table, &ROLE_ARN))
}

/// `duration_seconds` of a role.
pub(super) fn duration(table: &Table<'_>) -> Result<RoleDuration, Reported> {
    bounded_duration(table, |_| Ok(()))
}

fn chainable_duration(table: &Table<'_>) -> Result<RoleDuration, Reported> {
    if !table.has(&SOURCE_PROFILE) {
        return duration(table);
    }
    bounded_duration(table, |duration| {
        if duration > RoleDuration::LONGEST_CHAINED {
            return Err(
                "must be at most 3600 seconds: AWS limits role chaining to one hour; lower it, or write `key` \
                        in place of `source_profile`",
            );
        }
        Ok(())
    })
}

fn bounded_duration(
    table: &Table<'_>,
    check: impl FnOnce(RoleDuration) -> Result<(), &'static str>,
) -> Result<RoleDuration, Reported> {
    let duration = table.integer(&ROLE_DURATION_SECONDS, |seconds| {
        let duration = RoleDuration::try_from(seconds).map_err(|Invalid(rule)| rule)?;
        check(duration).map(|()| duration)
    });
    Ok(duration?.unwrap_or_default())
}
