//! STS on the wire: one small trait, [`Sts`], and its real implementation.

mod action;
mod actions;
mod class;
mod classify;
mod client;
mod credentials;
mod element;
mod explain;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod issued;
mod parameters;
mod remedy;
mod reply;
mod sanitise;
mod setup;
mod sign;
mod signer;
mod times;
mod transport;
mod wire;
mod xml;

use std::time::Duration;

pub use action::Action;
pub use actions::assume_role::AssumeRole;
pub use actions::assume_role_with_saml::AssumeRoleWithSaml;
pub use actions::assume_role_with_web_identity::AssumeRoleWithWebIdentity;
pub use actions::assume_root::AssumeRoot;
pub use actions::decode_authorization_message::{DecodeAuthorizationMessage, DecodedMessage};
pub use actions::get_access_key_info::{AccessKeyInfo, GetAccessKeyInfo};
pub use actions::get_caller_identity::{CallerIdentity, GetCallerIdentity};
pub use actions::get_delegated_access_token::GetDelegatedAccessToken;
pub use actions::get_federation_token::GetFederationToken;
pub use actions::get_session_token::GetSessionToken;
pub use actions::get_web_identity_token::{GetWebIdentityToken, IssuedToken};
pub use class::Class;
pub use client::StsClient;
pub use issued::{About, Identity, Issued, User};
pub use setup::SetupError;
pub use signer::Signer;
#[cfg(all(test, feature = "emulator"))]
pub(crate) use transport::{Lost, Wire};
pub use transport::{Roots, Route, Timeouts};

use crate::BoxFuture;
use crate::clock::Sample;

/// What an error reply to a signed call means.
#[cfg(all(test, feature = "emulator"))]
pub(crate) fn class_of(status: u16, code: &str, message: &str) -> Class {
    classify::refused(true, status, code, message)
}

/// STS, as `renew` asks it. Each call is one HTTP request at most: nothing is ever sent twice.
pub trait Sts: Send + Sync {
    /// GetSessionToken signed by a long-term key.
    fn get_session_token<'a>(&'a self, call: GetSessionToken<'a>) -> BoxFuture<'a, Reply>;

    /// AssumeRole signed by a long-term key or by temporary credentials.
    fn assume_role<'a>(&'a self, call: AssumeRole<'a>) -> BoxFuture<'a, Reply>;

    /// AssumeRoleWithSAML, unsigned.
    fn assume_role_with_saml<'a>(&'a self, call: AssumeRoleWithSaml<'a>) -> BoxFuture<'a, Reply>;

    /// AssumeRoleWithWebIdentity, unsigned.
    fn assume_role_with_web_identity<'a>(&'a self, call: AssumeRoleWithWebIdentity<'a>) -> BoxFuture<'a, Reply>;

    /// AssumeRoot signed by a long-term key or by temporary credentials.
    fn assume_root<'a>(&'a self, call: AssumeRoot<'a>) -> BoxFuture<'a, Reply>;

    /// GetFederationToken signed by a long-term key.
    fn get_federation_token<'a>(&'a self, call: GetFederationToken<'a>) -> BoxFuture<'a, Reply>;

    /// GetCallerIdentity signed by what somebody asks about.
    fn get_caller_identity<'a>(&'a self, call: GetCallerIdentity<'a>) -> BoxFuture<'a, Reply<CallerIdentity>>;
}

/// What came of a call.
pub struct Reply<T = Issued> {
    /// The reading of STS's clock, when the reply carried one that may be believed.
    pub sample: Option<Sample>,
    /// From the first byte to the verdict.
    pub elapsed: Duration,
    /// What was asked for, or why there is none of it.
    pub result: Result<T, Error>,
}

impl<T> Reply<T> {
    /// Whether a byte of the request may have left.
    pub fn was_sent(&self) -> bool {
        self.result.as_ref().map_or_else(|error| error.sent, |_| true)
    }
}

/// Why a call brought nothing. The message is one line, names the remedy, and holds no secret: no key, no code,
/// no token, whatever the reply echoed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind of trouble it is.
    pub class: Class,
    /// What happened and what to do, for people.
    pub message: String,
    /// STS's error code, such as `AccessDenied`.
    pub code: Option<String>,
    /// STS's request id.
    pub request_id: Option<String>,
    /// Whether a byte of the request may have left: if so, a code in it counts as used.
    pub sent: bool,
}

impl Error {
    /// Whether STS refused the identity provider's token or assertion itself, rather than what it opens: it has expired, or
    /// is not what the provider in IAM vouches for. Another one may heal that, and the same one hardly.
    pub fn is_of_voucher(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        let code = code.strip_suffix("Exception").unwrap_or(code);
        self.class == Class::Denied && ["ExpiredToken", "IDPRejectedClaim", "InvalidIdentityToken"].contains(&code)
    }
}

impl Error {
    /// The message of a refused MFA code with another remedy, by whoever made the code.
    pub fn with_remedy(&self, remedy: &str) -> String {
        let refused = self.message.strip_suffix(remedy::MFA_REJECTED).unwrap_or(&self.message);
        format!("{}; {remedy}", refused.trim_end_matches("; "))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_voucher_is_told_from_a_refused_call() {
        let error = |class, code: &str| Error {
            class,
            message: String::new(),
            code: Some(code.to_owned()),
            request_id: None,
            sent: true,
        };
        for code in [
            "ExpiredToken",
            "ExpiredTokenException",
            "IDPRejectedClaim",
            "InvalidIdentityToken",
        ] {
            assert!(error(Class::Denied, code).is_of_voucher(), "{code}");
        }
        for (class, code) in [
            (Class::Denied, "AccessDenied"),
            (Class::KeyInvalid, "ExpiredToken"),
            (Class::Server, "IDPCommunicationError"),
        ] {
            assert!(!error(class, code).is_of_voucher(), "{code}");
        }
    }
}
