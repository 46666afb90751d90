//! Keys that are unknown or given twice.

use super::{LEAST, PROFILE_KEYS, json, mistake, mistakes, toml};

#[test]
fn an_unknown_key_gets_the_nearest_known_one() {
    for (text, expected) in [
        (
            format!("[sever]\n{LEAST}"),
            "1:2: sever: is not a known key; did you mean `server`?",
        ),
        (
            format!("[logging]\n{LEAST}"),
            "1:2: logging: is not a known key; known here: `server`, `profile`",
        ),
        (
            format!("[server]\nops_address = 1\n{LEAST}"),
            "2:1: server.ops_address: is not a known key; known here: `credentials`, \
             `tls_certificate`, `tls_private_key`, `ops`, `imds`, `imds_profile`, `imds_hop_limit`, `imds_availability_zone`, `imds_instance_id`, \
             `imds_instance_profile_arn`, `token_dir`, `token_mode`, `token_grace_seconds`, `relative_uri`, `control_socket`, `state_dir`, `audit`",
        ),
        (
            format!("[server]\ntoken-dir = 1\n{LEAST}"),
            "2:1: server.token-dir: is not a known key; did you mean `token_dir`?",
        ),
        (
            format!("[server]\nstate_dri = 1\n{LEAST}"),
            "2:1: server.state_dri: is not a known key; did you mean `state_dir`?",
        ),
        (
            format!("{LEAST}proxy = 1"),
            &format!("4:1: profile.ops.proxy: is not a known key; known here: {PROFILE_KEYS}"),
        ),
    ] {
        assert_eq!(mistake(&text), expected);
    }
}

#[test]
fn what_was_meant_is_not_missing_too() {
    assert_eq!(
        mistake(&LEAST.replace("region", "regoin")),
        "2:1: profile.ops.regoin: is not a known key; did you mean `region`?"
    );
    assert_eq!(
        mistake(&LEAST.replace("profile", "profiel")),
        "1:2: profiel: is not a known key; did you mean `profile`?"
    );
}

#[test]
fn an_unknown_key_that_could_be_a_secret_is_not_repeated() {
    assert_eq!(
        mistake(&format!("{LEAST}AKIAIOSFODNN7EXAMPLE = 1")),
        format!("4:1: profile.ops: found an unknown key; known here: {PROFILE_KEYS}")
    );
    assert_eq!(
        mistake(&format!("{LEAST}Required = true")),
        "4:1: profile.ops: found an unknown key; did you mean `required`?"
    );
    assert_eq!(
        mistake(&format!("JBSWY3DPEHPK3PXP = 1\n{LEAST}")),
        "1:1: found an unknown key; known here: `server`, `profile`"
    );
}

#[test]
fn a_key_given_twice_is_reported_with_all_other_mistakes() {
    assert_eq!(
        mistakes(toml(&format!(
            "{LEAST}region = \"x\"\nrequired = 1\n[profile.ops]\n\"KEY ID\" = 1\n\"KEY ID\" = 2"
        ))),
        [
            "v.toml:4:1: `region` is given twice; keep one",
            "v.toml:5:12: profile.ops.required: found an integer; must be true or false",
            "v.toml:6:10: `ops` is given twice; keep one",
            &format!("v.toml:7:1: profile.ops: found an unknown key; known here: {PROFILE_KEYS}"),
            "v.toml:8:1: a key is given twice; keep one",
        ]
    );
    assert_eq!(
        mistakes(json(
            r#"{"profile": {"ops": {"region": "x", "key": {"directory": "/k", "directory": "/l"},
  "region": "y", "required": 1}}, "profile": {}}"#
        )),
        [
            "v.json:1:64: `directory` is given twice; keep one",
            "v.json:2:3: `region` is given twice; keep one",
            "v.json:2:30: profile.ops.required: found an integer; must be true or false",
            "v.json:2:35: `profile` is given twice; keep one",
        ]
    );
}
