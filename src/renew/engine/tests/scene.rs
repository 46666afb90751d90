//! The engine's world in tests: an STS that follows a script, sources that need no file, a clock that tests move.

mod actions;
mod sources;

use std::collections::VecDeque;
use std::sync::Mutex;

use chrono::{DateTime, Utc};

use super::super::*;
use crate::BoxFuture;
use crate::aws::{self, Credentials, ProfileName, SerialNumber, SessionDuration, SessionName, TokenCode};
use crate::clock::{PausedClock, Sample};
use crate::config::{KeySource, Kind, Mfa, MfaCode, Profile, Role, Session, SignedBy};
use crate::keys;
use crate::renew::Outcome;
use crate::secret::Secret;
use crate::sts::{About, Class, Error, Issued, Reply};
use sources::Sources;
pub(super) use sources::{Authenticator, NoKey, SlowKey};

pub(super) const WALL: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
pub(super) const SERIAL: &str = "arn:aws:iam::123456789012:mfa/ops";

/// What STS answers, in turn; then what it is asked for, for ever.
#[derive(Clone)]
pub(super) enum Say {
    Session {
        lifetime: Duration,
    },
    Refuse(Class),
    /// The token or assertion has expired.
    RefuseVoucher,
    /// The connection failed before a byte left.
    Unreachable,
    Hang,
    /// A session of 12 hours, after 10 s.
    Late,
    Panic,
}

/// STS as the engine sees it, with a clock of its own.
pub(super) struct Script {
    clock: Arc<PausedClock>,
    pub(super) ahead: Mutex<TimeDelta>,
    say: Mutex<VecDeque<Say>>,
    /// Whether it takes each code once, as STS does.
    pub(super) is_strict: Mutex<bool>,
    pub(super) calls: Mutex<Vec<Asked>>,
    /// What it answers in turn to whoever asks who he is; nothing when the list is at its end.
    pub(super) accounts: Mutex<VecDeque<Result<&'static str, Class>>>,
    /// How often somebody asked that, and when the last question was signed.
    pub(super) questions: Mutex<u32>,
    pub(super) signed_at: Mutex<Option<DateTime<Utc>>>,
    /// Whether it never answers that.
    pub(super) is_silent: Mutex<bool>,
}

/// A call as it came.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) at: BootInstant,
    pub(super) action: &'static str,
    pub(super) signer: String,
    pub(super) code: Option<String>,
    pub(super) device: Option<String>,
}

impl Script {
    fn answer<'a>(
        &'a self,
        action: &'static str,
        signer: String,
        mfa: Option<(&'a SerialNumber, &'a TokenCode)>,
        lifetime: Duration,
    ) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            let sent = self.clock.boot();
            let code = mfa.map(|(_, code)| code.expose().to_owned());
            let call = Asked {
                at: sent,
                action,
                signer,
                code,
                device: mfa.map(|(serial, _)| serial.to_string()),
            };
            let is_repeated = self.is_repeated(&call);
            self.calls.lock().unwrap().push(call);
            let say = self.say.lock().unwrap().pop_front();
            let say = say.or_else(|| is_repeated.then_some(Say::Refuse(Class::MfaRejected)));
            let sample = self.sample();
            let result = match say.unwrap_or(Say::Session { lifetime }) {
                Say::Session { lifetime } => Ok(self.session(lifetime, sample.date)),
                Say::Refuse(class) => Err(refusal(class, true)),
                Say::RefuseVoucher => Err(Error {
                    code: Some("ExpiredTokenException".into()),
                    ..refusal(Class::Denied, true)
                }),
                Say::Unreachable => Err(refusal(Class::Network, false)),
                Say::Hang => std::future::pending().await,
                Say::Late => {
                    tokio::time::sleep(Duration::from_secs(10)).await;
                    Ok(self.session(Duration::from_hours(12), sample.date))
                }
                Say::Panic => panic!("as the script says"),
            };
            Reply {
                sample: Some(sample),
                elapsed: Duration::ZERO,
                result,
            }
        })
    }

    fn is_repeated(&self, call: &Asked) -> bool {
        let calls = self.calls.lock().unwrap();
        let is_same = |before: &Asked| before.code == call.code && before.device == call.device;
        *self.is_strict.lock().unwrap() && call.code.is_some() && calls.iter().any(is_same)
    }

    /// What a reply tells of STS's clock now.
    fn sample(&self) -> Sample {
        let now = self.clock.boot();
        Sample {
            date: DateTime::from_timestamp((self.clock.wall() + *self.ahead.lock().unwrap()).timestamp(), 0).unwrap(),
            sent: now,
            received: now,
            authenticated: true,
        }
    }

    /// Each session has a key id of its own.
    fn session(&self, lifetime: Duration, now: DateTime<Utc>) -> Issued {
        let number = self.calls.lock().unwrap().len();
        Issued {
            credentials: Arc::new(Credentials {
                access_key_id: format!("ASIAIOSFODNN7EX{number:05}").parse().unwrap(),
                secret_access_key: Secret::from("secret"),
                session_token: Secret::from("token"),
                expiration: now + lifetime,
            }),
            lifetime,
            // Sessions name no account; those of the tests are longer than roles.
            account: (lifetime < Duration::from_hours(2)).then(|| "123456789012".parse().unwrap()),
            packed_policy_size: None,
            about: About::default(),
            request_id: String::from("id"),
        }
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
    pub(super) handle: Handle,
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
        Self::with_clock(Arc::new(PausedClock::new(wall)), jobs, ahead, say)
    }

    pub(super) fn with_clock(clock: Arc<PausedClock>, jobs: Vec<Job>, ahead: TimeDelta, say: Vec<Say>) -> Self {
        Self::with_store(clock, jobs, ahead, say, None)
    }

    /// Starts the engine with something that outlives it.
    pub(super) fn with_store(
        clock: Arc<PausedClock>,
        jobs: Vec<Job>,
        ahead: TimeDelta,
        say: Vec<Say>,
        store: Option<Arc<dyn Store>>,
    ) -> Self {
        let sts = Arc::new(Script {
            clock: clock.clone(),
            ahead: Mutex::new(ahead),
            say: Mutex::new(say.into()),
            is_strict: Mutex::default(),
            calls: Mutex::default(),
            accounts: Mutex::default(),
            questions: Mutex::default(),
            signed_at: Mutex::default(),
            is_silent: Mutex::default(),
        });
        let profiles: Vec<_> = jobs.iter().map(|job| job.profile.clone()).collect();
        let table = Arc::new(Table::new(&profiles));
        let heard = Arc::new(Heard::default());
        let parts = Parts {
            clock: clock.clone(),
            sts: sts.clone(),
            table: table.clone(),
            observer: heard.clone(),
            store,
            chance: Box::new(|| Fraction::from_bits(1 << 63)),
        };
        let (engine, handle) = Engine::new(parts, jobs);
        tokio::spawn(engine.run(std::future::pending()));
        Self {
            clock,
            sts,
            table,
            heard,
            handle,
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
        times(&self.sts.calls.lock().unwrap())
    }

    pub(super) fn codes(&self) -> Vec<String> {
        self.sts
            .calls
            .lock()
            .unwrap()
            .iter()
            .map(|call| call.code.clone().unwrap())
            .collect()
    }

    pub(super) fn counted(&self, outcome: Outcome) -> u64 {
        self.table.profiles()[0].renewals(outcome)
    }
}

