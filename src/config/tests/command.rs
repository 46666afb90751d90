//! Processes that give keys and codes, or tell a person.

use super::super::{KeySource, Kind, MfaCode};
use super::{LEAST, mistake, mistakes, toml};
use crate::process::Command;

const KEY_MUST: &str = "must be a list of a program and its arguments such as [\"/usr/bin/print-key\", \"ops\"]";

fn key(value: &str) -> String {
    LEAST.replace("{ directory = \"/k\" }", value)
}

fn code(value: &str) -> String {
    format!("{LEAST}mfa_serial = \"GAHT12345678\"\nmfa_code = {value}\n")
}

fn kind(text: &str) -> Kind {
    toml(text).unwrap().profiles.remove(0).kind
}

fn command(argv: &[&str], environment: &[&str]) -> Command {
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    Command::new(owned(argv), owned(environment)).unwrap()
}

#[test]
fn gives_a_key() {
    assert_eq!(
        kind(&key("{ process = [\"print-key\"] }")).key(),
        Some(&KeySource::Process(command(&["print-key"], &[])))
    );
    let lines = "{ process = [\"/bin/p\", \"\", \"a b\", \"ä\\n\"], pass_environment = [\"GNUPGHOME\", \"_x1\"] }";
    assert_eq!(
        kind(&key(lines)).key(),
        Some(&KeySource::Process(command(
            &["/bin/p", "", "a b", "ä\n"],
            &["GNUPGHOME", "_x1"]
        )))
    );
}

#[test]
fn gives_a_code_or_tells_a_person() {
    let source = |value: &str| kind(&code(value)).mfa().unwrap().code.clone();
    assert_eq!(
        source("{ process = [\"oathtool\", \"x\"], pass_environment = [\"X\"] }"),
        MfaCode::Process(command(&["oathtool", "x"], &["X"]))
    );
    assert_eq!(source("{ push = true }"), MfaCode::Push { notify: None });
    assert_eq!(
        source("{ push = true, notify = [\"notify-send\", \"code?\"], pass_environment = [\"DISPLAY\"] }"),
        MfaCode::Push {
            notify: Some(command(&["notify-send", "code?"], &["DISPLAY"]))
        }
    );
}

#[test]
fn begins_with_a_program_that_can_be_found() {
    assert_eq!(
        mistake(&key("{ process = [] }")),
        format!("3:19: profile.ops.key.process: is empty; {KEY_MUST}")
    );
    for program in ["bin/print-key", "./print-key", "~/print-key", "../x"] {
        assert_eq!(
            mistake(&key(&format!("{{ process = [\"{program}\", \"/x\"] }}"))),
            "3:19: profile.ops.key.process: must begin with a program's absolute path, \
             or with a name that is found in PATH"
        );
    }
    for program in ["", "/a\\tb", "a\\u001b"] {
        assert_eq!(
            mistake(&key(&format!("{{ process = [\"{program}\"] }}"))),
            "3:19: profile.ops.key.process: must begin with a program: a name without control characters"
        );
    }
}

#[test]
fn is_a_list_of_strings() {
    assert_eq!(
        mistake(&key("{ process = \"print-key ops\" }")),
        format!("3:19: profile.ops.key.process: found a string; {KEY_MUST}")
    );
    assert_eq!(
        mistakes(toml(&key("{ process = [\"p\", 1, [\"x\"],\n\"a\\u0000\"] }"))),
        [
            format!("v.toml:3:25: profile.ops.key.process: found an integer in it; {KEY_MUST}"),
            format!("v.toml:3:28: profile.ops.key.process: found an array in it; {KEY_MUST}"),
            String::from(
                "v.toml:4:1: profile.ops.key.process: must have no NUL character: no process can be given one"
            ),
        ]
    );
}

#[test]
fn gets_no_credentials_in_its_environment() {
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    ] {
        assert_eq!(
            mistake(&key(&format!(
                "{{ process = [\"p\"], pass_environment = [\"A\", \"{name}\"] }}"
            ))),
            "3:51: profile.ops.key.pass_environment: must pass no AWS credentials: whatever the process starts would \
             have them, too, and show them in its environment; let it read what it needs from a file"
        );
    }
    for name in ["", "A=b", "1A", "Ä", "A B"] {
        assert_eq!(
            mistake(&code(&format!(
                "{{ process = [\"p\"], pass_environment = [\"{name}\"] }}"
            ))),
            "5:51: profile.ops.mfa_code.pass_environment: must be names of environment variables: letters, digits and \
             \"_\"; their values are not written here"
        );
    }
}

/// What nobody reads would look as if it held.
#[test]
fn has_nothing_beside_it_that_is_for_another_source() {
    for (text, expected) in [
        (
            key("{ environment = true, pass_environment = [\"X\"] }"),
            "3:29: profile.ops.key.pass_environment: is for a `process`, and there is none; leave it out",
        ),
        (
            code("{ push = true, pass_environment = [\"X\"] }"),
            "5:27: profile.ops.mfa_code.pass_environment: is for a `process` or `notify`, and there is none; leave it out",
        ),
        (
            code("{ process = [\"p\"], notify = [\"n\"] }"),
            "5:31: profile.ops.mfa_code.notify: is for `push`, where a person is asked for a code; leave it out",
        ),
        (
            key("{ pass_environment = [\"X\"] }"),
            "3:7: profile.ops.key: found no source; must be a table with one source, such as \
             { directory = \"/etc/valetkey/key\" }",
        ),
    ] {
        assert_eq!(mistake(&text), expected);
    }
}
