//! The ways in, as a user goes them: every source of keys and codes, roles, a person with a device in the hand, another
//! configuration for a daemon that runs. The real binary, the strict STS, the commands that a person types.

#![cfg(feature = "emulator")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

#[path = "../common/authority.rs"]
mod authority;
mod aws_profile;
mod codes;
#[path = "../common/mod.rs"]
mod common;
mod flags;
mod imds;
mod keys;
mod kinds;
mod people;
mod reload;
mod restart;
mod roles;
mod rotation;
mod scene;
mod tls;
mod trouble;
