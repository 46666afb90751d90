use std::sync::Arc;

use tracing::debug;

use super::Failure;
use crate::aws::{Endpoint, ProfileName, SerialNumber, SessionDuration};
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
        let Kind::Session(session) = &profile.kind;
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
    pub async fn check(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        if let Err(error) = self.key.read().await {
            mistakes.push(error.to_string());
        }
        if let Some((_, source)) = &self.mfa
            && let Err(error) = source.check().await
        {
            mistakes.push(error.to_string());
        }
        mistakes
    }

    /// Reads the key, makes the code, calls STS once.
    pub(super) async fn attempt(&self, sts: &dyn Sts, clock: &dyn Clock, time: StsTime, step: Option<Step>) -> Attempt {
        let result = self.call(sts, clock, &time, step).await;
        let (sent, result) = match result {
            Ok((sent, reply)) => (sent, Ok(reply)),
            Err(unprepared) => (clock.boot(), Err(unprepared)),
        };
        Attempt { sent, result }
    }

    async fn call(
        &self,
        sts: &dyn Sts,
        clock: &dyn Clock,
        time: &StsTime,
        step: Option<Step>,
    ) -> Result<(BootInstant, Reply), Unprepared> {
        let key = self.key.read().await.map_err(|error| Unprepared {
            failure: Failure::Key,
            message: error.to_string(),
        })?;
        let code = match (&self.mfa, step) {
            (Some((serial, source)), Some(step)) => {
                let code = source.code(step).await.map_err(|error| Unprepared {
                    failure: Failure::Code,
                    message: error.to_string(),
                })?;
                Some((serial, code))
            }
            _ => None,
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
}
