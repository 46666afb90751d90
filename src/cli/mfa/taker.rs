//! Whose code is asked for, by the daemon's status. The daemon decides; what it would refuse is told before somebody types.

use serde_json::Value;

use crate::aws::ProfileName;
use crate::cli::{Exit, Failed};
use crate::sanitise::without_controls;

/// The profile that a code would be taken for now: the named one, else the only one that is asked for one, else the only
/// one.
pub(super) fn of<'s>(status: &'s Value, profile: Option<&ProfileName>) -> Result<&'s Value, Failed> {
    let taker = named(status, profile).map_err(|message| Failed::new(Exit::Usage, &message))?;
    match too_early(taker, &status["now"]) {
        Some(message) => Err(Failed::new(Exit::TryAgain, &message)),
        None => Ok(taker),
    }
}

/// The device is named: a person may have several.
pub(super) fn question(taker: &Value) -> String {
    format!("Code of {}: ", text(&taker["mfa"]["serial"]))
}

fn named<'s>(status: &'s Value, profile: Option<&ProfileName>) -> Result<&'s Value, String> {
    let all = status["profiles"].as_array().into_iter().flatten();
    let all: Vec<_> = all.filter(|profile| profile["mfa"]["push"] == true).collect();
    let names: Vec<_> = all.iter().map(|profile| text(&profile["name"])).collect();
    let names = names.join(", ");
    if let (Some(name), [_, ..]) = (profile, all.as_slice()) {
        let found = all.into_iter().find(|profile| profile["name"] == name.as_str());
        return found.ok_or_else(|| format!("that profile takes no codes from a person; these do: {names}"));
    }
    let asked = |profile: &&&Value| profile["code_wanted"].is_object();
    let asked: Vec<_> = all.iter().filter(asked).copied().collect();
    match (asked.as_slice(), all.as_slice()) {
        ([only], _) | ([], [only]) => Ok(only),
        (_, []) => Err(String::from(
            "no profile takes codes from a person: none has mfa_code = { push = true }",
        )),
        _ => Err(format!("several profiles take codes: name one of {names} (--profile)")),
    }
}

/// After a failure a code is taken at once.
fn too_early(taker: &Value, now: &Value) -> Option<String> {
    let from = &taker["mfa"]["accepted_from"];
    // Both are UTC to the second, whose order is that of the letters.
    let is_early = from.as_str() > now.as_str() && taker["consecutive_failures"] == 0;
    let message = || {
        let (name, from) = (text(&taker["name"]), text(from));
        format!("profile {name} takes its next code from {from}; until then its credentials are fresh")
    };
    is_early.then(message)
}

fn text(value: &Value) -> String {
    without_controls(value.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: &str = "2027-01-15T08:00:00Z";

    fn profile(name: &str, push: bool, wanted: bool) -> Value {
        json!({
            "name": name,
            "mfa": {"serial": format!("mfa/{name}"), "push": push, "accepted_from": push.then_some(NOW)},
            "consecutive_failures": 0,
            "code_wanted": wanted.then(|| json!({"since": NOW})),
        })
    }

    fn asked(profiles: &[Value], name: Option<&str>) -> Result<String, (u8, String)> {
        let status = json!({"now": NOW, "profiles": profiles});
        let name = name.map(|name| name.parse().unwrap());
        let taker = of(&status, name.as_ref());
        taker
            .map(question)
            .map_err(|failed| (failed.exit as u8, failed.message))
    }

    #[test]
    fn the_question_names_the_device_of_whom_the_daemon_would_take() {
        let none = json!({"name": "none", "mfa": null});
        let one = [profile("seed", false, false), profile("ops", true, false), none.clone()];
        let two = |wanted| [profile("ops", true, wanted), profile("person", true, true)];
        let of = |device: &str| Ok(format!("Code of mfa/{device}: "));
        assert_eq!(asked(&one, None), of("ops"));
        assert_eq!(asked(&two(false), None), of("person"));
        assert_eq!(asked(&two(true), Some("ops")), of("ops"));
        let several = "several profiles take codes: name one of ops, person (--profile)";
        assert_eq!(asked(&two(true), None), Err((64, several.to_owned())));
        let wrong = "that profile takes no codes from a person; these do: ops";
        for name in ["none", "seed", "x"] {
            assert_eq!(asked(&one, Some(name)), Err((64, wrong.to_owned())));
        }
        let nobody = asked(&[none], Some("none")).unwrap_err();
        assert!(nobody.0 == 64 && nobody.1.contains("push = true"), "{nobody:?}");
    }

    #[test]
    fn while_the_credentials_are_fresh_it_is_too_early() {
        let mut ops = profile("ops", true, false);
        ops["mfa"]["accepted_from"] = json!("2027-01-15T08:00:01Z");
        let (code, message) = asked(&[ops.clone()], None).unwrap_err();
        assert_eq!(code, 75);
        assert_eq!(
            message,
            "profile ops takes its next code from 2027-01-15T08:00:01Z; until then its credentials are fresh"
        );
        ops["consecutive_failures"] = json!(1);
        assert!(asked(&[ops], None).is_ok());
    }
}
