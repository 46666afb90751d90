#[path = "../common/authority.rs"]
#[allow(dead_code, reason = "not every test of a listener speaks TLS")]
pub(crate) mod authority;
#[path = "wire.rs"]
mod wire;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use valetkey::aws::{AvailabilityZone, Endpoint, HopLimit, SessionDuration};
use valetkey::clock::{BootInstant, Clock};
use valetkey::config::{self, KeySource, Kind, Profile, RelativeUri, Session};
use valetkey::metrics::Metrics;
use valetkey::renew::{Document, Snapshot, Table};
use valetkey::secret::Secret;
use valetkey::server::{
    Access, Consumers, Credentials, Imds, Issued, Limits, Ops, Tls, Tokens, serve_credentials, serve_imds, serve_ops,
};

use authority::Authority;
#[allow(unused_imports, reason = "each test binary uses its part")]
pub(crate) use wire::{HANG, Peer, Reply, Way};

use crate::clock::ManualClock;

/// What is served; the canary must be in no other reply.
pub(crate) const DOCUMENT: &str = r#"{"Code":"Success","SecretAccessKey":"canary"}"#;

/// How long the credentials of a [`Scene`] live.
pub(crate) const LIFE: Duration = Duration::from_hours(1);

/// What a scene may have beside its defaults.
#[derive(Default)]
pub(crate) struct Setup {
    /// Each serving is a line in the log.
    pub(crate) audit: bool,
    /// Of every profile.
    pub(crate) allowed_uids: Option<Vec<u32>>,
    pub(crate) relative_uri: Option<RelativeUri>,
    pub(crate) way: Way,
}

/// All listeners on ports of their own, with a clock that stands still.
pub(crate) struct Scene {
    pub(crate) clock: ManualClock,
    pub(crate) table: Arc<Table>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) consumers: Arc<Consumers>,
    pub(crate) credentials: Running,
    pub(crate) imds: Running,
    pub(crate) ops: Running,
    /// What the credentials listener shows, where it speaks TLS.
    pub(crate) identity: Option<Identity>,
}

/// A certificate for `127.0.0.1` and `valetkey.example`, in the files of a folder.
pub(crate) struct Identity {
    pub(crate) authority: Authority,
    pub(crate) folder: TempDir,
    pub(crate) tls: Arc<Tls>,
}

/// Small, so that a peer that does not read is felt soon.
const BUFFER: u32 = 4096;

