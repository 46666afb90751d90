//! `key`, and `mfa_serial` with `mfa_code`.

use std::path::PathBuf;

use super::super::{Format, KeySource, Kind, Mfa, MfaCode, parse};
use super::{LEAST, mistake, mistakes, toml};

const SERIAL: &str = "mfa_serial = \"arn:aws:iam::123456789012:mfa/ops\"\n";
const CODE: &str = "mfa_code = { totp_seed_file = \"/s\" }\n";
const KEY_MUST: &str = "must be a table with one source, such as { directory = \"/etc/valetkey/key\" }";
const KEY_KEYS: &str = "`directory`, `shared_credentials`, `process`, `environment`, `pass_environment`";
const CODE_MUST: &str = "must be a table with one source, such as { totp_seed_file = \"/etc/valetkey/mfa/totp_seed\" }";

fn key(value: &str) -> String {
    LEAST.replace("{ directory = \"/k\" }", value)
}

#[test]
fn are_a_directory_and_a_seed_file() {
    let plan = toml(&format!("{LEAST}{SERIAL}{CODE}")).unwrap();
    let Kind::Session(session) = &plan.profiles[0].kind else {
        panic!("a session")
    };
    assert_eq!(session.key, KeySource::Directory(PathBuf::from("/k")));
    let serial = "arn:aws:iam::123456789012:mfa/ops".parse().unwrap();
    let expected = Mfa::new(serial, MfaCode::TotpSeedFile(PathBuf::from("/s")));
    assert_eq!(session.mfa, Some(expected));

    let plan = toml(LEAST).unwrap();
    let Kind::Session(session) = &plan.profiles[0].kind else {
        panic!("a session")
    };
    assert_eq!(session.mfa, None);
}

#[test]
fn a_key_has_one_source() {
    assert_eq!(
        mistake(&key("{}")),
        format!("3:7: profile.ops.key: is empty; {KEY_MUST}")
    );
    assert_eq!(
        mistake(&key("\"/k\"")),
        format!("3:7: profile.ops.key: found a string; {KEY_MUST}")
    );
    assert_eq!(
        mistakes(toml(&key("{ directory = \"/k\", environment = true }"))),
        [format!(
            "v.toml:3:7: profile.ops.key: found more than one source; {KEY_MUST}"
        )]
    );
    assert_eq!(
        mistake(&key("{ vault = \"/k\" }")),
        format!("3:9: profile.ops.key.vault: is not a known key; known here: {KEY_KEYS}")
    );
    assert_eq!(
        mistake(&key("{ dirctory = \"/k\" }")),
        "3:9: profile.ops.key.dirctory: is not a known key; did you mean `directory`?"
    );
    assert_eq!(
        mistake(&key("{ directory = \"/k\", vault = 1 }")),
        format!("3:27: profile.ops.key.vault: is not a known key; known here: {KEY_KEYS}")
    );
}

#[test]
fn a_key_directory_is_absolute() {
    let must = "must be an absolute path; neither a relative one nor ~ is expanded";
    assert_eq!(
        mistake(&key("{ directory = \"key\" }")),
        format!("3:21: profile.ops.key.directory: {must}")
    );
    assert_eq!(
        mistake(&key("{ directory = true }")),
        format!("3:21: profile.ops.key.directory: found a boolean; {must}")
    );
}

#[test]
fn mfa_needs_a_device_and_its_codes() {
    assert_eq!(
        mistake(&format!("{LEAST}{SERIAL}")),
        format!("4:1: profile.ops.mfa_code: is missing, and `mfa_serial` needs it; {CODE_MUST}")
    );
    assert_eq!(
        mistake(&format!("{LEAST}{CODE}")),
        "4:1: profile.ops.mfa_serial: is missing, and `mfa_code` needs it; must be an MFA device: an ARN such as \
         arn:aws:iam::123456789012:mfa/name, or a hardware serial number"
    );
    assert_eq!(
        mistakes(toml(&format!("{LEAST}mfa_serial = \"x\""))),
        [
            format!("v.toml:4:1: profile.ops.mfa_code: is missing, and `mfa_serial` needs it; {CODE_MUST}"),
            String::from(
                "v.toml:4:14: profile.ops.mfa_serial: must be an MFA device: an ARN such as \
                 arn:aws:iam::123456789012:mfa/name, or a hardware serial number"
            ),
        ]
    );
}

