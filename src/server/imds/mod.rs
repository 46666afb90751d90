//! The credentials of one profile as EC2's instance metadata service gives those of a role, in its second version alone: a `PUT`
//! brings a token, and nothing is told without one.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html>

mod instance;
mod path;
mod token;

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{ALLOW, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use tower::Service;

use super::asked::{Asked, Waiting};
use super::consumers::{Admission, Consumers, Known};
use super::document;
use super::peer::Peer;
use super::refusals::Refusals;
use super::reply::{self, Answer, Reply};
use crate::clock::{BootInstant, Clock};
use crate::config;
use crate::metrics::{Metrics, Reason};
use instance::Instance;
use path::Target;
pub(super) use path::route;
use token::TokenKey;

/// The IMDSv2 endpoint: what `AWS_EC2_METADATA_SERVICE_ENDPOINT` points at.
pub struct Imds {
    /// What it tells of the instance.
    pub config: config::Imds,
    /// Which profile is served.
    pub consumers: Arc<Consumers>,
    /// Tells when credentials have died and tokens have expired.
    pub clock: Arc<dyn Clock>,
    /// What counts.
    pub metrics: Arc<Metrics>,
    /// Whether each serving is a line in the log, under [`AUDIT`](super::AUDIT).
    pub audit: bool,
}

impl Imds {
    /// An error where the system gives no random numbers.
    pub(super) fn into_service(self, refusals: Arc<Refusals>) -> io::Result<ImdsService> {
        let key = TokenKey::new();
        let key = key.map_err(|_| io::Error::other("the system gives no random numbers for IMDS tokens"))?;
        Ok(ImdsService(Arc::new(Inner {
            instance: Instance::new(self.config),
            consumers: self.consumers,
            clock: self.clock,
            refusals,
            key,
        })))
    }
}

const TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const TOKEN_TTL: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");

/// Six hours.
const LONGEST_TTL: u32 = 21_600;

/// As EC2 sends it.
static PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain");

#[derive(Clone)]
pub(super) struct ImdsService(Arc<Inner>);

struct Inner {
    instance: Instance,
    consumers: Arc<Consumers>,
    clock: Arc<dyn Clock>,
    refusals: Arc<Refusals>,
    key: TokenKey,
}

impl Service<Asked<'_>> for ImdsService {
    type Response = Reply;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, asked: Asked<'_>) -> Answer {
        match self.0.answer(asked) {
            Some(reply) => reply.into(),
            None => Answer::later(Arc::clone(&self.0).answer_in_a_while(asked.waiting())),
        }
    }
}

impl Inner {
    /// None while the kernel is being asked who the peer is.
    fn answer(&self, asked: Asked<'_>) -> Option<Reply> {
        let target = Target::of(asked.request.path);
        let reply = self.asked(asked, target).transpose()?;
        Some(reply.unwrap_or_else(|reason| self.refuse(reason, target)))
    }

    async fn answer_in_a_while(self: Arc<Self>, waiting: Waiting) -> Reply {
        if let Some(peer) = waiting.peer() {
            peer.settled(&*self.clock).await;
        }
        let reply = waiting.ask(self.clock.boot(), |asked| self.answer(asked));
        reply.unwrap_or_else(reply::on_another_connection)
    }

    fn refuse(&self, reason: Reason, target: Target<'_>) -> Reply {
        self.refusals.add(reason);
        refusal(reason, target)
    }

    /// The token comes before the peer and the path, so that nobody without one learns what is here.
    fn asked(&self, asked: Asked<'_>, target: Target<'_>) -> Result<Option<Reply>, Reason> {
        let (known, request, now) = (self.consumers.load(), asked.request, asked.at);
        let peer = request.extensions.get::<Arc<Peer>>();
        let admits = || {
            known
                .imds()
                .map_or(Admission::Granted, |granted| granted.admits(peer, now))
        };
        match (request.method, target) {
            (&Method::PUT, Target::Token) => {
                let ttl = only(request.headers, &TOKEN_TTL)
                    .and_then(ttl)
                    .ok_or(Reason::TokenTtl)?;
                match admits() {
                    // A token alone opens nothing: each request that shows it is looked at again.
                    Admission::Granted | Admission::Unasked => Ok(Some(self.token(ttl, now))),
                    Admission::Sought => Ok(None),
                    Admission::Refused => Err(Reason::Uid),
                }
            }
            (&Method::PUT, _) => Err(Reason::Path),
            (&Method::GET, _) => {
                self.check(request.headers, now)?;
                match admits() {
                    Admission::Granted => self.metadata(&known, target, now, peer).map(Some),
                    Admission::Sought => Ok(None),
                    Admission::Unasked => Ok(Some(reply::on_another_connection())),
                    Admission::Refused => Err(Reason::Uid),
                }
            }
            _ => Err(Reason::Method),
        }
    }

