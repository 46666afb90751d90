//! Who asks STS: what signs, and the client.

use std::ffi::OsString;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::advice;
use super::code::{self, Code};
use super::container::Container;
use super::given::{Given, usage, wrong};
use super::page::{self, Field, Page};
use super::parameter::{JSON, LONG_TERM_KEY, NO_MFA, PROFILE, REGION, SERIAL_NUMBER};
use super::place::{self, Place};
use crate::aws::{Credentials, Endpoint, LongTermKey, SerialNumber, TokenCode};
use crate::cli::sts::action::SignedBy;
use crate::cli::{Exit, Failed};
use crate::clock::{Clock, SystemClock};
use crate::config::Kind;
use crate::keys;
use crate::sts::{self, Class, Reply, Signer, StsClient};

/// A command's means, each looked for when it is needed: what is wrong in the parameters is told before.
pub(super) struct Asker<'m> {
    pub(super) given: Given<'m>,
    env: fn(&str) -> Option<OsString>,
}

/// What a call is signed with, and what goes with that.
pub(super) struct Signing<With> {
    pub(super) endpoint: Endpoint,
    pub(super) with: With,
    /// STS's time, as far as somebody knows it.
    pub(super) now: DateTime<Utc>,
    pub(super) mfa: Option<(SerialNumber, TokenCode)>,
}

pub(super) enum With {
    Key(LongTermKey),
    Session(Credentials),
}

/// Whether an action takes the code of an MFA device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mfa {
    Taken,
    NotTaken,
}

impl<'m> Asker<'m> {
    pub(super) fn new(given: Given<'m>, env: fn(&str) -> Option<OsString>) -> Self {
        Self { given, env }
    }

    /// Where an action goes that nothing signs. The region that is typed comes before a configuration.
    pub(super) fn unsigned(&self) -> Result<(Endpoint, DateTime<Utc>), Failed> {
        let named = if self.given.is_typed(&REGION) {
            None
        } else {
            place::named(&self.given, &self.env)?
        };
        let endpoint = match named {
            Some(place) => place.profile.endpoint,
            None => place::endpoint_of_environment(&self.given, &self.env)?,
        };
        Ok((endpoint, SystemClock.wall()))
    }

    /// What signs, by what is typed: the long-term key, or the credentials that the daemon serves.
    pub(super) async fn signing(&self, mfa: Mfa) -> Result<Signing<With>, Failed> {
        if self.given.signed_by == SignedBy::Key || self.given.has(&LONG_TERM_KEY) {
            let signing = self.key(mfa).await?;
            return Ok(Signing {
                endpoint: signing.endpoint,
                with: With::Key(signing.with),
                now: signing.now,
                mfa: signing.mfa,
            });
        }
        if mfa == Mfa::Taken && self.given.is_typed(&SERIAL_NUMBER) {
            let rule = "goes with --long-term-key: STS takes an MFA code from nobody else";
            return Err(wrong(&SERIAL_NUMBER, &rule));
        }
        let (container, endpoint) = self.container()?;
        Ok(Signing {
            endpoint,
            with: With::Session(container.credentials().await?),
            now: SystemClock.wall(),
            mfa: None,
        })
    }

    /// The long-term key, with a code where the action takes one and there is a device. The key comes first: a step is not
    /// reserved for nothing.
    pub(super) async fn key(&self, mfa: Mfa) -> Result<Signing<LongTermKey>, Failed> {
        let env = |name: &str| (self.env)(name).or_else(|| self.usual(name));
        let place = match place::named(&self.given, &env)? {
            Some(place) => place,
            None => place::of_environment(&self.given, &env)?,
        };
        let key = key_of(&place).await?;
        let code = match mfa {
            Mfa::Taken => self.code(&place).await?,
            Mfa::NotTaken => None,
        };
        let offset = code.as_ref().map(|code| code.clock_offset).unwrap_or_default();
        Ok(Signing {
            endpoint: place.profile.endpoint,
            with: key,
            now: SystemClock.wall() + offset,
            mfa: code.map(|code| (code.device, code.digits)),
        })
    }

    /// Where the daemon of a host has its files, if the environment does not say: a key signs without a daemon, and without
    /// its places being named.
    fn usual(&self, name: &str) -> Option<OsString> {
        let is_session = || (self.env)("XDG_RUNTIME_DIR").is_some();
        (name == "RUNTIME_DIRECTORY" && !is_session()).then(|| OsString::from("/run/valetkey"))
    }

