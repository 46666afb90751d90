//! The servers from outside: raw sockets against real listeners, with a clock that the tests move.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod clock;
mod flood;
mod forged;
mod imds;
mod looks;
mod ops;
mod relative;
mod remembering;
mod requests;
mod room;
mod scene;
mod times;
mod tls;
mod uids;