    /// A token for whoever asks, and how long it is good: some SDKs take none without that.
    fn token(&self, ttl: u32, now: BootInstant) -> Reply {
        let expires = now + Duration::from_secs(ttl.into());
        let mut reply = text(self.key.seal(expires).into());
        reply.headers_mut().insert(TOKEN_TTL, ttl.into());
        reply
    }

    /// Whether a request has a token that is good at `now`.
    fn check(&self, headers: &HeaderMap, now: BootInstant) -> Result<(), Reason> {
        if !headers.contains_key(TOKEN) {
            return Err(Reason::TokenMissing);
        }
        let token = only(headers, &TOKEN).ok_or(Reason::TokenUnknown)?;
        let expires = self.key.open(token.as_bytes()).ok_or(Reason::TokenUnknown)?;
        if now < expires {
            Ok(())
        } else {
            Err(Reason::TokenExpired)
        }
    }

    fn metadata(
        &self,
        known: &Known,
        target: Target<'_>,
        now: BootInstant,
        peer: Option<&Arc<Peer>>,
    ) -> Result<Reply, Reason> {
        let profile = known.imds().map(|granted| granted.profile);
        let instance = &self.instance;
        let found = match target {
            Target::Token => return Err(Reason::Method),
            Target::Other => return Err(Reason::Path),
            Target::Roles => profile.map(|_| text(instance.role.clone())),
            Target::Role(role) => match profile {
                Some(profile) if profile.name.as_str() != role => return Err(Reason::Path),
                profile => profile.map(|profile| document::of(known, profile, now, peer)),
            },
            Target::IamInfo => profile.and_then(|profile| instance.iam_info(profile)).map(json),
            Target::InstanceId => instance.id.clone().map(text),
            Target::Region => Some(text(instance.region.clone())),
            Target::AvailabilityZone => Some(text(instance.availability_zone.clone())),
            Target::IdentityDocument => Some(json(instance.identity_document(profile))),
            Target::RolesExtended => None,
        };
        // What this instance does not have breaks no rule.
        Ok(found.unwrap_or_else(not_found))
    }
}

/// The value of a header that is there once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn ttl(value: &HeaderValue) -> Option<u32> {
    let digits = value.as_bytes();
    // Nothing longer is in the range, and nothing in it begins with a zero.
    if digits.len() > 5 || digits.first() == Some(&b'0') || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let ttl = str::from_utf8(digits).ok()?.parse().ok()?;
    (1..=LONGEST_TTL).contains(&ttl).then_some(ttl)
}

fn text(body: Bytes) -> Reply {
    reply::with_type(StatusCode::OK, &PLAIN_TEXT, body)
}

fn json(body: Bytes) -> Reply {
    reply::json(StatusCode::OK, body)
}

fn not_found() -> Reply {
    reply::error(StatusCode::NOT_FOUND, "NotFound", "this instance has no such metadata")
}

fn refusal(reason: Reason, target: Target<'_>) -> Reply {
    match reason {
        Reason::Method => {
            let allowed = if target == Target::Token { "PUT" } else { "GET, PUT" };
            let message = "a token is asked for with PUT, metadata with GET";
            let mut reply = reply::error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message);
            reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
            reply::closing(reply)
        }
        Reason::Path => not_found(),
        Reason::TokenTtl => {
            let message = "X-aws-ec2-metadata-token-ttl-seconds must be a number of seconds from 1 to 21600";
            reply::closing(reply::error(StatusCode::BAD_REQUEST, "BadRequest", message))
        }
        Reason::Uid => {
            let message = "this process's user may not have these credentials: let its UID be in the profile's allowed_uids, \
                           or run it as a user whose is";
            // After 403 for a token, SDKs ask without one.
            let status = match target {
                Target::Token => StatusCode::BAD_REQUEST,
                _ => StatusCode::FORBIDDEN,
            };
            reply::closing(reply::error(status, "Forbidden", message))
        }
        // A missing, a wrong and an expired token look the same.
        _ => {
            let message = "X-aws-ec2-metadata-token must be a token that a PUT to /latest/api/token brought (IMDSv2)";
            reply::closing(reply::error(StatusCode::UNAUTHORIZED, "Unauthorized", message))
        }
    }
}
