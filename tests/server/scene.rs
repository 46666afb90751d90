use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use valetkey::aws::{AvailabilityZone, Endpoint, HopLimit, SessionDuration};
use valetkey::clock::{BootInstant, Clock};
use valetkey::config::{self, KeySource, Kind, Profile, Session};
use valetkey::metrics::Metrics;
use valetkey::renew::{Document, Snapshot, Table};
use valetkey::secret::Secret;
use valetkey::server::{Consumers, Credentials, Imds, Limits, Ops, Tokens, serve_credentials, serve_imds, serve_ops};

use crate::clock::ManualClock;

/// What is served; the canary must be in no other reply.
pub(crate) const DOCUMENT: &str = r#"{"Code":"Success","SecretAccessKey":"canary"}"#;

/// How long the credentials of a [`Scene`] live.
pub(crate) const LIFE: Duration = Duration::from_hours(1);

/// All listeners on ports of their own, with a clock that stands still.
pub(crate) struct Scene {
    pub(crate) clock: ManualClock,
    pub(crate) table: Arc<Table>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) consumers: Arc<Consumers>,
    pub(crate) credentials: Running,
    pub(crate) imds: Running,
    pub(crate) ops: Running,
}

/// When a test that waits for something gives up.
pub(crate) const HANG: Duration = Duration::from_secs(20);

/// Small, so that a peer that does not read is felt soon.
const BUFFER: u32 = 4096;

/// A listener and its end.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
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
        Self::build(profiles, alive, limits, clock, shared, false)
    }

    /// Each serving is a line in the log.
    #[allow(dead_code, reason = "the tests of the audit are a process of their own")]
    pub(crate) fn audited(profiles: &[&str], alive: &[&str]) -> Self {
        let clock = ManualClock::default();
        let shared = Arc::new(clock.clone());
        Self::build(profiles, alive, Limits::CREDENTIALS, clock, shared, true)
    }

    fn build(
        profiles: &[&str],
        alive: &[&str],
        limits: Limits,
        clock: ManualClock,
        shared: Arc<dyn Clock>,
        audit: bool,
    ) -> Self {
        let plan: Vec<_> = profiles.iter().map(|name| profile(name)).collect();
        let table = Arc::new(Table::new(&plan));
        for name in alive {
            table.named(name).unwrap().publish(valid(BootInstant::from_boot(LIFE)));
        }
        let metrics = Arc::new(Metrics::new(Arc::clone(&table), Arc::clone(&shared), || 0));
        let tokens: Vec<Secret> = profiles.iter().map(|name| format!("token-{name}").into()).collect();
        let served = plan.first().map(|profile| profile.name.clone());
        let consumers = Arc::new(Consumers::with_imds(Tokens::new(&tokens), &table, served));
        let endpoint = Credentials {
            consumers: Arc::clone(&consumers),
            clock: Arc::clone(&shared),
            metrics: Arc::clone(&metrics),
            audit,
        };
        let credentials = Running::start(|listener, stop| async move {
            serve_credentials(listener, endpoint, limits, stop).await.unwrap();
        });
        let imds = Imds {
            config: instance(profiles[0]),
            consumers: Arc::clone(&consumers),
            clock: Arc::clone(&shared),
            metrics: Arc::clone(&metrics),
            audit,
        };
        let imds = Running::start(|listener, stop| async move {
            serve_imds(listener, imds, limits, stop).await.unwrap();
        });
        let ops = Ops {
            table: Arc::clone(&table),
            clock: shared,
            metrics: Arc::clone(&metrics),
        };
        let ops = Running::start(|listener, stop| serve_ops(listener, ops, Limits::OPS, stop));
        Self {
            clock,
            table,
            metrics,
            consumers,
            credentials,
            imds,
            ops,
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

impl Running {
    fn start<F>(serve: impl FnOnce(TcpListener, Stop) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(BUFFER).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(128).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped: Stop = Box::pin(async { drop(stopped.await) });
        Self {
            address,
            stop: Some(stop),
            task: tokio::spawn(serve(listener, stopped)),
        }
    }

    pub(crate) async fn connect(&self) -> Peer {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(BUFFER).unwrap();
        Peer(socket.connect(self.address).await.unwrap())
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

type Stop = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// A raw socket.
pub(crate) struct Peer(pub(crate) TcpStream);

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        let mut fields = lines.filter_map(|line| line.split_once(": "));
        fields
            .find(|field| field.0.eq_ignore_ascii_case(name))
            .map(|field| field.1)
    }
}

impl Peer {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// The next reply; none when the connection ended without one.
    pub(crate) async fn reply(&mut self) -> Option<Reply> {
        self.read(true).await
    }

    /// The next reply to HEAD: its length is announced, and no body follows.
    pub(crate) async fn reply_to_head(&mut self) -> Option<Reply> {
        self.read(false).await
    }

    async fn read(&mut self, with_body: bool) -> Option<Reply> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte().await?);
        }
        let head = String::from_utf8(head).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = Reply {
            status,
            head,
            body: String::new(),
        };
        if with_body {
            let length = reply.header("content-length").unwrap().parse().unwrap();
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await.unwrap();
            reply.body = String::from_utf8(body).unwrap();
        }
        Some(reply)
    }

    /// Whether nothing follows.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.byte().await.is_none()
    }

    /// A close may arrive as a reset, when the peer's bytes were not all read.
    async fn byte(&mut self) -> Option<u8> {
        match tokio::time::timeout(HANG, self.0.read_u8())
            .await
            .expect("neither bytes nor a close")
        {
            Ok(byte) => Some(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("{error}"),
        }
    }
}

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

/// `required` unless the name says otherwise.
pub(crate) fn profile(name: &str) -> Profile {
    let region = "eu-west-1".parse().unwrap();
    Profile {
        name: name.parse().unwrap(),
        required: name != "optional",
        endpoint: Endpoint::regional(&region),
        expected_account_id: None,
        region,
        kind: Kind::Session(Session {
            key: KeySource::Directory("/nowhere".into()),
            mfa: None,
            duration: SessionDuration::default(),
        }),
    }
}
