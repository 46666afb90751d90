use std::env::split_paths;
use std::path::{Path, PathBuf};

use super::Env;
use super::keys::ABSOLUTE_PATH;

/// A path as the user must write it, since the working directory and the home of a daemon are nobody's.
pub(super) fn absolute(text: &str) -> Result<PathBuf, &'static str> {
    // Such a path would also write into the log as it likes.
    if text.contains(|c: char| c.is_control()) {
        return Err("must be a path without control characters");
    }
    if Path::new(text).is_absolute() {
        Ok(PathBuf::from(text))
    } else {
        Err(ABSOLUTE_PATH)
    }
}

/// systemd gives `$RUNTIME_DIRECTORY` (several folders are separated by colons), a desktop session `$XDG_RUNTIME_DIR`,
/// which counts only if it is absolute.
///
/// <https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=>
/// <https://specifications.freedesktop.org/basedir-spec/latest/>
pub(super) fn runtime_dir(env: Env<'_>) -> Option<PathBuf> {
    let systemd = env("RUNTIME_DIRECTORY").and_then(|folders| split_paths(&folders).next());
    let session = || env("XDG_RUNTIME_DIR").map(PathBuf::from);
    systemd
        .filter(|folder| folder.is_absolute())
        .or_else(|| Some(session().filter(|folder| folder.is_absolute())?.join("valetkey")))
}

/// The shared credentials file, where the SDKs look for it: `$AWS_SHARED_CREDENTIALS_FILE`, else `$HOME/.aws/credentials`.
///
/// <https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html>
pub(super) fn shared_credentials_file(env: Env<'_>) -> Option<PathBuf> {
    let set = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("AWS_SHARED_CREDENTIALS_FILE")
        .or_else(|| Some(set("HOME")?.join(".aws/credentials")))
        .filter(|file| file.is_absolute())
}
