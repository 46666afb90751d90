//! What the user wrote, as one [`Plan`] in which a wrong setup cannot be expressed.

mod plan;

pub use plan::{KeySource, Kind, Mfa, MfaCode, Plan, Profile, Server, Session};
