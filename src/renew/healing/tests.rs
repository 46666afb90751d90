//! Every trouble that is known, as one table: what comes back, what it is taken for, how it is waited out, what people are told.

use super::*;
use crate::renew::{Outcome, Refusal};
use crate::sts::Action;
use crate::sts::fuzzing::{Bytes, judged, remedy};

const DATE: &str = "Fri, 02 Jan 2026 03:04:05 GMT";

const MINUTE: Backoff = Backoff::Minute;
const HALF_HOUR: Backoff = Backoff::HalfHour;

fn error(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>a-1</RequestId></ErrorResponse>"
    )
}

/// A session that ends then; without `left_out`.
fn session(expiration: &str, left_out: &str) -> String {
    let fields = [
        ("AccessKeyId", "ASIAIOSFODNN7EXAMPLE"),
        ("SecretAccessKey", "replySecret/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        (
            "SessionToken",
            "AQoEXAMPLEH4aoAH0gNCAPyJxz4BlCFFxWNE1OPTgk5TthT+FvwqnKwRcOIfrRh3c/L==",
        ),
        ("Expiration", expiration),
    ];
    let fields = fields.iter().filter(|(name, _)| *name != left_out);
    let fields: Vec<_> = fields.map(|(name, text)| format!("<{name}>{text}</{name}>")).collect();
    let fields = fields.concat();
    format!(
        "<GetSessionTokenResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetSessionTokenResult><Credentials>{fields}\
         </Credentials></GetSessionTokenResult><ResponseMetadata><RequestId>a-1</RequestId></ResponseMetadata>\
         </GetSessionTokenResponse>"
    )
}

const GOOD: &str = "2026-01-02T15:04:05Z";

