use serde_json::Value;

use super::{profiles, side, text, time, without_controls};

/// What needs a person, a line each, with what to do about it.
pub(super) fn of(status: &Value, socket: &str) -> Vec<String> {
    let now = &status["now"];
    let of_profiles = profiles(status).flat_map(|profile| {
        let code = profile["code_wanted"].is_object().then(|| code(profile, now, socket));
        let obstacle = if profile["waits_for"].is_string() {
            Some(format!(
                "{}: waits for {}",
                text(&profile["name"]),
                text(&profile["waits_for"])
            ))
        } else {
            // What it met when it last asked is no matter while it waits.
            profile["last_error"].is_object().then(|| failure(profile, now))
        };
        let key = profile["key_trouble"].is_object().then(|| key(profile, now));
        [code, obstacle, key]
    });
    of_profiles.flatten().chain(of_daemon(status)).collect()
}

fn failure(profile: &Value, now: &Value) -> String {
    let error = &profile["last_error"];
    let count = match profile["consecutive_failures"].as_u64() {
        Some(count @ 2..) => format!(", {count} in a row"),
        _ => String::new(),
    };
    format!(
        "{}: {} {}{count}: {}",
        text(&profile["name"]),
        text(&error["result"]),
        time::away(&error["when"], now),
        text(&error["message"]),
    )
}

fn key(profile: &Value, now: &Value) -> String {
    let trouble = &profile["key_trouble"];
    let next = match &trouble["next_try"] {
        Value::Null => String::new(),
        next => format!("; next try {}", time::away(next, now)),
    };
    format!(
        "{}: {}: {}{next}",
        text(&profile["name"]),
        time::away(&trouble["when"], now),
        text(&trouble["message"]),
    )
}

fn code(profile: &Value, now: &Value, socket: &str) -> String {
    let name = text(&profile["name"]);
    let since = time::between(&profile["code_wanted"]["since"], now).unwrap_or_default();
    let device = text(&profile["mfa"]["serial"]);
    format!("{name}: a code of {device} has been wanted for {since}; run: valetkey mfa submit --profile {name}{socket}")
}

fn of_daemon(status: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let reload = &status["configuration"]["last_reload"];
    if reload["successful"] == false {
        let when = time::away(&reload["when"], &status["now"]);
        lines.push(format!("the reload {when} changed nothing:"));
        let mistakes = text(&reload["message"]);
        lines.extend(mistakes.lines().map(|mistake| format!("  {mistake}")));
    }
    lines.extend(clock(status["clock_offset_seconds"].as_f64()));
    if let Some(dropped @ 1..) = status["log_lines_dropped"].as_u64() {
        lines.push(format!("log lines dropped: {dropped}"));
    }
    if let Some(trouble) = status["state_dir"]["trouble"].as_str() {
        let trouble = without_controls(trouble);
        lines.push(format!(
            "state_dir: {trouble}; nothing is kept for the next start, and other daemons are not heard of"
        ));
    }
    let protections = &status["protections"];
    if protections["not_dumpable"] == false {
        lines
            .push("other processes of the daemon's user may read its memory: the system has no PR_SET_DUMPABLE".into());
    }
    if protections["no_core"] == false {
        lines.push("a crash may write a core file with secrets: the core limit could not be set to 0".into());
    }
    lines
}

/// More than a time service leaves. The offset is STS's time minus the host's.
const WRONG_CLOCK: f64 = 10.0;

fn clock(offset: Option<f64>) -> Option<String> {
    let offset = offset.filter(|offset| offset.abs() > WRONG_CLOCK)?;
    let side = side(offset);
    Some(format!(
        "the host's clock is {:.0} s {side} STS's, whose time is used; set it",
        offset.abs()
    ))
}
