use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::Response;
use reqwest::header::DATE;
use url::Url;

use super::actions::Ask;
use super::reply::{self, Answer, Read, Verdict};
use super::setup::SetupError;
use super::transport::{Failure, Roots, Route, Timeouts, Transport};
use super::wire::Call;
use super::{
    AccessKeyInfo, AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, CallerIdentity,
    DecodeAuthorizationMessage, DecodedMessage, Error, GetAccessKeyInfo, GetCallerIdentity, GetDelegatedAccessToken,
    GetFederationToken, GetSessionToken, GetWebIdentityToken, IssuedToken, Reply, Sts, explain, sanitise, sign, times,
};
use crate::BoxFuture;
use crate::clock::{BootInstant, Clock, Sample};
use crate::config::Env;

/// STS over HTTPS.
pub struct StsClient {
    clock: Arc<dyn Clock>,
    transport: Transport,
}

impl StsClient {
    /// A client with the proxies and certificates that the environment names. It reads files: for the start only.
    ///
    /// Proxies: `HTTPS_PROXY` for an `https` endpoint, `HTTP_PROXY` for an `http` one, `ALL_PROXY` for a scheme that has
    /// none of its own; not for a host that `NO_PROXY` lists, and never for this machine's loopback. Each also in lower
    /// case: the upper-case one counts first, an empty one as unset.
    ///
    /// Certificates: those of `AWS_CA_BUNDLE` and no others; without it those of `SSL_CERT_FILE` and `SSL_CERT_DIR`;
    /// without these the system's; and where the system has none, Mozilla's.
    pub fn new(clock: Arc<dyn Clock>, env: Env<'_>) -> Result<Self, SetupError> {
        Self::with_timeouts(clock, env, Timeouts::default())
    }

    /// As [`StsClient::new`], with timeouts of one's own.
    pub fn with_timeouts(clock: Arc<dyn Clock>, env: Env<'_>, timeouts: Timeouts) -> Result<Self, SetupError> {
        let transport = Transport::new(Arc::clone(&clock), env, timeouts)?;
        Ok(Self { clock, transport })
    }

    /// As [`StsClient::new`], with a network in memory.
    #[cfg(feature = "emulator")]
    #[cfg(test)]
    pub(crate) fn over(clock: Arc<dyn Clock>, wire: Arc<dyn super::Wire>) -> Self {
        let client = Self::new(clock, &|_| None).unwrap();
        Self {
            clock: client.clock,
            transport: client.transport.over(wire),
        }
    }

    /// The way that requests to `endpoint` take.
    pub fn route(&self, endpoint: &Url) -> Route {
        self.transport.route(endpoint)
    }

    /// The certificates that a server's must lead to.
    pub fn roots(&self) -> &Roots {
        self.transport.roots()
    }
}

impl Sts for StsClient {
    fn get_session_token<'a>(&'a self, ask: GetSessionToken<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(self.exchange(ask))
    }

    fn assume_role<'a>(&'a self, ask: AssumeRole<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(self.exchange(ask))
    }

    fn assume_role_with_saml<'a>(&'a self, ask: AssumeRoleWithSaml<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(self.exchange(ask))
    }

    fn assume_role_with_web_identity<'a>(&'a self, ask: AssumeRoleWithWebIdentity<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(self.exchange(ask))
    }

    fn assume_root<'a>(&'a self, ask: AssumeRoot<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(self.exchange(ask))
    }

    fn get_federation_token<'a>(&'a self, ask: GetFederationToken<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(self.exchange(ask))
    }

    fn get_caller_identity<'a>(&'a self, ask: GetCallerIdentity<'a>) -> BoxFuture<'a, Reply<CallerIdentity>> {
        Box::pin(self.exchange(ask))
    }
}

/// The actions that a person asks for rather than a profile.
impl StsClient {
    /// DecodeAuthorizationMessage: why a call was denied.
    pub async fn decode_authorization_message(&self, ask: DecodeAuthorizationMessage<'_>) -> Reply<DecodedMessage> {
        self.exchange(ask).await
    }

    /// GetAccessKeyInfo: whose a key is.
    pub async fn get_access_key_info(&self, ask: GetAccessKeyInfo<'_>) -> Reply<AccessKeyInfo> {
        self.exchange(ask).await
    }

    /// GetDelegatedAccessToken: credentials for a trade-in token.
    pub async fn get_delegated_access_token(&self, ask: GetDelegatedAccessToken<'_>) -> Reply {
        self.exchange(ask).await
    }

    /// GetWebIdentityToken: a JWT for a service outside of AWS.
    pub async fn get_web_identity_token(&self, ask: GetWebIdentityToken<'_>) -> Reply<IssuedToken> {
        self.exchange(ask).await
    }
}

impl StsClient {
    async fn exchange<A: Ask>(&self, ask: A) -> Reply<A::Told> {
        self.carry_out(ask.call(), A::read).await
    }

    /// One machine for each kind of result rather than for each action.
    async fn carry_out<T>(&self, mut call: Call<'_>, read: Read<T>) -> Reply<T> {
        let sent = self.clock.boot();
        let (sample, result) = match self.answer(&mut call).await {
            Ok((answer, received)) => {
                let Verdict { date, result } = reply::judge(&answer, &call, read);
                let sample = date.map(|date| Sample {
                    date,
                    sent,
                    received,
                    authenticated: call.authenticated(),
                });
                (sample, result)
            }
            Err(error) => (None, Err(error)),
        };
        log(&call, &result);
        Reply {
            sample,
            elapsed: self.clock.boot().since(sent),
            result: result.map(|(told, _)| told),
        }
    }

    /// The answer, and when its head came: the date in it is no younger.
    async fn answer(&self, call: &mut Call<'_>) -> Result<(Answer, BootInstant), Error> {
        let headers = sign::headers(call).map_err(|unsigned| self.no_answer(call, &unsigned.into()))?;
        let form = std::mem::take(&mut call.form);
        let response = self.transport.post(&call.endpoint.url, headers, form).await;
        let response = response.map_err(|failure| self.no_answer(call, &failure))?;
        let received = self.clock.boot();
        let (status, date) = (response.status().as_u16(), date(&response));
        let body = self.transport.read_body(response).await;
        let body = body.map_err(|failure| self.no_answer(call, &failure))?;
        Ok((Answer { status, date, body }, received))
    }

    fn no_answer(&self, call: &Call<'_>, failure: &Failure) -> Error {
        let place = match self.route(&call.endpoint.url) {
            Route::Direct => call.host(),
            route @ Route::Proxy(_) => format!("{} ({route})", call.host()),
        };
        let cause = sanitise::text(&failure.cause, &call.secrets);
        Error {
            class: failure.class,
            message: explain::no_answer(call, &place, failure, &cause),
            code: None,
            request_id: None,
            sent: failure.sent,
        }
    }
}

/// The `Date` header; none if there are two, since one of them is a lie.
fn date(response: &Response) -> Option<DateTime<Utc>> {
    let mut dates = response.headers().get_all(DATE).iter();
    match (dates.next(), dates.next()) {
        (Some(date), None) => times::date(date.to_str().ok()?),
        _ => None,
    }
}

fn log<T>(call: &Call<'_>, result: &Result<(T, String), Error>) {
    let (result, request_id) = match result {
        Ok((_, id)) => ("success", Some(id.as_str())),
        Err(error) => (error.class.as_str(), error.request_id.as_deref()),
    };
    tracing::debug!(
        action = call.action.as_str(),
        host = call.host(),
        result,
        request_id,
        "called STS"
    );
}
