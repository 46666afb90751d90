use chrono::TimeDelta;

use super::*;
use crate::emulator::rules::ExpirationFormat;

/// Percent-encodes what a form must not carry as it is.
fn get_session_token(parameters: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::from("Action=GetSessionToken"));
    form.extend_pairs(parameters).finish()
}

fn mfa(code: &str) -> String {
    get_session_token(&[("SerialNumber", SERIAL), ("TokenCode", code)])
}

#[test]
fn a_session_lives_as_long_as_was_asked_for() {
    let lives = |signer: &Signer, parameters: &[(&str, &str)]| {
        let reply = call(&mut sts(), signer, &get_session_token(parameters));
        let expiration: DateTime<Utc> = element(&reply, "Expiration").parse().unwrap();
        (expiration - NOW).num_seconds()
    };
    assert_eq!(lives(&ops(), &[]), 43_200);
    assert_eq!(lives(&ops(), &[("DurationSeconds", "900")]), 900);
    assert_eq!(lives(&ops(), &[("DurationSeconds", "129600")]), 129_600);
    assert_eq!(lives(&root(), &[]), 3_600);
    assert_eq!(lives(&root(), &[("DurationSeconds", "129600")]), 3_600);
    assert_eq!(lives(&root(), &[("DurationSeconds", "900")]), 900);
}

#[test]
fn the_lifetime_can_be_shortened_by_rule_and_by_fault() {
    let mut sts = sts_with(Rules {
        lifetime_seconds: Some(60),
        ..Rules::default()
    });
    let reply = call(&mut sts, &ops(), "Action=GetSessionToken");
    assert_eq!(element(&reply, "Expiration"), "2026-01-02T03:05:05Z");
    sts.set_faults(Faults {
        lifetime_seconds: Some(5),
        ..Faults::default()
    });
    let reply = call(&mut sts, &ops(), "Action=GetSessionToken");
    assert_eq!(element(&reply, "Expiration"), "2026-01-02T03:04:10Z");
}

#[test]
fn the_expiration_is_written_as_the_rule_says() {
    let now = NOW + TimeDelta::milliseconds(611);
    for (expiration_format, text) in [
        (ExpirationFormat::WholeSeconds, "2026-01-02T15:04:05Z"),
        (ExpirationFormat::Fraction, "2026-01-02T15:04:05.611Z"),
        (ExpirationFormat::Offset, "2026-01-02T15:04:05+00:00"),
    ] {
        let mut sts = sts_with(Rules {
            expiration_format,
            ..Rules::default()
        });
        let reply = answer(&mut sts, &post(&ops(), "Action=GetSessionToken", now), now);
        assert_eq!(element(&reply, "Expiration"), text);
    }
}

#[test]
fn credentials_have_the_shape_of_aws() {
    let reply = call(&mut sts(), &ops(), "Action=GetSessionToken");
    assert!(text(&reply).starts_with(
        "<GetSessionTokenResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <GetSessionTokenResult>\n    \
         <Credentials>\n      <AccessKeyId>ASIA"
    ));
    assert_eq!(element(&reply, "AccessKeyId").len(), 20);
    assert_eq!(element(&reply, "SecretAccessKey").len(), 40);
    assert!(element(&reply, "SessionToken").len() > 300);
}

#[test]
fn broken_constraints_are_echoed() {
    let long = "x".repeat(257);
    for (name, value, member, constraint) in [
        (
            "DurationSeconds",
            "899",
            "durationSeconds",
            "value greater than or equal to 900",
        ),
        (
            "DurationSeconds",
            "-1",
            "durationSeconds",
            "value greater than or equal to 900",
        ),
        (
            "DurationSeconds",
            "129601",
            "durationSeconds",
            "value less than or equal to 129600",
        ),
        ("TokenCode", "12345", "tokenCode", "length greater than or equal to 6"),
        (
            "TokenCode",
            "11111111111111",
            "tokenCode",
            "length less than or equal to 6",
        ),
        (
            "SerialNumber",
            "12345678",
            "serialNumber",
            "length greater than or equal to 9",
        ),
        (
            "SerialNumber",
            &long,
            "serialNumber",
            "length less than or equal to 256",
        ),
    ] {
        let reply = call(&mut sts(), &ops(), &get_session_token(&[(name, value)]));
        let message = format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
             Member must have {constraint}"
        );
        assert_error(&reply, 400, "ValidationError", &message);
    }
}

