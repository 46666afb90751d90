mod dates;
mod elements;
mod hostile;
mod mutation;
mod samples;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::aws::{Endpoint, LongTermKey, TokenCode};
use crate::sts::actions::Ask;
use crate::sts::{GetSessionToken, Issued, times};

const GOOD: &str = r#"<GetSessionTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetSessionTokenResult>
    <Credentials>
      <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>
      <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY</SecretAccessKey>
      <SessionToken>AQoEXAMPLEH4aoAH0gNCAPyJxz4BlCFFxWNE1OPTgk5TthT+FvwqnKwRcOIfrRh3c/L==</SessionToken>
      <Expiration>2026-11-22T14:31:59.962820Z</Expiration>
    </Credentials>
  </GetSessionTokenResult>
  <ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata>
</GetSessionTokenResponse>"#;

const REFUSED: &str = r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>AccessDenied</Code><Message>MultiFactorAuthentication failed with invalid MFA one time pass code. </Message></Error>
<RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ErrorResponse>"#;

const ID: &str = "c6104cbe-af31-11e0-8154-cbc7ccf896c7";
const DATE: &str = "Sun, 22 Nov 2026 02:31:59 GMT";
const LONG_TERM_SECRET: &str = "longTermSecret/EXAMPLEKEY";
const CODE: &str = "005924";

type Judged = Verdict<Issued>;

fn judge_with(status: u16, date: Option<&str>, body: Option<&[u8]>) -> Judged {
    let endpoint = Endpoint::regional(&"eu-west-1".parse().unwrap());
    judge_from(&endpoint, status, date, body)
}

fn judge_from(endpoint: &Endpoint, status: u16, date: Option<&str>, body: Option<&[u8]>) -> Judged {
    let key = LongTermKey {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
        secret_access_key: Arc::new(LONG_TERM_SECRET.into()),
    };
    let serial = "GAHT12345678".parse().unwrap();
    let code = TokenCode::try_from(CODE.to_owned()).unwrap();
    let ask = GetSessionToken {
        endpoint,
        key: &key,
        now: "2026-11-22T02:31:50Z".parse().unwrap(),
        duration: 43_200.try_into().unwrap(),
        mfa: Some((&serial, &code)),
        minimum_session_token_size: None,
    };
    let answer = Answer {
        status,
        date: date.and_then(times::date),
        body: body.map(|body| Zeroizing::new(body.to_vec())),
    };
    judge(&answer, &ask.call(), GetSessionToken::read)
}

fn judge_text(status: u16, body: &str) -> Judged {
    judge_with(status, Some(DATE), Some(body.as_bytes()))
}

/// The error and whether the date counted.
fn error(status: u16, body: &str) -> (Error, bool) {
    let verdict = judge_text(status, body);
    (verdict.result.err().expect(body), verdict.date.is_some())
}

fn malformed(body: &str) -> String {
    let (error, dated) = error(200, body);
    assert_eq!(
        (error.class, dated, error.sent),
        (Class::Malformed, false, true),
        "{body}"
    );
    error.message
}

#[test]
fn a_good_reply_brings_credentials_their_lifetime_and_the_date() {
    let verdict = judge_text(200, GOOD);
    let (granted, id) = verdict.result.ok().unwrap();
    let credentials = granted.credentials;
    assert_eq!(credentials.access_key_id.as_str(), "ASIAIOSFODNN7EXAMPLE");
    assert_eq!(
        credentials.secret_access_key.expose(),
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY"
    );
    assert!(credentials.session_token.expose().ends_with("c/L=="));
    assert_eq!(credentials.expiration.to_rfc3339(), "2026-11-22T14:31:59+00:00");
    assert_eq!((granted.lifetime, id.as_str()), (Duration::from_secs(43_199), ID));
    assert!(granted.account.is_none() && granted.packed_policy_size.is_none());
    assert_eq!(verdict.date, times::date(DATE));
}

#[test]
fn a_foreign_region_names_the_two_settings_that_disagree() {
    let body = REFUSED.replace("AccessDenied", "SignatureDoesNotMatch").replace(
        "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
        "Credential should be scoped to a valid region, not 'eu-west-1'. ",
    );
    let (error, _) = error(403, &body);
    assert_eq!(error.class, Class::Config);
    let words = "; endpoint_url belongs to another region than the profile's region; make them agree";
    assert!(error.message.ends_with(words), "{error}");
}

#[test]
fn keys_need_not_look_like_those_of_aws() {
    let other = GOOD.replace("ASIAIOSFODNN7EXAMPLE", "minio_temporary_0001");
    assert!(judge_text(200, &other).result.is_ok());
    let long = GOOD.replace("AQoEXAMPLE", &"x".repeat(50_000));
    assert!(judge_text(200, &long).result.is_ok(), "a session token has no bound");
}

