use super::Class;

/// What an error reply means: by its code first, then by its text where a code has several meanings, by the HTTP status
/// only where the code is unknown (the same code comes with different statuses).
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>
fn classify(status: u16, code: &str, message: &str) -> Class {
    // Query services add "Exception" to the same code here and there.
    let code = code.strip_suffix("Exception").unwrap_or(code);
    let rule = RULES
        .iter()
        .find(|(codes, part, _)| codes.contains(&code) && message.contains(part));
    rule.map_or_else(|| by_status(status), |(_, _, class)| *class)
}

/// The same, of a call that was signed or not: what has expired where nothing signed is the identity provider's token or
/// assertion, and no key.
pub(super) fn refused(signed: bool, status: u16, code: &str, message: &str) -> Class {
    match classify(status, code, message) {
        Class::KeyInvalid if !signed => Class::Denied,
        class => class,
    }
}

/// What an answer means that STS did not write: a proxy's page, a load balancer's, nothing at all.
pub(super) fn classify_unreadable(status: u16) -> Class {
    match by_status(status) {
        class @ (Class::Server | Class::Throttled) => class,
        _ => Class::Malformed,
    }
}

fn by_status(status: u16) -> Class {
    match status {
        429 => Class::Throttled,
        408 | 500.. => Class::Server,
        401 | 403 => Class::Denied,
        400.. => Class::Config,
        _ => Class::Malformed,
    }
}

/// Codes, a part of the message (empty: any), and the class. The first that fits counts.
type Rule = (&'static [&'static str], &'static str, Class);

const RULES: &[Rule] = &[
    (ACCESS_DENIED, "invalid MFA one time pass code", Class::MfaRejected),
    (ACCESS_DENIED, "MultiFactorAuthentication failed", Class::MfaDevice),
    (ACCESS_DENIED, "with session credentials", Class::Config),
    (ACCESS_DENIED, "", Class::Denied),
    (SIGNATURE, "Signature expired", Class::ClockSkew),
    (SIGNATURE, "ot yet current", Class::ClockSkew),
    (SIGNATURE, "should be scoped to a valid region", Class::Config),
    (SIGNATURE, "", Class::KeyInvalid),
    (CLOCK, "", Class::ClockSkew),
    (KEY, "", Class::KeyInvalid),
    (THROTTLED, "", Class::Throttled),
    (SERVER, "", Class::Server),
    (DENIED, "", Class::Denied),
    (CONFIG, "", Class::Config),
];

const ACCESS_DENIED: &[&str] = &["AccessDenied"];
const SIGNATURE: &[&str] = &["InvalidSignature", "SignatureDoesNotMatch"];
const CLOCK: &[&str] = &["RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"];
const KEY: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "UnrecognizedClient",
];
/// The throttling codes of the AWS SDKs' standard retry mode.
const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2Throttled",
    "LimitExceeded",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "Throttled",
    "Throttling",
    "TooManyRequests",
    "TransactionInProgress",
];
const SERVER: &[&str] = &[
    "IDPCommunicationError",
    "InternalError",
    "InternalFailure",
    "RequestTimeout",
    "ServiceUnavailable",
];
const DENIED: &[&str] = &[
    "ExpiredTradeInToken",
    "IDPRejectedClaim",
    "InvalidIdentityToken",
    "NotAuthorized",
    "UnauthorizedOperation",
];
const CONFIG: &[&str] = &[
    "IncompleteSignature",
    "InvalidAction",
    "InvalidAuthorizationMessage",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidQueryParameter",
    "JWTPayloadSizeExceeded",
    "MalformedPolicyDocument",
    "MalformedQueryString",
    "MissingAction",
    "MissingAuthenticationToken",
    "MissingParameter",
    "OptInRequired",
    "OutboundWebIdentityFederationDisabled",
    "PackedPolicyTooLarge",
    "RegionDisabled",
    "SessionDurationEscalation",
    "ValidationError",
];

#[cfg(test)]
mod tests;
