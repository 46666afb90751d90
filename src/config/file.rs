use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use zeroize::Zeroizing;

use super::imds::Known;
use super::mistake::{Errors, Mistakes, Reported};
use super::overrides::Overrides;
use super::plan::Plan;
use super::table::Table;
use super::tree::Node;
use super::{Env, json, profile, server, toml};

/// The largest file that is read, in bytes: 1 MiB, about two thousand profiles.
pub const MAX_BYTES: usize = 1 << 20;

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

/// Reads the file at `path`.
pub(super) fn read(path: &Path, flags: &Overrides, env: Env<'_>) -> Result<Plan, Errors> {
    let file = path.display().to_string();
    let (bytes, format) = open(path, &file)?;
    parse(&bytes, format, &file, flags, env)
}

/// Reads the bytes of a file; `file` names it in messages.
pub(super) fn parse(bytes: &[u8], format: Format, file: &str, flags: &Overrides, env: Env<'_>) -> Result<Plan, Errors> {
    let mistakes = Mistakes::default();
    let tree = tree(bytes, format, &mistakes);
    let plan = tree.and_then(|tree| plan(&tree, flags, env, &mistakes));
    mistakes.result(file, bytes, plan)
}

/// Where the control socket is by the file at `path`, whatever else is wrong in that.
pub(super) fn control_socket(path: &Path, env: Env<'_>) -> Result<PathBuf, Errors> {
    let file = path.display().to_string();
    let (bytes, format) = open(path, &file)?;
    let mistakes = Mistakes::default();
    let tree = tree(&bytes, format, &mistakes);
    let socket = tree.and_then(|tree| server::control_socket_of(&Table::root(&tree, &mistakes)?, env, &mistakes));
    socket.map_err(|_| mistakes.into_errors(&file, &bytes))
}

fn open(path: &Path, file: &str) -> Result<(Zeroizing<Vec<u8>>, Format), Errors> {
    let bytes = bytes_of(path).map_err(|error| Errors::of_file(file, unreadable(&error)))?;
    let format = Format::of(path)
        .ok_or_else(|| Errors::of_file(file, "is not named .toml or .json; rename it after what it holds"))?;
    Ok((bytes, format))
}

/// One byte more than the limit is read, so that a larger file is seen as such. A pipe would hang whoever opens it
/// without `O_NONBLOCK`, which changes nothing for a regular file.
fn bytes_of(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::from(rustix::fs::open(
        path,
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
        Mode::empty(),
    )?);
    let kind = file.metadata()?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
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

fn tree(bytes: &[u8], format: Format, mistakes: &Mistakes) -> Result<Node, Reported> {
    if bytes.len() > MAX_BYTES {
        return Err(mistakes.report_at(None, "", "is larger than 1 MiB; make it smaller"));
    }
    let text = utf8(bytes, mistakes)?;
    match format {
        Format::Toml => toml::tree(text, mistakes),
        Format::Json => json::tree(text, mistakes),
    }
}

fn plan(tree: &Node, flags: &Overrides, env: Env<'_>, mistakes: &Mistakes) -> Result<Plan, Reported> {
    let root = Table::root(tree, mistakes)?;
    let profiles = profile::read(&root, env, mistakes);
    let known = Known {
        names: root.profile_names(),
        profiles: profiles.as_deref().unwrap_or_default(),
    };
    let server = server::of_file(&root, flags, env, &known, mistakes);
    Ok(Plan {
        server: server?,
        profiles: profiles?,
    })
}
