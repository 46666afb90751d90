use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Response;
use reqwest::header::DATE;
use url::Url;

use super::actions::{Granted, assume_role, get_session_token};
use super::reply::{self, Answer, Read, Verdict};
use super::setup::SetupError;
use super::transport::{Failure, Roots, Route, Timeouts, Transport};
use super::wire::Call;
use super::{AssumeRole, Error, GetSessionToken, Issued, Reply, Sts, explain, sanitise, sign, times};
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
        Box::pin(async move {
            let call = get_session_token::call(&ask);
            self.exchange(call, get_session_token::read).await.into()
        })
    }

    fn assume_role<'a>(&'a self, ask: AssumeRole<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            let call = assume_role::call(&ask);
            self.exchange(call, assume_role::read).await.into()
        })
    }
}

/// What came of a call, whatever the action.
struct Exchange<T> {
    sample: Option<Sample>,
    elapsed: Duration,
    /// What was asked for, and the request id.
    result: Result<(T, String), Error>,
}

impl From<Exchange<Granted>> for Reply {
    fn from(exchange: Exchange<Granted>) -> Self {
        let result = exchange.result.map(|(granted, request_id)| Issued {
            credentials: Arc::new(granted.credentials),
            lifetime: granted.lifetime,
            account: granted.account,
            packed_policy_size: granted.packed_policy_size,
            request_id,
        });
        Self {
            sample: exchange.sample,
            elapsed: exchange.elapsed,
            result,
        }
    }
}

impl StsClient {
    async fn exchange<T>(&self, mut call: Call<'_>, read: Read<T>) -> Exchange<T> {
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
        Exchange {
            sample,
            elapsed: self.clock.boot().since(sent),
            result,
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
