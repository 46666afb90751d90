use super::{LEAST, json, mistake, mistakes, toml};

#[track_caller]
fn with(line: &str) -> String {
    mistake(&format!("{LEAST}{line}\n"))
}

#[test]
fn keeps_the_order_of_the_file() {
    let body = "\nregion = \"eu-west-1\"\nkey = { directory = \"/k\" }\n";
    let plan = toml(&format!("[profile.b]{body}[profile.c]{body}[profile.a]{body}")).unwrap();
    let names: Vec<_> = plan.profiles.iter().map(|profile| profile.name.as_str()).collect();
    assert_eq!(names, ["b", "c", "a"]);
}

#[test]
fn must_be_one_at_least() {
    let must = "must be one or more tables such as [profile.ops]";
    assert_eq!(mistake(""), format!("1:1: profile: is missing; {must}"));
    assert_eq!(mistake("\n[profile]"), format!("2:1: profile: is empty; {must}"));
    assert_eq!(mistake("[[profile]]"), format!("1:1: profile: found an array; {must}"));
    assert_eq!(
        mistakes(json("{}")),
        [format!("v.json:1:1: profile: is missing; {must}")]
    );
    assert_eq!(
        mistakes(json("[]")),
        ["v.json:1:1: found an array; must be a table with `server` and `profile`"]
    );
}

#[test]
fn must_be_a_table() {
    assert_eq!(
        mistake("profile = { ops = 1 }"),
        "1:19: profile.ops: found an integer; must be a table such as [profile.ops]"
    );
}

#[test]
fn has_a_name_that_can_be_a_path_and_a_label() {
    let rule = "a profile's name must be 1 to 64 letters, digits, \"_\", \".\" or \"-\", \
                and begin with a letter, a digit or \"_\"";
    for name in ["", "a b", "a/b", "..x", "-"] {
        let text = LEAST.replace("profile.ops", &format!("profile.\"{name}\""));
        let shown = if name == "..x" || name == "-" { name } else { "<name>" };
        assert_eq!(mistake(&text), format!("1:10: profile.{shown}: {rule}"));
    }
}

#[test]
fn reads_on_when_the_name_is_wrong() {
    assert_eq!(
        mistakes(toml("[profile.\"a b\"]\nregion = 1\nkey = { directory = \"/k\" }\n")),
        [
            "v.toml:1:10: profile.<name>: a profile's name must be 1 to 64 letters, digits, \"_\", \".\" or \"-\", \
             and begin with a letter, a digit or \"_\"",
            "v.toml:2:10: profile.<name>.region: found an integer; must be a region such as \"eu-west-1\"",
        ]
    );
}

#[test]
fn needs_a_region_and_a_key() {
    assert_eq!(
        mistakes(toml("\n[profile.ops]\n")),
        [
            "v.toml:2:1: profile.ops.region: is missing; must be a region such as \"eu-west-1\"",
            "v.toml:2:1: profile.ops.key: is missing; must be a table with one source, such as \
             { directory = \"/etc/valetkey/key\" }",
        ]
    );
    assert_eq!(
        mistake(&LEAST.replace("eu-west-1", "EU")),
        "2:10: profile.ops.region: must be a region such as \"eu-west-1\""
    );
    assert_eq!(
        mistake(&LEAST.replace("\"eu-west-1\"", "1")),
        "2:10: profile.ops.region: found an integer; must be a region such as \"eu-west-1\""
    );
}

#[test]
fn has_a_duration_that_aws_takes() {
    for seconds in [900, 129_600] {
        let plan = toml(&format!("{LEAST}duration_seconds = {seconds}")).unwrap();
        let super::super::Kind::Session(session) = &plan.profiles[0].kind else {
            panic!("a session")
        };
        assert_eq!(session.duration.as_secs(), seconds);
    }
    let must = "must be 900 to 129600 seconds (15 minutes to 36 hours)";
    for seconds in ["899", "129601", "-1", "99999999999999999999", "0x7fffffffffffffffff"] {
        assert_eq!(
            with(&format!("duration_seconds = {seconds}")),
            format!("4:20: profile.ops.duration_seconds: {must}")
        );
    }
    for (value, kind) in [
        ("43200.0", "a float"),
        ("\"43200\"", "a string"),
        ("12:00:00", "a date or time"),
    ] {
        assert_eq!(
            with(&format!("duration_seconds = {value}")),
            format!("4:20: profile.ops.duration_seconds: found {kind}; {must}")
        );
    }
    for (value, found) in [
        ("4.32e4", "found a float; "),
        ("43200.0", "found a float; "),
        ("1e99", "found a float; "),
        ("99999999999999999999", ""),
        ("-99999999999999999999", ""),
    ] {
        let text = format!(
            "{{\"profile\": {{\"ops\": {{\"region\": \"x\", \"key\": {{\"directory\": \"/k\"}},\n\
             \"duration_seconds\": {value}}}}}}}"
        );
        assert_eq!(
            mistakes(json(&text)),
            [format!("v.json:2:21: profile.ops.duration_seconds: {found}{must}")]
        );
    }
}

#[test]
fn is_required_unless_it_says_otherwise() {
    assert!(toml(LEAST).unwrap().profiles[0].required);
    assert!(!toml(&format!("{LEAST}required = false")).unwrap().profiles[0].required);
    assert_eq!(
        with("required = \"no\""),
        "4:12: profile.ops.required: found a string; must be true or false"
    );
}

#[test]
fn says_whose_processes_may_have_the_credentials() {
    let plan = toml(&format!("{LEAST}allowed_uids = [0, 1000, 4294967294]")).unwrap();
    assert_eq!(plan.profiles[0].allowed_uids, Some(vec![0, 1000, 4_294_967_294]));
    assert_eq!(toml(LEAST).unwrap().profiles[0].allowed_uids, None);
    let plan = json(
        r#"{"server": {}, "profile": {"ops": {"region": "eu-west-1", "key": {"directory": "/k"}, "allowed_uids": [1]}}}"#,
    );
    assert_eq!(plan.unwrap().profiles[0].allowed_uids, Some(vec![1]));
    for (list, message) in [
        (
            "[]",
            "4:16: profile.ops.allowed_uids: is empty, and would let nobody in; name the UIDs that may have the credentials, \
             or leave it out",
        ),
        (
            "1000",
            "4:16: profile.ops.allowed_uids: found an integer; must be a list of UIDs such as [1000, 1001]",
        ),
        (
            "[1, \"ops\"]",
            "4:20: profile.ops.allowed_uids: found a string in it; must be a list of UIDs such as [1000, 1001]",
        ),
        (
            "[1, -1]",
            "4:20: profile.ops.allowed_uids: has what is no UID in it; a UID is a number from 0 to 4294967294",
        ),
        (
            "[4294967295]",
            "4:17: profile.ops.allowed_uids: has what is no UID in it; a UID is a number from 0 to 4294967294",
        ),
    ] {
        assert_eq!(with(&format!("allowed_uids = {list}")), message, "{list}");
    }
}
