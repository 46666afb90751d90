//! What a person should do.

use super::wire::Call;
use super::{Action, Class, Signer};

/// After a refusal of STS with this code and text. The texts are AWS's; where they are unknown, the code decides.
pub(super) fn of_refusal(call: &Call<'_>, class: Class, code: &str, text: &str) -> &'static str {
    // Query services add "Exception" to the same code here and there.
    let code = code.strip_suffix("Exception").unwrap_or(code);
    match (class, call.signer, call.action) {
        (Class::KeyInvalid, Some(Signer::Session(_)), _) => {
            "the credentials of source_profile have expired or are no longer accepted; this goes on after that \
             profile's next renewal"
        }
        (Class::Denied, _, action) => of_denied_code(code).unwrap_or_else(|| of_denied(action, text)),
        (Class::Config, _, _) => of_role_setting(text).unwrap_or_else(|| of_code(class, code)),
        _ => of_code(class, code),
    }
}

/// Where STS gave no code.
pub(super) fn of_class(class: Class) -> &'static str {
    of_code(class, "")
}

/// Where the code says more than that the call was denied.
fn of_denied_code(code: &str) -> Option<&'static str> {
    let codes = [
        (
            "ExpiredToken",
            "the identity provider's token or assertion has expired; it must give a new one, and the host's clock be right",
        ),
        (
            "ExpiredTradeInToken",
            "the trade-in token has expired; get a new one and use it at once",
        ),
        (
            "IDPRejectedClaim",
            "STS does not accept what the identity provider claims; check issuer, audience and subject against the \
             provider in IAM, and that the token or assertion is a fresh one",
        ),
        (
            "InvalidIdentityToken",
            "STS cannot verify the token or assertion; check that its issuer is a provider in IAM of the role's \
             account, with this audience and its present keys or metadata, and that nothing else is in the file",
        ),
    ];
    let found = codes.iter().find(|(other, _)| *other == code);
    found.map(|(_, remedy)| *remedy)
}

fn of_denied(action: Action, text: &str) -> &'static str {
    match action {
        Action::AssumeRole => of_denied_role(text),
        Action::AssumeRoleWithSaml => {
            "check role_arn, principal_arn, and that the role's trust policy allows sts:AssumeRoleWithSAML to this \
             provider, with the conditions that it sets (SAML:aud, SAML:sub)"
        }
        Action::AssumeRoleWithWebIdentity => {
            "check role_arn, and that the role's trust policy allows sts:AssumeRoleWithWebIdentity to the token's issuer, \
             with the conditions that it sets on audience and subject"
        }
        Action::AssumeRoot => {
            "enable root sessions of member accounts in IAM, call from the management account or the delegated \
             administrator with a regional endpoint, and allow the caller sts:AssumeRoot for this task"
        }
        Action::DecodeAuthorizationMessage => {
            "allow the caller sts:DecodeAuthorizationMessage, in the account that was denied"
        }
        Action::GetFederationToken => {
            "allow the key's user sts:GetFederationToken, and sts:TagSession if there are tags"
        }
        Action::GetWebIdentityToken => {
            "allow the caller sts:GetWebIdentityToken, and sts:TagGetWebIdentityToken if there are tags"
        }
        Action::GetDelegatedAccessToken => {
            "check that the trade-in token is for this caller, and that a policy allows sts:GetDelegatedAccessToken"
        }
        Action::GetAccessKeyInfo | Action::GetCallerIdentity | Action::GetSessionToken => of_class(Class::Denied),
    }
}

/// AWS does not tell which of the conditions did not hold.
fn of_denied_role(text: &str) -> &'static str {
    let texts = [
        (
            "sts:TagSession",
            "allow sts:TagSession beside sts:AssumeRole, in the role's trust policy and for the caller, or set no tags",
        ),
        (
            "sts:SetSourceIdentity",
            "allow sts:SetSourceIdentity beside sts:AssumeRole, in the role's trust policy and for the caller, or set \
             no source_identity",
        ),
        (
            "sts:SetContext",
            "allow sts:SetContext beside sts:AssumeRole in the role's trust policy, or set no provided_contexts",
        ),
        (
            "by root accounts",
            "give the key of an IAM user, since the root user cannot assume a role",
        ),
    ];
    find(&texts, text).unwrap_or(
        "check role_arn, that the role's trust policy allows this caller, with the conditions that it sets (MFA, \
         external_id, source_identity), and that the caller's own policies allow sts:AssumeRole on the role",
    )
}

