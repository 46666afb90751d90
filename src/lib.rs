//! valetkey: keep the long-term key; hand out the valet key.
//!
//! A daemon beside an application. It alone holds an IAM user's long-term access key, obtains MFA-backed session
//! credentials from AWS STS, keeps them fresh, and serves them on a local HTTP endpoint that every AWS SDK knows how to
//! ask. `ARCHITECTURE.md` is the map of the modules below.

use std::future::Future;
use std::pin::Pin;

pub mod app;
pub mod aws;
pub mod aws_file;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod harden;
pub mod idp;
pub mod keys;
pub mod metrics;
pub mod mfa;
pub mod process;
pub mod renew;
pub mod sanitise;
pub mod secret;
pub mod secret_file;
pub mod server;
#[cfg(feature = "emulator")]
#[cfg(test)]
mod simulation;
pub mod state;
pub mod sts;
pub mod trusted_path;

/// A future behind a pointer, as the small traits at the edges return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