/// A listener and its end.
pub(crate) struct Running {
    way: Way,
    pub(crate) address: SocketAddr,
    tls: Option<TlsConnector>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Scene {
    /// Profiles whose tokens are `token-<name>`; those in `alive` have credentials.
    pub(crate) fn new(profiles: &[&str], alive: &[&str]) -> Self {
        Self::with_limits(profiles, alive, Limits::CREDENTIALS)
    }

    pub(crate) fn with_limits(profiles: &[&str], alive: &[&str], limits: Limits) -> Self {
        let clock = ManualClock::default();
        Self::with_clock(profiles, alive, limits, clock.clone(), Arc::new(clock))
    }

    /// The servers get `shared`; `clock` is what the test moves.
    pub(crate) fn with_clock(
        profiles: &[&str],
        alive: &[&str],
        limits: Limits,
        clock: ManualClock,
        shared: Arc<dyn Clock>,
    ) -> Self {
        Self::build(profiles, alive, limits, clock, shared, &Setup::default())
    }

    /// Reached in another way.
    #[allow(dead_code, reason = "most tests need one way only")]
    pub(crate) fn over(way: Way, profiles: &[&str], alive: &[&str]) -> Self {
        let setup = Setup {
            way,
            ..Setup::default()
        };
        Self::set_up(profiles, alive, &setup)
    }

    /// With what is not there by default.
    #[allow(dead_code, reason = "each test binary uses its part")]
    pub(crate) fn set_up(profiles: &[&str], alive: &[&str], setup: &Setup) -> Self {
        let clock = ManualClock::default();
        let shared = Arc::new(clock.clone());
        Self::build(profiles, alive, Limits::CREDENTIALS, clock, shared, setup)
    }

    /// Each serving is a line in the log.
    #[allow(dead_code, reason = "the tests of the audit are a process of their own")]
    pub(crate) fn audited(profiles: &[&str], alive: &[&str]) -> Self {
        let setup = Setup {
            audit: true,
            ..Setup::default()
        };
        Self::set_up(profiles, alive, &setup)
    }

    /// The credentials listener speaks TLS, as do those who connect to it.
    #[allow(dead_code, reason = "not every test of a listener speaks TLS")]
    pub(crate) fn over_tls(profiles: &[&str], alive: &[&str], limits: Limits) -> Self {
        let clock = ManualClock::default();
        let shared = Arc::new(clock.clone());
        let setup = Setup {
            way: Way::Tls,
            ..Setup::default()
        };
        Self::build(profiles, alive, limits, clock, shared, &setup)
    }

    fn build(
        profiles: &[&str],
        alive: &[&str],
        limits: Limits,
        clock: ManualClock,
        shared: Arc<dyn Clock>,
        setup: &Setup,
    ) -> Self {
        let audit = setup.audit;
        let plan = plan(profiles, setup.allowed_uids.as_deref());
        let table = Arc::new(Table::new(&plan));
        for name in alive {
            table.named(name).unwrap().publish(valid(BootInstant::from_boot(LIFE)));
        }
        let metrics = Arc::new(Metrics::new(Arc::clone(&table), Arc::clone(&shared), || 0));
        let identity = (setup.way == Way::Tls).then(|| Identity::new(Arc::clone(&shared)));
        let served = plan.first().map(|profile| profile.name.clone());
        let consumers = Consumers::with_forms(access(&plan), &table, served, setup.relative_uri);
        let consumers = Arc::new(consumers);
        let endpoint = Credentials {
            consumers: Arc::clone(&consumers),
            clock: Arc::clone(&shared),
            metrics: Arc::clone(&metrics),
            audit,
            tls: identity.as_ref().map(|identity| Arc::clone(&identity.tls)),
        };
        let mut credentials = Running::start(setup.way, |listener, stop| async move {
            serve_credentials(listener, endpoint, limits, stop).await.unwrap();
        });
        credentials.tls = identity.as_ref().map(Identity::client);
        let imds = Imds {
            config: instance(profiles[0]),
            consumers: Arc::clone(&consumers),
            clock: Arc::clone(&shared),
            metrics: Arc::clone(&metrics),
            audit,
        };
        let imds = Running::start(setup.way, |listener, stop| async move {
            serve_imds(listener, imds, limits, stop).await.unwrap();
        });
        let ops = Ops {
            table: Arc::clone(&table),
            clock: shared,
            metrics: Arc::clone(&metrics),
        };
        let ops = Running::start(setup.way, |listener, stop| serve_ops(listener, ops, Limits::OPS, stop));
        Self {
            clock,
            table,
            metrics,
            consumers,
            credentials,
            imds,
            ops,
            identity,
        }
    }

    /// The value of a series; 0 for one that is not there.
    pub(crate) fn metric(&self, series: &str) -> u64 {
        let page = String::from_utf8(self.metrics.render()).unwrap();
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().unwrap())
    }

    pub(crate) fn rejected(&self, listener: &str, reason: &str) -> u64 {
        self.metric(&format!(
            "valetkey_http_rejected_total{{listener=\"{listener}\",reason=\"{reason}\"}}"
        ))
    }

    /// Returns once this many connections are open.
    pub(crate) async fn open_connections(&self, wanted: u64) {
        self.open_connections_of("credentials", wanted).await;
    }

    pub(crate) async fn open_connections_of(&self, listener: &str, wanted: u64) {
        let reached = async {
            while self.metric(&format!("valetkey_http_connections{{listener=\"{listener}\"}}")) != wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(HANG, reached)
            .await
            .expect("connections neither open nor end");
    }
}

impl Identity {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
        let files = authority.issue(&["valetkey.example"]).install(folder.path());
        let tls = Arc::new(Tls::load(files, clock).unwrap());
        Self { authority, folder, tls }
    }

    fn client(&self) -> TlsConnector {
        TlsConnector::from(Arc::new(self.authority.client()))
    }
}

