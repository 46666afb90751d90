//! An STS of every mood that remembers every code and every key, and what the profiles have beside it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Reason, WALL};
use crate::BoxFuture;
use crate::aws::{Credentials, LongTermKey, SerialNumber, TokenCode};
use crate::clock::{BootInstant, Clock, PausedClock, Sample};
use crate::mfa::Step;
use crate::renew::Accepted;
use crate::renew::random::Random;
use crate::secret::Secret;
use crate::sts::{
    About, AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, CallerIdentity, Class, Error,
    GetCallerIdentity, GetFederationToken, GetSessionToken, Issued, Reply, Signer, Sts,
};
use crate::{keys, mfa};

pub(super) struct Oracle {
    clock: Arc<PausedClock>,
    state: Mutex<State>,
}

struct State {
    random: Random,
    healed: bool,
    /// Whose calls are under way.
    under_way: HashSet<usize>,
    /// When each code was last sent, by device.
    sent: HashMap<(SerialNumber, String), BootInstant>,
    /// Codes that were ever taken, and ever refused.
    taken: HashSet<String>,
    refused: HashSet<String>,
    /// By key id: whose it is, and when it dies.
    issued: HashMap<String, (String, BootInstant)>,
    /// What went wrong in a call, where a panic would be a failed call like another.
    violations: Vec<String>,
}

enum Mood {
    Give,
    Refuse(Class),
    Unreachable,
    Panic,
}

pub(super) fn session_identity(key: &str, device: Option<&SerialNumber>) -> String {
    format!("{key} {}", device.map(ToString::to_string).unwrap_or_default())
}

pub(super) fn role_identity(role_arn: &str, source: &str) -> String {
    format!("{role_arn} < {source}")
}

/// The account of whoever is at the end of the chain: the digits of his key.
fn account(identity: &str) -> &str {
    let (_, key) = identity.rsplit_once(" < ").unwrap_or(("", identity));
    &key[4..16]
}

impl Oracle {
    pub(super) fn new(clock: Arc<PausedClock>, seed: u64) -> Self {
        let state = State {
            random: Random::new(seed),
            healed: false,
            under_way: HashSet::new(),
            sent: HashMap::new(),
            taken: HashSet::new(),
            refused: HashSet::new(),
            issued: HashMap::new(),
            violations: vec![],
        };
        Self {
            clock,
            state: Mutex::new(state),
        }
    }

    pub(super) fn heal(&self) {
        self.state().healed = true;
    }

    pub(super) fn check_served(&self, key: &str, identity: &str, account_id: Option<&str>) {
        let (whose, dies) = self.state().issued[key].clone();
        assert!(
            account_id.is_none_or(|id| id == account(identity)),
            "somebody else's account is told"
        );
        assert_eq!(whose, identity, "somebody else's credentials are served");
        assert!(self.clock.boot() < dies, "dead credentials are served");
    }

    pub(super) fn check_verdict(&self, code: &str, verdict: Result<&Accepted, Reason>) {
        let state = self.state();
        match verdict {
            Ok(_) => assert!(state.taken.contains(code), "{code} was not taken"),
            Err(Reason::Rejected) => assert!(state.refused.contains(code), "{code} was not refused"),
            Err(_) => {}
        }
    }

    pub(super) fn check_calls(&self) {
        assert_eq!(self.state().violations, [] as [String; 0]);
    }

