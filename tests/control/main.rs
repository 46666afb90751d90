//! The control socket from outside: raw sockets against the real listener, with an operator that only notes what it is
//! asked, and a clock that the tests move.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod binding;
mod client;
#[path = "../server/clock.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod clock;
mod mutation;
#[path = "../operator/mod.rs"]
mod operator;
mod requests;
mod room;
mod scene;
mod strangers;
mod times;
