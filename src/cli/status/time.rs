use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// `2027-01-15 11:12:00 UTC, in 3 h 12 min`.
pub(super) fn at(instant: &Value, now: &Value) -> String {
    read(instant).map_or_else(|| "-".to_owned(), |at| format!("{}, {}", shown(at), away(instant, now)))
}

/// `2027-01-15 11:12:00 UTC`, if there is one.
pub(super) fn when(instant: &Value) -> Option<String> {
    read(instant).map(shown)
}

fn shown(at: DateTime<Utc>) -> String {
    at.format("%F %T UTC").to_string()
}

/// `in 3 h 12 min` or `45 s ago`.
pub(super) fn away(instant: &Value, now: &Value) -> String {
    let Some((at, now)) = read(instant).zip(read(now)) else {
        return "-".to_owned();
    };
    if at > now {
        format!("in {}", words(at - now))
    } else {
        format!("{} ago", words(now - at))
    }
}

/// How long it is from one to the other.
pub(super) fn between(from: &Value, to: &Value) -> Option<String> {
    read(from).zip(read(to)).map(|(from, to)| words(to - from))
}

fn read(value: &Value) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(time.to_utc())
}

/// The two largest units, cut off.
fn words(duration: TimeDelta) -> String {
    let seconds = duration.num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (seconds / 3_600, seconds / 60) {
        (48.., _) => format!("{days} d {hours} h"),
        (1.., _) => format!("{} h {minutes} min", seconds / 3_600),
        (_, 1..) => format!("{minutes} min"),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_duration_has_its_two_largest_units() {
        for (seconds, expected) in [
            (-5, "0 s"),
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h 0 min"),
            (11_520, "3 h 12 min"),
            (129_600, "36 h 0 min"),
            (172_800, "2 d 0 h"),
            (1_000_000, "11 d 13 h"),
        ] {
            assert_eq!(words(TimeDelta::seconds(seconds)), expected);
        }
    }

    #[test]
    fn a_time_is_utc_and_how_far_away_it_is() {
        let (now, later) = (json!("2027-01-15T08:00:00Z"), json!("2027-01-15T12:12:00+01:00"));
        assert_eq!(at(&later, &now), "2027-01-15 11:12:00 UTC, in 3 h 12 min");
        assert_eq!(away(&now, &later), "3 h 12 min ago");
        assert_eq!(between(&now, &later).unwrap(), "3 h 12 min");
        for nothing in [json!(null), json!(7), json!("soon")] {
            assert_eq!((at(&nothing, &now), away(&nothing, &now)), ("-".into(), "-".into()));
        }
    }
}
