//! The profile that the environment describes where there is no file.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use super::super::{Errors, KeySource, Kind, MfaCode, Overrides, Plan, Source, read};

const LEAST: [(&str, &str); 4] = [
    ("RUNTIME_DIRECTORY", "/run/valetkey"),
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("AWS_REGION", "eu-west-1"),
];

/// [`LEAST`], changed; an empty value takes a variable away.
fn with(changes: &[(&str, &str)]) -> Result<Plan, Errors> {
    let env = |name: &str| {
        let all = changes.iter().chain(&LEAST);
        let (_, value) = all.into_iter().find(|(set, _)| *set == name)?;
        Some(OsString::from(value))
    };
    read(&Source::Environment, &Overrides::default(), &env)
}

#[track_caller]
fn mistakes(changes: &[(&str, &str)]) -> Vec<String> {
    let errors = with(changes).expect_err("the environment is wrong");
    errors.mistakes().iter().map(ToString::to_string).collect()
}

#[test]
fn is_one_profile() {
    let plan = with(&[]).unwrap();
    let [profile] = plan.profiles.as_slice() else {
        panic!("one profile")
    };
    assert_eq!(
        (profile.name.as_str(), profile.region.as_str()),
        ("default", "eu-west-1")
    );
    assert!(profile.required);
    assert_eq!(profile.endpoint.url.as_str(), "https://sts.eu-west-1.amazonaws.com/");
    assert_eq!(profile.kind.key(), Some(&KeySource::Environment));
    assert_eq!(profile.kind.mfa(), None);
    let Kind::Session(session) = &profile.kind else {
        panic!("a session")
    };
    assert_eq!(session.duration.as_secs(), 43_200);
    assert_eq!(plan.server.token_dir, Path::new("/run/valetkey/tokens"));
}

#[test]
fn has_the_sdks_second_region_an_endpoint_and_a_device() {
    let plan = with(&[
        ("AWS_REGION", ""),
        ("AWS_DEFAULT_REGION", "eu-west-2"),
        ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:4566"),
        ("VALETKEY_MFA_SERIAL", "GAHT12345678"),
        ("VALETKEY_TOTP_SEED_FILE", "/seed"),
    ]);
    let profile = plan.unwrap().profiles.remove(0);
    assert_eq!(profile.endpoint.url.as_str(), "http://127.0.0.1:4566/");
    assert_eq!(profile.endpoint.signing_region.as_str(), "eu-west-2");
    let mfa = profile.kind.mfa().unwrap();
    assert_eq!(mfa.serial.as_str(), "GAHT12345678");
    assert_eq!(mfa.code, MfaCode::TotpSeedFile("/seed".into()));

    let both = with(&[("AWS_DEFAULT_REGION", "eu-west-2")]).unwrap();
    assert_eq!(both.profiles[0].region.as_str(), "eu-west-1");
}

#[test]
fn names_every_variable_that_is_wrong() {
    let errors = read(&Source::Environment, &Overrides::default(), &|_| None).expect_err("nothing is set");
    let unset = "is missing, and neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR gives a folder; \
                 must be an absolute path; neither a relative one nor ~ is expanded";
    let expected = [
        "AWS_ACCESS_KEY_ID: is missing; set it, or name a configuration file with --config",
        "AWS_SECRET_ACCESS_KEY: is missing; set it, or name a configuration file with --config",
        "AWS_REGION: is missing; must be a region such as \"eu-west-1\"",
        &format!("--token-dir: {unset}"),
        &format!("--control-socket: {unset}"),
        "5 mistakes in the environment",
    ];
    assert_eq!(errors.to_string(), expected.join("\n"));

    let path = "must be an absolute path; neither a relative one nor ~ is expanded";
    let serial =
        "must be an MFA device: an ARN such as arn:aws:iam::123456789012:mfa/name, or a hardware serial number";
    assert_eq!(
        mistakes(&[
            ("AWS_REGION", "EU"),
            ("VALETKEY_MFA_SERIAL", "x"),
            ("VALETKEY_TOTP_SEED_FILE", "seed"),
            ("AWS_ENDPOINT_URL_STS", "http://sts.example"),
        ]),
        [
            "AWS_REGION: must be a region such as \"eu-west-1\"",
            &format!("VALETKEY_MFA_SERIAL: {serial}"),
            &format!("VALETKEY_TOTP_SEED_FILE: {path}"),
            "AWS_ENDPOINT_URL_STS: must begin with https://: plain http would show the credentials on the way \
             (where that is acceptable, set insecure_endpoint = true in the configuration file)",
        ]
    );
    assert_eq!(
        mistakes(&[("VALETKEY_MFA_SERIAL", "GAHT12345678")]),
        [format!(
            "VALETKEY_TOTP_SEED_FILE: is missing, and VALETKEY_MFA_SERIAL needs it; {path}"
        )]
    );
    assert_eq!(
        mistakes(&[("VALETKEY_TOTP_SEED_FILE", "/seed")]),
        [format!(
            "VALETKEY_MFA_SERIAL: is missing, and VALETKEY_TOTP_SEED_FILE needs it; {serial}"
        )]
    );
}

#[test]
fn is_text() {
    let env = |name: &str| match name {
        "AWS_REGION" => Some(OsString::from_vec(vec![0xff])),
        _ => LEAST
            .iter()
            .find(|(set, _)| *set == name)
            .map(|(_, value)| value.into()),
    };
    let errors = read(&Source::Environment, &Overrides::default(), &env).expect_err("not UTF-8");
    assert_eq!(
        errors.to_string(),
        "AWS_REGION: must be UTF-8\n1 mistake in the environment"
    );
}

#[test]
fn shows_no_value() {
    for name in [
        "AWS_REGION",
        "AWS_ENDPOINT_URL_STS",
        "VALETKEY_MFA_SERIAL",
        "VALETKEY_TOTP_SEED_FILE",
    ] {
        let secret = "wJalrXUtnFEMI K7MDENG";
        let errors = with(&[(name, secret)]).expect_err("not what it must be");
        assert!(!format!("{errors} {errors:?}").contains(secret), "{name}");
    }
}
