//! Parameters that several actions have, each within the constraints of the model.

use std::collections::BTreeSet;

use crate::emulator::errors::Error;
use crate::emulator::form::Form;
use crate::emulator::validation::{Text, Violations};

pub(super) const SERIAL_NUMBER: Text = Text {
    min: 9,
    max: 256,
    pattern: r"[\w+=/:,.@-]*",
    allowed: |c| c.is_ascii_alphanumeric() || "_+=/:,.@-".contains(c),
};
pub(super) const TOKEN_CODE: Text = Text {
    min: 6,
    max: 6,
    pattern: r"[\d]*",
    allowed: |c| c.is_ascii_digit(),
};
pub(super) const ARN: Text = Text {
    min: 20,
    max: 2_048,
    pattern: r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
    allowed: |c| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..),
};
/// Names of sessions and source identities.
pub(super) const SESSION_NAME: Text = Text {
    min: 2,
    max: 64,
    pattern: r"[\w+=,.@-]*",
    allowed: |c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c),
};
/// A session policy, of every length.
pub(super) const UNBOUNDED_POLICY: Text = Text {
    min: 1,
    max: usize::MAX,
    pattern: r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    allowed: |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}'),
};
/// A session policy of the actions that bound it: all but `AssumeRole`.
pub(super) const POLICY: Text = Text {
    max: 2_048,
    ..UNBOUNDED_POLICY
};
pub(super) const TAG_KEY: Text = Text {
    min: 1,
    max: 128,
    pattern: r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+",
    allowed: is_of_tag,
};
const TAG_VALUE: Text = Text {
    min: 0,
    max: 256,
    pattern: r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*",
    allowed: is_of_tag,
};

pub(super) const MIN_ROLE_SECONDS: i32 = 900;
pub(super) const MAX_ROLE_SECONDS: i32 = 43_200;
pub(super) const MAX_TAGS: usize = 50;
/// By the documentation; the model has no bound.
const MAX_POLICY_ARNS: usize = 10;
const DUPLICATE: &str = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";

/// Letters, separators and numbers of every script, as far as the standard library knows them.
fn is_of_tag(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

/// A text without a pattern.
pub(super) const fn any_text(min: usize, max: usize) -> Text {
    Text {
        min,
        max,
        pattern: "",
        allowed: |_| true,
    }
}

pub(super) fn policy_arns<'a>(form: &'a Form, broken: &mut Violations) -> Vec<&'a str> {
    let members = form.members("PolicyArns");
    let arns: Vec<&str> = members
        .iter()
        .map(|n| {
            let arn = form.text(&format!("PolicyArns.member.{n}.arn"));
            broken.required(&format!("policyArns.{n}.member.arn"), arn, &ARN)
        })
        .collect();
    broken.length("policyArns", &arns, MAX_POLICY_ARNS);
    arns
}

/// Keys and values.
pub(super) fn tags<'a>(form: &'a Form, broken: &mut Violations) -> Vec<(&'a str, &'a str)> {
    let mut part = |n: u32, name: &str, member: &str, constraint| {
        let text = form.text(&format!("Tags.member.{n}.{name}"));
        broken.required(&format!("tags.{n}.member.{member}"), text, constraint)
    };
    let members = form.members("Tags");
    let tags: Vec<_> = members
        .iter()
        .map(|n| (part(*n, "Key", "key", &TAG_KEY), part(*n, "Value", "value", &TAG_VALUE)))
        .collect();
    let keys: Vec<&str> = tags.iter().map(|(key, _)| *key).collect();
    broken.length("tags", &keys, MAX_TAGS);
    tags
}

/// The keys of the tags, their case folded: no two may be the same.
pub(super) fn distinct_keys(tags: &[(&str, &str)]) -> Result<BTreeSet<String>, Error> {
    let keys: BTreeSet<String> = tags.iter().map(|(key, _)| key.to_lowercase()).collect();
    if keys.len() < tags.len() {
        return Err(Error::invalid_parameter_value(DUPLICATE));
    }
    Ok(keys)
}

pub(super) fn owned(tags: &[(&str, &str)]) -> Vec<(String, String)> {
    tags.iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

pub(super) fn check_arn(arn: &str) -> Result<(), Error> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", partition, service, _, _, resource]
            if ![partition, service, resource].iter().any(|part| part.is_empty()) =>
        {
            Ok(())
        }
        _ => Err(Error::validation(format!("{arn} is invalid"))),
    }
}
