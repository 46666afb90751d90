use super::Status;
use crate::BoxFuture;
use crate::aws::{ProfileName, SerialNumber, TokenCode};
use crate::renew::{Accepted, Refused, Reservation};

/// What the control socket may ask of the daemon. Every answer comes by itself within a bounded time: the socket waits
/// for it whether or not its peer does, and drops it at the shutdown only.
pub trait Operator: Send + Sync {
    /// What is true now. Called on the runtime's thread: it must not block.
    fn status(&self) -> Status;

    /// Has a person's code tried by STS; `profile` may be left out where one profile alone takes codes.
    fn submit(&self, profile: Option<ProfileName>, code: TokenCode) -> BoxFuture<'_, Result<Accepted, Refused>>;

    /// Reserves a step of an MFA device for a command that asks STS itself. No code crosses the socket.
    fn reserve(&self, device: SerialNumber) -> BoxFuture<'_, Result<Reservation, Refused>>;

    /// Reads the configuration again and applies what differs.
    fn reload(&self) -> BoxFuture<'_, Result<Reloaded, NotReloaded>>;
}

/// Why a reload changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReloaded {
    /// There is nothing that one more would add.
    #[error(
        "a reload is under way and another waits, which reads the configuration as it is then; see `valetkey status`"
    )]
    Busy,
    /// Every mistake, for people, on lines of their own.
    #[error("{0}")]
    Mistakes(String),
}

/// What a reload did. A line each, for people; both are empty when nothing differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// What is in force now, such as `profile ops: added`.
    pub changed: Vec<String>,
    /// What differs and stays as it was until a restart, such as `[server] ops`.
    pub needs_restart: Vec<String>,
}

impl Reloaded {
    /// The report of it; at least one line.
    pub fn lines(&self) -> Vec<String> {
        let restart = self.needs_restart.iter();
        let restart = restart.map(|key| format!("{key}: differs, and needs a restart"));
        let lines: Vec<_> = self.changed.iter().cloned().chain(restart).collect();
        if lines.is_empty() {
            return vec![String::from("nothing differs from what is in force")];
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_what_changed_and_what_did_not() {
        let report = |changed: &[&str], needs_restart: &[&str]| {
            let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
            let (changed, needs_restart) = (owned(changed), owned(needs_restart));
            Reloaded { changed, needs_restart }.lines().join("\n")
        };
        assert_eq!(report(&["profile x: added"], &[]), "profile x: added");
        assert_eq!(
            report(&["profile x: added"], &["[server] ops"]),
            "profile x: added\n[server] ops: differs, and needs a restart"
        );
        assert_eq!(report(&[], &[]), "nothing differs from what is in force");
    }
}
