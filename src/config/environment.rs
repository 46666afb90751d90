use super::Env;
use super::endpoint::{self, PLAIN_HTTP};
use super::keys::{MFA_CODE_TOTP_SEED_FILE, MFA_SERIAL, REGION};
use super::mistake::{Mistakes, Reported};
use super::paths::absolute;
use super::plan::{KeySource, Kind, Mfa, MfaCode, Profile, Session};
use crate::aws::{Endpoint, Invalid, ProfileName, Region, SessionDuration};

const KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const SERIAL: &str = "VALETKEY_MFA_SERIAL";
const SEED_FILE: &str = "VALETKEY_TOTP_SEED_FILE";

/// The one profile that the environment describes, `default`. An empty variable counts as one that is not set.
pub(super) fn profile(env: Env<'_>, mistakes: &Mistakes) -> Result<Profile, Reported> {
    let variables = Variables { env, mistakes };
    let key = variables.key();
    let region = variables.region();
    let mfa = variables.mfa();
    let endpoint = variables.endpoint(region.as_ref().map_err(|reported| *reported));
    let region = region?;
    key?;
    Ok(Profile {
        name: default_profile(),
        required: true,
        endpoint: endpoint?,
        expected_account_id: None,
        allowed_uids: None,
        kind: Kind::Session(Session {
            key: KeySource::Environment,
            mfa: mfa?,
            duration: SessionDuration::default(),
        }),
        region,
    })
}

/// Which STS its variables name, in `region` if one is given.
pub(super) fn endpoint(region: Option<Region>, env: Env<'_>, mistakes: &Mistakes) -> Result<Endpoint, Reported> {
    let variables = Variables { env, mistakes };
    let region = region.map_or_else(|| variables.region(), Ok);
    variables.endpoint(region.as_ref().map_err(|reported| *reported))
}

struct Variables<'e> {
    env: Env<'e>,
    mistakes: &'e Mistakes,
}

impl Variables<'_> {
    /// Only whether it is there: its value is read when it is used.
    fn key(&self) -> Result<(), Reported> {
        let present = [KEY_ID, SECRET].map(|name| {
            if self.is_set(name) {
                Ok(())
            } else {
                Err(self
                    .mistakes
                    .report_outside(name, "is missing; set it, or name a configuration file with --config"))
            }
        });
        present.into_iter().collect()
    }

    fn region(&self) -> Result<Region, Reported> {
        let name = self.region_variable();
        let region = self.read(name, |text| text.parse().map_err(|Invalid(rule)| rule))?;
        region.ok_or_else(|| self.missing(name, REGION.must))
    }

    /// The one that counts.
    fn region_variable(&self) -> &'static str {
        let mut set = REGIONS.into_iter().filter(|name| self.is_set(name));
        set.next().unwrap_or(REGIONS[0])
    }

    fn endpoint(&self, region: Result<&Region, Reported>) -> Result<Endpoint, Reported> {
        let report = |variable: &str, rule: &str| self.mistakes.report_outside(variable, rule);
        let environment = endpoint::Environment::new(self.env, &report);
        let endpoint = environment.settings(PLAIN_HTTP)?.endpoint(region?);
        endpoint.map_err(|conflict| {
            let variable = conflict.variable.unwrap_or_else(|| self.region_variable());
            environment.report(variable, &conflict.rule())
        })
    }

    fn mfa(&self) -> Result<Option<Mfa>, Reported> {
        let serial = self.read(SERIAL, |text| text.parse().map_err(|Invalid(rule)| rule));
        let file = self.read(SEED_FILE, absolute);
        match (serial?, file?) {
            (None, None) => Ok(None),
            (Some(serial), Some(file)) => Ok(Some(Mfa::new(serial, MfaCode::TotpSeedFile(file)))),
            (Some(_), None) => Err(self.missing_beside(SEED_FILE, SERIAL, MFA_CODE_TOTP_SEED_FILE.must)),
            (None, Some(_)) => Err(self.missing_beside(SERIAL, SEED_FILE, MFA_SERIAL.must)),
        }
    }

    fn read<T>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, &'static str>) -> Result<Option<T>, Reported> {
        let Some(value) = (self.env)(name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let text = value.to_str().ok_or("must be UTF-8");
        let parsed = text.and_then(parse).map(Some);
        parsed.map_err(|rule| self.mistakes.report_outside(name, rule))
    }

    fn is_set(&self, name: &str) -> bool {
        (self.env)(name).is_some_and(|value| !value.is_empty())
    }

    fn missing(&self, name: &str, must: &str) -> Reported {
        self.mistakes.report_outside(name, format!("is missing; {must}"))
    }

    fn missing_beside(&self, name: &str, present: &str, must: &str) -> Reported {
        let text = format!("is missing, and {present} needs it; {must}");
        self.mistakes.report_outside(name, text)
    }
}

#[expect(clippy::expect_used, reason = "seven letters are a profile's name")]
fn default_profile() -> ProfileName {
    "default".parse().expect("a profile's name")
}
