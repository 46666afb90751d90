//! The form writer, held against another reader of forms: what went in comes out. The first byte is the action and the
//! next two a number; the rest is texts, a line each.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::{Corpus, fuzz_target};
use valetkey::aws::{
    AssumeRole, Endpoint, ExternalId, LongTermKey, Policy, SessionName, SessionPolicies, Tag, TagKey, Tags,
};
use valetkey::sts::fuzzing::{form, form_of};
use valetkey::sts::{Action, Signer};

type Pairs = Vec<(String, String)>;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let [action, high, low, rest @ ..] = bytes else {
        return Corpus::Reject;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return Corpus::Reject;
    };
    let lines: Vec<_> = text.split('\n').collect();
    let action = Action::ALL[usize::from(action.wrapping_sub(b'A')) % Action::ALL.len()];
    check_any(action, u32::from_be_bytes([*low, *high, *low, *high]), &lines);
    if let Some(request) = assume_role(&lines) {
        check_assume_role(&request);
    }
    Corpus::Keep
});

fn check_any(action: Action, number: u32, lines: &[&str]) {
    let (text, list) = (lines[0], &lines[1..]);
    let form = form(action, text, number, list);
    let mut expected = common(action);
    expected.push(("Text".to_owned(), text.to_owned()));
    expected.push(("Number".to_owned(), number.to_string()));
    let members = (1..)
        .zip(list)
        .map(|(n, text)| (format!("List.member.{n}"), (*text).to_owned()));
    expected.extend(members);
    check(&form, &expected);
}

/// As much as can be lawful of the texts.
fn assume_role(lines: &[&str]) -> Option<AssumeRole> {
    let [name, external_id, policy, tags @ ..] = lines else {
        return None;
    };
    let role = "arn:aws:iam::123456789012:role/deploy".parse().ok()?;
    let name = name.parse::<SessionName>().or_else(|_| "jane".parse()).ok()?;
    let mut request = AssumeRole::new(role, name);
    request.external_id = external_id.parse::<ExternalId>().ok();
    request.policies = SessionPolicies::new(policy.parse::<Policy>().ok(), Vec::new()).ok()?;
    let tags = tags.chunks_exact(2).filter_map(|pair| {
        let (key, value) = (pair[0].parse().ok()?, pair[1].parse().ok()?);
        Some(Tag { key, value })
    });
    let tags: Vec<_> = tags.collect();
    let transitive = tags.iter().map(|tag| tag.key.clone()).step_by(2).collect();
    request.tags = Tags::new(tags, transitive).unwrap_or_default();
    Some(request)
}

fn check_assume_role(request: &AssumeRole) {
    let key = LongTermKey {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().expect("an id"),
        secret_access_key: Arc::new("secret".into()),
    };
    let form = form_of(&valetkey::sts::AssumeRole {
        endpoint: &Endpoint {
            url: "https://sts.example/".parse().expect("a URL"),
            signing_region: "eu-west-1".parse().expect("a region"),
        },
        signer: Signer::Key(&key),
        now: "2026-01-02T03:04:05Z".parse().expect("a time"),
        request,
        mfa: None,
    });
    let mut expected = common(Action::AssumeRole);
    let mut add = |name: &str, value: &str| expected.push((name.to_owned(), value.to_owned()));
    add("RoleArn", request.role_arn.as_str());
    add("RoleSessionName", request.role_session_name.as_str());
    if let Some(policy) = request.policies.policy() {
        add("Policy", policy.as_str());
    }
    add("DurationSeconds", "3600");
    for (n, tag) in (1..).zip(request.tags.tags().as_slice()) {
        add(&format!("Tags.member.{n}.Key"), tag.key.as_str());
        add(&format!("Tags.member.{n}.Value"), tag.value.as_str());
    }
    for (n, key) in (1..).zip(request.tags.transitive().iter().map(TagKey::as_str)) {
        add(&format!("TransitiveTagKeys.member.{n}"), key);
    }
    if let Some(id) = &request.external_id {
        add("ExternalId", id.as_str());
    }
    check(&form, &expected);
}

fn common(action: Action) -> Pairs {
    [("Action", action.as_str()), ("Version", "2011-06-15")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// The same pairs in the same order, of no other bytes than a form has, in room that was taken once.
fn check(form: &Vec<u8>, expected: &Pairs) {
    let read: Pairs = url::form_urlencoded::parse(form).into_owned().collect();
    assert_eq!(&read, expected);
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%+=&".contains(byte);
    assert!(form.iter().all(fits), "{}", String::from_utf8_lossy(form));
    let room: usize = expected
        .iter()
        .map(|(name, value)| name.len() + 3 * value.len() + 2)
        .sum();
    assert!(form.capacity() <= room.max(8), "{} > {room}", form.capacity());
}
