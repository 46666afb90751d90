mod ask;
mod call;
mod caller;
mod key;
mod recall;
mod reserve;

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Caller, Failure, keyring};
use crate::aws::{AccessKeyId, Credentials, LongTermKey, SerialNumber, TokenCode};
use crate::clock::{BootInstant, Clock, StsTime};
use crate::config::{self, Kind, Profile};
use crate::mfa::{SeenCodes, Step};
use crate::secret_file::Version;
use crate::state::Store;
use crate::sts::{Action, Reply};
use crate::{idp, keys, mfa, process};
pub(super) use caller::Inquiry;
pub(super) use key::read_key;
pub(super) use recall::Kept;

/// All that obtaining a profile's credentials takes.
pub struct Job {
    /// The profile.
    pub profile: Profile,
    /// The long-term key that signs, unless a source profile's credentials do.
    pub key: Option<Arc<dyn keys::Source>>,
    /// The MFA device.
    pub device: Option<Device>,
    /// What opens the role where nothing signs.
    pub voucher: Option<Arc<dyn idp::Source>>,
}

/// An MFA device and where its codes come from.
pub struct Device {
    /// Its serial number.
    pub serial: SerialNumber,
    /// Its codes.
    pub codes: Codes,
    /// Other devices of the user that do as well, in turn; none of them, nor this one then, is a person's.
    pub others: Vec<Self>,
}

impl Device {
    fn open(mfa: &config::Mfa) -> Self {
        Self {
            serial: mfa.serial.clone(),
            codes: match mfa::open(&mfa.code) {
                Some(source) => Codes::Made(source),
                None => Codes::Submitted {
                    notify: mfa.code.notify().cloned(),
                },
            },
            others: mfa.others.iter().map(Self::open).collect(),
        }
    }

    /// What makes the codes, unless a person submits them.
    pub(super) fn made(&self) -> Option<&Arc<dyn mfa::Source>> {
        match &self.codes {
            Codes::Made(source) => Some(source),
            Codes::Submitted { .. } => None,
        }
    }

    /// Whether the codes are of the steps that are asked for.
    pub(super) fn knows_steps(&self) -> bool {
        self.made().is_some_and(|source| source.has_step())
    }
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
    /// The long-term keys that may sign.
    pub(super) keys: keyring::Choice,
    /// The step whose code is to be made.
    pub(super) step: Option<Step>,
    /// By which device; the first where none is named.
    pub(super) device: Option<SerialNumber>,
    /// A code from a person.
    pub(super) code: Option<Arc<TokenCode>>,
    /// The credentials of the source profile.
    pub(super) source: Option<Arc<Credentials>>,
    /// STS's time.
    pub(super) time: StsTime,
    /// What STS may have seen already.
    pub(super) seen: Arc<Mutex<SeenCodes>>,
    /// What outlives this process, and tells of others.
    pub(super) store: Option<Arc<dyn Store>>,
    /// Whether only that is looked at.
    pub(super) recalls: bool,
    /// When what is served dies.
    pub(super) served: Option<BootInstant>,
    /// Whose the credentials are that the key of this id brings, if STS has told.
    pub(super) known: Option<(Option<AccessKeyId>, Arc<Caller>)>,
}

/// What came of one try.
pub(super) struct Attempt {
    /// When the request was about to leave.
    pub(super) sent: BootInstant,
    /// The long-term key that signed.
    pub(super) key: Option<LongTermKey>,
    /// What is in its source, or why that could not be read, where it was tried.
    pub(super) found: Option<Result<LongTermKey, Unprepared>>,
    /// The version of the token or assertion, where versions are told apart.
    pub(super) version: Option<idp::Version>,
    /// The version of the TOTP seed, likewise.
    pub(super) seed: Option<Version>,
    /// The steps that the store has down as used for this call, which left.
    pub(super) sent_steps: Vec<Step>,
    pub(super) result: Result<Reply, NotAsked>,
    /// Whose the new credentials are, and by which questions that was found out.
    pub(super) caller: Inquiry,
    /// The new credentials, sealed for the store.
    pub(super) sealed: Option<Vec<u8>>,
}

impl Attempt {
    /// The id of the long-term key that signed.
    pub(super) fn key_id(&self) -> Option<&AccessKeyId> {
        self.key.as_ref().map(|key| &key.access_key_id)
    }
}

