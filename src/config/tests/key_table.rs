use std::collections::BTreeSet;

use super::super::keys::{LATER, MFA_SERIAL};
use super::super::{KEYS, Presence};
use super::{LEAST, mistake, toml};
use crate::aws::{Invalid, Region, SerialNumber, SessionDuration};

#[test]
fn no_key_stands_twice() {
    let paths: Vec<_> = KEYS
        .iter()
        .map(|key| key.path)
        .chain(LATER.iter().map(|(path, _)| *path))
        .collect();
    let unique: BTreeSet<_> = paths.iter().collect();
    assert_eq!(unique.len(), paths.len());
}

#[test]
fn each_rule_is_the_one_that_is_held() {
    let must = |name: &str| KEYS.iter().find(|key| key.name() == name).unwrap().must;
    assert_eq!("".parse::<Region>(), Err(Invalid(must("region"))));
    assert_eq!("".parse::<SerialNumber>(), Err(Invalid(MFA_SERIAL.must)));
    assert_eq!(SessionDuration::try_from(0), Err(Invalid(must("duration_seconds"))));
}

/// A default that is written out changes nothing.
#[test]
fn each_default_is_the_one_that_holds() {
    let mut compared = 0;
    for key in KEYS {
        let Presence::Default(default) = key.presence else {
            continue;
        };
        let value = match key.name() {
            "duration_seconds" | "required" | "insecure_endpoint" => default.to_owned(),
            "token_dir" => String::from("\"/run/valetkey/tokens\""),
            "endpoint_url" => String::from("\"https://sts.eu-west-1.amazonaws.com\""),
            _ => format!("\"{default}\""),
        };
        let text = match key.path.split_once('.').unwrap().0 {
            "server" => format!("{LEAST}[server]\n{} = {value}", key.name()),
            _ => format!("{LEAST}{} = {value}", key.name()),
        };
        assert_eq!(toml(&text), toml(LEAST), "{}", key.path);
        compared += 1;
    }
    assert_eq!(compared, 8);
}

/// Every key that the table has is read: a value of a type that no key takes is a mistake at that key.
#[test]
fn each_key_is_read() {
    for key in KEYS {
        let name = key.name();
        let text = match key.path.rsplit_once('.').unwrap().0 {
            "server" => format!("{LEAST}[server]\n{name} = []"),
            "profile.<name>.key" => LEAST.replace("\"/k\"", "[]"),
            "profile.<name>.mfa_code" => format!("{LEAST}mfa_serial = \"GAHT12345678\"\nmfa_code = {{ {name} = [] }}"),
            _ => match name {
                "region" => LEAST.replace("\"eu-west-1\"", "[]"),
                "key" => LEAST.replace("{ directory = \"/k\" }", "[]"),
                "mfa_serial" => format!("{LEAST}mfa_serial = []\nmfa_code = {{ totp_seed_file = \"/s\" }}"),
                "mfa_code" => format!("{LEAST}mfa_serial = \"GAHT12345678\"\nmfa_code = []"),
                _ => format!("{LEAST}{name} = []"),
            },
        };
        let path = key.path.replace("<name>", "ops");
        let message = mistake(&text);
        assert!(
            message.ends_with(&format!(": {path}: found an array; {}", key.must)),
            "{message}"
        );
    }
}

#[test]
fn shows_what_holds_when_a_key_is_left_out() {
    let shown = |presence: Presence| presence.to_string();
    assert_eq!(shown(Presence::Required), "required");
    assert_eq!(shown(Presence::Optional), "optional");
    assert_eq!(shown(Presence::Default("0600")), "0600");
}