/// When these calls came.
pub(super) fn times(calls: &[Asked]) -> Vec<u128> {
    let start = BootInstant::from_boot(Duration::from_secs(1_000));
    calls.iter().map(|call| call.at.since(start).as_millis()).collect()
}

/// A session profile `p<index>`; with MFA, all of them share one device whose codes need no file.
pub(super) fn job(index: usize, with_mfa: bool) -> Job {
    let mfa = with_mfa.then(|| MfaCode::TotpSeedFile("/seed".into()));
    job_of(session_profile(&format!("p{index}"), mfa))
}

/// A session profile whose codes a person submits.
pub(super) fn push_job(name: &str, hours: i64) -> Job {
    let mut profile = session_profile(name, Some(MfaCode::Push { notify: None }));
    if let Kind::Session(session) = &mut profile.kind {
        session.duration = SessionDuration::try_from(hours * 3_600).unwrap();
    }
    job_of(profile)
}

/// The same, whose person has a device of his own.
pub(super) fn with_another_device(name: &str, hours: i64) -> Job {
    let mut job = push_job(name, hours);
    job.device.as_mut().unwrap().serial = "GAHT12345678".parse().unwrap();
    job
}

/// A role made from another profile.
pub(super) fn role_job(name: &str, source: &str) -> Job {
    let name: ProfileName = name.parse().unwrap();
    let role_arn = "arn:aws:iam::123456789012:role/deploy".parse().unwrap();
    let request = aws::AssumeRole::new(role_arn, SessionName::of_profile(&name));
    let role = Role {
        signed_by: SignedBy::Profile(source.parse().unwrap()),
        request,
    };
    job_of(profile(name, Kind::Role(role)))
}

pub(super) fn device(mfa: &Mfa) -> Device {
    Device {
        serial: mfa.serial.clone(),
        codes: match &mfa.code {
            MfaCode::Push { notify } => Codes::Submitted { notify: notify.clone() },
            _ => Codes::Made(Arc::new(Sources)),
        },
        others: mfa.others.iter().map(device).collect(),
    }
}

/// The job of a profile, its sources replaced by those of the tests.
pub(super) fn job_of(profile: Profile) -> Job {
    let device = profile.kind.mfa().map(device);
    Job {
        key: profile.kind.key().map(|_| Arc::new(Sources) as Arc<dyn keys::Source>),
        device,
        voucher: None,
        profile,
    }
}

fn session_profile(name: &str, code: Option<MfaCode>) -> Profile {
    let session = Session {
        key: KeySource::Directory("/key".into()),
        mfa: code.map(|code| Mfa::new(SERIAL.parse().unwrap(), code)),
        duration: SessionDuration::default(),
    };
    profile(name.parse().unwrap(), Kind::Session(session))
}

fn profile(name: ProfileName, kind: Kind) -> Profile {
    let region = "eu-west-1".parse().unwrap();
    Profile {
        name,
        endpoint: aws::Endpoint::regional(&region),
        expected_account_id: None,
        allowed_uids: None,
        region,
        required: true,
        kind,
    }
}