#[test]
fn every_field_is_there_once_and_not_empty() {
    let fields = [
        "AccessKeyId",
        "SecretAccessKey",
        "SessionToken",
        "Expiration",
        "RequestId",
    ];
    for name in fields {
        for bad in damaged(name) {
            let message = malformed(&bad);
            assert!(message.contains(name), "{name}: {message}");
        }
    }
    for name in ["Credentials", "GetSessionTokenResult", "ResponseMetadata"] {
        for bad in damaged(name) {
            malformed(&bad);
        }
    }
}

/// The good reply with the element missing, twice, empty in two ways, elsewhere, and of another namespace.
fn damaged(name: &str) -> [String; 6] {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let (start, end) = (GOOD.find(&open).unwrap(), GOOD.find(&close).unwrap() + close.len());
    let (before, element, after) = (&GOOD[..start], &GOOD[start..end], &GOOD[end..]);
    let foreign = element.replace(&open, &format!(r#"<{name} xmlns="urn:x">"#));
    [
        format!("{before}{after}"),
        format!("{before}{element}{element}{after}"),
        format!("{before}{open} {close}{after}"),
        format!("{before}<{name}/>{after}"),
        format!("{before}<X>{element}</X>{after}"),
        format!("{before}{foreign}{after}"),
    ]
}

#[test]
fn values_that_cannot_be_are_refused() {
    for (from, to, words) in [
        ("ASIAIOSFODNN7EXAMPLE", "ASIA", "AccessKeyId"),
        ("ASIAIOSFODNN7EXAMPLE", "ASIAIOSF\u{e9}DNN7EXAMPLE", "AccessKeyId"),
        ("wJalr", "wJ alr", "SecretAccessKey"),
        ("wJalr", "wJ\u{e9}lr", "SecretAccessKey"),
        ("wJalr", "wJ&#13;&#10;X: lr", "SecretAccessKey"),
        ("AQoEX", "AQo&#9;EX", "SessionToken"),
        ("AQoEX", "AQo<b/>EX", "SessionToken"),
        ("AQoEX", "AQo<!-- -->EX", "SessionToken"),
        ("AQoEX", "AQo<?x y?>EX", "SessionToken"),
        ("2026-11-22T14:31:59.962820Z", "tomorrow", "RFC 3339"),
        ("2026-11-22T14:31:59", "2026-11-22T02:31:59", "impossible Expiration"),
        ("2026-11-22T14:31:59", "2019-11-22T02:31:59", "impossible Expiration"),
        ("2026-11-22T14:31:59", "2026-11-23T15:32:00", "impossible Expiration"),
        ("2026-11-22T14:31:59", "9999-12-31T23:59:59", "impossible Expiration"),
        (ID, "no id", "RequestId"),
        ("GetSessionTokenRes", "AssumeRoleRes", "no answer to GetSessionToken"),
        ("https://sts.amazonaws.com", "http://sts.amazonaws.com", "no answer to"),
        (
            r#" xmlns="https://sts.amazonaws.com/doc/2011-06-15/""#,
            "",
            "no answer to",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let message = malformed(&GOOD.replace(from, to));
        assert!(message.contains(words), "{from} -> {to}: {message}");
    }
}

#[test]
fn dtds_and_entities_are_refused() {
    let dtd = r#"<!DOCTYPE x [<!ENTITY a "AQoEX">]>"#;
    for bad in [
        format!("{dtd}{GOOD}"),
        format!("{dtd}{}", GOOD.replace("AQoEX", "&a;")),
        GOOD.replace("AQoEX", "&a;"),
        format!(r#"<!DOCTYPE x SYSTEM "file:///etc/passwd">{GOOD}"#),
    ] {
        assert!(malformed(&bad).contains("not XML"), "{bad}");
    }
}

#[test]
fn a_deep_or_wide_document_costs_nothing() {
    for bad in [
        "<a>".repeat(21_000),
        "<a/>".repeat(16_000),
        format!("<a {}>", "x='' ".repeat(13_000)),
    ] {
        malformed(&bad);
    }
    let nested = GOOD.replace(
        "<Credentials>",
        &format!("<Credentials>{}{}", "<b>".repeat(5_000), "</b>".repeat(5_000)),
    );
    malformed(&nested);
}

#[test]
fn credentials_come_with_200_only() {
    for (status, class) in [
        (201, Class::Malformed),
        (302, Class::Malformed),
        (403, Class::Malformed),
        (500, Class::Server),
    ] {
        assert_eq!(error(status, GOOD).0.class, class, "{status}");
    }
}

#[test]
fn an_error_reply_is_classified_explained_and_dated() {
    let (error, dated) = error(403, REFUSED);
    assert_eq!(
        error,
        Error {
            class: Class::MfaRejected,
            message:
                "GetSessionToken at sts.eu-west-1.amazonaws.com: 403 AccessDenied: MultiFactorAuthentication failed \
                      with invalid MFA one time pass code; the code was wrong or used before, and the next one may be taken; \
                 if it goes on, check mfa_serial, the seed or the device's clock, and who else uses the device"
                    .to_owned(),
            code: Some("AccessDenied".to_owned()),
            request_id: Some(ID.to_owned()),
            sent: true,
        }
    );
    assert!(dated);
}

#[test]
fn an_error_without_namespace_or_id_has_no_date() {
    for bare in [
        REFUSED.replace(r#" xmlns="https://sts.amazonaws.com/doc/2011-06-15/""#, ""),
        REFUSED.replace(ID, ""),
        REFUSED.replace(ID, "no id"),
    ] {
        let (error, dated) = error(403, &bare);
        assert_eq!((error.class, dated), (Class::MfaRejected, false), "{bare}");
    }
}

#[test]
fn an_error_with_a_status_of_success_is_still_an_error() {
    assert_eq!(error(200, REFUSED).0.class, Class::MfaRejected);
    assert_eq!(
        error(200, &REFUSED.replace("AccessDenied", "New")).0.class,
        Class::Malformed
    );
}

#[test]
fn what_the_reply_echoes_is_not_repeated() {
    let echo = "1 validation error detected: Value '005925\\' at 'tokenCode' failed; 005924 longTermSecret/EXAMPLEKEY \
                longTermSecret%2FEXAMPLEKEY AKIAIOSFODNN7EXAMPLE IQoJb3JpZ2luX2VjEHoaCWV1LXdlc3QtMSJH";
    let body = REFUSED
        .replace("AccessDenied", "ValidationError")
        .replace(
            "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
            echo,
        )
        .replace(ID, "id-005924");
    let (error, _) = error(400, &body);
    assert_eq!(error.class, Class::Config);
    for secret in [
        "005924",
        "005925",
        LONG_TERM_SECRET,
        "longTermSecret%2F",
        "AKIA",
        "IQoJ",
    ] {
        assert!(!format!("{error:?}").contains(secret), "{error:?}");
    }
    let code = REFUSED.replace("AccessDenied", CODE);
    assert!(!format!("{:?}", self::error(400, &code).0).contains(CODE));
}

#[test]
fn what_sts_did_not_write_is_told_apart_by_status() {
    let html = "<html><head><title>Sign in to the hotel</title></head><body>005924</body></html>";
    for (status, body, class, words) in [
        (200, html, Class::Malformed, "captive portal"),
        (302, "", Class::Malformed, "a redirect is never followed"),
        (407, html, Class::Malformed, "the proxy wants a user"),
        (403, "Forbidden", Class::Malformed, "it is not XML"),
        (200, "", Class::Malformed, "it is empty"),
        (503, html, Class::Server, "a problem of its own"),
        (500, "", Class::Server, "it is empty"),
        (429, "slow down", Class::Throttled, "too many calls"),
        (403, "<ErrorResponse/>", Class::Malformed, "it has no Error"),
        (
            403,
            "<ErrorResponse><Error><Code>a b</Code></Error></ErrorResponse>",
            Class::Malformed,
            "Code",
        ),
    ] {
        let (error, dated) = error(status, body);
        assert_eq!((error.class, dated), (class, false), "{status} {body}");
        assert!(error.message.contains(words), "{}", error.message);
        assert!(!error.message.contains("005924"));
    }
    let over_long = judge_with(200, Some(DATE), None).result.err().unwrap();
    assert_eq!(over_long.class, Class::Malformed);
    assert_eq!(judge_with(502, None, None).result.err().unwrap().class, Class::Server);
    assert_eq!(
        judge_with(200, None, Some(b"\xff\xfe<")).result.err().unwrap().class,
        Class::Malformed
    );
}

#[test]
fn a_reply_cut_anywhere_brings_nothing() {
    for (status, whole) in [(200, GOOD), (403, REFUSED)] {
        for length in 0..whole.len() {
            let cut = judge_with(status, Some(DATE), Some(&whole.as_bytes()[..length]));
            assert!(cut.date.is_none(), "{length}");
            assert_eq!(cut.result.err().unwrap().class, Class::Malformed, "{length}");
        }
    }
}
