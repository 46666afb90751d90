//! What outlives a restart of the real binary, and what it shares with others: `state_dir`.

#![cfg(feature = "emulator")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod endings;
mod kills;
mod scene;
mod sessions;
mod steps;
