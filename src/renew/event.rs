use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Failure;
use crate::aws::ProfileName;
use crate::sts::{Action, Class};

/// What the engine tells whoever watches: metrics, the demo's narrator. It holds no secret.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// A call to STS begins.
    Calling {
        /// For which profile.
        profile: &'a ProfileName,
        /// What is called.
        action: Action,
        /// The TOTP step whose code goes with it.
        step: Option<u64>,
    },
    /// A call to STS ended.
    Called {
        /// What was called.
        action: Action,
        /// Why it brought nothing.
        error: Option<Class>,
        /// From the first byte to the verdict.
        elapsed: Duration,
    },
    /// New credentials are served.
    Renewed {
        /// The profile.
        profile: &'a ProfileName,
        /// When AWS stops accepting them.
        expiration: DateTime<Utc>,
        /// When the next renewal starts.
        renewal: DateTime<Utc>,
    },
    /// A renewal failed; what was served is served on.
    Failed {
        /// The profile.
        profile: &'a ProfileName,
        /// Why.
        failure: Failure,
        /// What happened and what to do.
        message: &'a str,
        /// When the next try starts, from now; none while it waits for something else than time.
        retry_in: Option<Duration>,
    },
    /// A person is asked for an MFA code, or reminded.
    CodeWanted {
        /// The profile.
        profile: &'a ProfileName,
        /// When what is served dies; none if nothing is.
        expiration: Option<DateTime<Utc>>,
    },
    /// The credentials died before new ones came.
    Expired {
        /// The profile.
        profile: &'a ProfileName,
    },
    /// STS's time minus the host's.
    ClockOffset(TimeDelta),
    /// Somebody set the host's wall clock, by this much.
    ClockJumped(TimeDelta),
}

/// Whoever watches renewals. Called on the engine's task: it must not block.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn observe(&self, event: &Event<'_>);
}

impl Observer for Vec<Arc<dyn Observer>> {
    fn observe(&self, event: &Event<'_>) {
        for observer in self {
            observer.observe(event);
        }
    }
}