    /// A client with the environment's proxies and certificates.
    pub(super) fn sts(&self) -> Result<StsClient, Failed> {
        let client = StsClient::new(Arc::new(SystemClock), &self.env);
        client.map_err(|error| Failed::new(Exit::Configuration, &error))
    }

    /// The page of what STS told.
    pub(super) fn page<T>(&self, reply: &Reply<T>, fields: fn(&T) -> Vec<Field<'_>>) -> Result<Page, Failed> {
        match &reply.result {
            Ok(told) => Ok(page::of(&fields(told), self.given.has(&JSON))),
            Err(error) => Err(failed(error)),
        }
    }

    fn container(&self) -> Result<(Container, Endpoint), Failed> {
        if let Some(place) = place::named(&self.given, &self.env)? {
            let container = Container::of_profile(&place.plan.server, &place.profile.name);
            return Ok((container, place.profile.endpoint));
        }
        if let Some(container) = Container::of_environment(&self.env)? {
            if self.given.is_typed(&PROFILE) {
                return Err(usage(
                    &"--profile names a profile of a configuration: name that with --config, or leave it out \
                      (AWS_CONTAINER_CREDENTIALS_FULL_URI is set)",
                ));
            }
            return Ok((container, place::endpoint_of_environment(&self.given, &self.env)?));
        }
        let place = place::of_environment(&self.given, &self.env)?;
        let container = Container::of_profile(&place.plan.server, &place.profile.name);
        Ok((container, place.profile.endpoint))
    }

    async fn code(&self, place: &Place) -> Result<Option<Code>, Failed> {
        let typed: Option<SerialNumber> = self.given.optional(&SERIAL_NUMBER)?;
        if self.given.has(&NO_MFA) {
            return match typed {
                Some(_) => Err(wrong(&SERIAL_NUMBER, &"cannot stand beside --no-mfa")),
                None => Ok(None),
            };
        }
        let (own, server) = (place.profile.kind.mfa(), &place.plan.server);
        let code = match (typed, own) {
            (Some(device), own) => match own.and_then(|own| own.devices().find(|own| own.serial == device)) {
                Some(own) => code::of(own, server).await?,
                None => code::of_person(device, server).await?,
            },
            (None, Some(own)) => code::of(own, server).await?,
            (None, None) => return Ok(None),
        };
        Ok(Some(code))
    }
}

impl Signing<With> {
    pub(super) fn signer(&self) -> Signer<'_> {
        match &self.with {
            With::Key(key) => Signer::Key(key),
            With::Session(credentials) => Signer::Session(credentials),
        }
    }
}

impl<With> Signing<With> {
    pub(super) fn mfa(&self) -> Option<(&SerialNumber, &TokenCode)> {
        self.mfa.as_ref().map(|(device, code)| (device, code))
    }
}

async fn key_of(place: &Place) -> Result<LongTermKey, Failed> {
    let profile = &place.profile;
    let Some(source) = profile.kind.key() else {
        return Err(usage(&no_key(&profile.kind, profile.name.as_str())));
    };
    let source = keys::open(source);
    let read = tokio::time::timeout(source.patience(), source.read()).await;
    let read = read.unwrap_or(Err(keys::Error::Slow));
    read.map_err(|error| {
        let file = match &error {
            keys::Error::File(error) => Some(error),
            _ => None,
        };
        Failed::new(Exit::Configuration, &format_args!("{error}{}", advice(file)))
    })
}

fn no_key(kind: &Kind, name: &str) -> String {
    match kind.source_profile() {
        Some(source) => format!(
            "profile {name} has no long-term key of its own: it is made from profile {source}; name a profile with a key"
        ),
        None => format!("profile {name} has no long-term key; name a profile with one"),
    }
}

const NOT_BY_A_SESSION: &str = "; a session calls nothing of STS but AssumeRole and GetCallerIdentity: sign with \
                                --long-term-key, or with a role's profile";

/// The message has STS's code and the remedy.
fn failed(error: &sts::Error) -> Failed {
    let exit = match error.class {
        Class::Dns | Class::Network | Class::Timeout | Class::Tls | Class::Malformed => Exit::Unavailable,
        Class::Server | Class::Throttled => Exit::TryAgain,
        Class::ClockSkew
        | Class::Config
        | Class::Denied
        | Class::KeyInvalid
        | Class::MfaDevice
        | Class::MfaRejected => Exit::Unhealthy,
    };
    let mut message = error.message.clone();
    if message.contains("with session credentials") {
        message.push_str(NOT_BY_A_SESSION);
    }
    if let Some(id) = &error.request_id {
        message.extend([" (request id ", id, ")"]);
    }
    Failed::new(exit, &message)
}
