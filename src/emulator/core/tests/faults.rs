use chrono::TimeDelta;

use super::*;
use crate::emulator::faults::Garbage;

fn with(instead: Instead) -> Sts {
    let mut sts = sts();
    sts.set_faults(Faults::instead(instead).times(1));
    sts
}

fn mfa(sts: &Sts) -> String {
    let code = sts.token_code(SERIAL, NOW).unwrap();
    format!("Action=GetSessionToken&SerialNumber={SERIAL}&TokenCode={code}")
}

/// Makes one MFA call under this fault; says what came, and whether the code was used.
fn one_call(instead: Instead) -> (Option<Response>, bool) {
    let mut sts = with(instead);
    let request = post(&ops(), &mfa(&sts), NOW);
    let response = sts.handle(&request, NOW).response;
    let used = !sts.state().successes.is_empty();
    let again = answer(&mut sts, &request, NOW);
    assert_eq!(again.status, if used { 403 } else { 200 });
    (response, used)
}

#[test]
fn an_answer_can_be_missing_before_and_after_the_call() {
    assert_eq!(one_call(Instead::Down), (None, false));
    assert_eq!(one_call(Instead::LostReply), (None, true));
}

#[test]
fn refusals_speak_in_aws_errors() {
    for (instead, status, code, message) in [
        (
            Instead::InternalFailure,
            500,
            "InternalFailure",
            "The request processing has failed because of an unknown error, exception or failure.",
        ),
        (
            Instead::ServiceUnavailable,
            503,
            "ServiceUnavailable",
            "The request has failed due to a temporary failure of the server.",
        ),
        (Instead::Throttling, 400, "Throttling", "Rate exceeded"),
    ] {
        let (response, used) = one_call(instead);
        assert_error(&response.unwrap(), status, code, message);
        assert!(!used);
    }
}

#[test]
fn garbage_is_not_a_reply_of_sts() {
    for (garbage, used) in [
        (Garbage::CaptivePortal, false),
        (Garbage::Empty, false),
        (Garbage::NotXml, false),
        (Garbage::Truncated, true),
    ] {
        let (response, was_used) = one_call(Instead::Garbage(garbage));
        let response = response.unwrap();
        assert_eq!((response.status, was_used), (200, used), "{garbage:?}");
        let parsed = roxmltree::Document::parse(text(&response));
        let is_sts = parsed.is_ok_and(|xml| xml.root_element().has_tag_name((xml::STS, "GetSessionTokenResponse")));
        assert!(!is_sts, "{garbage:?}");
        assert!(!response.header("date").unwrap().is_empty());
    }
}

/// It can only be refused for its length.
#[test]
fn an_oversized_reply_is_otherwise_right() {
    let (response, used) = one_call(Instead::Garbage(Garbage::Oversized));
    let response = response.unwrap();
    assert!(used && response.body.len() > 64 * 1024);
    assert!(element(&response, "AccessKeyId").starts_with("ASIA"));
}

#[test]
fn a_skewed_clock_shows_in_the_date_the_signature_the_code_and_the_expiration() {
    let mut sts = sts();
    sts.set_faults(Faults::clock_skew(TimeDelta::hours(2)));
    let request = post(&ops(), &mfa(&sts), NOW);
    let refused = answer(&mut sts, &request, NOW);
    assert_eq!(refused.header("date"), Some("Fri, 02 Jan 2026 05:04:05 GMT"));
    assert_error(
        &refused,
        403,
        "SignatureDoesNotMatch",
        "Signature expired: 20260102T030405Z is now earlier than 20260102T044905Z (20260102T050405Z - 15 min.)",
    );

    let skewed = NOW + TimeDelta::hours(2);
    let stale = format!("{}&DurationSeconds=900", mfa(&sts));
    assert_eq!(
        error(&answer(&mut sts, &post(&ops(), &stale, skewed), NOW)).1,
        "AccessDenied"
    );
    let code = sts.token_code(SERIAL, skewed).unwrap();
    let fresh = format!("Action=GetSessionToken&SerialNumber={SERIAL}&TokenCode={code}&DurationSeconds=900");
    let reply = answer(&mut sts, &post(&ops(), &fresh, skewed), NOW);
    assert_eq!(element(&reply, "Expiration"), "2026-01-02T05:19:05Z");
}

#[test]
fn a_delay_is_for_the_shell() {
    let mut sts = sts();
    let delay = Duration::from_millis(250);
    sts.set_faults(Faults {
        delay,
        ..Faults::default()
    });
    let outcome = sts.handle(&post(&ops(), "Action=GetCallerIdentity", NOW), NOW);
    assert_eq!(outcome.delay, delay);
    assert_eq!(outcome.response.unwrap().status, 200);
}

#[test]
fn faults_are_counted_and_shown() {
    let mut sts = sts();
    sts.set_faults(Faults::instead(Instead::Throttling).times(2));
    for left in [Some(1), None] {
        assert_eq!(call(&mut sts, &ops(), "Action=GetCallerIdentity").status, 400);
        assert_eq!(sts.state().faults.count, left);
    }
    assert_eq!(call(&mut sts, &ops(), "Action=GetCallerIdentity").status, 200);
    assert_eq!(sts.state().errors, BTreeMap::from([("Throttling".to_owned(), 2)]));
}
