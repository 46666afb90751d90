use chrono::{DateTime, Utc};

use super::Status;
use super::reply::time;
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

    /// Reads the configuration again and applies what differs; and then, if that is asked for, replaces every token.
    fn reload(&self, rotate_tokens: bool) -> BoxFuture<'_, Result<Reloaded, NotReloaded>>;
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

/// What a reload did. A line each, for people; both lists are empty when nothing differs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// What is in force now, such as `profile ops: added`.
    pub changed: Vec<String>,
    /// What differs and stays as it was until a restart, such as `[server] ops`.
    pub needs_restart: Vec<String>,
    /// What became of the tokens, where they were to be replaced.
    pub rotated: Option<Rotated>,
}

/// Which profiles have another token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// Those all of whose files are new.
    pub profiles: Vec<ProfileName>,
    /// How long what they replaced is taken.
    pub old_until: DateTime<Utc>,
    /// Why others are not, a line each with the path and what to do.
    pub failed: Vec<String>,
}

impl Rotated {
    fn lines(&self) -> Vec<String> {
        let (count, until) = (self.profiles.len(), time(self.old_until));
        let plural = |one, other| if count == 1 { one } else { other };
        let names: Vec<_> = self.profiles.iter().map(ProfileName::as_str).collect();
        // All of them need no names.
        let which = match self.failed.as_slice() {
            [] => String::new(),
            _ if count == 0 => String::new(),
            _ => format!(" ({})", names.join(", ")),
        };
        let told = match count {
            0 => String::from("no token is new"),
            _ => format!(
                "{count} profile{} new tokens{which}; the old ones are taken until {until}",
                plural(" has", "s have")
            ),
        };
        let failed = self.failed.iter().map(|why| format!("not replaced: {why}"));
        std::iter::once(told).chain(failed).collect()
    }
}

impl Reloaded {
    /// The report of it; at least one line.
    pub fn lines(&self) -> Vec<String> {
        let restart = self.needs_restart.iter();
        let restart = restart.map(|key| format!("{key}: differs, and needs a restart"));
        let rotated = self.rotated.iter().flat_map(Rotated::lines);
        let lines: Vec<_> = self.changed.iter().cloned().chain(restart).chain(rotated).collect();
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
            let rotated = None;
            let reloaded = Reloaded {
                changed,
                needs_restart,
                rotated,
            };
            reloaded.lines().join("\n")
        };
        assert_eq!(report(&["profile x: added"], &[]), "profile x: added");
        assert_eq!(
            report(&["profile x: added"], &["[server] ops"]),
            "profile x: added\n[server] ops: differs, and needs a restart"
        );
        assert_eq!(report(&[], &[]), "nothing differs from what is in force");
    }

    #[test]
    fn a_report_tells_which_tokens_are_new() {
        let report = |profiles: &[&str], failed: &[&str]| {
            let rotated = Rotated {
                profiles: profiles.iter().map(|name| name.parse().unwrap()).collect(),
                old_until: DateTime::from_timestamp(1_800_000_000, 5).unwrap(),
                failed: failed.iter().map(|why| (*why).to_owned()).collect(),
            };
            let reloaded = Reloaded {
                rotated: Some(rotated),
                ..Reloaded::default()
            };
            reloaded.lines().join("\n")
        };
        let until = "the old ones are taken until 2027-01-15T08:00:00Z";
        assert_eq!(report(&["x"], &[]), format!("1 profile has new tokens; {until}"));
        assert_eq!(report(&["x", "y"], &[]), format!("2 profiles have new tokens; {until}"));
        assert_eq!(
            report(&["x"], &["/t/y/token: no"]),
            format!("1 profile has new tokens (x); {until}\nnot replaced: /t/y/token: no")
        );
        assert_eq!(
            report(&[], &["/t/y/token: no"]),
            "no token is new\nnot replaced: /t/y/token: no"
        );
    }
}
