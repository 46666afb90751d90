use chrono::DateTime;
use zeroize::Zeroizing;

use super::*;
use crate::aws::{Credentials, Endpoint, LongTermKey};
use crate::sts::classify;

/// The remedy after this refusal of `action`, signed by a key or by temporary credentials.
fn remedy(action: Action, by_session: bool, status: u16, code: &str, text: &str) -> &'static str {
    let endpoint = Endpoint::regional(&"eu-west-1".parse().unwrap());
    let key = LongTermKey {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
        secret_access_key: std::sync::Arc::new("secret".into()),
    };
    let session = Credentials {
        access_key_id: "ASIAIOSFODNN7EXAMPLE".parse().unwrap(),
        secret_access_key: "secret".into(),
        session_token: "token".into(),
        expiration: DateTime::UNIX_EPOCH,
    };
    let call = Call {
        action,
        endpoint: &endpoint,
        signer: match action {
            Action::AssumeRoleWithSaml | Action::AssumeRoleWithWebIdentity => None,
            _ if by_session => Some(Signer::Session(&session)),
            _ => Some(Signer::Key(&key)),
        },
        now: DateTime::UNIX_EPOCH,
        duration: std::time::Duration::ZERO,
        form: Zeroizing::default(),
        secrets: Vec::new(),
    };
    let class = classify::refused(call.signer.is_some(), status, code, text);
    of_refusal(&call, class, code, text)
}

#[test]
fn a_role_that_was_not_given_names_what_may_stand_against_it() {
    let denied = |action: &str| {
        let text = format!(
            "User: arn:aws:iam::123456789012:user/ops is not authorized to perform: {action} on resource: \
             arn:aws:iam::123456789012:role/deploy"
        );
        remedy(Action::AssumeRole, false, 403, "AccessDenied", &text)
    };
    let general = denied("sts:AssumeRole");
    for word in [
        "role_arn",
        "trust policy",
        "MFA",
        "external_id",
        "source_identity",
        "sts:AssumeRole",
    ] {
        assert!(general.contains(word), "{word}: {general}");
    }
    assert!(denied("sts:TagSession").ends_with("set no tags"));
    assert!(denied("sts:SetSourceIdentity").ends_with("set no source_identity"));
    assert!(denied("sts:SetContext").ends_with("set no provided_contexts"));
    let root = "Roles may not be assumed by root accounts.";
    assert!(remedy(Action::AssumeRole, false, 403, "AccessDenied", root).contains("IAM user"));
    let session = remedy(Action::GetSessionToken, false, 403, "AccessDenied", "no");
    assert!(!session.contains("trust policy"), "{session}");
}

#[test]
fn a_setting_of_a_role_that_cannot_be_names_the_key_to_change() {
    for (code, text, words) in [
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "lower duration_seconds, or raise the role's maximum",
        ),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            "set duration_seconds to 3600 or less",
        ),
        (
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from \
             the calling session.",
            "leave out the tag",
        ),
        (
            "PackedPolicyTooLarge",
            "Packed size of session tags consumes 112% of allotted space.",
            "fewer or shorter",
        ),
        ("PackedPolicyTooLargeException", "", "fewer or shorter"),
        (
            "MalformedPolicyDocument",
            "Syntax errors in policy.",
            "correct the session policy",
        ),
        ("MalformedPolicyDocumentException", "", "correct the session policy"),
        (
            "RegionDisabledException",
            "STS is not activated in this region",
            "activate STS in this region",
        ),
        ("RegionDisabled", "", "activate STS in this region"),
        (
            "ValidationError",
            "nothing-valid-in-here is invalid",
            "correct the parameter",
        ),
    ] {
        let found = remedy(Action::AssumeRole, true, 400, code, text);
        assert!(found.contains(words), "{code} {text}: {found}");
    }
}

#[test]
fn credentials_that_are_not_taken_are_the_keys_or_the_source_profiles() {
    for code in [
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
    ] {
        let chained = remedy(Action::AssumeRole, true, 403, code, "");
        assert!(chained.contains("source_profile"), "{code}: {chained}");
        let with_key = remedy(Action::AssumeRole, false, 403, code, "");
        assert!(with_key.contains("access key"), "{code}: {with_key}");
    }
    let skew = "Signature expired: a is now earlier than b (c - 15 min.)";
    let skewed = remedy(Action::AssumeRole, true, 403, "SignatureDoesNotMatch", skew);
    assert!(skewed.contains("set the host's clock"), "{skewed}");
}

#[test]
fn mfa_of_a_role_is_mfa() {
    for (text, words) in [
        (
            "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
            "the code was wrong or used before",
        ),
        (
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is \
             valid and associated with this user.",
            "check mfa_serial",
        ),
    ] {
        let found = remedy(Action::AssumeRole, false, 403, "AccessDenied", text);
        assert!(found.contains(words), "{text}: {found}");
    }
}

#[test]
fn every_code_of_federation_says_what_to_do() {
    let saml = Action::AssumeRoleWithSaml;
    let web = Action::AssumeRoleWithWebIdentity;
    for (action, code, words) in [
        (web, "ExpiredTokenException", "must give a new one"),
        (saml, "ExpiredTokenException", "must give a new one"),
        (web, "IDPRejectedClaim", "audience and subject"),
        (saml, "IDPRejectedClaimException", "a fresh one"),
        (web, "InvalidIdentityToken", "cannot verify"),
        (web, "InvalidIdentityTokenException", "cannot verify"),
        (web, "IDPCommunicationError", "a later try may"),
        (web, "PackedPolicyTooLarge", "fewer or shorter"),
        (web, "RegionDisabledException", "activate STS in this region"),
        (Action::AssumeRoot, "ExpiredTokenException", "access key"),
        (
            Action::DecodeAuthorizationMessage,
            "InvalidAuthorizationMessageException",
            "the whole encoded message",
        ),
        (
            Action::GetDelegatedAccessToken,
            "ExpiredTradeInTokenException",
            "get a new one",
        ),
        (
            Action::GetWebIdentityToken,
            "OutboundWebIdentityFederationDisabledException",
            "account settings",
        ),
        (
            Action::GetWebIdentityToken,
            "SessionDurationEscalationException",
            "lower the duration",
        ),
        (
            Action::GetWebIdentityToken,
            "JWTPayloadSizeExceededException",
            "fewer or shorter",
        ),
    ] {
        let found = remedy(action, false, 400, code, "");
        assert!(found.contains(words), "{code}: {found}");
    }
}

#[test]
fn what_was_denied_names_the_permission() {
    for (action, words) in [
        (Action::AssumeRoleWithSaml, "sts:AssumeRoleWithSAML"),
        (Action::AssumeRoleWithWebIdentity, "sts:AssumeRoleWithWebIdentity"),
        (Action::AssumeRoot, "sts:AssumeRoot"),
        (Action::DecodeAuthorizationMessage, "sts:DecodeAuthorizationMessage"),
        (Action::GetAccessKeyInfo, "a policy denies the call"),
        (Action::GetDelegatedAccessToken, "sts:GetDelegatedAccessToken"),
        (Action::GetFederationToken, "sts:GetFederationToken"),
        (Action::GetWebIdentityToken, "sts:GetWebIdentityToken"),
    ] {
        let found = remedy(action, false, 403, "AccessDenied", "no");
        assert!(found.contains(words), "{action:?}: {found}");
    }
}

#[test]
fn a_setting_of_any_role_names_the_key_to_change() {
    let text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    let found = remedy(Action::AssumeRoleWithWebIdentity, false, 400, "ValidationError", text);
    assert!(found.contains("lower duration_seconds"), "{found}");
}
