use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{HeaderValue, RETRY_AFTER};

use super::consumers::Known;
use super::peer::Peer;
use super::reply::{self, Reply};
use crate::clock::BootInstant;
use crate::renew::{self, Published};

/// The credentials of a profile that are valid at `now`, or 503 and why there are none: SDKs try again after that status, and give
/// up at once after a 4xx. The serving is noted where there is an audit.
pub(super) fn of(known: &Known, profile: &Published, now: BootInstant, peer: Option<&Arc<Peer>>) -> Reply {
    let snapshot = profile.snapshot();
    if let Some(document) = snapshot.servable(now) {
        if let Some(peer) = peer {
            peer.served(&profile.name, snapshot.session_key.as_ref());
        }
        return reply::json(StatusCode::OK, document.body.clone());
    }
    let message = renew::why(profile, known.profiles(), now);
    let mut reply = reply::error(StatusCode::SERVICE_UNAVAILABLE, "CredentialsUninitialized", &message);
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    reply
}
