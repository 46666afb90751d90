//! One HTTP request on one connection of its own: never repeated, never redirected, bounded in time and size.

mod body;
mod failure;
#[cfg(all(test, feature = "emulator"))]
mod in_memory;
mod proxy;
mod roots;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use url::Url;
use zeroize::Zeroizing;

pub(super) use failure::Failure;
#[cfg(all(test, feature = "emulator"))]
pub(crate) use in_memory::{Lost, Wire};
use proxy::Proxies;
pub use proxy::Route;
pub use roots::Roots;

use super::setup::SetupError;
use crate::clock::Clock;
use crate::config::Env;

/// How long a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To resolve the name, connect, pass a proxy and agree on TLS. Shorter than `total`: what runs into it has sent
    /// nothing.
    pub connect: Duration,
    /// For everything, the last byte of the reply included, however slowly it drips.
    pub total: Duration,
}

impl Default for Timeouts {
    /// 3 s and 10 s.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            total: Duration::from_secs(10),
        }
    }
}

/// The client, its proxies and its certificates.
pub(super) struct Transport {
    client: Client,
    proxies: Arc<Proxies>,
    roots: Roots,
    timeouts: Timeouts,
    /// What carries requests in the place of the network.
    #[cfg(all(test, feature = "emulator"))]
    wire: Option<Arc<dyn Wire>>,
}

impl Transport {
    /// Reads the certificates: blocking, for the start of the process only.
    pub(super) fn new(clock: Arc<dyn Clock>, env: Env<'_>, timeouts: Timeouts) -> Result<Self, SetupError> {
        let proxies = Arc::new(Proxies::new(env)?);
        let (store, roots) = roots::load(env)?;
        let client = client(tls(clock, store)?, Arc::clone(&proxies), timeouts);
        Ok(Self {
            client: client.map_err(|error| SetupError::Client(error.to_string()))?,
            proxies,
            roots,
            timeouts,
            #[cfg(all(test, feature = "emulator"))]
            wire: None,
        })
    }

    /// Sends the one request. The form is wiped when the last holder drops it; what the TLS library and the sockets
    /// copied is not ours to wipe.
    pub(super) async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        form: Zeroizing<Vec<u8>>,
    ) -> Result<Response, Failure> {
        #[cfg(all(test, feature = "emulator"))]
        if let Some(wire) = &self.wire {
            return self.carried(&**wire, url, headers, form).await;
        }
        let request = self.client.request(Method::POST, url.clone());
        let request = request.headers(headers).body(Bytes::from_owner(form));
        let response = request.send().await;
        response.map_err(|error| Failure::of(&error, self.timeouts))
    }

    /// The whole body, or `None` when it is longer than any reply of STS.
    pub(super) async fn read_body(&self, response: Response) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let body = body::read(response).await;
        body.map_err(|error| Failure::of(&error, self.timeouts))
    }

    pub(super) fn route(&self, url: &Url) -> Route {
        self.proxies.route(url)
    }

    pub(super) fn roots(&self) -> &Roots {
        &self.roots
    }
}

/// Everything that could send a request twice, elsewhere, or with more than we wrote is off, the library's own look at
/// the environment (which a proxy of ours ends) among it. Without a pool a lost connection is always a fresh one, so
/// that no library thinks it safe to send a used code again.
fn client(tls: ClientConfig, proxies: Arc<Proxies>, timeouts: Timeouts) -> reqwest::Result<Client> {
    let proxy = reqwest::Proxy::custom(move |url| proxies.intercept(url).cloned());
    Client::builder()
        .tls_backend_preconfigured(tls)
        .proxy(proxy)
        .http1_only()
        .pool_max_idle_per_host(0)
        .retry(reqwest::retry::never())
        .redirect(Policy::none())
        .referer(false)
        .user_agent(concat!("valetkey/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(timeouts.connect)
        .timeout(timeouts.total)
        .build()
}

/// TLS 1.2 and 1.3 with ring, told by name, so that no default provider of the process is needed. No sessions are kept:
/// hours lie between two calls.
fn tls(clock: Arc<dyn Clock>, roots: rustls::RootCertStore) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_details(provider, Arc::new(WallTime(clock)))
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Client(error.to_string()))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The time by which certificates are valid.
struct WallTime(Arc<dyn Clock>);

impl TimeProvider for WallTime {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.wall().timestamp()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

impl std::fmt::Debug for WallTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WallTime")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_three_seconds_to_connect_and_ten_in_all() {
        let Timeouts { connect, total } = Timeouts::default();
        assert_eq!((connect, total), (Duration::from_secs(3), Duration::from_secs(10)));
    }
}
