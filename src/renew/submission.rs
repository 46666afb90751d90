use chrono::{DateTime, Utc};

use crate::aws::ProfileName;

/// STS took a submitted code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Whose credentials it brought.
    pub profile: ProfileName,
    /// When AWS stops accepting them.
    pub expiration: DateTime<Utc>,
}

/// Why a submitted code brought no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// For programs.
    pub reason: Reason,
    /// What happened and what to do, for people. It never holds the code.
    pub message: String,
}

/// Why a submitted code brought no credentials: a word for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Another code for this device is being tried.
    Busy,
    /// Several profiles take codes; one must be named.
    Ambiguous,
    /// It could not be sent to STS before it grew too old.
    Expired,
    /// STS could not give credentials for another reason than the code, which may be spent.
    Failed,
    /// No profile of this name, or none that takes codes from a person.
    NoSuchProfile,
    /// STS refused it.
    Rejected,
    /// STS may have seen this very code a moment ago.
    Repeated,
    /// The credentials are still too young to be renewed.
    TooEarly,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Ambiguous,
        Self::Busy,
        Self::Expired,
        Self::Failed,
        Self::NoSuchProfile,
        Self::Rejected,
        Self::Repeated,
        Self::TooEarly,
    ];

    /// The word on the control socket.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ambiguous => "ambiguous",
            Self::Busy => "busy",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::NoSuchProfile => "no_such_profile",
            Self::Rejected => "rejected",
            Self::Repeated => "repeated",
            Self::TooEarly => "too_early",
        }
    }
}
