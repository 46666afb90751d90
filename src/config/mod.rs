//! What the user wrote, as one [`Plan`] in which a wrong setup cannot be expressed.
//!
//! TOML or JSON becomes one tree that knows the place of every key and value; the tree is read against the one table of
//! keys, [`KEYS`]. All mistakes are collected, so that a file is put right in one round. A mistake is made of our own
//! constants and of harmless names: it never repeats a value or a line of the file, since people paste secrets into the
//! wrong place.

mod aws_profile;
mod command;
mod echo;
mod endpoint;
mod environment;
mod file;
mod imds;
mod json;
mod key_source;
mod keys;
mod kind;
mod listeners;
mod mfa;
mod mistake;
mod overrides;
mod paths;
mod plan;
mod profile;
mod server;
mod signed_by;
mod source_profile;
mod suggest;
mod table;
#[cfg(test)]
mod tests;
mod toml;
mod tree;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

pub use aws_profile::profiles_of;
pub(crate) use echo::profile as harmless_name;
pub use file::{Format, MAX_BYTES};
pub use keys::{KEYS, Key, Presence};
pub use mistake::{Errors, Mistake, Place};
pub use overrides::Overrides;
pub use plan::{
    AssertionSource, Federation, Imds, KeySource, Kind, Mfa, MfaCode, Plan, Profile, RelativeUri, Role, Root, SamlRole,
    Server, Session, SignedBy, Tls, WebIdentityRole,
};

use crate::aws::{Endpoint, Region};
use imds::Known;
use mistake::Mistakes;
pub use server::default_control_socket;

/// Looks an environment variable up, as [`std::env::var_os`] does.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Where the profiles are described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file of our own language.
    File(PathBuf),
    /// A profile of AWS's shared config and credentials files, and what it needs.
    AwsProfile(String),
    /// The variables of the environment: one profile, `default`.
    Environment,
}

/// Reads a configuration. It blocks: call it before the runtime serves, or on a thread of its own.
///
/// `flags` beat `[server]` of a file. `env` gives the default folders (`RUNTIME_DIRECTORY`, then `XDG_RUNTIME_DIR`), the
/// place of the shared credentials file, and [`Source::Environment`].
pub fn read(source: &Source, flags: &Overrides, env: Env<'_>) -> Result<Plan, Errors> {
    match source {
        Source::File(path) => file::read(path, flags, env),
        Source::AwsProfile(name) => beside_flags(source, profiles_of(name, env), flags, env),
        Source::Environment => {
            let mistakes = Mistakes::default();
            let profile = environment::profile(env, &mistakes);
            let profiles = mistakes.result(&source.to_string(), b"", profile.map(|profile| vec![profile]));
            beside_flags(source, profiles, flags, env)
        }
    }
}

/// Which STS the environment names, in `region` or else in its own: for the commands that no profile asks for.
pub fn endpoint_of_environment(region: Option<Region>, env: Env<'_>) -> Result<Endpoint, Errors> {
    let mistakes = Mistakes::default();
    let endpoint = environment::endpoint(region, env, &mistakes);
    mistakes.result(&Source::Environment.to_string(), b"", endpoint)
}

/// Reads the file at `path`, without flags.
pub fn load(path: &Path, env: Env<'_>) -> Result<Plan, Errors> {
    read(&Source::File(path.to_owned()), &Overrides::default(), env)
}

/// Where the control socket is by the file at `path`: for the commands that ask a daemon, which runs on while the file is
/// being changed. What else is wrong in the file is no matter, as long as it can be read as TOML or JSON.
pub fn control_socket(path: &Path, env: Env<'_>) -> Result<PathBuf, Errors> {
    file::control_socket(path, env)
}

/// Reads the bytes of a configuration file, without flags; `file` names it in messages.
pub fn parse(bytes: &[u8], format: Format, file: &str, env: Env<'_>) -> Result<Plan, Errors> {
    file::parse(bytes, format, file, &Overrides::default(), env)
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::AwsProfile(name) => write!(f, "the AWS profile {}", echo::profile(name)),
            Self::Environment => f.write_str("the environment"),
        }
    }
}

/// A plan of profiles that no file of ours describes: flags and defaults give the settings.
fn beside_flags(
    source: &Source,
    profiles: Result<Vec<Profile>, Errors>,
    flags: &Overrides,
    env: Env<'_>,
) -> Result<Plan, Errors> {
    let mistakes = Mistakes::default();
    let known = Known::of(profiles.as_deref().unwrap_or_default());
    let server = server::of_flags(flags, env, &known, &mistakes);
    match (profiles, mistakes.result(&source.to_string(), b"", server)) {
        (Ok(profiles), Ok(server)) => Ok(Plan { server, profiles }),
        (Err(errors), Ok(_)) | (Ok(_), Err(errors)) => Err(errors),
        (Err(errors), Err(others)) => Err(errors.and(others)),
    }
}
