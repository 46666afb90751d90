use std::collections::BTreeSet;

use super::ask::Ask;
use crate::emulator::actions::parameters::{distinct_keys, owned};
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
    let own = distinct_keys(&ask.tags)?;
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
    let is_transitive = |(key, _): &(String, String)| wanted.contains(&folded(key));
    let transitive = owned(&ask.tags).into_iter().filter(is_transitive);
    let transitive = inherited.iter().cloned().chain(transitive).collect();
    let all = inherited.iter().cloned().chain(owned(&ask.tags)).collect();
    Ok((all, transitive))
}

fn folded(key: &str) -> String {
    key.to_lowercase()
}
