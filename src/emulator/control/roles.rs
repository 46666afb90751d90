//! Roles in JSON.

use serde_json::Value;

use super::read::{flag, is_iam_arn, object, text, texts};
use crate::emulator::roles::Role;

/// The role in the body of a request, or what is wrong with it.
pub(super) fn parse(body: &[u8]) -> Result<Role, String> {
    let json = object(body, "{\"arn\": \"arn:aws:iam::123456789012:role/x\"}")?;
    let arn = json.get("arn").map(|arn| role_arn("arn", arn)).transpose()?;
    let arn = arn.ok_or("a role needs its arn")?;
    let mut role = Role::new(arn);
    if !json.contains_key("trusts") {
        let account = arn.split(':').nth(4).unwrap_or_default();
        role = role.trusting(&format!("arn:aws:iam::{account}:root"));
    }
    for (key, value) in &json {
        role = match key.as_str() {
            "trusts" => texts(key, value)?.into_iter().fold(role, Role::trusting),
            "requires_mfa" if flag(key, value)? => role.requiring_mfa(),
            "requires_source_identity" if flag(key, value)? => role.requiring_source_identity(),
            "arn" | "requires_mfa" | "requires_source_identity" => role,
            "external_id" => role.with_external_id(text(key, value)?),
            "audience" => role.with_audience(text(key, value)?),
            "subject" => role.with_subject(text(key, value)?),
            "max_session_duration" => role.with_max_session_duration(duration(key, value)?),
            _ => return Err(format!("a role has no {key:?}")),
        };
    }
    Ok(role)
}

fn role_arn<'a>(key: &str, value: &'a Value) -> Result<&'a str, String> {
    let arn = value.as_str().filter(|arn| is_iam_arn(arn, "role"));
    arn.ok_or_else(|| format!("{key} must be the ARN of a role, such as arn:aws:iam::123456789012:role/x"))
}

/// IAM starts at an hour; tests may want less.
fn duration(key: &str, value: &Value) -> Result<u32, String> {
    let seconds = value.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
    seconds
        .filter(|seconds| (900..=43_200).contains(seconds))
        .ok_or_else(|| format!("{key} must be a whole number from 900 to 43200"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:iam::123456789012:role/team/deploy";

    #[test]
    fn a_role_trusts_its_account_unless_it_says_whom() {
        let root = Role::new(ARN).trusting("arn:aws:iam::123456789012:root");
        assert_eq!(parse(format!("{{\"arn\": \"{ARN}\"}}").as_bytes()), Ok(root));
        let nobody = format!("{{\"arn\": \"{ARN}\", \"trusts\": [], \"requires_mfa\": false}}");
        assert_eq!(parse(nobody.as_bytes()), Ok(Role::new(ARN)));
        let whole = serde_json::json!({
            "arn": ARN,
            "trusts": ["arn:aws:iam::123456789012:user/ops", ARN],
            "requires_mfa": true,
            "requires_source_identity": true,
            "external_id": "x-1",
            "audience": "sts",
            "subject": "repo:*",
            "max_session_duration": 43_200,
        });
        let role = Role::new(ARN)
            .trusting("arn:aws:iam::123456789012:user/ops")
            .trusting(ARN)
            .requiring_mfa()
            .requiring_source_identity()
            .with_external_id("x-1")
            .with_audience("sts")
            .with_subject("repo:*")
            .with_max_session_duration(43_200);
        assert_eq!(parse(whole.to_string().as_bytes()), Ok(role));
    }

    #[test]
    fn mistakes_are_named() {
        let with = |more: &str| format!("{{\"arn\": \"{ARN}\", {more}}}");
        for (body, expected) in [
            (String::new(), "the body must be a JSON object"),
            ("{}".to_owned(), "a role needs its arn"),
            (
                "{\"arn\": \"arn:aws:iam::1:role/x\"}".to_owned(),
                "arn must be the ARN of a role",
            ),
            (
                "{\"arn\": \"arn:aws:iam::123456789012:role/\"}".to_owned(),
                "arn must be the ARN of a role",
            ),
            (with("\"trust\": []"), "a role has no \"trust\""),
            (with("\"trusts\": [1]"), "trusts must be a list of texts"),
            (with("\"trusts\": \"x\""), "trusts must be a list of texts"),
            (with("\"requires_mfa\": 1"), "requires_mfa must be true or false"),
            (with("\"external_id\": 1"), "external_id must be a text"),
            (
                with("\"max_session_duration\": 899"),
                "max_session_duration must be a whole number from 900",
            ),
        ] {
            let message = parse(body.as_bytes()).unwrap_err();
            assert!(message.starts_with(expected), "{body}: {message}");
        }
    }
}
