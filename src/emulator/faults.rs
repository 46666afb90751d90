use std::time::Duration;

use chrono::TimeDelta;

use super::message::Response;

/// What goes wrong, until somebody changes it. The default is that nothing does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// What comes instead of the answer.
    pub instead: Option<Instead>,
    /// How long the answer is held back. The call itself is done at once, so a code in it is used even if nobody waits.
    pub delay: Duration,
    /// How far the emulator's clock is ahead of the host's; behind, if negative.
    pub clock_skew: TimeDelta,
    /// Sessions live this long, whatever was asked for.
    pub lifetime_seconds: Option<u32>,
    /// For how many requests all of this lasts; without it, for all.
    pub count: Option<u32>,
}

/// What comes instead of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// The connection closes; STS never saw the call.
    Down,
    /// The connection closes after the call was done: a code in it is used.
    LostReply,
    /// 500 `InternalFailure`; the call was not done.
    InternalFailure,
    /// 503 `ServiceUnavailable`; the call was not done.
    ServiceUnavailable,
    /// 400 `Throttling`; the call was not done.
    Throttling,
    /// Something that STS would not say.
    Garbage(Garbage),
}

/// Something that STS would not say, with status 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Garbage {
    /// The HTML of a captive portal; STS never saw the call.
    CaptivePortal,
    /// No body; STS never saw the call.
    Empty,
    /// Text that is no XML; STS never saw the call.
    NotXml,
    /// The first half of the answer, with a length to match; the call was done.
    Truncated,
    /// The answer, still well-formed, blown up to more than 64 KB; the call was done.
    Oversized,
}

impl Faults {
    /// These faults without an end.
    pub fn instead(instead: Instead) -> Self {
        Self {
            instead: Some(instead),
            ..Self::default()
        }
    }

    /// The emulator's clock this far ahead.
    pub fn clock_skew(skew: TimeDelta) -> Self {
        Self {
            clock_skew: skew,
            ..Self::default()
        }
    }

    /// The same faults, for this many requests.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self {
            count: Some(count),
            ..self
        }
    }

    /// What goes wrong with the request at hand; counts it.
    pub(super) fn next(&mut self) -> Self {
        let Some(left) = self.count else {
            return self.clone();
        };
        let rest = match left {
            0 | 1 => Self::default(),
            _ => self.clone().times(left - 1),
        };
        let current = std::mem::replace(self, rest);
        if left == 0 { Self::default() } else { current }
    }
}

impl Garbage {
    /// What is sent without STS having seen the call; `None` where its answer is needed first.
    pub(super) fn unasked(self) -> Option<Response> {
        const PORTAL: &str = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head>\
            <body><h1>Please sign in to use this network</h1></body></html>\n";
        match self {
            Self::CaptivePortal => Some(Response::new(200, "text/html", PORTAL)),
            Self::Empty => Some(Response::empty(200)),
            Self::NotXml => Some(Response::new(200, "text/xml", "upstream connect error or disconnect\n")),
            Self::Truncated | Self::Oversized => None,
        }
    }

    /// What becomes of STS's answer.
    pub(super) fn spoil(self, mut answer: Response) -> Response {
        match self {
            Self::Truncated => answer.body.truncate(answer.body.len() / 2),
            Self::Oversized => answer.body.resize(answer.body.len() + 64 * 1024 + 1, b'\n'),
            Self::CaptivePortal | Self::Empty | Self::NotXml => {}
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_ends_all_faults_at_once() {
        let mut faults = Faults::instead(Instead::Down).times(2);
        assert_eq!(faults.next().instead, Some(Instead::Down));
        assert_eq!(faults.count, Some(1));
        assert_eq!(faults.next().instead, Some(Instead::Down));
        assert_eq!(faults, Faults::default());
        assert_eq!(faults.next(), Faults::default());
        assert_eq!(Faults::instead(Instead::Down).times(0).next(), Faults::default());
    }

    #[test]
    fn without_a_count_they_stay() {
        let mut faults = Faults::clock_skew(TimeDelta::hours(1));
        for _ in 0..3 {
            assert_eq!(faults.next().clock_skew, TimeDelta::hours(1));
        }
    }
}
