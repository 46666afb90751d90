//! The engine's world in tests: an STS that follows a script, sources that need no file, a clock that tests move.

use std::collections::VecDeque;
use std::sync::Mutex;

use chrono::{DateTime, Utc};

use super::super::*;
use crate::BoxFuture;
use crate::aws::{Credentials, LongTermKey, SerialNumber, TokenCode};
use crate::clock::{PausedClock, Sample};
use crate::config::{KeySource, Kind, Mfa, MfaCode, Profile, Session};
use crate::renew::Outcome;
use crate::secret::Secret;
use crate::sts::{Class, Error, GetSessionToken, Issued, Reply};
use crate::{keys, mfa};

pub(super) const WALL: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
const SERIAL: &str = "arn:aws:iam::123456789012:mfa/ops";

/// What STS answers, in turn; then sessions of 12 hours for ever.
pub(super) enum Say {
    Session {
        lifetime: Duration,
    },
    Refuse(Class),
    /// The connection failed before a byte left.
    Unreachable,
    Hang,
    Panic,
}

/// STS as the engine sees it, with a clock of its own.
pub(super) struct Script {
    clock: Arc<PausedClock>,
    ahead: TimeDelta,
    say: Mutex<VecDeque<Say>>,
    /// When each call came, by boot time, with the code that it carried.
    calls: Mutex<Vec<(BootInstant, Option<String>)>>,
}

impl Sts for Script {
    fn assume_role<'a>(&'a self, _call: crate::sts::AssumeRole<'a>) -> BoxFuture<'a, Reply> {
        unimplemented!("merge")
    }

    fn get_session_token<'a>(&'a self, call: GetSessionToken<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            let sent = self.clock.boot();
            let code = call.mfa.map(|(_, code)| code.expose().to_owned());
            self.calls.lock().unwrap().push((sent, code));
            let say = self.say.lock().unwrap().pop_front();
            let sample = Sample {
                date: DateTime::from_timestamp((self.clock.wall() + self.ahead).timestamp(), 0).unwrap(),
                sent,
                received: sent,
                authenticated: true,
            };
            let result = match say.unwrap_or(Say::Session {
                lifetime: Duration::from_hours(12),
            }) {
                Say::Session { lifetime } => Ok(session(lifetime, sample.date)),
                Say::Refuse(class) => Err(refusal(class, true)),
                Say::Unreachable => Err(refusal(Class::Network, false)),
                Say::Hang => std::future::pending().await,
                Say::Panic => panic!("as the script says"),
            };
            Reply {
                sample: Some(sample),
                elapsed: Duration::ZERO,
                result,
            }
        })
    }
}

fn session(lifetime: Duration, now: DateTime<Utc>) -> Issued {
    Issued {
        credentials: Credentials {
            access_key_id: "ASIAIOSFODNN7EXAMPLE".parse().unwrap(),
            secret_access_key: Secret::from("secret"),
            session_token: Secret::from("token"),
            expiration: now + lifetime,
        },
        lifetime,
        request_id: String::from("id"),
    }
}

fn refusal(class: Class, sent: bool) -> Error {
    Error {
        class,
        message: format!("refused: {}", class.as_str()),
        code: None,
        request_id: None,
        sent,
    }
}

/// A key and codes that need no file. The code is the step's number, so that calls show it.
struct Sources;

impl keys::Source for Sources {
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, keys::Error>> {
        Box::pin(async {
            Ok(LongTermKey {
                access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
                secret_access_key: Arc::new(Secret::from("secret")),
            })
        })
    }
}

impl mfa::Source for Sources {
    fn check(&self) -> BoxFuture<'_, Result<(), mfa::Error>> {
        Box::pin(async { Ok(()) })
    }

    fn code(&self, step: Step) -> BoxFuture<'_, Result<TokenCode, mfa::Error>> {
        Box::pin(async move { Ok(TokenCode::try_from(format!("{:06}", step.number() % 1_000_000)).unwrap()) })
    }
}

/// A key that cannot be read.
pub(super) struct NoKey;

impl keys::Source for NoKey {
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, keys::Error>> {
        Box::pin(async { Err(keys::Error::Internal) })
    }
}

/// A key on a slow disk.
pub(super) struct SlowKey(pub(super) Duration);

