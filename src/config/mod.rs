//! What the user wrote, as one [`Plan`] in which a wrong setup cannot be expressed.
//!
//! TOML or JSON becomes one tree that knows the place of every key and value; the tree is read against the one table of
//! keys, [`KEYS`]. All mistakes are collected, so that a file is put right in one round. A mistake is made of our own
//! constants and of harmless names: it never repeats a value or a line of the file, since people paste secrets into the
//! wrong place.

mod echo;
mod endpoint;
mod json;
mod keys;
mod mistake;
mod plan;
mod profile;
mod server;
mod suggest;
mod table;
#[cfg(test)]
mod tests;
mod toml;
mod tree;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

pub use keys::{KEYS, Key, Presence};
pub use mistake::{Errors, Mistake, Place};
pub use plan::{KeySource, Kind, Mfa, MfaCode, Plan, Profile, Role, Server, Session, SignedBy};

use mistake::{Mistakes, Reported};
use table::Table;

/// The largest file that is read, in bytes: 1 MiB, about two thousand profiles.
pub const MAX_BYTES: usize = 1 << 20;

/// Looks an environment variable up, as [`std::env::var_os`] does.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// How a configuration is written. Both forms have the same shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Toml,
    /// For machines.
    Json,
}

impl Format {
    /// By the file's extension, `.toml` or `.json`.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Reads the file at `path`. It blocks: call it before the runtime serves, or on a thread of its own.
///
/// `env` gives the default folders: `RUNTIME_DIRECTORY`, then `XDG_RUNTIME_DIR`.
pub fn load(path: &Path, env: Env<'_>) -> Result<Plan, Errors> {
    let file = path.display().to_string();
    let bytes = read(path).map_err(|error| Errors::of_file(&file, unreadable(&error)))?;
    let Some(format) = Format::of(path) else {
        return Err(Errors::of_file(
            &file,
            "is not named .toml or .json; rename it after what it holds",
        ));
    };
    parse(&bytes, format, &file, env)
}

/// Reads the bytes of a configuration file; `file` names it in messages.
pub fn parse(bytes: &[u8], format: Format, file: &str, env: Env<'_>) -> Result<Plan, Errors> {
    if bytes.len() > MAX_BYTES {
        return Err(Errors::of_file(file, "is larger than 1 MiB; make it smaller"));
    }
    let mistakes = Mistakes::default();
    let text = utf8(bytes, &mistakes);
    let plan = text.and_then(|text| plan(text, format, env, &mistakes));
    match plan {
        Ok(plan) if mistakes.is_empty() => Ok(plan),
        _ => Err(mistakes.into_errors(file, bytes)),
    }
}

/// One byte more than the limit is read, so that a larger file is seen as such. A pipe would hang whoever opens it.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let kind = fs::metadata(path)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(error: &io::Error) -> String {
    let remedy = match error.kind() {
        ErrorKind::NotFound => "create it, or name another file",
        ErrorKind::PermissionDenied => "let the user that runs valetkey read it",
        ErrorKind::IsADirectory => "name the file in it",
        _ => "name a readable file",
    };
    format!("cannot be read ({error}); {remedy}")
}

fn utf8<'t>(bytes: &'t [u8], mistakes: &Mistakes) -> Result<&'t str, Reported> {
    let text = str::from_utf8(bytes).map_err(|error| {
        mistakes.report(
            error.valid_up_to(),
            "",
            "is not UTF-8 from here on; save the file as UTF-8",
        )
    })?;
    if text.starts_with('\u{feff}') {
        return Err(mistakes.report(
            0,
            "",
            "begins with a byte order mark; save the file as UTF-8 without one",
        ));
    }
    Ok(text)
}

fn plan(text: &str, format: Format, env: Env<'_>, mistakes: &Mistakes) -> Result<Plan, Reported> {
    let tree = match format {
        Format::Toml => toml::tree(text, mistakes),
        Format::Json => json::tree(text, mistakes),
    }?;
    let root = Table::root(&tree, mistakes)?;
    let server = server::read(&root, env);
    let profiles = profile::read(&root);
    Ok(Plan {
        server: server?,
        profiles: profiles?,
    })
}
