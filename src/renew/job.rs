use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::debug;

use super::Failure;
use crate::aws::{AccessKeyId, Credentials, LongTermKey, SerialNumber, TokenCode};
use crate::clock::{BootInstant, Clock, StsTime};
use crate::config::{Kind, Profile};
use crate::mfa::{SeenCodes, Step};
use crate::sts::{Action, AssumeRole, GetSessionToken, Reply, Signer, Sts};
use crate::{keys, mfa, process};

/// All that obtaining a profile's credentials takes.
pub struct Job {
    /// The profile.
    pub profile: Profile,
    /// The long-term key that signs, unless a source profile's credentials do.
    pub key: Option<Arc<dyn keys::Source>>,
    /// The MFA device.
    pub device: Option<Device>,
}

/// An MFA device and where its codes come from.
pub struct Device {
    /// Its serial number.
    pub serial: SerialNumber,
    /// Its codes.
    pub codes: Codes,
}

/// Where a device's codes come from.
pub enum Codes {
    /// They are made when they are needed.
    Made(Arc<dyn mfa::Source>),
    /// A person submits them.
    Submitted {
        /// Run when a person is asked.
        notify: Option<process::Command>,
    },
}

/// What a try works with, beside the job's own sources.
pub(super) struct Supplies {
    /// The step whose code is to be made.
    pub(super) step: Option<Step>,
    /// A code from a person.
    pub(super) code: Option<Arc<TokenCode>>,
    /// The credentials of the source profile.
    pub(super) source: Option<Arc<Credentials>>,
    /// STS's time.
    pub(super) time: StsTime,
    /// What STS may have seen already.
    pub(super) seen: Arc<Mutex<SeenCodes>>,
}

/// What came of one try.
pub(super) struct Attempt {
    /// When the request was about to leave.
    pub(super) sent: BootInstant,
    /// The long-term key that signed.
    pub(super) key_id: Option<AccessKeyId>,
    pub(super) result: Result<Reply, Unprepared>,
}

/// Why STS was not even asked.
pub(super) struct Unprepared {
    pub(super) failure: Failure,
    pub(super) message: String,
}

impl Job {
    /// The job of a profile, its sources opened.
    pub fn new(profile: &Profile) -> Self {
        let device = profile.kind.mfa().map(|mfa| Device {
            serial: mfa.serial.clone(),
            codes: match mfa::open(&mfa.code) {
                Some(source) => Codes::Made(source),
                None => Codes::Submitted {
                    notify: mfa.code.notify().cloned(),
                },
            },
        });
        Self {
            key: profile.kind.key().map(keys::open),
            device,
            profile: profile.clone(),
        }
    }

    /// What STS is asked.
    pub fn action(&self) -> Action {
        match &self.profile.kind {
            Kind::Session(_) => Action::GetSessionToken,
            Kind::Role(_) => Action::AssumeRole,
        }
    }

    /// Tries the sources, both at once, without calling STS. Tells every mistake.
    pub fn check(&self, clock: Arc<dyn Clock>) -> impl Future<Output = Vec<String>> + Send + use<> {
        let key = self.key.clone();
        let code = match &self.device {
            Some(Device {
                codes: Codes::Made(source),
                ..
            }) => Some(Arc::clone(source)),
            _ => None,
        };
        async move {
            let key = async { read_key(&*key?, &*clock).await.err() };
            let code = async { check_code(&*code?, &*clock).await.err() };
            let (key, code) = tokio::join!(key, code);
            let mistakes = key.into_iter().chain(code);
            mistakes.map(|unprepared| unprepared.message).collect()
        }
    }

    /// Whether the codes are of the steps that are asked for.
    pub(super) fn knows_steps(&self) -> bool {
        match &self.device {
            Some(Device {
                codes: Codes::Made(source),
                ..
            }) => source.has_step(),
            _ => false,
        }
    }

    /// The serial number, where a person submits the codes.
    pub(super) fn submitted_device(&self) -> Option<&SerialNumber> {
        match &self.device {
            Some(Device {
                serial,
                codes: Codes::Submitted { .. },
            }) => Some(serial),
            _ => None,
        }
    }

    /// Reads the key, makes the code, calls STS once.
    pub(super) async fn attempt(&self, sts: &dyn Sts, clock: &dyn Clock, supplies: Supplies) -> Attempt {
        let mut key_id = None;
        let (sent, result) = match self.call(sts, clock, &supplies, &mut key_id).await {
            Ok((sent, reply)) => (sent, Ok(reply)),
            Err(unprepared) => (clock.boot(), Err(unprepared)),
        };
        Attempt { sent, key_id, result }
    }

