mod lists;

use crate::aws::{AssumeRole, Invalid, ProfileName, RoleDuration, SessionName};
use crate::config::keys::{
    EXTERNAL_ID, Key, POLICY, POLICY_ARNS, PROVIDED_CONTEXTS, ROLE_ARN, ROLE_DURATION_SECONDS, ROLE_SESSION_NAME,
    SOURCE_IDENTITY, SOURCE_PROFILE, TAGS, TRANSITIVE_TAG_KEYS,
};
use crate::config::mistake::Reported;
use crate::config::table::Table;
use lists::{policies, provided_contexts, tags};

/// What AssumeRole is asked for. The table has `role_arn`.
pub(super) fn request(name: &Result<ProfileName, Reported>, table: &Table<'_>) -> Result<AssumeRole, Reported> {
    let role_arn = table.string(&ROLE_ARN, |text| text.parse().map_err(|Invalid(rule)| rule));
    let role_arn = table.required(&ROLE_ARN, role_arn);
    let role_session_name = session_name(table, &ROLE_SESSION_NAME);
    let duration = duration(table);
    let external_id = table.string(&EXTERNAL_ID, |text| text.parse().map_err(|Invalid(rule)| rule));
    let source_identity = session_name(table, &SOURCE_IDENTITY);
    let policies = policies(table);
    let tags = tags(table);
    let provided_contexts = provided_contexts(table);
    Ok(AssumeRole {
        role_arn: role_arn?,
        role_session_name: match role_session_name? {
            Some(given) => given,
            None => SessionName::of_profile(name.as_ref().map_err(|reported| *reported)?),
        },
        duration: duration?,
        external_id: external_id?,
        source_identity: source_identity?,
        policies: policies?,
        tags: tags?,
        provided_contexts: provided_contexts?,
        minimum_session_token_size: None,
    })
}

/// That a profile without `role_arn` has nothing that only a role has.
pub(super) fn none(table: &Table<'_>) -> Result<(), Reported> {
    const PARAMETERS: [Key; 8] = [
        ROLE_SESSION_NAME,
        EXTERNAL_ID,
        SOURCE_IDENTITY,
        POLICY,
        POLICY_ARNS,
        TAGS,
        TRANSITIVE_TAG_KEYS,
        PROVIDED_CONTEXTS,
    ];
    let alone = |key| {
        table.beside(
            key,
            &[ROLE_ARN],
            "needs `role_arn` beside it; add that, or leave this out",
        )
    };
    let alone: Vec<_> = PARAMETERS.iter().map(alone).collect();
    alone.into_iter().collect()
}

fn session_name(table: &Table<'_>, key: &Key) -> Result<Option<SessionName>, Reported> {
    table.string(key, |text| text.parse().map_err(|Invalid(rule)| rule))
}

fn duration(table: &Table<'_>) -> Result<RoleDuration, Reported> {
    let longest = if table.has(&SOURCE_PROFILE) {
        RoleDuration::LONGEST_CHAINED.as_secs().into()
    } else {
        i64::MAX
    };
    let duration = table.integer(&ROLE_DURATION_SECONDS, |seconds| {
        let duration = RoleDuration::try_from(seconds).map_err(|Invalid(rule)| rule)?;
        if seconds > longest {
            return Err(
                "must be at most 3600 seconds: AWS limits role chaining to one hour; lower it, or write `key` \
                        in place of `source_profile`",
            );
        }
        Ok(duration)
    });
    Ok(duration?.unwrap_or_default())
}