impl Running {
    fn start<F>(way: Way, serve: impl FnOnce(TcpListener, Stop) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let socket = way.socket();
        socket.set_send_buffer_size(BUFFER).unwrap();
        socket.bind(way.address()).unwrap();
        let listener = socket.listen(128).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped: Stop = Box::pin(async { drop(stopped.await) });
        Self {
            way,
            address,
            tls: None,
            stop: Some(stop),
            task: tokio::spawn(serve(listener, stopped)),
        }
    }

    /// As the listener speaks: over TLS or not.
    pub(crate) async fn connect(&self) -> Peer {
        self.try_connect().await.unwrap()
    }

    /// The error is that of a handshake.
    pub(crate) async fn try_connect(&self) -> io::Result<Peer> {
        let stream = self.connect_plainly().await;
        let Some(tls) = &self.tls else {
            return Ok(Peer(Box::new(stream)));
        };
        let host = "valetkey.example".try_into().unwrap();
        Ok(Peer(Box::new(tls.connect(host, stream).await?)))
    }

    pub(crate) async fn connect_plainly(&self) -> TcpStream {
        self.knock().connect_plainly().await
    }

    /// Its address, for a task of its own.
    pub(crate) fn knock(&self) -> Knock {
        Knock(self.way, self.address)
    }

    pub(crate) fn stop(&mut self) {
        self.stop.take();
    }

    /// Returns when the listener's function has.
    pub(crate) async fn ended(self) {
        self.task.await.unwrap();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }
}

/// Where a listener is.
pub(crate) struct Knock(Way, SocketAddr);

impl Knock {
    #[allow(dead_code, reason = "each test binary uses its part")]
    pub(crate) async fn connect(&self) -> Peer {
        Peer(Box::new(self.connect_plainly().await))
    }

    async fn connect_plainly(&self) -> TcpStream {
        let socket = self.0.socket();
        socket.set_recv_buffer_size(BUFFER).unwrap();
        socket.connect(self.1).await.unwrap()
    }
}

type Stop = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// A good request for a profile's credentials.
pub(crate) fn get(profile: &str) -> String {
    format!("GET /credentials/{profile} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token-{profile}\r\n\r\n")
}

/// Credentials that die at this instant.
pub(crate) fn valid(dies: BootInstant) -> Snapshot {
    let body = Bytes::from_static(DOCUMENT.as_bytes());
    Snapshot {
        document: Some(Document { body, dies }),
        started: true,
        session_key: Some("ASIAIOSFODNN7EXAMPLE".parse().unwrap()),
        ..Snapshot::default()
    }
}

/// The instance whose role a profile is.
fn instance(profile: &str) -> config::Imds {
    let region = "eu-west-1".parse().unwrap();
    config::Imds {
        address: "127.0.0.1:0".parse().unwrap(),
        profile: profile.parse().unwrap(),
        hop_limit: HopLimit::default(),
        availability_zone: AvailabilityZone::of(&region, "eu-west-1c").unwrap(),
        region,
        instance_id: Some("i-0123456789abcdef0".parse().unwrap()),
        instance_profile_arn: Some("arn:aws:iam::123456789012:instance-profile/ops".parse().unwrap()),
    }
}

/// Profiles for these users, or for all.
pub(crate) fn plan(names: &[&str], allowed_uids: Option<&[u32]>) -> Vec<Profile> {
    let profiles = names.iter().map(|name| Profile {
        allowed_uids: allowed_uids.map(<[u32]>::to_vec),
        ..profile(name)
    });
    profiles.collect()
}

/// What opens them: `token-<name>` and `id-<name>`.
pub(crate) fn access(plan: &[Profile]) -> Access {
    let secrets = |kind: &str| {
        let secrets = plan.iter().map(|profile| format!("{kind}-{}", profile.name).into());
        Tokens::new(&secrets.collect::<Vec<Secret>>())
    };
    Access::new(Issued::new(secrets("token"), secrets("id")), plan)
}

/// `required` unless the name says otherwise.
pub(crate) fn profile(name: &str) -> Profile {
    let region = "eu-west-1".parse().unwrap();
    Profile {
        name: name.parse().unwrap(),
        required: name != "optional",
        endpoint: Endpoint::regional(&region),
        expected_account_id: None,
        allowed_uids: None,
        region,
        kind: Kind::Session(Session {
            key: KeySource::Directory("/nowhere".into()),
            mfa: None,
            duration: SessionDuration::default(),
        }),
    }
}
