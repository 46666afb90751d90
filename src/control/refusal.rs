use std::borrow::Cow;

/// Why a request is not answered: a word for programs, a sentence for people. Neither repeats anything of the request,
/// which may hold a code in any place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) reason: &'static str,
    pub(super) message: Cow<'static, str>,
}

impl Refusal {
    pub(super) const INCOMPLETE: Self = Self::new("malformed", "the request ends without a line feed");
    pub(super) const SEVERAL_LINES: Self = Self::new(
        "malformed",
        "a connection is for one request; something follows its line feed",
    );
    pub(super) const TIMEOUT: Self = Self::new("timeout", "the request was not complete within 5 s");
    pub(super) const TOO_LONG: Self = Self::new("malformed", "the request is longer than 4096 bytes");
    pub(super) const TOO_MANY: Self = Self::new(
        "too_many_connections",
        "16 connections to the control socket are open; end the commands that wait, or try again",
    );
    pub(super) const STRANGER: Self = Self::new(
        "not_allowed",
        "only the user that runs the daemon, and root, may use the control socket",
    );

    pub(super) const fn new(reason: &'static str, message: &'static str) -> Self {
        let message = Cow::Borrowed(message);
        Self { reason, message }
    }

    /// It is not what a request looks like.
    pub(super) const fn malformed(message: &'static str) -> Self {
        Self::new("malformed", message)
    }
}
