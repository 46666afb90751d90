use std::collections::BTreeSet;

use super::ask::Ask;
use crate::emulator::callers::Identity;
use crate::emulator::errors::Error;

/// Keys and values.
pub(super) type Tags = Vec<(String, String)>;

/// The tags of the session: those of the call and those that the caller's session hands on; and which of them go on.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>
pub(super) fn of_session(ask: &Ask<'_>, caller: &Identity) -> Result<(Tags, Tags), Error> {
    let inherited = caller
        .role_session()
        .map_or(&[][..], |session| &session.transitive_tags);
    let own: BTreeSet<String> = ask.tags.iter().map(|(key, _)| folded(key)).collect();
    if own.len() < ask.tags.len() {
        return Err(Error::invalid_parameter_value(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ));
    }
    if inherited.iter().any(|(key, _)| own.contains(&folded(key))) {
        return Err(Error::invalid_parameter_value(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from \
             the calling session.",
        ));
    }
    let wanted: BTreeSet<String> = ask.transitive_tag_keys.iter().map(|key| folded(key)).collect();
    if !wanted.is_subset(&own) {
        return Err(Error::invalid_parameter_value(
            "The specified transitive tag key must be included in the requested tags.",
        ));
    }
    let owned = |(key, value): &(&str, &str)| (String::from(*key), String::from(*value));
    let transitive = ask.tags.iter().filter(|(key, _)| wanted.contains(&folded(key)));
    let transitive = inherited.iter().cloned().chain(transitive.map(owned)).collect();
    let all = inherited.iter().cloned().chain(ask.tags.iter().map(owned)).collect();
    Ok((all, transitive))
}

fn folded(key: &str) -> String {
    key.to_lowercase()
}
