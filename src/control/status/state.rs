use crate::clock::BootInstant;
use crate::renew::Snapshot;

/// What a consumer of a profile finds. What an operator has to do about it is told beside it: a profile may be ready
/// while its renewals fail or a code is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Valid credentials are served.
    Ready,
    /// There are none, and a person's code is what is missing.
    CodeWanted,
    /// There were some; they have died.
    Expired,
    /// There have been none yet.
    Obtaining,
}

impl State {
    /// The state of a profile at `now`.
    pub fn of(snapshot: &Snapshot, code_wanted: bool, now: BootInstant) -> Self {
        if snapshot.servable(now).is_some() {
            Self::Ready
        } else if code_wanted {
            Self::CodeWanted
        } else if snapshot.started {
            Self::Expired
        } else {
            Self::Obtaining
        }
    }

    /// The word in `status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::CodeWanted => "code_wanted",
            Self::Expired => "expired",
            Self::Obtaining => "obtaining",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::renew::Document;

    #[test]
    fn it_is_what_a_consumer_finds_at_that_moment() {
        let at = |seconds| BootInstant::from_boot(Duration::from_secs(seconds));
        let served = Snapshot {
            document: Some(Document {
                body: Bytes::new(),
                dies: at(100),
            }),
            started: true,
            ..Snapshot::default()
        };
        let withdrawn = Snapshot {
            started: true,
            ..Snapshot::default()
        };
        let never = Snapshot::default();
        for (snapshot, code_wanted, now, expected) in [
            (&served, false, 99, State::Ready),
            (&served, true, 99, State::Ready),
            (&served, false, 100, State::Expired),
            (&served, true, 100, State::CodeWanted),
            (&withdrawn, false, 0, State::Expired),
            (&withdrawn, true, 0, State::CodeWanted),
            (&never, false, 0, State::Obtaining),
            (&never, true, 0, State::CodeWanted),
        ] {
            assert_eq!(
                State::of(snapshot, code_wanted, at(now)),
                expected,
                "{code_wanted} {now}"
            );
        }
    }
}
