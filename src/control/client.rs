//! The operator's side of the control socket.

use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::net::UnixStream;
use zeroize::Zeroizing;

use super::VERSION;
use super::request::LIMIT;
use super::wire::send;
use crate::aws::{ProfileName, SerialNumber, TokenCode};
use crate::sanitise::without_controls;

/// What is asked of the daemon.
#[derive(Clone, Copy)]
pub enum Command<'a> {
    /// What is true now.
    Status,
    /// Read the configuration again.
    Reload {
        /// And then give every profile another token.
        rotate_tokens: bool,
    },
    /// Try this code.
    MfaSubmit {
        /// For which profile; may be left out where one alone takes codes.
        profile: Option<&'a ProfileName>,
        /// The code.
        code: &'a TokenCode,
    },
    /// Reserve a step for a call that the command makes itself.
    MfaReserve {
        /// The device.
        device: &'a SerialNumber,
    },
}

/// What the daemon answered to a command that it carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The line as it came, without its line feed.
    pub line: String,
    /// The document in it.
    pub document: Value,
}

/// Why there is no answer. The message names the socket and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The daemon said no.
    #[error("{message}")]
    Refused {
        /// The word for programs.
        reason: String,
        /// What happened and what to do. It may have several lines; none holds a control character.
        message: String,
    },
    /// There is no socket, or nobody listens to it: no daemon runs there.
    #[error("{}: {problem}", path.display())]
    Absent {
        /// The socket.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The daemon could not be reached, or did not answer as one does.
    #[error("{}: {problem}", path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
}

/// Asks the daemon on the socket at `path`. The code leaves in a buffer that is wiped.
pub async fn ask(path: &Path, command: Command<'_>) -> Result<Answer, AskError> {
    let unreachable = |problem| {
        let path = path.to_owned();
        AskError::Unreachable { path, problem }
    };
    let patience = command.patience();
    let Ok(line) = tokio::time::timeout(patience, exchange(path, command)).await else {
        let (seconds, advice) = (patience.as_secs(), command.unanswered());
        return Err(unreachable(format!(
            "the daemon did not answer within {seconds} s; {advice}"
        )));
    };
    let line = line?;
    let document = read(&line).map_err(unreachable)?;
    if document["ok"] == true {
        return Ok(Answer { line, document });
    }
    let text = |key: &str| without_controls(document[key].as_str().unwrap_or_default());
    let (reason, message) = (text("reason"), text("message"));
    Err(AskError::Refused { reason, message })
}

/// More than the status of any number of profiles that a configuration may have.
const LONGEST_ANSWER: usize = 16 << 20;

impl Command<'_> {
    /// How long the answer may take: a submitted code waits for STS, a reload for keys and seeds to be read, where a
    /// process may take a minute.
    fn patience(self) -> Duration {
        Duration::from_secs(match self {
            Self::Status | Self::MfaReserve { .. } => 5,
            Self::Reload { .. } | Self::MfaSubmit { .. } => 120,
        })
    }

    fn unanswered(self) -> &'static str {
        match self {
            Self::Status => "see its log",
            Self::Reload { .. } => "see its log; the reload may still happen",
            Self::MfaReserve { .. } => "see its log; nothing was sent to STS",
            Self::MfaSubmit { .. } => "see its log; the code may have been used, so submit the next one",
        }
    }

    /// One line. A profile's name has no character that JSON escapes, nor has a code or a serial number.
    fn line(self) -> Zeroizing<String> {
        let mut line = Zeroizing::new(String::with_capacity(LIMIT));
        let (command, first, second) = match self {
            Self::Status => ("status", None, None),
            Self::Reload { .. } => ("reload", None, None),
            Self::MfaSubmit { profile, code } => {
                let profile = profile.map(|profile| ("profile", profile.as_str()));
                ("mfa_submit", profile, Some(("code", code.expose())))
            }
            Self::MfaReserve { device } => ("mfa_reserve", Some(("serial", device.as_str())), None),
        };
        line.push_str(r#"{"version":1,"command":""#);
        line.push_str(command);
        for (key, value) in first.into_iter().chain(second) {
            for piece in [r#"",""#, key, r#"":""#, value] {
                line.push_str(piece);
            }
        }
        line.push('"');
        if matches!(self, Self::Reload { rotate_tokens: true }) {
            line.push_str(r#","rotate_tokens":true"#);
        }
        line.push_str("}\n");
        line
    }
}

async fn exchange(path: &Path, command: Command<'_>) -> Result<String, AskError> {
    let stream = UnixStream::connect(path)
        .await
        .map_err(|error| unconnected(path, &error))?;
    let unreachable = |problem| AskError::Unreachable {
        path: path.to_owned(),
        problem,
    };
    let peer = stream.peer_cred().map_err(|error| unreachable(error.to_string()))?;
    let own = rustix::process::geteuid().as_raw();
    if !may_be_told(peer.uid(), own, || only_theirs(path, peer.uid())) {
        let user = peer.uid();
        return Err(unreachable(format!(
            "user {user} listens there, who is neither you nor root, in a folder that is not that user's alone; name the \
             daemon's socket"
        )));
    }
    // A daemon that refuses at once has closed its side before this is written; what it said can be read all the same.
    let sent = send(&stream, command.line().as_bytes()).await;
    let received = receive(&stream).await;
    received.map_err(|received| match sent {
        Err(sent) => unreachable(broken(&sent)),
        Ok(()) => unreachable(broken(&received)),
    })
}

/// Whether a code may be shown to a daemon of this user. Root is who runs daemons as others, but not as whoever put a
/// socket into a folder that is everybody's.
fn may_be_told(daemon: u32, own: u32, only_theirs: impl FnOnce() -> bool) -> bool {
    daemon == own || daemon == 0 || (own == 0 && only_theirs())
}

/// Whether nobody but root and this user can have put a socket there.
fn only_theirs(path: &Path, user: u32) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = std::fs::metadata(folder.unwrap_or_else(|| Path::new(".")));
    folder.is_ok_and(|folder| [0, user].contains(&folder.uid()) && folder.mode() & 0o022 == 0)
}

