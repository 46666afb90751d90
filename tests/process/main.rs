//! Children as users write them, misbehaving in every way that is known.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

mod answers;
mod endings;
mod environment;
mod scene;
mod stderr;
