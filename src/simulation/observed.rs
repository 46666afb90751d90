//! What the oracle is told, read from the bytes that go over the wire and those that consumers get.

use chrono::{DateTime, TimeDelta, Utc};
use url::form_urlencoded;

use super::cast::{Belongings, CAST, Made, Member, role_arn, version_of};
use super::oracle::{End, Given, Oracle, Served, Spending};
use crate::clock::{Clock, PausedClock};
use crate::emulator::{Request, Response};
use crate::renew::Snapshot;

/// A request as it goes over the wire.
pub(super) struct Asked {
    /// Whose credentials are asked for; none if it asks for something else.
    profile: Option<usize>,
    mfa: Option<(String, String)>,
    /// Which key of the user signed.
    signed_by: Option<u64>,
    at: DateTime<Utc>,
}

impl Asked {
    /// Whose call it is: a role has its ARN, sessions of a user are told apart by what they ask for.
    pub(super) fn read(request: &Request) -> Self {
        let of = |name| parameter(&request.body, name);
        let authorization = request.header("authorization").unwrap();
        let (_, credential) = authorization.split_once("Credential=").unwrap();
        let user = |member: &Member| credential.starts_with(&format!("AKIA{:02}", member.root().0));
        let profile = match of("Action").unwrap().as_str() {
            "AssumeRole" => {
                let arn = of("RoleArn").unwrap();
                CAST.iter().position(|member| role_arn(member.name) == arn)
            }
            "GetSessionToken" => {
                let seconds = of("DurationSeconds").unwrap();
                CAST.iter().position(|member| {
                    matches!(member.made, Made::Session(..)) && user(member) && member.seconds.to_string() == seconds
                })
            }
            _ => None,
        };
        Self {
            profile,
            mfa: of("SerialNumber").zip(of("TokenCode")),
            signed_by: version_of(credential),
            at: DateTime::UNIX_EPOCH,
        }
    }

    /// The call begins; it ends when what is returned is dropped.
    pub(super) fn begins<'a>(&self, oracle: &'a Oracle, now: DateTime<Utc>) -> Option<End<'a>> {
        oracle.count();
        self.profile.map(|profile| oracle.begin(profile, now))
    }

    /// It has reached AWS, or what is there in its place.
    pub(super) fn arrives(&mut self, oracle: &Oracle, belongings: &Belongings, now: DateTime<Utc>) {
        self.at = now;
        if let (Some(profile), Some((device, code))) = (self.profile, &self.mfa) {
            let step = belongings.step_of(device, code);
            oracle.spend(profile, &Spending { device, code, step }, now);
        }
    }

    /// An answer has come back.
    pub(super) fn is_answered(&self, oracle: &Oracle, response: &Response) {
        let Some(profile) = self.profile.filter(|_| response.status == 200) else {
            return;
        };
        let body = String::from_utf8_lossy(&response.body);
        let (Some(id), Some(expiration)) = (element(&body, "AccessKeyId"), element(&body, "Expiration")) else {
            return;
        };
        let given = Given {
            id,
            expires: expiration.parse().unwrap(),
            asked: self.at,
            // One that is cut or blown up brings nothing to whoever asked.
            signed_by: self.signed_by,
            has_come: body.trim_end().ends_with("Response>") && body.len() < 60_000,
        };
        oracle.give(profile, &given);
    }
}

/// A consumer asks for a profile, and gets what the snapshot holds.
pub(super) fn ask(oracle: &Oracle, profile: usize, snapshot: &Snapshot, clock: &PausedClock, now: DateTime<Utc>) {
    let Some(document) = snapshot.servable(clock.boot()) else {
        return oracle.ask(profile, None, now);
    };
    let body = String::from_utf8_lossy(&document.body);
    let (_, id) = body.split_once("\"AccessKeyId\":\"").unwrap();
    let served = Served {
        id: &id[..20],
        left: TimeDelta::from_std(document.dies.since(clock.boot())).unwrap(),
    };
    oracle.ask(profile, Some(&served), now);
}

/// A parameter of a form.
fn parameter(body: &[u8], name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(body);
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}