fn unconnected(path: &Path, error: &io::Error) -> AskError {
    let (path, problem) = (path.to_owned(), why_unconnected(error));
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => AskError::Absent { path, problem },
        _ => AskError::Unreachable { path, problem },
    }
}

fn why_unconnected(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => {
            "there is no such socket; is the daemon running, and is this its [server] control_socket? \
             Name another with --control-socket"
        }
        ErrorKind::ConnectionRefused => {
            "nobody answers there; the daemon has ended, or this is another file; start it, or name its socket with \
             --control-socket"
        }
        ErrorKind::PermissionDenied => "this user may not use it; run the command as the daemon's user or as root",
        ErrorKind::WouldBlock => "the daemon has no room for another command; try again",
        _ => return format!("cannot be connected to ({error}); name the daemon's socket with --control-socket"),
    }
    .to_owned()
}

fn broken(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
            "the daemon closed the connection without an answer; see its log".to_owned()
        }
        _ => format!("the answer could not be read ({error}); see the daemon's log"),
    }
}

/// Up to the line feed; what follows it is not looked at.
async fn receive(stream: &UnixStream) -> io::Result<String> {
    let mut line = Vec::new();
    let mut chunk = vec![0; 16 * 1024];
    loop {
        stream.readable().await?;
        let read = match stream.try_read(&mut chunk) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => &chunk[..read],
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        let end = read.iter().position(|byte| *byte == b'\n');
        line.extend_from_slice(&read[..end.unwrap_or(read.len())]);
        if line.len() > LONGEST_ANSWER {
            return Err(io::Error::other("it is longer than 16 MiB"));
        }
        if end.is_some() {
            return String::from_utf8(line).map_err(io::Error::other);
        }
    }
}

fn read(line: &str) -> Result<Value, String> {
    let document: Value = serde_json::from_str(line)
        .map_err(|_| "what answers there is not valetkey; name the daemon's socket with --control-socket".to_owned())?;
    if document["version"] == VERSION {
        return Ok(document);
    }
    Err("the daemon speaks another version of this protocol; use the valetkey command of its version".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::request::{Request, parse};

    #[test]
    fn each_command_is_the_request_that_the_daemon_reads() {
        let line = |command: Command<'_>| command.line().trim_end().to_owned();
        assert!(matches!(parse(line(Command::Status).as_bytes()), Ok(Request::Status)));
        for rotates in [true, false] {
            let line = line(Command::Reload { rotate_tokens: rotates });
            let read = parse(line.as_bytes());
            assert!(matches!(read, Ok(Request::Reload { rotate_tokens }) if rotate_tokens == rotates));
        }
        let (ops, code) = (
            "o.p-s_1".parse().unwrap(),
            TokenCode::try_from(String::from("005924")).unwrap(),
        );
        for profile in [Some(&ops), None] {
            let line = line(Command::MfaSubmit { profile, code: &code });
            let Ok(Request::Submit { profile: read, code }) = parse(line.as_bytes()) else {
                panic!("{line}");
            };
            assert_eq!((read.as_ref(), code.expose()), (profile, "005924"));
        }
        let device = "arn:aws:iam::123456789012:mfa/o+p=s".parse().unwrap();
        let line = line(Command::MfaReserve { device: &device });
        assert!(matches!(parse(line.as_bytes()), Ok(Request::Reserve { device: read }) if read == device));
    }

    #[test]
    fn a_code_goes_to_ones_own_daemon_to_roots_and_as_root_to_whose_folder_it_is() {
        let told = |daemon, own, only_theirs| may_be_told(daemon, own, || only_theirs);
        assert!(told(1000, 1000, false) && told(0, 1000, false) && told(1000, 0, true));
        assert!(!told(1001, 1000, true) && !told(1000, 0, false));
    }

    #[test]
    fn a_folder_that_others_may_write_in_is_not_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let own = rustix::process::geteuid().as_raw();
        for (mode, expected) in [(0o755, true), (0o1777, false), (0o770, false)] {
            std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(
                only_theirs(&folder.path().join("control.sock"), own),
                expected,
                "{mode:o}"
            );
        }
    }
}