fn of_role_setting(text: &str) -> Option<&'static str> {
    let texts = [
        (
            "exceeds the MaxSessionDuration",
            "lower duration_seconds, or raise the role's maximum session duration in IAM",
        ),
        (
            "roles assumed by role chaining",
            "set duration_seconds to 3600 or less, or let a key sign instead of source_profile",
        ),
        (
            "conflicts with a transitive tag",
            "leave out the tag, which the session of source_profile hands on",
        ),
    ];
    find(&texts, text)
}

fn find(texts: &[(&str, &'static str)], text: &str) -> Option<&'static str> {
    let found = texts.iter().find(|(part, _)| text.contains(part));
    found.map(|(_, remedy)| *remedy)
}

/// Whoever made the code knows better.
pub(super) const MFA_REJECTED: &str = "the code was wrong or used before, and the next one may be taken; if it goes on, check mfa_serial, the seed or the \
     device's clock, and who else uses the device";

fn of_code(class: Class, code: &str) -> &'static str {
    match (class, code) {
        (Class::Config, "RegionDisabled") => {
            "activate STS in this region in the account settings of IAM, or choose another region"
        }
        (Class::Config, "MalformedPolicyDocument") => "correct the session policy (policy)",
        (Class::Config, "InvalidAuthorizationMessage") => {
            "give the whole encoded message and nothing else, to the account that was denied"
        }
        (Class::Config, "JWTPayloadSizeExceeded") => "make the tags or audiences fewer or shorter",
        (Class::Config, "OutboundWebIdentityFederationDisabled") => {
            "enable outbound web identity federation in the account settings of IAM"
        }
        (Class::Config, "SessionDurationEscalation") => {
            "lower the duration: the token may not outlive the session that asks for it"
        }
        (Class::Config, "PackedPolicyTooLarge") => {
            "make the session policies and tags fewer or shorter: they share one limit, and those of the source's \
             session that are transitive count too"
        }
        (Class::Config, "ValidationError") => "correct the parameter that it names",
        (Class::Config, "AccessDenied") => {
            "the key is a temporary one; give the long-term key of an IAM user (AKIA...)"
        }
        (Class::Config, "OptInRequired") => "finish the account's sign-up, or use another account's key",
        (Class::Config, "MissingAuthenticationToken" | "IncompleteSignature") => {
            "a proxy may have removed or changed headers; check what stands between"
        }
        (Class::Config, "SignatureDoesNotMatch" | "InvalidSignature") => {
            "endpoint_url belongs to another region than the profile's region; make them agree"
        }
        (Class::Config, _) => "check the profile's settings and endpoint_url",
        (Class::ClockSkew, "") => "set the host's clock",
        (Class::ClockSkew, _) => {
            "the request's time was off; the next one uses the time of this reply, but set the host's clock"
        }
        (Class::Denied, _) => "a policy denies the call; change the user's policy or the organization's",
        (Class::KeyInvalid, "SignatureDoesNotMatch" | "InvalidSignature") => {
            "the secret access key does not belong to the access key id; check the key's source"
        }
        (Class::KeyInvalid, _) => {
            "the access key is unknown, inactive, expired or of another partition; check the key and the region"
        }
        (Class::MfaDevice, _) => "the MFA device is not one of the key's user; check mfa_serial",
        (Class::MfaRejected, _) => MFA_REJECTED,
        (Class::Throttled, _) => "too many calls in this account and region; a later one is taken",
        (Class::Server, "IDPCommunicationError") => {
            "STS did not reach the identity provider; a later try may; the provider's keys must be readable from the internet"
        }
        (Class::Server, _) => "STS has a problem of its own; a later try may meet none",
        (Class::Dns, _) => "the name does not resolve; check the region, endpoint_url, the proxy's name and the DNS",
        (Class::Tls, _) => {
            "check the host's clock and, behind a proxy that inspects TLS, set AWS_CA_BUNDLE to its certificates"
        }
        (Class::Timeout, _) => "check the network, the firewall and the proxy (HTTPS_PROXY, NO_PROXY)",
        (Class::Network, _) => "check endpoint_url, the firewall and the proxy (HTTPS_PROXY, NO_PROXY)",
        (Class::Malformed, _) => "check endpoint_url, and whether a captive portal or proxy stands between",
    }
}

#[cfg(test)]
mod tests;
