//! `valetkey sts <action>`, as a user types it, against an STS and beside a daemon.

#![cfg(feature = "emulator")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

mod actions;
mod codes;
#[path = "../common/mod.rs"]
mod common;
mod places;
mod scene;
mod secrets;
mod tokens;
