//! What an operator types, with the real binary, against a control socket whose daemon is nothing but answers.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

#[path = "../operator/mod.rs"]
mod operator;
mod reaching;
mod reload;
mod reserve;
mod revoke_policy;
mod scene;
mod status;
mod submit;
mod terminal;
