//! From NAME through `source_profile` down to the long-term key, or to the token of an identity provider.

use super::files::Files;
use super::location::{self, Location};
use super::roles::{Foot, RoleOnTheWay, signed_roles};
use super::settings::{AwsProfile, Setting};
use super::{key, mfa, web_identity};
use crate::aws::{Invalid, ProfileName};
use crate::config::endpoint::Environment;
use crate::config::mistake::Reported;
use crate::config::{Env, KeySource, Kind, Profile, Session, echo};

/// NAME first, then what it is made from.
pub(super) fn profiles(files: &Files, name: &str, env: Env<'_>) -> Result<Vec<Profile>, Reported> {
    let Some(first) = AwsProfile::find(files, name) else {
        return Err(report_unknown(files, name));
    };
    let report = |variable: &str, rule: &str| files.environment.report_at(None, variable, rule);
    let environment = Environment::new(env, &report);
    let mut way = Way {
        files,
        env,
        environment: &environment,
        roles: Vec::new(),
    };
    // What is wrong with the roles counts wherever the way ends.
    let foot = way.follow(first).and_then(|end| way.foot(end));
    let mut profiles = signed_roles(&way.roles, foot.as_ref().map_err(|reported| *reported))?;
    if let Foot::Profile(profile) = foot? {
        profiles.push(*profile);
    }
    if let Some(first) = profiles.first_mut() {
        first.required = true;
    }
    Ok(profiles)
}

/// A name that a served profile may have.
pub(super) fn served_name(profile: &AwsProfile<'_>) -> Result<ProfileName, Reported> {
    let refuse = |Invalid(rule)| profile.report(&format!("its name {rule}, since it is served under it; rename it"));
    profile.name.parse().map_err(refuse)
}

struct Way<'f> {
    files: &'f Files,
    env: Env<'f>,
    environment: &'f Environment<'f>,
    /// NAME first.
    roles: Vec<RoleOnTheWay<'f>>,
}

/// Where the way ends.
enum End<'f> {
    /// At a long-term key.
    Key {
        key: KeySource,
        /// The profile that has the key, unless it is the last role itself.
        owner: Option<AwsProfile<'f>>,
    },
    /// At a profile whose token opens its role.
    Token(AwsProfile<'f>),
}

impl<'f> Way<'f> {
    fn follow(&mut self, first: AwsProfile<'f>) -> Result<End<'f>, Reported> {
        let mut profile = first;
        // botocore takes a source's own key rather than its role, but NAME's role rather than its key.
        loop {
            if web_identity::opens(&profile)? {
                return Ok(End::Token(profile));
            }
            if !profile.has("role_arn") || !self.roles.is_empty() && key::is_written_down(&profile) {
                break;
            }
            let role = RoleOnTheWay::read(profile, self.location(&profile));
            self.roles.push(role);
            match self.source(&profile)? {
                Source::Key(key) => return Ok(End::Key { key, owner: None }),
                Source::Profile(source) => profile = source,
            }
        }
        let key = key::of(&profile)?;
        Ok(End::Key {
            key,
            owner: Some(profile),
        })
    }

    fn foot(&self, end: End<'f>) -> Result<Foot, Reported> {
        Ok(match end {
            End::Key {
                key,
                owner: Some(owner),
            } if self.roles.is_empty() || owner.has("mfa_serial") => {
                Foot::Profile(Box::new(self.session(&owner, &key)?))
            }
            End::Key { key, .. } => Foot::Key(key),
            End::Token(profile) => {
                let read = web_identity::read(&profile, served_name(&profile), self.location(&profile));
                Foot::Profile(Box::new(read?))
            }
        })
    }

    fn source(&self, profile: &AwsProfile<'f>) -> Result<Source<'f>, Reported> {
        match (profile.setting("source_profile"), profile.setting("credential_source")) {
            (Some(_), Some(setting)) => Err(setting.report("stands beside source_profile; keep one of them")),
            (None, Some(setting)) => key::from_environment(&setting).map(Source::Key),
            (Some(setting), None) => self.source_profile(profile, &setting),
            (None, None) => Err(profile.report(
                "has a role_arn and nothing to ask for it with; add source_profile (its own name, if its key stands here) or \
                 credential_source = Environment",
            )),
        }
    }

    fn source_profile(&self, profile: &AwsProfile<'f>, setting: &Setting<'f>) -> Result<Source<'f>, Reported> {
        let name = setting.text()?;
        if name == profile.name && key::is_written_down(profile) {
            return key::of(profile).map(Source::Key);
        }
        if let Some(at) = self.roles.iter().position(|role| role.profile.name == name) {
            let names = self.roles[at..].iter().map(|role| role.profile.shown());
            let circle: Vec<_> = names.chain([echo::profile(name)]).collect();
            return Err(setting.report(format!(
                "leads in a circle ({}); let one of them have a long-term key",
                circle.join(" → ")
            )));
        }
        AwsProfile::find(self.files, name).map(Source::Profile).ok_or_else(|| {
            setting.report(format!(
                "names {}, which is in neither of the AWS files; {}",
                echo::profile(name),
                known(self.files)
            ))
        })
    }

    fn location(&self, profile: &AwsProfile<'_>) -> Result<Location, Reported> {
        let asking = self.roles.last().map(|role| &role.location);
        location::of(profile, asking, self.files, self.env, self.environment)
    }

    fn session(&self, owner: &AwsProfile<'f>, key: &KeySource) -> Result<Profile, Reported> {
        let name = served_name(owner);
        let location = self.location(owner);
        let mfa = mfa::of(owner);
        let duration = owner.seconds("duration_seconds");
        let location = location?;
        Ok(Profile {
            name: name?,
            required: false,
            endpoint: location.endpoint,
            expected_account_id: None,
            allowed_uids: None,
            region: location.region,
            kind: Kind::Session(Session {
                key: key.clone(),
                mfa: mfa?,
                duration: duration?,
            }),
        })
    }
}

enum Source<'f> {
    Key(KeySource),
    Profile(AwsProfile<'f>),
}

fn report_unknown(files: &Files, name: &str) -> Reported {
    let text = format!(
        "has no {}, and {} no {}; {}",
        files.config.form.header(echo::profile(name)),
        files.credentials.path.display(),
        files.credentials.form.header(echo::profile(name)),
        known(files)
    );
    files.config.mistakes.report_at(None, "", text)
}

/// How many profiles a message lists.
const LISTED: usize = 10;

fn known(files: &Files) -> String {
    let names = files.config.content.profile_names();
    let names = names.chain(files.credentials.content.profile_names());
    let mut names: Vec<_> = names.filter(|name| echo::profile(name) == *name).collect();
    names.sort_unstable();
    names.dedup();
    let more = if names.len() > LISTED { ", …" } else { "" };
    names.truncate(LISTED);
    match names.as_slice() {
        [] => String::from("add it, or name another profile"),
        _ => format!("known there: {}{more}", names.join(", ")),
    }
}