impl keys::Source for SlowKey {
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, keys::Error>> {
        Box::pin(async {
            tokio::time::sleep(self.0).await;
            keys::Source::read(&Sources).await
        })
    }
}

#[derive(Default)]
pub(super) struct Heard(pub(super) Mutex<Vec<String>>);

impl Observer for Heard {
    fn observe(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

pub(super) struct Scene {
    pub(super) clock: Arc<PausedClock>,
    pub(super) sts: Arc<Script>,
    pub(super) table: Arc<Table>,
    pub(super) heard: Arc<Heard>,
}

impl Scene {
    /// Starts the engine over `profiles` profiles with one MFA device between them, or none.
    pub(super) fn start(profiles: usize, with_mfa: bool, ahead: TimeDelta, say: Vec<Say>) -> Self {
        let jobs = (0..profiles).map(|index| job(index, with_mfa)).collect();
        Self::start_jobs(jobs, ahead, say)
    }

    pub(super) fn start_jobs(jobs: Vec<Job>, ahead: TimeDelta, say: Vec<Say>) -> Self {
        Self::begin(WALL, jobs, ahead, say)
    }

    /// Starts the engine at another time than the start of a step.
    pub(super) fn start_at(wall: DateTime<Utc>, jobs: Vec<Job>) -> Self {
        Self::begin(wall, jobs, TimeDelta::zero(), vec![])
    }

    fn begin(wall: DateTime<Utc>, jobs: Vec<Job>, ahead: TimeDelta, say: Vec<Say>) -> Self {
        let clock = Arc::new(PausedClock::new(wall));
        let sts = Arc::new(Script {
            clock: clock.clone(),
            ahead,
            say: Mutex::new(say.into()),
            calls: Mutex::default(),
        });
        let table = Arc::new(Table::new(&jobs.iter().map(profile).collect::<Vec<_>>()));
        let heard = Arc::new(Heard::default());
        let parts = Parts {
            clock: clock.clone(),
            sts: sts.clone(),
            table: table.clone(),
            observer: heard.clone(),
            chance: Box::new(|| Fraction::from_bits(1 << 63)),
        };
        tokio::spawn(Engine::new(parts, jobs).run(std::future::pending()));
        Self {
            clock,
            sts,
            table,
            heard,
        }
    }

    /// Whether the first profile is served now.
    pub(super) fn served(&self) -> bool {
        self.table.profiles()[0]
            .snapshot()
            .servable(self.clock.boot())
            .is_some()
    }

    /// When calls came, in milliseconds since the scene began.
    pub(super) fn calls(&self) -> Vec<u128> {
        let start = Duration::from_secs(1_000);
        let calls = self.sts.calls.lock().unwrap();
        calls
            .iter()
            .map(|(at, _)| at.since(BootInstant::from_boot(start)).as_millis())
            .collect()
    }

    pub(super) fn codes(&self) -> Vec<String> {
        self.sts
            .calls
            .lock()
            .unwrap()
            .iter()
            .map(|(_, code)| code.clone().unwrap())
            .collect()
    }

    pub(super) fn counted(&self, outcome: Outcome) -> u64 {
        self.table.profiles()[0].renewals(outcome)
    }
}

pub(super) fn job(index: usize, with_mfa: bool) -> Job {
    let region = "eu-west-1".parse().unwrap();
    let serial: SerialNumber = SERIAL.parse().unwrap();
    let codes: Arc<dyn mfa::Source> = Arc::new(Sources);
    Job {
        name: format!("p{index}").parse().unwrap(),
        endpoint: crate::aws::Endpoint::regional(&region),
        duration: crate::aws::SessionDuration::default(),
        key: Arc::new(Sources),
        mfa: with_mfa.then_some((serial, codes)),
    }
}

fn profile(job: &Job) -> Profile {
    Profile {
        name: job.name.clone(),
        region: job.endpoint.signing_region.clone(),
        required: true,
        endpoint: job.endpoint.clone(),
        kind: Kind::Session(Session {
            key: KeySource::Directory("/key".into()),
            mfa: Some(Mfa {
                serial: SERIAL.parse().unwrap(),
                code: MfaCode::TotpSeedFile("/seed".into()),
            }),
            duration: job.duration,
        }),
    }
}
