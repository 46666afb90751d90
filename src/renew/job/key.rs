use super::{Attempt, Job, Unprepared, in_time};
use crate::aws::LongTermKey;
use crate::clock::Clock;
use crate::keys;
use crate::renew::Failure;
use crate::renew::keyring::Choice;

impl Job {
    /// The key that signs: what is in the source if that is to be read and can be, else the one that brought credentials
    /// before.
    pub(super) async fn key(
        &self,
        clock: &dyn Clock,
        choice: &Choice,
        attempt: &mut Attempt,
    ) -> Result<Option<LongTermKey>, Unprepared> {
        let Some(source) = &self.key else {
            return Ok(None);
        };
        if choice.reads {
            let found = read_key(&**source, clock).await;
            attempt.found = Some(found.clone());
            if choice.proven.is_none() || found.is_ok() {
                return found.map(Some);
            }
        }
        Ok(choice.proven.clone())
    }
}

/// The key that is in a source.
pub(in crate::renew) async fn read_key(
    source: &dyn keys::Source,
    clock: &dyn Clock,
) -> Result<LongTermKey, Unprepared> {
    let key = in_time(clock, source.patience(), source.read()).await;
    key.unwrap_or(Err(keys::Error::Slow)).map_err(|error| Unprepared {
        failure: Failure::Key,
        message: error.to_string(),
    })
}