    fn must(&self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.state().violations.push(what());
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn percent(&self, percent: u64) -> bool {
        let mut state = self.state();
        !state.healed && state.random.percent(percent)
    }

    /// Waits a moment, or several.
    async fn dawdle(&self) {
        let seconds = if self.percent(20) {
            self.state().random.below(9)
        } else {
            0
        };
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    async fn answer(
        &self,
        profile: usize,
        identity: String,
        mfa: Option<(&SerialNumber, &TokenCode)>,
        lifetime: Duration,
    ) -> Reply {
        let sent = self.clock.boot();
        let is_first = self.state().under_way.insert(profile);
        self.must(is_first, || format!("two calls of p{profile}"));
        let _end = End(self, profile);
        let mood = match identity.as_str() {
            WRONG => Mood::Refuse(Class::KeyInvalid),
            _ => self.mood(mfa.is_some()),
        };
        let code = mfa.map(|(serial, code)| (serial.clone(), code.expose().to_owned()));
        if let (Some(code), false) = (&code, matches!(mood, Mood::Unreachable)) {
            self.note_code(code, sent);
        }
        self.dawdle().await;
        let received = self.clock.boot();
        let result = match mood {
            Mood::Give => {
                self.state().taken.extend(code.map(|(_, code)| code));
                Ok(self.issue(identity, sent, lifetime))
            }
            Mood::Refuse(class) => {
                if class == Class::MfaRejected {
                    self.state().refused.extend(code.map(|(_, code)| code));
                }
                Err(refusal(class, true))
            }
            Mood::Unreachable => Err(refusal(Class::Network, false)),
            Mood::Panic => panic!("a defect of a call"),
        };
        let sample = Sample {
            date: date(received),
            sent,
            received,
            authenticated: true,
        };
        Reply {
            sample: (!self.percent(20)).then_some(sample),
            elapsed: Duration::ZERO,
            result,
        }
    }

    fn mood(&self, with_mfa: bool) -> Mood {
        let mut state = self.state();
        if state.healed {
            return Mood::Give;
        }
        match state.random.below(20) {
            0 | 1 if with_mfa => Mood::Refuse(Class::MfaRejected),
            2 | 3 => Mood::Refuse(Class::ALL[state.random.place(Class::ALL.len())]),
            4 | 5 => Mood::Unreachable,
            6 => Mood::Panic,
            7 => Mood::Refuse(Class::Timeout),
            _ => Mood::Give,
        }
    }

    /// Codes of a seed begin with 0 and are never sent twice; others are not within two minutes.
    fn note_code(&self, code: &(SerialNumber, String), now: BootInstant) {
        let before = self.state().sent.insert(code.clone(), now);
        let rested = |at| !code.1.starts_with('0') && now.since(at) >= Duration::from_mins(2);
        self.must(before.is_none_or(rested), || {
            format!("{} was sent again: {before:?} {now:?}", code.1)
        });
    }

    fn issue(&self, identity: String, sent: BootInstant, lifetime: Duration) -> Issued {
        let lifetime = if self.percent(5) { lifetime / 100 } else { lifetime };
        let mut state = self.state();
        let id = format!("ASIA{:012}", state.issued.len());
        state.issued.insert(id.clone(), (identity, sent + lifetime));
        Issued {
            credentials: Arc::new(Credentials {
                access_key_id: id.parse().unwrap(),
                secret_access_key: Secret::from("secret"),
                session_token: Secret::from("token"),
                expiration: date(sent) + lifetime,
            }),
            lifetime,
            account: None,
            packed_policy_size: None,
            about: About::default(),
            request_id: String::from("id"),
        }
    }
}

/// Ends the call, however it ends.
struct End<'a>(&'a Oracle, usize);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.state().under_way.remove(&self.1);
    }
}

