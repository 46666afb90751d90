use super::parsed;
use crate::aws::{AssumeRoot, Invalid, RootDuration};
use crate::config::keys::{ROOT_DURATION_SECONDS, TARGET_PRINCIPAL, TASK_POLICY_ARN};
use crate::config::mistake::Reported;
use crate::config::plan::Root;
use crate::config::source_profile;
use crate::config::table::Table;

/// The least that is worth asking for: STS takes less, but a renewal before half of it would be due at once.
const LEAST_SECONDS: i64 = 60;

/// A profile with `target_principal`.
pub(super) fn read(table: &Table<'_>) -> Result<Root, Reported> {
    let source = source_profile::named_in(table);
    let target_principal = table.required(&TARGET_PRINCIPAL, parsed(table, &TARGET_PRINCIPAL));
    let paired = table.pair(&TARGET_PRINCIPAL, &TASK_POLICY_ARN);
    let task_policy_arn = parsed(table, &TASK_POLICY_ARN);
    let duration = table.integer(&ROOT_DURATION_SECONDS, |seconds| {
        let duration = RootDuration::try_from(seconds).map_err(|Invalid(rule)| rule)?;
        if seconds < LEAST_SECONDS {
            return Err("must be at least 60 seconds, so that it can be renewed in time");
        }
        Ok(duration)
    });
    paired?;
    Ok(Root {
        source: source?,
        request: AssumeRoot {
            target_principal: target_principal?,
            task_policy_arn: table.required(&TASK_POLICY_ARN, task_policy_arn)?,
            duration: duration?.unwrap_or_default(),
            minimum_session_token_size: None,
        },
    })
}
