use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use super::Failure;
use crate::aws::{Endpoint, LongTermKey, ProfileName, SerialNumber, SessionDuration, TokenCode};
use crate::clock::{BootInstant, Clock, StsTime};
use crate::config::{Kind, Profile};
use crate::mfa::Step;
use crate::sts::{GetSessionToken, Reply, Sts};
use crate::{keys, mfa};

/// All that obtaining a profile's credentials takes.
pub struct Job {
    /// The profile.
    pub name: ProfileName,
    /// Where STS is asked.
    pub endpoint: Endpoint,
    /// What is asked for.
    pub duration: SessionDuration,
    /// What signs.
    pub key: Arc<dyn keys::Source>,
    /// The MFA device and what makes its codes.
    pub mfa: Option<(SerialNumber, Arc<dyn mfa::Source>)>,
}

/// What came of one try.
pub(super) struct Attempt {
    /// When the request was about to leave.
    pub(super) sent: BootInstant,
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
        let Kind::Session(session) = &profile.kind else {
            unimplemented!("merge")
        };
        Self {
            name: profile.name.clone(),
            endpoint: profile.endpoint.clone(),
            duration: session.duration,
            key: keys::open(&session.key),
            mfa: session
                .mfa
                .as_ref()
                .map(|mfa| (mfa.serial.clone(), mfa::open(&mfa.code))),
        }
    }

    /// Tries the sources without calling STS. Tells every mistake.
    pub async fn check(&self, clock: &dyn Clock) -> Vec<String> {
        let key = self.read_key(clock).await.err();
        let code = match &self.mfa {
            Some((_, source)) => check_code(&**source, clock).await.err(),
            None => None,
        };
        key.into_iter()
            .chain(code)
            .map(|unprepared| unprepared.message)
            .collect()
    }

    /// Reads the key, makes the code, calls STS once.
    pub(super) async fn attempt(&self, sts: &dyn Sts, clock: &dyn Clock, time: StsTime, step: Option<Step>) -> Attempt {
        match self.call(sts, clock, &time, step).await {
            Ok((sent, reply)) => Attempt {
                sent,
                result: Ok(reply),
            },
            Err(unprepared) => Attempt {
                sent: clock.boot(),
                result: Err(unprepared),
            },
        }
    }

    async fn call(
        &self,
        sts: &dyn Sts,
        clock: &dyn Clock,
        time: &StsTime,
        step: Option<Step>,
    ) -> Result<(BootInstant, Reply), Unprepared> {
        let key = self.read_key(clock).await?;
        let code = match (&self.mfa, step) {
            (None, None) => None,
            (Some((serial, source)), Some(step)) => Some((serial, make_code(&**source, clock, time, step).await?)),
            // Never a session without the MFA that the user asked for.
            (Some(_), None) | (None, Some(_)) => return Err(Unprepared::code(&mfa::Error::Internal)),
        };
        debug!(profile = %self.name, key = %key.access_key_id, step = step.map(Step::number), "calling STS");
        let sent = clock.boot();
        let call = GetSessionToken {
            endpoint: &self.endpoint,
            key: &key,
            now: time.at(sent, clock),
            duration: self.duration,
            mfa: code.as_ref().map(|(serial, code)| (*serial, code)),
        };
        Ok((sent, sts.get_session_token(call).await))
    }

    async fn read_key(&self, clock: &dyn Clock) -> Result<LongTermKey, Unprepared> {
        let key = in_time(clock, self.key.read()).await;
        key.unwrap_or(Err(keys::Error::Slow)).map_err(|error| Unprepared {
            failure: Failure::Key,
            message: error.to_string(),
        })
    }
}

async fn check_code(source: &dyn mfa::Source, clock: &dyn Clock) -> Result<(), Unprepared> {
    let checked = in_time(clock, source.check()).await;
    checked
        .unwrap_or(Err(mfa::Error::Slow))
        .map_err(|error| Unprepared::code(&error))
}

/// The code of `step`, if that can still be sent once it is made.
async fn make_code(
    source: &dyn mfa::Source,
    clock: &dyn Clock,
    time: &StsTime,
    step: Step,
) -> Result<TokenCode, Unprepared> {
    let code = in_time(clock, source.code(step)).await;
    let code = code
        .unwrap_or(Err(mfa::Error::Slow))
        .map_err(|error| Unprepared::code(&error))?;
    if step.is_usable(time.at(clock.boot(), clock)) {
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
}

/// How long reading a key or a seed may take: a file system that hangs must not leave a profile waiting for ever.
const PATIENCE: Duration = Duration::from_secs(10);

async fn in_time<T>(clock: &dyn Clock, result: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        result = result => Some(result),
        () = clock.sleep_until(clock.boot() + PATIENCE) => None,
    }
}
