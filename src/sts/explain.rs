//! The sentences of this layer: what happened, where, what to change.

use super::transport::Failure;
use super::{Action, Class};

/// STS answered with an error.
pub(super) fn refused(action: Action, host: &str, status: u16, class: Class, code: &str, text: &str) -> String {
    let remedy = remedy(class, code);
    if text.is_empty() {
        format!(
            "{action} at {host}: {status} {code}; {remedy}",
            action = action.as_str()
        )
    } else {
        let text = text.trim_end_matches('.');
        format!(
            "{action} at {host}: {status} {code}: {text}; {remedy}",
            action = action.as_str()
        )
    }
}

/// What answered did not speak as STS does.
pub(super) fn unreadable(action: Action, host: &str, status: u16, class: Class, problem: &str) -> String {
    let remedy = match (class, status) {
        (Class::Malformed, 300..=399) => {
            "a redirect is never followed: a captive portal or proxy stands between, or endpoint_url is wrong"
        }
        (Class::Malformed, 407) => "the proxy wants a user and a password: put them into its URL",
        (Class::Malformed, _) => {
            "STS does not answer like this: check endpoint_url, and whether a captive portal or proxy stands between"
        }
        _ => remedy(class, ""),
    };
    let action = action.as_str();
    format!("{action} at {host}: {status} and not a reply of STS, {problem}; {remedy}")
}

/// The date of a reply over plain HTTP contradicts the host's clock by so many seconds.
pub(super) fn unbelievable(action: Action, host: &str, seconds: i64) -> String {
    let action = action.as_str();
    format!(
        "{action} at {host}: STS's Date header differs by {seconds} s from this host's clock, and over plain http it is \
         not believed: set the host's clock"
    )
}

/// There was no answer. `place` is the host and the proxy on the way; `cause` is the failure's, sanitised.
pub(super) fn no_answer(action: Action, place: &str, failure: &Failure, cause: &str) -> String {
    let remedy = failure.remedy.unwrap_or_else(|| remedy(failure.class, ""));
    format!("{action} at {place}: {cause}; {remedy}", action = action.as_str())
}

/// What a person should do.
fn remedy(class: Class, code: &str) -> &'static str {
    match (class, code) {
        (Class::Config, "RegionDisabledException") => {
            "activate STS in this region in the account settings of IAM, or choose another region"
        }
        (Class::Config, "ValidationError") => "correct the parameter that it names",
        (Class::Config, "AccessDenied") => {
            "the key is a temporary one; give the long-term key of an IAM user (AKIA...)"
        }
        (Class::Config, "OptInRequired") => "finish the account's sign-up, or use another account's key",
        (Class::Config, "MissingAuthenticationToken" | "IncompleteSignature") => {
            "a proxy may have removed or changed headers; check what stands between"
        }
        (Class::Config, "SignatureDoesNotMatch" | "InvalidSignatureException") => {
            "endpoint_url belongs to another region than the profile's region; make them agree"
        }
        (Class::Config, _) => "check the profile's settings and endpoint_url",
        (Class::ClockSkew, "") => "set the host's clock",
        (Class::ClockSkew, _) => {
            "the request's time was off; the next one uses the time of this reply, but set the host's clock"
        }
        (Class::Denied, _) => "a policy denies the call; change the user's policy or the organization's",
        (Class::KeyInvalid, "SignatureDoesNotMatch" | "InvalidSignatureException") => {
            "the secret access key does not belong to the access key id; check the key's source"
        }
        (Class::KeyInvalid, _) => {
            "the access key is unknown, inactive, expired or of another partition; check the key and the region"
        }
        (Class::MfaDevice, _) => "the MFA device is not one of the key's user; check mfa_serial",
        (Class::MfaRejected, _) => {
            "the code was wrong or used before; if it goes on, check the seed, mfa_serial, and who else uses the device"
        }
        (Class::Throttled, _) => "too many calls in this account and region; tries go on, further apart",
        (Class::Server, _) => "STS has a problem of its own; the next try follows",
        (Class::Dns, _) => "the name does not resolve; check the region, endpoint_url, the proxy's name and the DNS",
        (Class::Tls, _) => {
            "check the host's clock and, behind a proxy that inspects TLS, set AWS_CA_BUNDLE to its certificates"
        }
        (Class::Timeout, _) => "check the network, the firewall and the proxy (HTTPS_PROXY, NO_PROXY)",
        (Class::Network, _) => "check endpoint_url, the firewall and the proxy (HTTPS_PROXY, NO_PROXY)",
        (Class::Malformed, _) => "check endpoint_url, and whether a captive portal or proxy stands between",
    }
}
