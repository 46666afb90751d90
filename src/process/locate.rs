use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::error::Reason;

/// The executable file that a program's name means: the path itself, or the first of this name in `PATH`. Blocks.
pub(super) fn locate(program: &str) -> Result<PathBuf, Reason> {
    locate_in(program, std::env::var_os("PATH").as_deref().unwrap_or_default())
}

/// As the shell searches, but in absolute folders only: an empty or relative one would mean wherever valetkey was
/// started.
fn locate_in(program: &str, path: &OsStr) -> Result<PathBuf, Reason> {
    if program.starts_with('/') {
        return executable(Path::new(program)).map(|()| program.into());
    }
    let mut reason = if program.contains(char::is_whitespace) {
        Reason::CommandLine
    } else {
        Reason::NotInPath
    };
    for folder in std::env::split_paths(path).filter(|folder| folder.is_absolute()) {
        let candidate = folder.join(program);
        match executable(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(Reason::NotExecutable(uid)) => reason = Reason::NotExecutable(uid),
            Err(_) => {}
        }
    }
    Err(reason)
}

fn executable(file: &Path) -> Result<(), Reason> {
    let missing = || match file.to_str() {
        Some(text) if text.contains(char::is_whitespace) => Reason::CommandLine,
        _ => Reason::NotFound,
    };
    let status = fs::metadata(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::PermissionDenied => Reason::not_executable(),
        _ => missing(),
    })?;
    if status.is_file() && access(file, Access::EXEC_OK).is_ok() {
        Ok(())
    } else {
        Err(Reason::not_executable())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(folder: &Path, name: &str, mode: u32) {
        let path = folder.join(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_first_executable_of_the_name_is_found() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        file(first.path(), "both", 0o644);
        file(second.path(), "both", 0o755);
        file(first.path(), "plain", 0o644);
        fs::create_dir(first.path().join("folder")).unwrap();
        let path = std::env::join_paths(["".as_ref(), "usr/bin".as_ref(), first.path(), second.path()]).unwrap();
        let find = |program: &str| locate_in(program, &path);
        assert_eq!(find("both"), Ok(second.path().join("both")));
        let absolute = second.path().join("both");
        assert_eq!(find(absolute.to_str().unwrap()), Ok(absolute));
        for program in ["plain", "folder", first.path().join("plain").to_str().unwrap()] {
            assert_eq!(find(program), Err(Reason::not_executable()), "{program}");
        }
        assert_eq!(
            find("env"),
            Err(Reason::NotInPath),
            "a relative folder counts for nothing"
        );
        assert_eq!(locate_in("env", "".as_ref()), Err(Reason::NotInPath));
        assert_eq!(find("/nowhere/env"), Err(Reason::NotFound));
        for line in ["both --flag", "/bin/cat file"] {
            assert_eq!(find(line), Err(Reason::CommandLine));
        }
    }
}
