use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Utc};

use super::xml::Malformed;

/// The longest session there is (36 hours), and an hour more for a server whose clocks disagree.
const LONGEST: TimeDelta = TimeDelta::hours(37);

/// How far a date that anybody on the way could have written may be from what is known: AWS's own tolerance of a
/// request's time stamp, and that of [`crate::clock::StsTime`], which would not learn from a farther one either.
const UNAUTHENTICATED_TOLERANCE: TimeDelta = TimeDelta::minutes(15);

/// What a reply's `Expiration` is measured against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// The reply's `Date`, if it had one.
    pub(super) date: Option<DateTime<Utc>>,
    /// STS's time, as far as it was known when the request was signed.
    pub(super) now: DateTime<Utc>,
    /// The lifetime that was asked for.
    pub(super) asked: Duration,
}

impl Times {
    /// By how many seconds the date is too far away to be believed of a reply that nothing authenticates.
    pub(super) fn unbelievable(self) -> Option<i64> {
        let distance = (self.date? - self.now).abs();
        (distance > UNAUTHENTICATED_TOLERANCE).then(|| distance.num_seconds())
    }

    /// How long credentials live from the moment the request left: never more than STS grants, nor than was asked for,
    /// since without a date a host whose clock is behind would count its own error as life.
    ///
    /// The date was cut to whole seconds, so the true time of the reply may be nearly a second later; `now` is of
    /// before the request left, so it is early enough as it is, but no clock is better than its second.
    pub(super) fn lifetime(self, expiration: DateTime<Utc>) -> Result<Duration, Malformed> {
        let left = expiration - self.date.unwrap_or(self.now);
        if left <= TimeDelta::zero() || left > LONGEST {
            return Err(Malformed::new("it has an impossible Expiration"));
        }
        let left = (left - TimeDelta::seconds(1)).to_std().unwrap_or_default();
        Ok(left.min(self.asked))
    }
}

/// A `Date` header in the one form that servers may send (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
/// Years that no living clock shows are refused, so that no sum of ours overflows.
pub(super) fn date(header: &str) -> Option<DateTime<Utc>> {
    const LENGTH: usize = "Sun, 06 Nov 1994 08:49:37 GMT".len();
    let date = NaiveDateTime::parse_from_str(header, "%a, %d %b %Y %H:%M:%S GMT").ok()?;
    (header.len() == LENGTH && (2000..3000).contains(&date.year())).then(|| date.and_utc())
}

/// An `Expiration` in RFC 3339, with `Z` or an offset, cut to whole seconds: a credential never lives longer for it.
pub(super) fn expiration(text: &str) -> Result<DateTime<Utc>, Malformed> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .and_then(|time| DateTime::from_timestamp(time.timestamp(), 0))
        .ok_or_else(|| Malformed::new("its Expiration is not an RFC 3339 time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn an_expiration_has_a_z_a_fraction_or_an_offset() {
        let whole: DateTime<Utc> = "2026-01-02T03:04:05Z".parse().unwrap();
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.999999Z",
            "2026-01-02T05:04:05+02:00",
            "2026-01-01T21:34:05.5-05:30",
        ] {
            assert_eq!(expiration(text), Ok(whole), "{text}");
        }
        for text in [
            "",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "1767323045",
            "2026-13-02T03:04:05Z",
        ] {
            assert!(expiration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_date_has_one_form() {
        assert_eq!(
            date("Sun, 22 Nov 2026 02:31:59 GMT"),
            Some("2026-11-22T02:31:59Z".parse().unwrap())
        );
        for text in [
            "",
            "Mon, 22 Nov 2026 02:31:59 GMT",
            "Sun, 22 Nov 2026 02:31:59 +0000",
            "Sun, 22 Nov 2026 02:31:59",
            "Sunday, 22-Nov-26 02:31:59 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "Sun, 22 Nov +2026 02:31:59 GMT",
            "2026-11-22T02:31:59Z",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn lifetime_is_measured_by_the_reply_and_a_second_shorter() {
        let times = Times {
            date: Some(at(100)),
            now: at(0),
            asked: Duration::from_hours(40),
        };
        for (expiration, seconds) in [(101, 0), (102, 1), (43_300, 43_199), (100 + 37 * 3_600, 37 * 3_600 - 1)] {
            assert_eq!(
                times.lifetime(at(expiration)),
                Ok(Duration::from_secs(seconds)),
                "{expiration}"
            );
        }
        for expiration in [-1, 99, 100, 101 + 37 * 3_600, 1_000_000_000] {
            assert!(times.lifetime(at(expiration)).is_err(), "{expiration}");
        }
    }

    #[test]
    fn without_a_date_it_is_measured_by_what_was_known() {
        let times = Times {
            date: None,
            now: at(0),
            asked: Duration::from_mins(15),
        };
        assert_eq!(times.lifetime(at(900)), Ok(Duration::from_secs(899)));
        assert!(times.lifetime(at(0)).is_err());
        assert_eq!(times.unbelievable(), None);
    }

    #[test]
    fn it_is_never_longer_than_asked() {
        for (date, left, seconds) in [
            (None, 901, 900),
            (None, 8_100, 900),
            (Some(at(0)), 8_100, 900),
            (None, 900, 899),
        ] {
            let asked = Duration::from_mins(15);
            let times = Times {
                date,
                now: at(0),
                asked,
            };
            assert_eq!(times.lifetime(at(left)), Ok(Duration::from_secs(seconds)), "{left}");
        }
    }
}
