//! What stands between a profile and its credentials, for people: functions of what is published.

use std::sync::Arc;

use super::Published;
use crate::clock::BootInstant;

/// Why a profile without credentials has none, for the person who reads the consumer's log. A role waits for the profile
/// that it is made from: what is wrong there is what has to be put right. `profiles` are all that there are.
pub fn why(profile: &Published, profiles: &[Arc<Published>], now: BootInstant) -> String {
    let mut message = state(profile);
    let mut cause = profile;
    // It ends: no profile leads back to itself.
    while let Some(source) = missing_source(cause, profiles, now) {
        message.extend([": it needs its source_profile, and ", &state(source)]);
        cause = source;
    }
    message.extend([": ", &reason(cause, profiles)]);
    message
}

/// What a profile waits for that no time brings, such as `the credentials of profile ops`. A person's code is told otherwise.
pub fn waits_for(profile: &Published, profiles: &[Arc<Published>], now: BootInstant) -> Option<String> {
    if let Some(source) = missing_source(profile, profiles, now) {
        return Some(format!("the credentials of profile {}", source.name));
    }
    if let (Some(file), true) = (&profile.assertion_file, profile.snapshot().assertion_wanted) {
        return Some(format!(
            "another SAML assertion in {}; to have the same one sent again, touch it",
            file.display()
        ));
    }
    let first = asked_first(profile, profiles).filter(|_| profile.snapshot().servable(now).is_none());
    first.map(device_of)
}

fn missing_source<'p>(profile: &Published, profiles: &'p [Arc<Published>], now: BootInstant) -> Option<&'p Published> {
    let name = profile.source_profile.as_ref()?;
    let source = profiles.iter().find(|candidate| candidate.name == *name)?;
    source.snapshot().servable(now).is_none().then_some(source)
}

/// The profile whose request is outstanding for the device of this one: a device has one at a time.
fn asked_first<'p>(profile: &Published, profiles: &'p [Arc<Published>]) -> Option<&'p Published> {
    let device = profile.push_device()?;
    let mut others = profiles.iter().filter(|other| other.name != profile.name);
    let first = others.find(|other| other.push_device() == Some(device) && other.snapshot().code_wanted.is_some())?;
    Some(first)
}

fn device_of(first: &Published) -> String {
    format!(
        "the MFA device, whose next code profile {} is asked for first",
        first.name
    )
}

fn state(profile: &Published) -> String {
    let state = if profile.snapshot().started {
        "have expired"
    } else {
        "are not there"
    };
    format!("the credentials of profile {} {state}", profile.name)
}

fn reason(profile: &Published, profiles: &[Arc<Published>]) -> String {
    let snapshot = profile.snapshot();
    if snapshot.code_wanted.is_some() {
        let name = &profile.name;
        return format!("a person must submit an MFA code: valetkey mfa submit --profile {name}");
    }
    if let Some(first) = asked_first(profile, profiles) {
        return format!("it waits for {}", device_of(first));
    }
    match &snapshot.trouble {
        Some(trouble) => trouble.message.clone(),
        None => String::from("valetkey has not obtained them yet"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use chrono::DateTime;

    use super::*;
    use crate::config::{self, Format};
    use crate::renew::{Document, Failure, Snapshot, Table, Trouble};

    const NOW: BootInstant = BootInstant::from_boot(Duration::from_secs(100));

    fn published() -> Arc<Vec<Arc<Published>>> {
        let profile = |name: &str, rest: &str| format!("[profile.{name}]\nregion = \"eu-west-1\"\n{rest}\n");
        let role =
            |source: &str| format!("source_profile = \"{source}\"\nrole_arn = \"arn:aws:iam::123456789012:role/x\"");
        let person = "key = { directory = \"/k\" }\nmfa_serial = \"GAHT12345678\"\nmfa_code = { push = true }";
        let text = profile("one", person)
            + &profile("two", person)
            + &profile("deploy", &role("one"))
            + &profile("audit", &role("deploy"));
        let text = format!("[server]\ntoken_dir = \"/t\"\ncontrol_socket = \"/c\"\n{text}");
        let plan = config::parse(text.as_bytes(), Format::Toml, "v.toml", &|_| None).unwrap();
        Table::new(&plan.profiles).profiles()
    }

    fn told(profiles: &[Arc<Published>]) -> Vec<Option<String>> {
        profiles
            .iter()
            .map(|profile| waits_for(profile, profiles, NOW))
            .collect()
    }

    fn ready() -> Snapshot {
        Snapshot {
            document: Some(Document {
                body: Bytes::new(),
                dies: NOW + Duration::from_secs(1),
            }),
            ..Snapshot::default()
        }
    }

    fn wanted() -> Snapshot {
        Snapshot {
            code_wanted: Some(DateTime::UNIX_EPOCH),
            ..Snapshot::default()
        }
    }

    fn troubled() -> Snapshot {
        let trouble = Trouble {
            failure: Failure::Key,
            message: "no key".into(),
            at: DateTime::UNIX_EPOCH,
        };
        Snapshot {
            trouble: Some(Arc::new(trouble)),
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_role_waits_for_the_profile_that_it_is_made_from() {
        let profiles = published();
        let of_one = Some("the credentials of profile one".to_owned());
        let of_deploy = Some("the credentials of profile deploy".to_owned());
        assert_eq!(told(&profiles), [None, None, of_one, of_deploy.clone()]);
        profiles[0].publish(ready());
        // What it met when it last asked is no matter while there is nothing to ask with.
        profiles[3].publish(troubled());
        assert_eq!(told(&profiles), [None, None, None, of_deploy]);
        profiles[2].publish(ready());
        assert_eq!(told(&profiles), [None, None, None, None]);
    }

    #[test]
    fn a_device_has_one_request_and_the_next_profile_waits_for_it() {
        let profiles = published();
        profiles[0].publish(wanted());
        profiles[1].publish(troubled());
        let device = "the MFA device, whose next code profile one is asked for first";
        assert_eq!(told(&profiles)[..2], [None, Some(device.to_owned())]);
        assert_eq!(
            why(&profiles[1], &profiles, NOW),
            format!("the credentials of profile two are not there: it waits for {device}")
        );
        profiles[1].publish(ready());
        assert_eq!(told(&profiles)[1], None);
    }

    #[test]
    fn whoever_is_asked_is_told_how_to_answer_and_what_has_expired_is_not_what_never_was() {
        let profiles = published();
        profiles[0].publish(wanted());
        let asked = "a person must submit an MFA code: valetkey mfa submit --profile one";
        assert_eq!(
            why(&profiles[0], &profiles, NOW),
            format!("the credentials of profile one are not there: {asked}")
        );
        profiles[0].publish(Snapshot {
            started: true,
            ..wanted()
        });
        assert_eq!(
            why(&profiles[0], &profiles, NOW),
            format!("the credentials of profile one have expired: {asked}")
        );
    }

    #[test]
    fn the_cause_is_that_of_the_last_one_in_the_chain() {
        let profiles = published();
        profiles[0].publish(troubled());
        assert_eq!(
            why(&profiles[3], &profiles, NOW),
            "the credentials of profile audit are not there: it needs its source_profile, and the credentials of profile \
             deploy are not there: it needs its source_profile, and the credentials of profile one are not there: no key"
        );
        let not_yet = "the credentials of profile two are not there: valetkey has not obtained them yet";
        assert_eq!(why(&profiles[1], &profiles, NOW), not_yet);
    }
}
