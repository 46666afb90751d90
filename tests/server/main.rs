//! The servers from outside: raw sockets against real listeners, with a clock that the tests move.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod clock;
mod forged;
mod imds;
mod ops;
mod requests;
mod room;
mod scene;
mod times;
