use chrono::TimeDelta;

use super::*;

const WHO: &str = "Action=GetCallerIdentity";
const INVALID: &str = "The security token included in the request is invalid.";
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";

#[test]
fn a_wrong_secret_does_not_match() {
    let signer = Signer {
        secret_access_key: "wrong".to_owned(),
        ..ops()
    };
    assert_error(&call(&mut sts(), &signer, WHO), 403, "SignatureDoesNotMatch", MISMATCH);
}

#[test]
fn a_changed_body_does_not_match() {
    let mut request = post(&ops(), WHO, NOW);
    request.body.extend(b"&x=y");
    assert_error(
        &answer(&mut sts(), &request, NOW),
        403,
        "SignatureDoesNotMatch",
        MISMATCH,
    );
}

#[test]
fn unknown_and_inactive_keys_are_invalid() {
    let mut sts = sts();
    let stranger = Signer {
        access_key_id: "AKIANOBODY".to_owned(),
        ..ops()
    };
    assert_error(&call(&mut sts, &stranger, WHO), 403, "InvalidClientTokenId", INVALID);
    assert!(sts.set_key_active("AKIAOPS", false));
    assert_error(&call(&mut sts, &ops(), WHO), 403, "InvalidClientTokenId", INVALID);
    assert!(sts.set_key_active("AKIAOPS", true));
    assert_eq!(call(&mut sts, &ops(), WHO).status, 200);
}

#[test]
fn an_unsigned_request_has_no_token() {
    let mut request = post(&ops(), WHO, NOW);
    request.headers.retain(|(name, _)| name != "authorization");
    assert_error(
        &answer(&mut sts(), &request, NOW),
        403,
        "MissingAuthenticationToken",
        "Request is missing Authentication Token",
    );
}

#[test]
fn an_unreadable_signature_is_incomplete() {
    let mut request = post(&ops(), WHO, NOW);
    request.headers.retain(|(name, _)| name != "authorization");
    let header = ("authorization".to_owned(), "AWS4-HMAC-SHA256 Signature=0".to_owned());
    request.headers.push(header);
    assert_error(
        &answer(&mut sts(), &request, NOW),
        400,
        "IncompleteSignature",
        "Authorization header requires 'Credential' parameter. Authorization header requires 'SignedHeaders' \
         parameter. Authorization=AWS4-HMAC-SHA256 Signature=0",
    );
}

#[test]
fn the_scope_is_sts_in_this_region() {
    let region = Signer {
        region: "eu-west-1",
        ..ops()
    };
    let service = Signer {
        service: "iam",
        ..ops()
    };
    let mut sts = sts();
    assert_error(
        &call(&mut sts, &region, WHO),
        403,
        "SignatureDoesNotMatch",
        "Credential should be scoped to a valid region. ",
    );
    assert_error(
        &call(&mut sts, &service, WHO),
        403,
        "SignatureDoesNotMatch",
        "Credential should be scoped to correct service: 'sts'. ",
    );
}

#[test]
fn the_tolerance_for_time_is_a_rule() {
    let early = post(&ops(), WHO, NOW - TimeDelta::minutes(6));
    assert_eq!(answer(&mut sts(), &early, NOW).status, 200);
    let mut strict = sts_with(Rules {
        signature_tolerance: TimeDelta::minutes(5),
        ..Rules::default()
    });
    assert_error(
        &answer(&mut strict, &early, NOW),
        403,
        "SignatureDoesNotMatch",
        "Signature expired: 20260102T025805Z is now earlier than 20260102T025905Z (20260102T030405Z - 5 min.)",
    );
    assert_error(
        &answer(&mut strict, &post(&ops(), WHO, NOW + TimeDelta::minutes(6)), NOW),
        403,
        "SignatureDoesNotMatch",
        "Signature not yet current: 20260102T031005Z is still later than 20260102T030905Z (20260102T030405Z + 5 min.)",
    );
}

#[test]
fn a_session_is_its_user_until_it_expires() {
    let mut sts = sts();
    let issued = call(&mut sts, &ops(), "Action=GetSessionToken&DurationSeconds=900");
    let session = session(&issued);
    let last = NOW + TimeDelta::seconds(899);
    let reply = answer(&mut sts, &post(&session, WHO, last), last);
    assert_eq!(element(&reply, "Arn"), "arn:aws:iam::123456789012:user/ops");

    let over = NOW + TimeDelta::seconds(900);
    assert_error(
        &answer(&mut sts, &post(&session, WHO, over), over),
        403,
        "ExpiredToken",
        "The security token included in the request is expired",
    );
}

#[test]
fn a_session_outlives_the_key_that_made_it() {
    let mut sts = sts();
    let session = session(&call(&mut sts, &ops(), "Action=GetSessionToken"));
    sts.set_key_active("AKIAOPS", false);
    assert_eq!(call(&mut sts, &session, WHO).status, 200);
}

#[test]
fn a_session_needs_its_own_token_and_its_own_secret() {
    let mut sts = sts();
    let issued = session(&call(&mut sts, &ops(), "Action=GetSessionToken"));
    let other = session(&call(&mut sts, &ops(), "Action=GetSessionToken"));
    let invalid = |signer: &Signer, sts: &mut Sts| {
        assert_error(&call(sts, signer, WHO), 403, "InvalidClientTokenId", INVALID);
    };
    for secret_access_key in [issued.secret_access_key.clone(), "wrong".to_owned()] {
        for session_token in [None, other.session_token.clone(), Some("made-up".to_owned())] {
            let signer = Signer {
                secret_access_key: secret_access_key.clone(),
                session_token,
                ..issued.clone()
            };
            invalid(&signer, &mut sts);
        }
    }
    let long_term_with_token = Signer {
        session_token: issued.session_token.clone(),
        ..ops()
    };
    invalid(&long_term_with_token, &mut sts);
    let wrong_secret = Signer {
        secret_access_key: "wrong".to_owned(),
        ..issued
    };
    assert_error(
        &call(&mut sts, &wrong_secret, WHO),
        403,
        "SignatureDoesNotMatch",
        MISMATCH,
    );
}