    async fn call(
        &self,
        sts: &dyn Sts,
        clock: &dyn Clock,
        supplies: &Supplies,
        key_id: &mut Option<AccessKeyId>,
    ) -> Result<(BootInstant, Reply), Unprepared> {
        let key = match &self.key {
            Some(source) => Some(read_key(&**source, clock).await?),
            None => None,
        };
        *key_id = key.as_ref().map(|key| key.access_key_id.clone());
        let signer = match (&key, &supplies.source) {
            (Some(key), _) => Signer::Key(key),
            (None, Some(source)) => Signer::Session(source),
            (None, None) => return Err(Unprepared::internal()),
        };
        let code = self.code(clock, supplies).await?;
        debug!(
            profile = %self.profile.name,
            key = key_id.as_ref().map(tracing::field::display),
            step = supplies.step.map(Step::number),
            "calling STS"
        );
        let sent = clock.boot();
        let now = supplies.time.at(sent, clock);
        let reply = self.ask(sts, signer, now, code.as_ref()).await?;
        // A code that provably never left may be sent again.
        if let (Err(error), Some((serial, code))) = (&reply.result, &code)
            && !error.sent
        {
            seen(supplies).remove(serial, code);
        }
        Ok((sent, reply))
    }

    /// The code that goes with the call, from now on counted as seen by STS.
    async fn code(
        &self,
        clock: &dyn Clock,
        supplies: &Supplies,
    ) -> Result<Option<(&SerialNumber, Arc<TokenCode>)>, Unprepared> {
        let Some(Device { serial, codes }) = &self.device else {
            return Ok(None);
        };
        let code = match (codes, supplies.step, &supplies.code) {
            (Codes::Made(source), Some(step), _) => Arc::new(make_code(&**source, clock, &supplies.time, step).await?),
            (Codes::Submitted { .. }, _, Some(code)) => Arc::clone(code),
            // Never a session without the MFA that the user asked for.
            _ => return Err(Unprepared::internal()),
        };
        let (mut seen, now) = (seen(supplies), clock.boot());
        // Two steps may have the same code; whoever knows the step may send it.
        if !self.knows_steps() && seen.contains(serial, &code, now) {
            return Err(Unprepared::code(&mfa::Error::Repeated));
        }
        seen.add(serial, Arc::clone(&code), now);
        drop(seen);
        Ok(Some((serial, code)))
    }

    async fn ask(
        &self,
        sts: &dyn Sts,
        signer: Signer<'_>,
        now: DateTime<Utc>,
        code: Option<&(&SerialNumber, Arc<TokenCode>)>,
    ) -> Result<Reply, Unprepared> {
        let endpoint = &self.profile.endpoint;
        let mfa = code.map(|(serial, code)| (*serial, &**code));
        match (&self.profile.kind, signer) {
            (Kind::Session(session), Signer::Key(key)) => {
                let duration = session.duration;
                let call = GetSessionToken {
                    endpoint,
                    key,
                    now,
                    duration,
                    mfa,
                    minimum_session_token_size: None,
                };
                Ok(sts.get_session_token(call).await)
            }
            // STS gives no session to a session; the configuration has no such profile.
            (Kind::Session(_), Signer::Session(_)) => Err(Unprepared::internal()),
            (Kind::Role(role), signer) => {
                let request = &role.request;
                let call = AssumeRole {
                    endpoint,
                    signer,
                    now,
                    request,
                    mfa,
                };
                Ok(sts.assume_role(call).await)
            }
        }
    }
}

fn seen(supplies: &Supplies) -> std::sync::MutexGuard<'_, SeenCodes> {
    // A panic while it was held left a list of codes, which is never half of one.
    supplies.seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read_key(source: &dyn keys::Source, clock: &dyn Clock) -> Result<LongTermKey, Unprepared> {
    let key = in_time(clock, source.patience(), source.read()).await;
    key.unwrap_or(Err(keys::Error::Slow)).map_err(|error| Unprepared {
        failure: Failure::Key,
        message: error.to_string(),
    })
}

async fn check_code(source: &dyn mfa::Source, clock: &dyn Clock) -> Result<(), Unprepared> {
    let checked = in_time(clock, source.patience(), source.check()).await;
    checked
        .unwrap_or(Err(mfa::Error::Slow))
        .map_err(|error| Unprepared::code(&error))
}

/// The code of `step`, if that can still be sent once it is made. A code of no known step is taken as it comes.
async fn make_code(
    source: &dyn mfa::Source,
    clock: &dyn Clock,
    time: &StsTime,
    step: Step,
) -> Result<TokenCode, Unprepared> {
    let code = in_time(clock, source.patience(), source.code(step)).await;
    let code = code
        .unwrap_or(Err(mfa::Error::Slow))
        .map_err(|error| Unprepared::code(&error))?;
    if !source.has_step() || step.is_usable(time.at(clock.boot(), clock)) {
        Ok(code)
    } else {
        Err(Unprepared::code(&mfa::Error::Slow))
    }
}

impl Unprepared {
    fn code(error: &mfa::Error) -> Self {
        Self {
            failure: Failure::Code,
            message: error.to_string(),
        }
    }

    fn internal() -> Self {
        Self {
            failure: Failure::Internal,
            message: String::from("the call failed in valetkey itself; please report this"),
        }
    }
}

async fn in_time<T>(clock: &dyn Clock, patience: Duration, result: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        result = result => Some(result),
        () = clock.sleep_until(clock.boot() + patience) => None,
    }
}
