use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use valetkey::BoxFuture;
use valetkey::clock::{BootInstant, Clock};
use valetkey::config::{self, Format, Profile};
use valetkey::metrics::{Metrics, Reason};
use valetkey::renew::{Document, Snapshot, Table};
use valetkey::secret::Secret;
use valetkey::server::fuzzing::Endpoint;
use valetkey::server::{Consumers, Credentials, Imds, Tokens};

use super::replies::{self, Reply};
use super::{DOCUMENT, TOKENS};

/// Which listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Container,
    Imds,
}

/// How bytes come in.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Everything, before anything is answered; or a head once the one before it is answered.
    pub at_once: bool,
    /// A few bytes at a time.
    pub in_pieces: bool,
}

/// A conversation that has ended.
pub struct Said {
    pub form: Form,
    pub exchanges: Vec<Exchange>,
    /// How often each code was answered, and each reason given.
    pub answered: Vec<(u16, u64)>,
    pub rejected: Vec<(Reason, u64)>,
}

/// What came in, a head or everything, and what was answered then.
#[derive(Default)]
pub struct Exchange {
    pub heard: Vec<u8>,
    pub said: Vec<u8>,
    /// The IMDS tokens that were given so far and are still good.
    pub good: Vec<String>,
    /// All that were given so far.
    pub given: Vec<String>,
}

/// The listeners of a daemon with two profiles, at a time that stands still but for a second with each piece that comes in.
pub struct Scene {
    container: Endpoint,
    imds: Endpoint,
    seconds: Arc<Seconds>,
}

/// Less than what an input has pieces, so that credentials die in the middle of long ones.
const LIFE: Duration = Duration::from_secs(2_000);

const PIECE: usize = 3;

const PLAN: &str = r#"
[server]
imds = "127.0.0.1:7413"
imds_profile = "ops"
imds_instance_id = "i-0123456789abcdef0"
[profile.ops]
region = "eu-west-1"
key = { directory = "/nowhere" }
[profile.deploy]
region = "eu-west-1"
key = { directory = "/nowhere" }
"#;

impl Scene {
    #[expect(clippy::new_without_default)]
    pub fn new() -> Self {
        let env = |name: &str| (name == "RUNTIME_DIRECTORY").then(|| "/run/valetkey".into());
        let plan = config::parse(PLAN.as_bytes(), Format::Toml, "plan", &env);
        let plan = plan.unwrap_or_else(|errors| panic!("{errors}"));
        let config = plan.server.imds.expect("it is on");
        let named = |name: &str| plan.profiles.iter().find(|profile| profile.name.as_str() == name);
        let profiles: Vec<Profile> = ["ops", "deploy"]
            .map(|name| named(name).expect("it is there").clone())
            .into();
        let table = Arc::new(Table::new(&profiles));
        table.named("ops").expect("it is there").publish(Snapshot {
            document: Some(Document {
                body: DOCUMENT.into(),
                dies: BootInstant::from_boot(LIFE),
            }),
            started: true,
            ..Snapshot::default()
        });
        let seconds = Arc::<Seconds>::default();
        let clock: Arc<dyn Clock> = seconds.clone();
        let metrics = Arc::new(Metrics::new(table.clone(), clock.clone(), || 0));
        let tokens = TOKENS.map(Secret::from);
        let consumers = Consumers::with_imds(Tokens::new(&tokens), &table, Some(config.profile.clone()));
        let consumers = Arc::new(consumers);
        let container = Credentials {
            consumers: consumers.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
            audit: false,
            tls: None,
        };
        let address = config.address;
        let imds = Imds {
            config,
            consumers,
            clock,
            metrics,
            audit: false,
        };
        Self {
            container: Endpoint::credentials("127.0.0.1:7411".parse().expect("an address"), container),
            imds: Endpoint::imds(address, imds).expect("there are random numbers"),
            seconds,
        }
    }

    pub fn converse(&self, form: Form, arrival: Arrival, mut rest: &[u8]) -> Said {
        let endpoint = match form {
            Form::Container => &self.container,
            Form::Imds => &self.imds,
        };
        self.seconds.0.store(0, Ordering::Relaxed);
        let before = endpoint.counted();
        let mut exchanges: Vec<Exchange> = Vec::new();
        let mut given: Vec<(String, u64)> = Vec::new();
        let mut coming = Vec::new();
        let end = endpoint.converse(|said| {
            let now = self.seconds.0.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(exchange) = exchanges.last_mut() {
                exchange.said.extend_from_slice(said);
            }
            if coming.is_empty() {
                if let Some(exchange) = exchanges.last() {
                    given.extend(tokens(&exchange.said, now - 1));
                }
                let length = if arrival.at_once { rest.len() } else { first_head(rest) };
                let (head, others) = rest.split_at(length);
                rest = others;
                coming = replaced(head, given.last().map(|(token, _)| token.as_str()));
                exchanges.push(Exchange {
                    heard: coming.clone(),
                    given: given.iter().map(|(token, _)| token.clone()).collect(),
                    ..Exchange::default()
                });
            }
            let length = if arrival.in_pieces {
                coming.len().min(PIECE)
            } else {
                coming.len()
            };
            let exchange = exchanges.last_mut().expect("one was begun");
            // What is good when the last piece of the head comes in.
            let good = given.iter().filter(|(_, expires)| now < *expires);
            exchange.good = good.map(|(token, _)| token.clone()).collect();
            coming.drain(..length).collect()
        });
        if let Some(exchange) = exchanges.last_mut() {
            exchange.said.extend_from_slice(&end);
        }
        let after = endpoint.counted();
        Said {
            form,
            exchanges,
            answered: more(before.0, after.0),
            rejected: more(before.1, after.1),
        }
    }
}

/// As long as there is one, with the empty line behind it.
fn first_head(bytes: &[u8]) -> usize {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    end.map_or(bytes.len(), |end| end + 4)
}

fn replaced(head: &[u8], token: Option<&str>) -> Vec<u8> {
    const PLACE: &[u8] = b"TOKEN";
    let Some(token) = token else {
        return head.to_vec();
    };
    let mut replaced = Vec::with_capacity(head.len());
    let mut rest = head;
    while let Some(at) = rest.windows(PLACE.len()).position(|window| window == PLACE) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(token.as_bytes());
        rest = &rest[at + PLACE.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

/// The IMDS tokens in what was said, and the second in which each expires.
fn tokens(said: &[u8], now: u64) -> Vec<(String, u64)> {
    let token = |reply: &Reply| {
        let ttl: u64 = reply.header("x-aws-ec2-metadata-token-ttl-seconds")?.parse().ok()?;
        Some((String::from_utf8(reply.body.clone()).ok()?, now + ttl))
    };
    replies::read(said).iter().filter_map(token).collect()
}

/// What each was counted more often.
fn more<T>(before: Vec<(T, u64)>, after: Vec<(T, u64)>) -> Vec<(T, u64)> {
    let counts = before.into_iter().zip(after);
    counts
        .map(|((_, before), (what, after))| (what, after - before))
        .collect()
}

/// The seconds since boot. Nobody sleeps by it: limits in time are those of a connection's task.
#[derive(Default)]
struct Seconds(AtomicU64);

impl Clock for Seconds {
    fn boot(&self) -> BootInstant {
        BootInstant::from_boot(Duration::from_secs(self.0.load(Ordering::Relaxed)))
    }

    fn wall(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn sleep_until(&self, _: BootInstant) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}
