//! Faults in JSON.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Map, Value};

use super::read::flag;
use crate::emulator::faults::{Faults, Garbage, Instead};

pub(super) fn json(faults: &Faults) -> Value {
    let mut json = Map::new();
    match faults.instead {
        None => None,
        Some(Instead::Down) => json.insert("down".into(), true.into()),
        Some(Instead::LostReply) => json.insert("lost_reply".into(), true.into()),
        Some(Instead::InternalFailure) => json.insert("refuse".into(), 500.into()),
        Some(Instead::ServiceUnavailable) => json.insert("refuse".into(), 503.into()),
        Some(Instead::Throttling) => json.insert("throttling".into(), true.into()),
        Some(Instead::Garbage(garbage)) => json.insert("garbage".into(), garbage_word(garbage).into()),
    };
    let mut number = |key: &str, value: i64| {
        if value != 0 {
            json.insert(key.to_owned(), value.into());
        }
    };
    let delay = faults.delay.as_millis().try_into().unwrap_or(i64::MAX);
    number("slow_milliseconds", delay);
    number("clock_skew_seconds", faults.clock_skew.num_seconds());
    number("lifetime_seconds", faults.lifetime_seconds.unwrap_or_default().into());
    number("count", faults.count.unwrap_or_default().into());
    Value::Object(json)
}

/// The faults in the body of a request, or what is wrong with it.
pub(super) fn parse(body: &[u8]) -> Result<Faults, String> {
    let Ok(Value::Object(json)) = serde_json::from_slice(body) else {
        return Err("the body must be a JSON object, such as {\"throttling\": true, \"count\": 2}".to_owned());
    };
    let mut faults = Faults::default();
    let mut instead = Vec::new();
    for (key, value) in &json {
        match key.as_str() {
            "down" => instead.extend(flag(key, value)?.then_some(Instead::Down)),
            "lost_reply" => instead.extend(flag(key, value)?.then_some(Instead::LostReply)),
            "throttling" => instead.extend(flag(key, value)?.then_some(Instead::Throttling)),
            "refuse" => instead.push(refusal(value)?),
            "garbage" => instead.push(Instead::Garbage(garbage(value)?)),
            "slow_milliseconds" => faults.delay = Duration::from_millis(positive(key, value)?.into()),
            "clock_skew_seconds" => faults.clock_skew = TimeDelta::seconds(skew(key, value)?),
            "lifetime_seconds" => faults.lifetime_seconds = Some(positive(key, value)?),
            "count" => faults.count = Some(positive(key, value)?),
            _ => return Err(format!("there is no fault {key:?}")),
        }
    }
    if instead.len() > 1 {
        return Err("only one of down, lost_reply, refuse, throttling and garbage can be set".to_owned());
    }
    faults.instead = instead.pop();
    Ok(faults)
}

fn refusal(value: &Value) -> Result<Instead, String> {
    match value.as_u64() {
        Some(500) => Ok(Instead::InternalFailure),
        Some(503) => Ok(Instead::ServiceUnavailable),
        _ => Err("refuse must be 500 or 503".to_owned()),
    }
}

fn positive(key: &str, value: &Value) -> Result<u32, String> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| format!("{key} must be a whole number from 1 to {}", u32::MAX))
}

/// Within a few decades, so that no date leaves the calendar.
fn skew(key: &str, value: &Value) -> Result<i64, String> {
    value
        .as_i64()
        .filter(|seconds| seconds.abs() <= 1_000_000_000)
        .ok_or_else(|| format!("{key} must be a whole number from -1000000000 to 1000000000"))
}

const GARBAGE: [(&str, Garbage); 5] = [
    ("captive_portal", Garbage::CaptivePortal),
    ("empty", Garbage::Empty),
    ("not_xml", Garbage::NotXml),
    ("truncated", Garbage::Truncated),
    ("oversized", Garbage::Oversized),
];

fn garbage(value: &Value) -> Result<Garbage, String> {
    let found = GARBAGE.iter().find(|(word, _)| value == word);
    let words = GARBAGE.map(|(word, _)| word).join(", ");
    found
        .map(|(_, garbage)| *garbage)
        .ok_or_else(|| format!("garbage must be one of {words}"))
}

fn garbage_word(garbage: Garbage) -> &'static str {
    let found = GARBAGE.iter().find(|(_, kind)| *kind == garbage);
    found.map_or("", |(word, _)| word)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_fault_is_read_and_shown_in_the_same_words() {
        let mut all = vec![
            json!({}),
            json!({"down": true}),
            json!({"lost_reply": true}),
            json!({"refuse": 500}),
            json!({"refuse": 503}),
            json!({"throttling": true, "count": 3}),
            json!({"slow_milliseconds": 250, "clock_skew_seconds": -3600, "lifetime_seconds": 60}),
        ];
        all.extend(GARBAGE.map(|(word, _)| json!({ "garbage": word })));
        for json in all {
            let faults = parse(json.to_string().as_bytes()).unwrap();
            assert_eq!(super::json(&faults), json);
        }
        assert_eq!(parse(b"{\"down\": false}"), Ok(Faults::default()));
    }

    #[test]
    fn mistakes_are_named() {
        for (body, expected) in [
            ("", "the body must be a JSON object"),
            ("[]", "the body must be a JSON object"),
            ("{\"dwon\": true}", "there is no fault \"dwon\""),
            ("{\"down\": 1}", "down must be true or false"),
            ("{\"refuse\": 418}", "refuse must be 500 or 503"),
            (
                "{\"garbage\": \"pizza\"}",
                "garbage must be one of captive_portal, empty",
            ),
            ("{\"count\": 0}", "count must be a whole number from 1"),
            ("{\"lifetime_seconds\": -1}", "lifetime_seconds must be a whole number"),
            (
                "{\"clock_skew_seconds\": 9e99}",
                "clock_skew_seconds must be a whole number",
            ),
            (
                "{\"clock_skew_seconds\": 1000000001}",
                "clock_skew_seconds must be a whole number",
            ),
            ("{\"down\": true, \"refuse\": 500}", "only one of down"),
        ] {
            let message = parse(body.as_bytes()).unwrap_err();
            assert!(message.starts_with(expected), "{body}: {message}");
        }
    }
}
