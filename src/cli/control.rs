//! What the commands that ask a running daemon have in common.

use std::path::{Path, PathBuf};

use super::{Exit, Failed};
use crate::config::{self, Env};
use crate::control::client::{self, Answer, AskError, Command};

/// Where the daemon is.
#[derive(Debug, clap::Args)]
pub(super) struct Socket {
    /// The daemon's control socket [default: that of the configuration, else control.sock in `$RUNTIME_DIRECTORY` or in
    /// `$XDG_RUNTIME_DIR/valetkey`]
    #[arg(long, env = "VALETKEY_CONTROL_SOCKET", value_name = "PATH")]
    control_socket: Option<PathBuf>,
    /// The daemon's configuration file, to find its control socket in
    #[arg(long, env = "VALETKEY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Socket {
    /// Where it is, by the flag, the configuration or the environment.
    pub(super) fn path(&self) -> Result<PathBuf, Failed> {
        self.path_in(&|name| std::env::var_os(name))
    }

    fn path_in(&self, env: Env<'_>) -> Result<PathBuf, Failed> {
        match (&self.control_socket, &self.config) {
            (Some(path), _) => Ok(path.clone()),
            (None, Some(file)) => config::control_socket(file, env)
                .map_err(|mistakes| Failed::new(Exit::Configuration, &format_args!("{mistakes}\n{ALL_THE_SAME}"))),
            (None, None) => config::default_control_socket(env).ok_or_else(|| Failed::new(Exit::Usage, &UNKNOWN)),
        }
    }

    /// What to add to a command so that it reaches the same daemon.
    pub(super) fn as_argument(&self) -> String {
        match (&self.control_socket, &self.config) {
            (Some(path), _) => format!(" --control-socket {}", path.display()),
            (None, Some(file)) => format!(" --config {}", file.display()),
            (None, None) => String::new(),
        }
    }
}

const ALL_THE_SAME: &str = "To reach the daemon all the same, name its socket with --control-socket";

const UNKNOWN: &str = "where is the daemon? Name its socket with --control-socket or its configuration with --config; \
                       neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR is set";

/// Asks the daemon there.
pub(super) async fn ask(path: &Path, command: Command<'_>) -> Result<Answer, Failed> {
    client::ask(path, command).await.map_err(refused)
}

/// Why there is no answer, with the exit code of its reason.
pub(super) fn refused(error: AskError) -> Failed {
    match error {
        AskError::Refused { reason, message } => Failed::new(exit(&reason), &message),
        AskError::Absent { .. } | AskError::Unreachable { .. } => Failed::new(Exit::Unavailable, &error),
    }
}

fn exit(reason: &str) -> Exit {
    match reason {
        "failed" | "rejected" => Exit::Unhealthy,
        "ambiguous" | "no_such_profile" => Exit::Usage,
        "busy" | "expired" | "repeated" | "timeout" | "too_early" | "too_many_connections" => Exit::TryAgain,
        "configuration" => Exit::Configuration,
        _ => Exit::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::renew::Reason;

    #[test]
    fn the_flag_beats_the_environment() {
        let env = |name: &str| match name {
            "RUNTIME_DIRECTORY" => Some(OsString::from("/run/a:/run/b")),
            "XDG_RUNTIME_DIR" => Some(OsString::from("/run/user/1")),
            _ => None,
        };
        let session = |name: &str| env(name).filter(|_| name == "XDG_RUNTIME_DIR");
        let relative = |name: &str| (name == "RUNTIME_DIRECTORY").then(|| OsString::from("run"));
        let socket = |path: Option<&str>| Socket {
            control_socket: path.map(PathBuf::from),
            config: None,
        };
        let path = |socket: Socket, env: Env<'_>| socket.path_in(env).map(|path| path.display().to_string());
        assert_eq!(path(socket(Some("x")), &env).unwrap(), "x");
        assert_eq!(path(socket(None), &env).unwrap(), "/run/a/control.sock");
        assert_eq!(
            path(socket(None), &session).unwrap(),
            "/run/user/1/valetkey/control.sock"
        );
        for env in [&relative as Env<'_>, &|_| None] {
            let failed = path(socket(None), env).unwrap_err();
            assert_eq!(failed.exit, Exit::Usage);
            assert!(failed.message.contains("--control-socket"));
        }
    }

    #[test]
    fn every_reason_has_its_exit_code() {
        let codes = Reason::ALL.map(|reason| (reason.as_str(), exit(reason.as_str()) as u8));
        let expected = [
            ("ambiguous", 64),
            ("busy", 75),
            ("expired", 75),
            ("failed", 1),
            ("no_such_profile", 64),
            ("rejected", 1),
            ("repeated", 75),
            ("too_early", 75),
        ];
        assert_eq!(codes, expected);
        assert_eq!(exit("configuration"), Exit::Configuration);
        assert_eq!(exit("unsupported_version"), Exit::Unavailable);
    }
}