impl Sts for Oracle {
    fn assume_role<'a>(&'a self, call: AssumeRole<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            let Signer::Session(source) = call.signer else {
                unreachable!("no role here is signed by a key");
            };
            let role_arn = call.request.role_arn.as_str();
            let (whose, dies) = self.state().issued[source.access_key_id.as_str()].clone();
            self.must(self.clock.boot() < dies, || {
                format!("{role_arn} was signed by the dead")
            });
            let (_, name) = role_arn.split_once("role/p").unwrap();
            let profile = name[..1].parse().unwrap();
            let identity = role_identity(role_arn, &whose);
            let lifetime = Duration::from_secs(call.request.duration.as_secs().into());
            self.answer(profile, identity, call.mfa, lifetime).await
        })
    }

    fn get_session_token<'a>(&'a self, call: GetSessionToken<'a>) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            let key = call.key.access_key_id.as_str();
            let identity = match call.key.secret_access_key.expose() {
                WRONG => WRONG.to_owned(),
                _ => session_identity(key, call.mfa.map(|(serial, _)| serial)),
            };
            let lifetime = Duration::from_secs(call.duration.as_secs().into());
            self.answer(key[4..6].parse().unwrap(), identity, call.mfa, lifetime)
                .await
        })
    }

    fn assume_role_with_saml<'a>(&'a self, _: AssumeRoleWithSaml<'a>) -> BoxFuture<'a, Reply> {
        unreachable!("no profile here is made so")
    }

    fn assume_role_with_web_identity<'a>(&'a self, _: AssumeRoleWithWebIdentity<'a>) -> BoxFuture<'a, Reply> {
        unreachable!("no profile here is made so")
    }

    fn assume_root<'a>(&'a self, _: AssumeRoot<'a>) -> BoxFuture<'a, Reply> {
        unreachable!("no profile here is made so")
    }

    fn get_federation_token<'a>(&'a self, _: GetFederationToken<'a>) -> BoxFuture<'a, Reply> {
        unreachable!("no profile here is made so")
    }

    fn get_caller_identity<'a>(&'a self, call: GetCallerIdentity<'a>) -> BoxFuture<'a, Reply<CallerIdentity>> {
        Box::pin(async move {
            let Signer::Session(credentials) = call.signer else {
                unreachable!("nobody asks about a key");
            };
            let (identity, _) = self.state().issued[credentials.access_key_id.as_str()].clone();
            self.dawdle().await;
            let result = match self.mood(false) {
                Mood::Give => Ok(CallerIdentity {
                    user_id: String::new(),
                    account: account(&identity).parse().unwrap(),
                    arn: "arn:aws:iam::123456789012:user/x".parse().unwrap(),
                }),
                Mood::Refuse(class) => Err(refusal(class, true)),
                Mood::Unreachable => Err(refusal(Class::Network, false)),
                Mood::Panic => panic!("a defect of a call"),
            };
            Reply {
                sample: None,
                elapsed: Duration::ZERO,
                result,
            }
        })
    }
}

fn date(at: BootInstant) -> DateTime<Utc> {
    let time = WALL + at.since_boot();
    DateTime::from_timestamp(time.timestamp(), 0).unwrap()
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

/// Half of a key that STS does not know.
const WRONG: &str = "wrong";

/// A key in a file that is away, slow or exchanged for a wrong one at times.
pub(super) struct Key(pub(super) String, pub(super) Arc<Oracle>);

impl keys::Source for Key {
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, keys::Error>> {
        Box::pin(async {
            self.1.dawdle().await;
            if self.1.percent(5) {
                return Err(keys::Error::Internal);
            }
            Ok(LongTermKey {
                access_key_id: self.0.parse().unwrap(),
                secret_access_key: Arc::new(Secret::from(if self.1.percent(10) { WRONG } else { "secret" })),
            })
        })
    }

    fn version(&self) -> Option<BoxFuture<'static, keys::Version>> {
        let version = u64::from(self.1.percent(30));
        Some(Box::pin(async move { keys::Version::numbered(version) }))
    }
}

/// Codes that are their step.
pub(super) struct Seed;

impl mfa::Source for Seed {
    fn check(&self) -> BoxFuture<'_, Result<(), mfa::Error>> {
        Box::pin(async { Ok(()) })
    }

    fn code(&self, step: Step) -> BoxFuture<'_, Result<TokenCode, mfa::Error>> {
        let code = TokenCode::try_from(format!("0{:05}", step.number() % 100_000));
        Box::pin(async { Ok(code.unwrap()) })
    }
}

/// A process that prints the code of an authenticator, which has a clock of its own.
pub(super) struct Authenticator(pub(super) Arc<Oracle>);

impl mfa::Source for Authenticator {
    fn check(&self) -> BoxFuture<'_, Result<(), mfa::Error>> {
        Box::pin(async { Ok(()) })
    }

    fn code(&self, _: Step) -> BoxFuture<'_, Result<TokenCode, mfa::Error>> {
        Box::pin(async {
            self.0.dawdle().await;
            let number = self.0.clock.boot().since_boot().as_secs() / 30 % 100_000;
            Ok(TokenCode::try_from(format!("5{number:05}")).unwrap())
        })
    }

    fn has_step(&self) -> bool {
        false
    }
}