#[test]
fn an_mfa_serial_is_an_mfa_device() {
    let must = "must be an MFA device: an ARN such as arn:aws:iam::123456789012:mfa/name, or a hardware serial number";
    assert_eq!(
        mistake(&format!("{LEAST}mfa_serial = 5\n{CODE}")),
        format!("4:14: profile.ops.mfa_serial: found an integer; {must}")
    );
    assert_eq!(
        mistake(&format!("{LEAST}mfa_serial = \"GAHT 12345678\"\n{CODE}")),
        format!("4:14: profile.ops.mfa_serial: {must}")
    );
}

#[test]
fn an_mfa_code_has_one_source() {
    let code = |value: &str| format!("{LEAST}{SERIAL}mfa_code = {value}\n");
    assert_eq!(
        mistake(&code("{}")),
        format!("5:12: profile.ops.mfa_code: is empty; {CODE_MUST}")
    );
    assert_eq!(
        mistake(&code("123456")),
        format!("5:12: profile.ops.mfa_code: found an integer; {CODE_MUST}")
    );
    assert_eq!(
        mistake(&code("{ totp_seed = \"/s\" }")),
        "5:14: profile.ops.mfa_code.totp_seed: is not a known key; known here: `totp_seed_file`, `process`, `push`, `notify`, \
         `pass_environment`"
    );
    assert_eq!(
        mistakes(toml(&code("{ totp_seed_file = \"/s\", push = true }")))[0],
        format!("v.toml:5:12: profile.ops.mfa_code: found more than one source; {CODE_MUST}")
    );
    assert_eq!(
        mistake(&code("{ totp_seed_file = \"seed\" }")),
        "5:31: profile.ops.mfa_code.totp_seed_file: must be an absolute path; neither a relative one nor ~ is expanded"
    );
    assert_eq!(
        mistake(&code("{ totp_seed_file = 1 }")),
        "5:31: profile.ops.mfa_code.totp_seed_file: found an integer; \
         must be an absolute path; neither a relative one nor ~ is expanded"
    );
}

#[test]
fn a_key_may_be_in_the_environment() {
    let plan = toml(&key("{ environment = true }")).unwrap();
    assert_eq!(plan.profiles[0].kind.key(), Some(&KeySource::Environment));
    assert_eq!(
        mistake(&key("{ environment = false }")),
        "3:23: profile.ops.key.environment: must be true; for another source leave it out"
    );
    assert_eq!(
        mistake(&format!("{LEAST}{SERIAL}mfa_code = {{ push = false }}\n")),
        "5:21: profile.ops.mfa_code.push: must be true; for another source leave it out"
    );
}

#[test]
fn a_key_may_be_in_the_shared_credentials_file() {
    let with = |name: &str, variables: &[(&str, &str)]| {
        let env = |wanted: &str| {
            let runtime = [("RUNTIME_DIRECTORY", "/run/valetkey")];
            let (_, value) = runtime.iter().chain(variables).find(|(set, _)| *set == wanted)?;
            Some((*value).into())
        };
        let text = key(&format!("{{ shared_credentials = \"{name}\" }}"));
        parse(text.as_bytes(), Format::Toml, "v.toml", &env)
    };
    let home = ("HOME", "/home/ops");
    for (variables, file) in [
        (&[home][..], "/home/ops/.aws/credentials"),
        (&[home, ("AWS_SHARED_CREDENTIALS_FILE", "/c")], "/c"),
        (
            &[home, ("AWS_SHARED_CREDENTIALS_FILE", "")],
            "/home/ops/.aws/credentials",
        ),
        (&[("AWS_SHARED_CREDENTIALS_FILE", "/c")], "/c"),
    ] {
        let plan = with("work place", variables).unwrap();
        let expected = KeySource::SharedCredentials {
            file: file.into(),
            form: crate::aws_file::Form::Credentials,
            profile: String::from("work place"),
        };
        assert_eq!(plan.profiles[0].kind.key(), Some(&expected));
    }
    for variables in [
        &[][..],
        &[("HOME", "")],
        &[("HOME", "ops")],
        &[home, ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")],
    ] {
        assert_eq!(
            mistakes(with("default", variables)),
            [
                "v.toml:3:30: profile.ops.key.shared_credentials: needs the file's place: set \
              $AWS_SHARED_CREDENTIALS_FILE to an absolute path, or $HOME to the folder that has .aws/credentials"
            ]
        );
    }
    for name in ["", "a]", "[a", "a\\n"] {
        assert_eq!(
            mistakes(with(name, &[home])),
            [
                "v.toml:3:30: profile.ops.key.shared_credentials: must be the name of a profile in the shared credentials \
              file, such as \"default\""
            ]
        );
    }
}
