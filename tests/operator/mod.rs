//! A daemon of nothing but answers.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Semaphore;
use valetkey::BoxFuture;
use valetkey::aws::{Endpoint, ProfileName, SerialNumber, TokenCode};
use valetkey::control::{
    ClockOffset, Configuration, Listeners, MfaDevice, NotReloaded, Operator, ProfileStatus, Protections, Reloaded,
    Source, State, Status, Trouble,
};
use valetkey::mfa::Step;
use valetkey::mfa::steps::Choice;
use valetkey::renew::{Accepted, Reason, Refused, Reservation};

/// The one code that is taken; it must be in no output.
pub(crate) const CODE: &str = "481516";

/// What is asked of it, and what it answers.
pub(crate) struct Fake {
    pub(crate) status: Mutex<Status>,
    pub(crate) reload: Mutex<Result<Reloaded, NotReloaded>>,
    pub(crate) reservation: Mutex<Result<Reservation, Refused>>,
    /// The profiles of the codes that were tried.
    pub(crate) tried: Mutex<Vec<String>>,
    /// A submission to the profile `slow` waits for one of these.
    pub(crate) permits: Semaphore,
}

impl Fake {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            status: Mutex::new(status()),
            reload: Mutex::new(Ok(Reloaded::default())),
            reservation: Mutex::new(Ok(Reservation {
                choice: Choice::Use(Step::new(60_000_000)),
                clock_offset: TimeDelta::milliseconds(-1500),
            })),
            tried: Mutex::default(),
            permits: Semaphore::new(0),
        })
    }

    pub(crate) fn tried(&self) -> Vec<String> {
        self.tried.lock().unwrap().clone()
    }
}

impl Operator for Fake {
    fn status(&self) -> Status {
        self.status.lock().unwrap().clone()
    }

    fn submit(&self, profile: Option<ProfileName>, code: TokenCode) -> BoxFuture<'_, Result<Accepted, Refused>> {
        Box::pin(async move {
            let name = profile.map_or_else(|| String::from("person"), |profile| profile.to_string());
            match name.as_str() {
                "slow" => self.permits.acquire().await.unwrap().forget(),
                "panic" => panic!("a defect of the operator, {}", code.expose()),
                _ => {}
            }
            self.tried.lock().unwrap().push(name.clone());
            let refused = |reason, message: &str| Refused {
                reason,
                message: message.to_owned(),
            };
            match (name.as_str(), code.expose()) {
                ("ops" | "person" | "slow", CODE) => Ok(Accepted {
                    profile: name.parse().unwrap(),
                    expiration: at(12 * 3600),
                }),
                ("ops" | "person" | "slow", _) => {
                    Err(refused(Reason::Rejected, "STS refused the code; submit the next one"))
                }
                _ => Err(refused(Reason::NoSuchProfile, "there is no such profile; there is ops")),
            }
        })
    }

    fn reserve(&self, _: SerialNumber) -> BoxFuture<'_, Result<Reservation, Refused>> {
        Box::pin(async { self.reservation.lock().unwrap().clone() })
    }

    fn reload(&self, _rotate_tokens: bool) -> BoxFuture<'_, Result<Reloaded, NotReloaded>> {
        Box::pin(async { self.reload.lock().unwrap().clone() })
    }
}

/// This many seconds after the daemon's "now".
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

/// One profile of every kind of trouble, and one without.
pub(crate) fn status() -> Status {
    let ops = profile("ops", State::Ready);
    let person = ProfileStatus {
        source: Source::Environment,
        mfa: Some(MfaDevice {
            serial: "arn:aws:iam::123456789012:mfa/person".parse().unwrap(),
            push: true,
            accepted_from: Some(at(-3600)),
        }),
        expiration: Some(at(50 * 60)),
        code_wanted: Some(at(-600)),
        ..profile("person", State::Ready)
    };
    let deploy = ProfileStatus {
        kind: "role",
        source: Source::Profile("ops".parse().unwrap()),
        region: "aws-global".parse().unwrap(),
        endpoint: Endpoint::regional(&"aws-global".parse().unwrap()),
        required: false,
        account: None,
        arn: None,
        issued: None,
        renewal: None,
        expiration: None,
        consecutive_failures: 3,
        trouble: Some(Trouble {
            result: "denied",
            message: "STS said AccessDenied; let the role trust this user".into(),
            when: at(-45),
        }),
        ..profile("deploy", State::Obtaining)
    };
    Status {
        version: "1.2.3",
        revision: "abc",
        started: at(-7200),
        now: at(0),
        clock_offset: Some(ClockOffset(TimeDelta::milliseconds(-1500))),
        log_lines_dropped: 0,
        profiles: vec![ops, person, deploy],
        listeners: Listeners {
            credentials: "127.0.0.1:7411".parse().unwrap(),
            credentials_url: "http://127.0.0.1:7411".into(),
            certificate_expiration: None,
            imds: None,
            imds_profile: None,
            ops: "[::]:7412".parse().unwrap(),
            control_socket: "/run/valetkey/control.sock".into(),
        },
        state_dir: None,
        protections: Protections {
            not_dumpable: true,
            no_core: true,
        },
        configuration: Configuration {
            source: "/etc/valetkey/valetkey.toml".into(),
            last_reload: None,
        },
    }
}

/// A profile in order.
pub(crate) fn profile(name: &str, state: State) -> ProfileStatus {
    let region = "eu-west-1".parse().unwrap();
    ProfileStatus {
        name: name.parse().unwrap(),
        kind: "session",
        source: Source::KeyDirectory,
        endpoint: Endpoint::regional(&region),
        region,
        required: true,
        state,
        account: Some("123456789012".into()),
        arn: Some("arn:aws:sts::123456789012:assumed-role/deploy/valetkey-deploy".into()),
        mfa: None,
        issued: Some(at(-3600)),
        renewal: Some(at(4 * 3600)),
        expiration: Some(at(3 * 3600 + 12 * 60)),
        consecutive_failures: 0,
        trouble: None,
        code_wanted: None,
        waits_for: None,
        key_trouble: None,
    }
}
