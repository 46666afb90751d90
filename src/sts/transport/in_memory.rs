//! A network in memory, for tests in virtual time: all else of the client is what it always is.

use std::sync::Arc;

use reqwest::Response;
use reqwest::header::HeaderMap;
use url::Url;
use zeroize::Zeroizing;

use super::{Failure, Transport};
use crate::BoxFuture;
use crate::sts::Class;

/// What carries a request to STS, and its answer back.
pub(crate) trait Wire: Send + Sync {
    /// Carries one request. The timeouts are its own.
    fn carry<'a>(
        &'a self,
        url: &'a Url,
        headers: &'a HeaderMap,
        form: &'a [u8],
    ) -> BoxFuture<'a, Result<hyper::Response<Vec<u8>>, Lost>>;
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// No connection stood: no byte of the request left.
    Unreachable,
    /// The connection ended before the answer did.
    Cut,
    /// No answer came in time.
    TimedOut,
}

impl Transport {
    pub(in crate::sts) fn over(mut self, wire: Arc<dyn Wire>) -> Self {
        self.wire = Some(wire);
        self
    }

    pub(super) async fn carried(
        &self,
        wire: &dyn Wire,
        url: &Url,
        headers: HeaderMap,
        form: Zeroizing<Vec<u8>>,
    ) -> Result<Response, Failure> {
        match wire.carry(url, &headers, &form).await {
            Ok(response) => Ok(response.into()),
            Err(lost) => Err(Failure {
                class: match lost {
                    Lost::Unreachable | Lost::Cut => Class::Network,
                    Lost::TimedOut => Class::Timeout,
                },
                cause: format!("{lost:?}"),
                remedy: None,
                sent: lost != Lost::Unreachable,
            }),
        }
    }
}
