use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Job, Unprepared};
use crate::aws::{SamlAssertion, SerialNumber, TokenCode, WebIdentityToken};
use crate::config::Kind;
use crate::sts::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, GetFederationToken, GetSessionToken, Reply,
    Signer, Sts,
};

/// What opens a call.
#[derive(Clone, Copy)]
pub(super) enum Opener<'a> {
    Signer(Signer<'a>),
    Token(&'a WebIdentityToken),
    Assertion(&'a SamlAssertion),
}

impl Job {
    /// The call of the profile's kind. The configuration has no profile whose opener is another kind's.
    pub(super) async fn ask(
        &self,
        sts: &dyn Sts,
        opener: Opener<'_>,
        now: DateTime<Utc>,
        code: Option<&(&SerialNumber, Arc<TokenCode>)>,
    ) -> Result<Reply, Unprepared> {
        let endpoint = &self.profile.endpoint;
        let mfa = code.map(|(serial, code)| (*serial, &**code));
        Ok(match (&self.profile.kind, opener) {
            (Kind::Session(session), Opener::Signer(Signer::Key(key))) => {
                let call = GetSessionToken {
                    endpoint,
                    key,
                    now,
                    duration: session.duration,
                    mfa,
                    minimum_session_token_size: None,
                };
                sts.get_session_token(call).await
            }
            (Kind::Role(role), Opener::Signer(signer)) => {
                let call = AssumeRole {
                    endpoint,
                    signer,
                    now,
                    request: &role.request,
                    mfa,
                };
                sts.assume_role(call).await
            }
            (Kind::WebIdentity(role), Opener::Token(token)) => {
                let call = AssumeRoleWithWebIdentity {
                    endpoint,
                    now,
                    request: &role.request,
                    token,
                };
                sts.assume_role_with_web_identity(call).await
            }
            (Kind::Saml(role), Opener::Assertion(assertion)) => {
                let call = AssumeRoleWithSaml {
                    endpoint,
                    now,
                    request: &role.request,
                    assertion,
                };
                sts.assume_role_with_saml(call).await
            }
            (Kind::Federation(federation), Opener::Signer(Signer::Key(key))) => {
                let call = GetFederationToken {
                    endpoint,
                    key,
                    now,
                    request: &federation.request,
                };
                sts.get_federation_token(call).await
            }
            (Kind::Root(root), Opener::Signer(signer)) => {
                let call = AssumeRoot {
                    endpoint,
                    signer,
                    now,
                    request: &root.request,
                };
                sts.assume_root(call).await
            }
            _ => return Err(Unprepared::internal()),
        })
    }
}
