use serde_json::{Map, Value};

use crate::emulator::errors::Error;

/// Of the session policy and the ARNs of managed ones together, in characters; by the documentation.
const MAX_PLAIN: usize = 2_048;
/// AWS compresses policies and tags in a way that it does not tell, so that this is only of the right kind: a second
/// limit, which 50 long tags pass and a session policy of the greatest length does not.
const MAX_PACKED: usize = 4_096;

/// How much of the room is taken, in percent, if there is anything to pack.
pub(super) fn size(
    policy: Option<&str>,
    policy_arns: &[&str],
    tags: &[(String, String)],
) -> Result<Option<usize>, Error> {
    if policy.is_some_and(|policy| !is_object(policy)) {
        return Err(Error::malformed_policy_document("Syntax errors in policy."));
    }
    let policies = policy_arns.iter().chain(&policy).map(|text| characters(text));
    let policies: usize = policies.sum();
    if policies > MAX_PLAIN {
        let percent = percent(policies, MAX_PLAIN);
        return Err(Error::packed_policy_too_large(format!(
            "Packed policy consumes {percent}% of allotted space, please use smaller policy."
        )));
    }
    let tags: usize = tags
        .iter()
        .map(|(key, value)| characters(key) + characters(value))
        .sum();
    let percent = percent(policies + tags, MAX_PACKED);
    if percent > 100 {
        return Err(Error::packed_policy_too_large(format!(
            "Packed size of session tags consumes {percent}% of allotted space."
        )));
    }
    Ok((policies + tags > 0).then_some(percent))
}

fn is_object(policy: &str) -> bool {
    serde_json::from_str::<Map<String, Value>>(policy).is_ok()
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

fn percent(part: usize, whole: usize) -> usize {
    (100 * part).div_ceil(whole)
}