/// An answer: status, body, class, backoff, a part of the message.
type Row = (u16, String, Class, Backoff, &'static str);

fn rows<const N: usize>(class: Class, backoff: Backoff, answers: [(u16, String, &'static str); N]) -> Vec<Row> {
    let rows = answers.into_iter();
    rows.map(|(status, body, part)| (status, body, class, backoff, part))
        .collect()
}

/// What STS, or whatever stands in its place, answers.
fn answers() -> Vec<Row> {
    [healing(), not_healing()].concat()
}

fn healing() -> Vec<Row> {
    let html = || String::from("<html><head><title>Sign in to the Wi-Fi</title></head></html>");
    let good = session(GOOD, "");
    let throttled = [
        (400, error("Throttling", "Rate exceeded"), "too many calls"),
        (429, String::new(), "too many calls"),
    ];
    let server = [
        (500, error("InternalFailure", ""), "a problem of its own"),
        (503, error("ServiceUnavailable", ""), "a problem of its own"),
        (502, html(), "a problem of its own"),
    ];
    let portal = "captive portal or proxy";
    let malformed = [
        (200, html(), portal),
        (302, html(), "a redirect is never followed"),
        (407, String::new(), "the proxy wants a user"),
        (200, String::new(), portal),
        (200, good[..good.len() / 2].to_owned(), portal),
        (200, session(GOOD, "SessionToken"), "SessionToken"),
        (200, session(GOOD, "Expiration"), "Expiration"),
        (200, session("2026-01-02T03:04:00Z", ""), "xpir"),
        (200, session("2226-01-02T03:04:05Z", ""), "xpir"),
        (200, session("tomorrow", ""), "xpir"),
    ];
    let expired =
        "Signature expired: 20260102T004512Z is now earlier than 20260102T024905Z (20260102T030405Z - 15 min.)";
    let clock = [(403, error("SignatureDoesNotMatch", expired), "set the host's clock")];
    let refused = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    let code = [(403, error("AccessDenied", refused), "the next one may be taken")];
    [
        rows(Class::Throttled, MINUTE, throttled),
        rows(Class::Server, MINUTE, server),
        rows(Class::Malformed, MINUTE, malformed),
        rows(Class::ClockSkew, MINUTE, clock),
        rows(Class::MfaRejected, MINUTE, code),
    ]
    .concat()
}

fn not_healing() -> Vec<Row> {
    let device = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and \
                  associated with this user.";
    let invalid = "The security token included in the request is invalid";
    let keys = [
        (403, error("InvalidClientTokenId", invalid), "unknown, inactive"),
        (
            403,
            error("SignatureDoesNotMatch", "The request signature"),
            "secret access key",
        ),
    ];
    let settings = [
        (403, error("RegionDisabledException", ""), "activate STS in this region"),
        (
            400,
            error("ValidationError", "durationSeconds"),
            "correct the parameter",
        ),
        (403, error("OptInRequired", ""), "finish the account's sign-up"),
        (400, error("MalformedPolicyDocument", ""), "correct the session policy"),
    ];
    [
        rows(
            Class::MfaDevice,
            HALF_HOUR,
            [(403, error("AccessDenied", device), "check mfa_serial")],
        ),
        rows(
            Class::Denied,
            HALF_HOUR,
            [(403, error("AccessDenied", "no"), "change the user's policy")],
        ),
        rows(Class::KeyInvalid, HALF_HOUR, keys),
        rows(Class::Config, HALF_HOUR, settings),
    ]
    .concat()
}

/// Where nothing came back.
const SILENCE: [(Class, Backoff, &str); 4] = [
    (Class::Dns, MINUTE, "the name does not resolve; check"),
    (Class::Network, MINUTE, "check endpoint_url, the firewall and the proxy"),
    (Class::Timeout, MINUTE, "check the network, the firewall and the proxy"),
    (Class::Tls, MINUTE, "set AWS_CA_BUNDLE"),
];

/// What fails on this host, or is refused by us.
const OURS: [(Failure, Backoff, &str); 9] = [
    (Failure::Account, HALF_HOUR, "account_mismatch"),
    (Failure::Code, MINUTE, "code_unavailable"),
    (Failure::Identity, MINUTE, "identity_unreadable"),
    (Failure::Internal, MINUTE, "internal"),
    (Failure::Key, MINUTE, "key_unreadable"),
    // The device's record decides beside these (`refusal`).
    (Failure::Mfa(Refusal::Clock), MINUTE, "mfa_clock"),
    (Failure::Mfa(Refusal::Collision), MINUTE, "mfa_collision"),
    (Failure::Mfa(Refusal::OutOfSync), MINUTE, "mfa_out_of_sync"),
    (Failure::Mfa(Refusal::Seed), MINUTE, "mfa_seed"),
];

fn answered(status: u16, body: &str) -> Error {
    let bytes = Bytes {
        action: Action::GetSessionToken,
        https: true,
        status,
        date: Some(DATE),
        body: body.as_bytes(),
    };
    judged(bytes).expect_err(body)
}

#[test]
fn every_answer_has_its_class_its_backoff_and_its_remedy() {
    for (status, body, class, backoff, part) in answers() {
        let error = answered(status, &body);
        assert_eq!(
            (error.class, backoff_of(&error)),
            (class, backoff),
            "{status} {body}: {error}"
        );
        assert!(error.message.contains(part), "{status} {body}: {error}");
        let failure = Failure::Sts(class);
        assert_eq!(super::backoff(failure), backoff);
        assert_eq!(Outcome::Failed(failure).as_str(), class.as_str());
    }
}

#[test]
fn every_silence_has_its_backoff_and_its_remedy() {
    for (class, backoff, part) in SILENCE {
        assert_eq!(super::backoff(Failure::Sts(class)), backoff, "{class:?}");
        assert!(remedy(class).contains(part), "{}", remedy(class));
    }
}

#[test]
fn what_is_ours_has_its_backoff_and_its_word() {
    for (failure, backoff, word) in OURS {
        assert_eq!(super::backoff(failure), backoff, "{failure:?}");
        assert_eq!(Outcome::Failed(failure).as_str(), word);
    }
}

#[test]
fn the_table_is_whole() {
    let answers = answers().into_iter().map(|(_, _, class, ..)| Failure::Sts(class));
    let silence = SILENCE.into_iter().map(|(class, ..)| Failure::Sts(class));
    let ours = OURS.into_iter().map(|(failure, ..)| failure);
    let known: Vec<_> = answers.chain(silence).chain(ours).map(Outcome::Failed).collect();
    let unknown: Vec<_> = Outcome::all().filter(|outcome| !known.contains(outcome)).collect();
    assert_eq!(unknown, [Outcome::Success]);
}

#[test]
fn another_token_comes_by_itself_and_another_policy_does_not() {
    let denied = |code: &str| Error {
        class: Class::Denied,
        message: String::new(),
        code: Some(code.to_owned()),
        request_id: None,
        sent: true,
    };
    assert_eq!(backoff_of(&denied("ExpiredTokenException")), MINUTE);
    assert_eq!(backoff_of(&denied("InvalidIdentityToken")), MINUTE);
    assert_eq!(backoff_of(&denied("AccessDenied")), HALF_HOUR);
}