#[test]
fn broken_constraints_are_reported_together() {
    let code = get_session_token(&[("SerialNumber", SERIAL), ("TokenCode", r"138502\")]);
    assert_error(
        &call(&mut sts(), &ops(), &code),
        400,
        "ValidationError",
        r"2 validation errors detected: Value '138502\' at 'tokenCode' failed to satisfy constraint: Member must have length less than or equal to 6; Value '138502\' at 'tokenCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [\d]*",
    );
    let both = get_session_token(&[("SerialNumber", "my device"), ("TokenCode", "")]);
    assert_error(
        &call(&mut sts(), &ops(), &both),
        400,
        "ValidationError",
        r"2 validation errors detected: Value 'my device' at 'serialNumber' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=/:,.@-]*; Value '' at 'tokenCode' failed to satisfy constraint: Member must have length greater than or equal to 6",
    );
}

#[test]
fn a_duration_that_is_no_number_is_malformed() {
    let reply = call(&mut sts(), &ops(), "Action=GetSessionToken&DurationSeconds=1h");
    assert_eq!(
        (reply.status, element(&reply, "Code").as_str()),
        (400, "MalformedInput")
    );
    assert!(!text(&reply).contains("<Message>"));
}

#[test]
fn a_session_cannot_make_a_session() {
    let mut sts = sts();
    let session = session(&call(&mut sts, &ops(), "Action=GetSessionToken"));
    assert_error(
        &call(&mut sts, &session, "Action=GetSessionToken"),
        403,
        "AccessDenied",
        "Cannot call GetSessionToken with session credentials",
    );
    assert_eq!(sts.state().sessions, 1);
}

#[test]
fn a_code_is_good_once() {
    let mut sts = sts();
    let code = sts.token_code(SERIAL, NOW).unwrap();
    assert_eq!(call(&mut sts, &ops(), &mfa(&code)).status, 200);
    assert_error(
        &call(&mut sts, &ops(), &mfa(&code)),
        403,
        "AccessDenied",
        "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
    );
    let next = NOW + TimeDelta::seconds(30);
    let code = sts.token_code(SERIAL, next).unwrap();
    assert_eq!(answer(&mut sts, &post(&ops(), &mfa(&code), next), next).status, 200);
}

#[test]
fn a_device_is_its_users_alone() {
    let mut sts = sts();
    let code = sts.token_code(SERIAL, NOW).unwrap();
    for (signer, serial) in [
        (root(), SERIAL),
        (ops(), "arn:aws:iam::123456789012:mfa/nobody"),
        (ops(), "GAHT12345678"),
    ] {
        let parameters = get_session_token(&[("SerialNumber", serial), ("TokenCode", &code)]);
        assert_error(
            &call(&mut sts, &signer, &parameters),
            403,
            "AccessDenied",
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is \
             valid and associated with this user.",
        );
    }
    let user = User::iam(ACCOUNT, "dev").with_key("AKIADEV", "s");
    sts.add_user(user.with_device("GAHT12345678", b"hardware"));
    let dev = Signer {
        access_key_id: "AKIADEV".to_owned(),
        secret_access_key: "s".to_owned(),
        ..ops()
    };
    let code = sts.token_code("GAHT12345678", NOW).unwrap();
    let parameters = get_session_token(&[("SerialNumber", "GAHT12345678"), ("TokenCode", &code)]);
    assert_eq!(call(&mut sts, &dev, &parameters).status, 200);
}

#[test]
fn serial_number_and_code_come_together() {
    for parameters in [("SerialNumber", SERIAL), ("TokenCode", "123456")] {
        assert_error(
            &call(&mut sts(), &ops(), &get_session_token(&[parameters])),
            403,
            "AccessDenied",
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
        );
    }
}

/// What is refused for another reason leaves the code unused.
#[test]
fn a_refused_call_uses_no_code_up() {
    let mut sts = sts();
    let code = sts.token_code(SERIAL, NOW).unwrap();
    let too_short = [("DurationSeconds", "1"), ("SerialNumber", SERIAL), ("TokenCode", &code)];
    assert_eq!(call(&mut sts, &ops(), &get_session_token(&too_short)).status, 400);
    assert_eq!(call(&mut sts, &ops(), &mfa(&code)).status, 200);
}
