use super::consumers::Known;
use crate::clock::BootInstant;
use crate::renew::Published;

/// Why a profile without credentials has none, for the person who reads the consumer's log. A role waits for the profile
/// that it is made from: what is wrong there is what has to be put right.
pub(super) fn why(profile: &Published, known: &Known, now: BootInstant) -> String {
    let mut message = state(profile);
    let mut cause = profile;
    // It ends: no profile leads back to itself.
    while let Some(source) = missing_source(cause, known, now) {
        message.extend([": it needs its source_profile, and ", &state(source)]);
        cause = source;
    }
    message.extend([": ", &reason(cause)]);
    message
}

fn missing_source<'k>(profile: &Published, known: &'k Known, now: BootInstant) -> Option<&'k Published> {
    let source = known.source(profile)?;
    source.snapshot().servable(now).is_none().then_some(source)
}

fn state(profile: &Published) -> String {
    let state = if profile.snapshot().started {
        "have expired"
    } else {
        "are not there"
    };
    format!("the credentials of profile {} {state}", profile.name)
}

fn reason(profile: &Published) -> String {
    let snapshot = profile.snapshot();
    match (&snapshot.trouble, snapshot.code_wanted) {
        (_, Some(_)) => {
            let name = &profile.name;
            format!("a person must submit an MFA code: valetkey mfa submit --profile {name}")
        }
        (Some(trouble), None) => trouble.message.clone(),
        (None, None) => String::from("valetkey has not obtained them yet"),
    }
}
