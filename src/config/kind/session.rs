use crate::aws::{Invalid, SessionDuration};
use crate::config::keys::{DURATION_SECONDS, ROLE_ARN, SOURCE_PROFILE};
use crate::config::mistake::Reported;
use crate::config::plan::{Session, SignedBy};
use crate::config::table::Table;
use crate::config::{Env, signed_by};

/// A profile that nothing makes another kind.
pub(super) fn read(table: &Table<'_>, env: Env<'_>) -> Result<Session, Reported> {
    let signed_by = signed_by::read(table, env);
    let duration = duration(table);
    match signed_by? {
        SignedBy::Key { key, mfa } => Ok(Session {
            key,
            mfa,
            duration: duration?,
        }),
        SignedBy::Profile(_) => Err(table.lonely(
            &SOURCE_PROFILE,
            &[ROLE_ARN],
            "needs `role_arn` beside it, since a session cannot be made from a session; add that, or write `key` instead",
        )),
    }
}

/// `duration_seconds` of what lives as long as a session may.
pub(super) fn duration(table: &Table<'_>) -> Result<SessionDuration, Reported> {
    let duration = table.integer(&DURATION_SECONDS, |seconds| {
        SessionDuration::try_from(seconds).map_err(|Invalid(rule)| rule)
    });
    Ok(duration?.unwrap_or_default())
}
