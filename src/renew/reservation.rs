use chrono::TimeDelta;

use crate::mfa::steps::Choice;

/// What the engine says to whoever wants to send a code of an MFA device beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reservation {
    /// The step that is reserved, or from when on there may be one.
    pub choice: Choice,
    /// STS's time minus the host's, as far as it is known.
    pub clock_offset: TimeDelta,
}
