//! AWS as a machine's call finds it: the emulator's core, or what the weather has in its place.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::super::cast::{self, CAST, Made, Member, role_arn};
use super::super::network::{CONNECT, TOTAL};
use super::super::random::Random;
use crate::emulator::{Refused, Rules, Sts};
use crate::sts::{Class, class_of};

/// How the way to AWS is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Weather {
    Fair,
    /// Names do not resolve, or there is no route: nothing leaves, and that is known at once.
    NoRoute(Class),
    /// Packets vanish.
    BlackHole,
    /// AWS takes its time.
    Slow(Duration),
    /// AWS has done it, and nobody hears of it.
    LostReply,
    /// An error of AWS's in the place of everything.
    Failing(Class),
    /// Something else answers, or AWS says something that is cut.
    Garbage,
    /// So many calls of a hundred meet one of these.
    Brownout(u64),
}

/// Who calls for whom, and with what.
pub(super) struct Request<'a> {
    pub(super) profile: usize,
    /// The key that signs: a user's, or that of the source's credentials.
    pub(super) key: &'a str,
    pub(super) mfa: Option<(&'a str, &'a str)>,
    /// The time that the signature tells.
    pub(super) time: DateTime<Utc>,
}

/// What comes of a call, and after how long.
pub(super) struct Outcome {
    /// Until the request reaches AWS or what is there in its place; none if nothing leaves.
    pub(super) way: Option<Duration>,
    pub(super) lasts: Duration,
    /// What AWS gave, be it heard of or not.
    pub(super) given: Option<(String, DateTime<Utc>)>,
    /// What the caller hears of it.
    pub(super) error: Option<Class>,
    /// The `Date` that comes with the answer.
    pub(super) date: Option<DateTime<Utc>>,
}

pub(super) struct Aws {
    sts: Sts,
    random: Random,
    calls: u64,
}

/// How far a signature's time may be from AWS's.
const TOLERANCE: TimeDelta = TimeDelta::minutes(15);

impl Weather {
    pub(super) fn by_chance(random: &mut Random) -> Self {
        match random.below(9) {
            0 => Self::NoRoute(Class::Network),
            1 => Self::NoRoute(Class::Dns),
            2 => Self::BlackHole,
            3 => Self::Brownout(20 + random.below(60)),
            4 => Self::Slow(random.between(Duration::from_secs(1), Duration::from_secs(15))),
            _ => Self::instead(random),
        }
    }

    /// What one call may meet.
    fn instead(random: &mut Random) -> Self {
        match random.below(5) {
            0 => Self::LostReply,
            1 => Self::Failing(Class::Server),
            2 => Self::Failing(Class::Throttled),
            3 => Self::Failing(Class::Tls),
            _ => Self::Garbage,
        }
    }
}

impl Aws {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&random.next().to_le_bytes());
        let rules = Rules {
            region: "eu-west-1".to_owned(),
            ..Rules::default()
        };
        let mut sts = Sts::new(rules, bytes);
        (0..cast::USERS).for_each(|user| sts.add_user(cast::user(user, &[0])));
        cast::roles().for_each(|role| sts.add_role(role));
        Self { sts, random, calls: 0 }
    }

    /// From now on a user has the keys of these versions.
    pub(super) fn rotate(&mut self, user: usize, versions: &[u64]) {
        self.sts.add_user(cast::user(user, versions));
    }

    /// What the MFA device of a user shows.
    pub(super) fn shown(&self, user: usize, now: DateTime<Utc>) -> String {
        self.sts.token_code(&cast::serial(user), now).unwrap()
    }

    /// What comes of a call that begins now.
    pub(super) fn call(&mut self, weather: Weather, request: &Request<'_>, now: DateTime<Utc>) -> Outcome {
        let weather = match weather {
            Weather::Brownout(percent) if self.random.percent(percent) => Weather::instead(&mut self.random),
            Weather::Brownout(_) => Weather::Fair,
            weather => weather,
        };
        match weather {
            Weather::NoRoute(class) => return Outcome::never_left(class, Duration::ZERO),
            Weather::BlackHole => return Outcome::never_left(Class::Timeout, CONNECT),
            _ => {}
        }
        let (way, back) = (self.latency(), self.latency());
        let at = now + way;
        let outcome = |lasts, given, error, date| Outcome {
            way: Some(way),
            lasts,
            given,
            error,
            date,
        };
        match weather {
            Weather::Failing(Class::Tls) => outcome(way, None, Some(Class::Tls), None),
            Weather::Failing(class) => outcome(way + back, None, Some(class), Some(at)),
            Weather::Garbage => outcome(way + back, None, Some(Class::Malformed), None),
            Weather::LostReply => outcome(way + back, self.perform(request, at).ok(), Some(Class::Network), None),
            _ => {
                let lasts = way + back + weather.delay();
                let given = self.perform(request, at);
                if lasts >= TOTAL {
                    return outcome(TOTAL, given.ok(), Some(Class::Timeout), None);
                }
                let error = given.as_ref().err().copied();
                outcome(lasts, given.ok(), error, Some(at))
            }
        }
    }

    fn latency(&mut self) -> Duration {
        self.random
            .between(Duration::from_millis(5), Duration::from_millis(150))
    }

    /// What a healthy AWS makes of it.
    fn perform(&mut self, request: &Request<'_>, now: DateTime<Utc>) -> Result<(String, DateTime<Utc>), Class> {
        if (request.time - now).abs() > TOLERANCE {
            return Err(Class::ClockSkew);
        }
        self.calls += 1;
        if self.calls.is_multiple_of(1_000) {
            self.sts.forget_sessions(now - TimeDelta::days(3));
        }
        let Member { name, seconds, made } = &CAST[request.profile];
        let (arn, seconds) = (role_arn(name), seconds.to_string());
        let mut parameters = vec![("DurationSeconds", &*seconds)];
        let action = if let Made::Session(..) = made {
            "GetSessionToken"
        } else {
            parameters.extend([("RoleArn", &*arn), ("RoleSessionName", "valetkey")]);
            "AssumeRole"
        };
        if let Some((device, code)) = request.mfa {
            parameters.extend([("SerialNumber", device), ("TokenCode", code)]);
        }
        let performed = self.sts.perform(request.key, action, &parameters, now);
        performed
            .map(|performed| (performed.access_key_id, performed.expiration))
            .map_err(|refused: Refused| class_of(refused.status, refused.code, &refused.message))
    }
}

impl Weather {
    fn delay(self) -> Duration {
        match self {
            Self::Slow(delay) => delay,
            _ => Duration::ZERO,
        }
    }
}

impl Outcome {
    /// What cannot even be signed.
    pub(super) fn never_asked() -> Self {
        Self {
            error: None,
            ..Self::never_left(Class::Network, Duration::ZERO)
        }
    }

    fn never_left(class: Class, lasts: Duration) -> Self {
        Self {
            way: None,
            lasts,
            given: None,
            error: Some(class),
            date: None,
        }
    }

    /// The `Date` as a header has it.
    pub(super) fn date(&self) -> Option<DateTime<Utc>> {
        self.date.map(|date| date.trunc_subsecs(0))
    }
}
