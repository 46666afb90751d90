//! `--aws-profile`: whole files, right and broken, against what must come of them. `.ci/suites/awsfiles` holds the right
//! ones against botocore as well.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use valetkey::config::{self, Overrides, Source};

mod case;
mod mutation;
mod neutral;

use case::Case;

#[test]
fn the_right_ones_are_read_to_their_plans() {
    let cases = Case::all("right");
    assert!(cases.len() >= 60, "{}", cases.len());
    for case in cases {
        match case.profiles() {
            Ok(profiles) => assert_eq!(neutral::text(&profiles), case.expected, "{}", case.name),
            Err(errors) => panic!("{}: {errors}", case.name),
        }
    }
}

#[test]
fn the_broken_ones_are_refused_with_their_messages() {
    let cases = Case::all("broken");
    assert!(cases.len() >= 30, "{}", cases.len());
    for case in cases {
        match case.profiles() {
            Ok(_) => panic!("{}: was read", case.name),
            Err(errors) => assert_eq!(errors.to_string(), case.expected, "{}", case.name),
        }
    }
}

#[test]
fn no_message_shows_a_value() {
    for case in Case::all("broken") {
        let message = case.profiles().unwrap_err().to_string();
        for secret in ["secret-of", "token-of", "s3cret", "AKIAEXAMPLE", "ASIAEXAMPLE"] {
            assert!(!message.contains(secret), "{}: {message}", case.name);
        }
    }
}

#[test]
fn everything_else_is_by_default_or_by_flags() {
    let cases = Case::all("right");
    let case = &cases[0];
    let env = |name: &str| match name {
        "RUNTIME_DIRECTORY" => Some(OsString::from("/run/valetkey")),
        name => case.variable(name),
    };
    let source = Source::AwsProfile(case.profile.clone());
    let flags = Overrides {
        ops: Some(String::from("[::]:7412")),
        ..Overrides::default()
    };
    let plan = config::read(&source, &flags, &env).unwrap();
    assert_eq!(plan.profiles, case.profiles().unwrap());
    assert_eq!(plan.server.credentials.to_string(), "127.0.0.1:7411");
    assert_eq!(plan.server.ops.to_string(), "[::]:7412");
    assert_eq!(plan.server.token_dir, Path::new("/run/valetkey/tokens"));
    let errors = config::read(&source, &flags, &|name| case.variable(name)).unwrap_err();
    let message = errors.to_string();
    assert!(
        message.contains("neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR gives a folder"),
        "{message}"
    );
}

#[test]
fn a_file_that_others_could_change_or_that_would_hang_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let message = || {
        let env = |name: &str| match name {
            "HOME" => Some(OsString::from(folder.path())),
            "AWS_CONFIG_FILE" => Some(OsString::from(&file)),
            _ => None,
        };
        let message = config::profiles_of("ops", &env).unwrap_err().to_string();
        message.lines().next().unwrap().replace(file.to_str().unwrap(), "FILE")
    };
    fs::write(&file, "[profile ops]\ncredential_process = keys\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(
        message(),
        "FILE: can be written by everybody (mode 666), so its content cannot be trusted; run chmod o-w"
    );
    fs::remove_file(&file).unwrap();
    mknodat(CWD, &file, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    assert_eq!(message(), "FILE: is not a regular file; put a file in its place");
}

#[test]
fn a_chain_is_followed_through_a_file_of_any_size() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let role = |n: usize| {
        let source = n + 1;
        format!("[profile p{n}]\nregion=r\nrole_arn=arn:aws:iam::123456789012:role/r\nsource_profile=p{source}\n")
    };
    let text: String = (0..9_500).map(role).collect();
    assert!(text.len() < 1 << 20);
    fs::write(&file, text).unwrap();
    let env = |name: &str| match name {
        "HOME" => Some(OsString::from(folder.path())),
        "AWS_CONFIG_FILE" => Some(OsString::from(&file)),
        _ => None,
    };
    let message = config::profiles_of("p0", &env).unwrap_err().to_string();
    assert!(
        message.contains("source_profile: names p9500, which is in neither"),
        "{message}"
    );
}
