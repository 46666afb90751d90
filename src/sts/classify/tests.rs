use super::*;

#[test]
fn the_text_tells_the_meanings_of_a_code_apart() {
    for (code, message, class) in [
        (
            "AccessDenied",
            "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
            Class::MfaRejected,
        ),
        (
            "AccessDenied",
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.",
            Class::MfaDevice,
        ),
        (
            "AccessDenied",
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
            Class::MfaDevice,
        ),
        (
            "AccessDenied",
            "Cannot call GetSessionToken with session credentials",
            Class::Config,
        ),
        (
            "AccessDenied",
            "User: arn:aws:iam::1:user/x is not authorized to perform: sts:AssumeRole",
            Class::Denied,
        ),
        ("AccessDeniedException", "", Class::Denied),
        (
            "SignatureDoesNotMatch",
            "Signature expired: 20160609T184512Z is now earlier than 20160610T013008Z (20160610T014508Z - 15 min.)",
            Class::ClockSkew,
        ),
        (
            "SignatureDoesNotMatch",
            "Signature not yet current: 20160610T020000Z is still later than 20160610T013008Z (20160610T012508Z + 5 min.)",
            Class::ClockSkew,
        ),
        (
            "InvalidSignatureException",
            "Signature expired: a - 5 min.",
            Class::ClockSkew,
        ),
        (
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided.",
            Class::KeyInvalid,
        ),
        (
            "SignatureDoesNotMatch",
            "Credential should be scoped to a valid region, not 'us-east-1'. ",
            Class::Config,
        ),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            Class::Config,
        ),
        (
            "ValidationError",
            r"1 validation error detected: Value '138502\\' at 'tokenCode' failed to satisfy constraint",
            Class::Config,
        ),
    ] {
        for status in [200, 400, 403, 500] {
            assert_eq!(classify(status, code, message), class, "{status} {code} {message}");
        }
    }
}

#[test]
fn a_known_code_counts_more_than_the_status() {
    for (class, codes) in [
        (
            Class::ClockSkew,
            "RequestExpired RequestTimeTooSkewed RequestInTheFuture",
        ),
        (
            Class::KeyInvalid,
            "InvalidClientTokenId ExpiredToken ExpiredTokenException UnrecognizedClientException AuthFailure \
             InvalidAccessKeyId",
        ),
        (
            Class::Throttled,
            "Throttling ThrottlingException ThrottledException RequestThrottledException RequestThrottled \
             TooManyRequestsException ProvisionedThroughputExceededException TransactionInProgressException \
             RequestLimitExceeded BandwidthLimitExceeded LimitExceededException SlowDown PriorRequestNotComplete \
             EC2ThrottledException",
        ),
        (
            Class::Server,
            "InternalFailure InternalError ServiceUnavailable RequestTimeout RequestTimeoutException \
             IDPCommunicationError",
        ),
        (
            Class::Denied,
            "IDPRejectedClaim InvalidIdentityToken ExpiredTradeInTokenException",
        ),
        (
            Class::Config,
            "ValidationError RegionDisabledException MalformedPolicyDocument MalformedPolicyDocumentException \
             PackedPolicyTooLarge IncompleteSignature MissingAction MissingAuthenticationToken OptInRequired \
             InvalidAuthorizationMessageException OutboundWebIdentityFederationDisabledException \
             SessionDurationEscalationException JWTPayloadSizeExceededException",
        ),
    ] {
        for code in codes.split_whitespace() {
            for status in [200, 400, 403, 500, 503] {
                assert_eq!(classify(status, code, "Rate exceeded"), class, "{status} {code}");
            }
        }
    }
}

#[test]
fn an_unknown_code_is_judged_by_the_status() {
    for (status, class) in [
        (200, Class::Malformed),
        (302, Class::Malformed),
        (400, Class::Config),
        (401, Class::Denied),
        (403, Class::Denied),
        (404, Class::Config),
        (408, Class::Server),
        (429, Class::Throttled),
        (500, Class::Server),
        (503, Class::Server),
        (599, Class::Server),
    ] {
        assert_eq!(classify(status, "SomethingNew", ""), class, "{status}");
    }
}

#[test]
fn what_sts_did_not_write_is_malformed_unless_the_server_is_in_trouble() {
    for (status, class) in [
        (200, Class::Malformed),
        (204, Class::Malformed),
        (302, Class::Malformed),
        (400, Class::Malformed),
        (403, Class::Malformed),
        (407, Class::Malformed),
        (429, Class::Throttled),
        (500, Class::Server),
        (504, Class::Server),
    ] {
        assert_eq!(classify_unreadable(status), class, "{status}");
    }
}

#[test]
fn what_expires_where_nothing_signs_is_no_key() {
    let expired = |signed| refused(signed, 400, "ExpiredTokenException", "Token expired");
    assert_eq!((expired(true), expired(false)), (Class::KeyInvalid, Class::Denied));
    assert_eq!(refused(false, 400, "IDPCommunicationError", ""), Class::Server);
}