/// Why STS was not even asked.
pub(super) enum NotAsked {
    /// Something that it takes is not there.
    Unprepared(Unprepared),
    /// Somebody else has used the step.
    Taken(Step),
    /// There are kept credentials that are better than what is served.
    Kept(Kept),
    /// Only what is kept was to be looked at, and nothing of it is of use.
    NothingKept,
}

/// What people are told of a mistake of the program's.
pub(super) const FAILED_ITSELF: &str = "the call failed in valetkey itself; please report this";

/// What could not be read or made.
#[derive(Clone)]
pub(super) struct Unprepared {
    pub(super) failure: Failure,
    pub(super) message: String,
}

impl Job {
    /// The job of a profile, its sources opened.
    pub fn new(profile: &Profile) -> Self {
        Self {
            key: profile.kind.key().map(keys::open),
            device: profile.kind.mfa().map(Device::open),
            voucher: idp::open(&profile.kind),
            profile: profile.clone(),
        }
    }

    /// What STS is asked.
    pub fn action(&self) -> Action {
        match &self.profile.kind {
            Kind::Session(_) => Action::GetSessionToken,
            Kind::Role(_) => Action::AssumeRole,
            Kind::WebIdentity(_) => Action::AssumeRoleWithWebIdentity,
            Kind::Saml(_) => Action::AssumeRoleWithSaml,
            Kind::Federation(_) => Action::GetFederationToken,
            Kind::Root(_) => Action::AssumeRoot,
        }
    }

    /// Tries the sources, all at once, without calling STS. Tells every mistake.
    pub fn check(&self, clock: Arc<dyn Clock>) -> impl Future<Output = Vec<String>> + Send + use<> {
        let key = self.key.clone();
        let codes: Vec<_> = self.devices().filter_map(Device::made).cloned().collect();
        let voucher = self.voucher.clone();
        async move {
            let key = async { read_key(&*key?, &*clock).await.err() };
            let codes = async {
                let mut mistakes = Vec::new();
                for source in codes {
                    mistakes.extend(check_code(&*source, &*clock).await.err());
                }
                mistakes
            };
            let voucher = async { check_voucher(&*voucher?, &*clock).await.err() };
            let (key, codes, voucher) = tokio::join!(key, codes, voucher);
            let mistakes = key.into_iter().chain(codes).chain(voucher);
            mistakes.map(|unprepared| unprepared.message).collect()
        }
    }

    /// Every MFA device.
    pub(super) fn devices(&self) -> impl Iterator<Item = &Device> {
        self.device
            .iter()
            .flat_map(|first| std::iter::once(first).chain(&first.others))
    }

    /// The device of this serial number; the first where none is named.
    pub(super) fn device_of(&self, serial: Option<&SerialNumber>) -> Option<&Device> {
        self.devices()
            .find(|device| serial.is_none_or(|serial| device.serial == *serial))
    }

    /// The serial number, where a person submits the codes.
    pub(super) fn submitted_device(&self) -> Option<&SerialNumber> {
        match &self.device {
            Some(Device {
                serial,
                codes: Codes::Submitted { .. },
                ..
            }) => Some(serial),
            _ => None,
        }
    }
}

async fn check_code(source: &dyn mfa::Source, clock: &dyn Clock) -> Result<(), Unprepared> {
    let checked = in_time(clock, source.patience(), source.check()).await;
    checked
        .unwrap_or(Err(mfa::Error::Slow))
        .map_err(|error| Unprepared::code(&error))
}

async fn check_voucher(source: &dyn idp::Source, clock: &dyn Clock) -> Result<(), Unprepared> {
    let checked = in_time(clock, source.patience(), source.check()).await;
    checked
        .unwrap_or(Err(idp::Error::Slow))
        .map_err(|error| Unprepared::voucher(&error))
}

impl From<Unprepared> for NotAsked {
    fn from(unprepared: Unprepared) -> Self {
        Self::Unprepared(unprepared)
    }
}

impl Unprepared {
    fn code(error: &mfa::Error) -> Self {
        Self {
            failure: Failure::Code,
            message: error.to_string(),
        }
    }

    fn voucher(error: &idp::Error) -> Self {
        Self {
            failure: Failure::Identity,
            message: error.to_string(),
        }
    }

    fn internal() -> Self {
        Self {
            failure: Failure::Internal,
            message: FAILED_ITSELF.to_owned(),
        }
    }
}

pub(in crate::renew) async fn in_time<T>(
    clock: &dyn Clock,
    patience: Duration,
    result: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        result = result => Some(result),
        () = clock.sleep_until(clock.boot() + patience) => None,
    }
}
