//! Which profile asks, and which STS is asked.

use super::given::{Given, usage, wrong};
use super::parameter::{AWS_PROFILE, CONFIG, CONTROL_SOCKET, CREDENTIALS, PROFILE, REGION, TOKEN_DIR};
use crate::aws::{Endpoint, ProfileName, Region};
use crate::cli::{Exit, Failed};
use crate::config::{self, Env, Overrides, Plan, Profile, Source};

/// A configuration, and the profile of it that asks.
pub(super) struct Place {
    pub(super) plan: Plan,
    pub(super) profile: Profile,
}

/// The configuration that is named, if one is; the environment is not named.
pub(super) fn named(given: &Given<'_>, env: Env<'_>) -> Result<Option<Place>, Failed> {
    let aws_profile = given.text(&AWS_PROFILE)?;
    if aws_profile.is_some() && given.is_typed(&CONFIG) {
        return Err(wrong(&AWS_PROFILE, &"cannot stand beside --config"));
    }
    let source = match (aws_profile, given.path(&CONFIG)) {
        (Some(name), _) => Source::AwsProfile(name),
        (None, Some(file)) => Source::File(file.clone()),
        (None, None) => return Ok(None),
    };
    read(given, &source, env).map(Some)
}

/// The profile `default` of the environment, in the region that is typed if one is.
pub(super) fn of_environment(given: &Given<'_>, env: Env<'_>) -> Result<Place, Failed> {
    let typed: Option<Region> = given.optional(&REGION)?;
    let env = |name: &str| match &typed {
        Some(region) if name == "AWS_REGION" => Some(region.as_str().into()),
        _ => env(name),
    };
    read(given, &Source::Environment, &env)
}

/// The STS of the region that is named, or of the environment's.
pub(super) fn endpoint_of_environment(given: &Given<'_>, env: Env<'_>) -> Result<Endpoint, Failed> {
    let region: Option<Region> = given.optional(&REGION)?;
    let endpoint = config::endpoint_of_environment(region, env);
    endpoint.map_err(|mistakes| Failed::new(Exit::Configuration, &mistakes))
}

fn read(given: &Given<'_>, source: &Source, env: Env<'_>) -> Result<Place, Failed> {
    // A command has a working directory, unlike a daemon. An empty path stays as it is, to be refused.
    let path = |parameter| {
        let typed = given.path(parameter)?;
        let path = std::path::absolute(typed).unwrap_or_else(|_| typed.clone());
        Some(path.display().to_string())
    };
    let flags = Overrides {
        credentials: given.text(&CREDENTIALS)?,
        token_dir: path(&TOKEN_DIR),
        control_socket: path(&CONTROL_SOCKET),
        ..Overrides::default()
    };
    let plan = config::read(source, &flags, env);
    let plan = plan.map_err(|mistakes| Failed::new(Exit::Configuration, &mistakes))?;
    let named: Option<ProfileName> = given.optional(&PROFILE)?;
    let name = match (&named, source) {
        (Some(name), _) => Some(name.as_str()),
        (None, Source::AwsProfile(name)) => Some(name.as_str()),
        (None, _) => None,
    };
    let profile = match name {
        Some(name) => of_name(&plan, name),
        None => only(&plan),
    };
    let profile = profile.ok_or_else(|| no_profile(&plan, name))?.clone();
    if given.is_typed(&REGION) && !matches!(source, Source::Environment) {
        return Err(usage(&format_args!(
            "--region is for where no profile is named; profile {} has its own region and endpoint",
            profile.name
        )));
    }
    Ok(Place { plan, profile })
}

fn of_name<'p>(plan: &'p Plan, name: &str) -> Option<&'p Profile> {
    plan.profiles.iter().find(|profile| profile.name.as_str() == name)
}

fn only(plan: &Plan) -> Option<&Profile> {
    match plan.profiles.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// The name is that of no profile. It is one by its form, which a token or a key might be, so it is not repeated.
fn no_profile(plan: &Plan, name: Option<&str>) -> Failed {
    let problem = match name {
        Some(_) => "there is no profile of that name.",
        None => "which profile asks?",
    };
    let names: Vec<_> = plan.profiles.iter().map(|profile| profile.name.as_str()).collect();
    usage(&format_args!(
        "{problem} Name one of {} with --profile",
        names.join(", ")
    ))
}
