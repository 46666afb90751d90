mod vectors;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::aws::{Credentials, Endpoint, LongTermKey};
use crate::sts::{Action, Signer};

fn signed(signer: Signer<'_>, seconds: i64) -> Result<HeaderMap, Unsigned> {
    headers(&Call {
        action: Action::AssumeRole,
        endpoint: &Endpoint::regional(&"eu-west-1".parse().unwrap()),
        signer: Some(signer),
        now: chrono::DateTime::from_timestamp(seconds, 0).unwrap(),
        duration: Duration::ZERO,
        form: wire::encode_form::<&str, &str>(Action::AssumeRole, &[]),
        secrets: Vec::new(),
    })
}

#[test]
fn a_year_that_no_time_stamp_has_is_an_error_and_no_panic() {
    let key = LongTermKey {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
        secret_access_key: Arc::new("secret".into()),
    };
    let signed_at = |seconds| signed(Signer::Key(&key), seconds);
    assert_eq!(signed_at(253_402_300_799).unwrap()["x-amz-date"], "99991231T235959Z");
    assert_eq!(signed_at(0).unwrap()["x-amz-date"], "19700101T000000Z");
    assert!(matches!(signed_at(253_402_300_800), Err(Unsigned::Year(10_000))));
    assert!(matches!(signed_at(-1), Err(Unsigned::Year(1969))));
}

#[test]
fn a_session_token_is_signed_and_sent_and_marked_as_sensitive() {
    let session = Credentials {
        access_key_id: "ASIAIOSFODNN7EXAMPLE".parse().unwrap(),
        secret_access_key: "secret".into(),
        session_token: "IQoJb3JpZ2luX2VjEHoaCWV1LXdlc3Qt/+=".into(),
        expiration: chrono::DateTime::UNIX_EPOCH,
    };
    let headers = signed(Signer::Session(&session), 0).unwrap();
    assert_eq!(headers[SECURITY_TOKEN], "IQoJb3JpZ2luX2VjEHoaCWV1LXdlc3Qt/+=");
    let authorization = headers[AUTHORIZATION].to_str().unwrap();
    let names = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, ";
    assert!(authorization.contains(names), "{authorization}");
    let sensitive: Vec<_> = headers.iter().filter(|(_, value)| value.is_sensitive()).collect();
    assert_eq!(sensitive.len(), 2, "{headers:?}");
    assert!(!format!("{headers:?}").contains("IQoJ"));
}

#[test]
fn what_nobody_signs_has_no_header_of_a_signature() {
    let headers = headers(&Call {
        action: Action::AssumeRoleWithWebIdentity,
        endpoint: &Endpoint::regional(&"eu-west-1".parse().unwrap()),
        signer: None,
        now: chrono::DateTime::from_timestamp(-1, 0).unwrap(),
        duration: Duration::ZERO,
        form: wire::encode_form::<&str, &str>(Action::AssumeRoleWithWebIdentity, &[]),
        secrets: Vec::new(),
    });
    let headers = headers.unwrap();
    let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-type", "host"]);
}
