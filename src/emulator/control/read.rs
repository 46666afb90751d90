//! What the documents of the control API are made of.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// The object in the body of a request.
pub(super) fn object(body: &[u8], example: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(json)) => Ok(json),
        _ => Err(format!("the body must be a JSON object, such as {example}")),
    }
}

pub(super) fn text<'a>(key: &str, value: &'a Value) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("{key} must be a text"))
}

pub(super) fn texts<'a>(key: &str, value: &'a Value) -> Result<Vec<&'a str>, String> {
    let list = value.as_array().map(Vec::as_slice).ok_or(());
    let texts = list.and_then(|list| list.iter().map(|one| one.as_str().ok_or(())).collect());
    texts.map_err(|()| format!("{key} must be a list of texts"))
}

pub(super) fn flag(key: &str, value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("{key} must be true or false"))
}

pub(super) fn instant(key: &str, value: &Value) -> Result<DateTime<Utc>, String> {
    let instant = value.as_str().and_then(|text| text.parse().ok());
    instant.ok_or_else(|| format!("{key} must be an instant such as \"2026-01-02T03:04:05Z\""))
}

/// An account's twelve digits.
pub(super) fn account<'a>(key: &str, value: &'a Value) -> Result<&'a str, String> {
    let account = value.as_str().filter(|text| is_account(text));
    account.ok_or_else(|| format!("{key} must be the twelve digits of an account"))
}

pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `arn:<partition>:iam::<account>:<kind>/<name>`
pub(super) fn is_iam_arn(arn: &str, kind: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "iam", "", account, resource] => {
            let name = resource.strip_prefix(kind).and_then(|rest| rest.strip_prefix('/'));
            is_account(account) && name.is_some_and(|name| !name.is_empty())
        }
        _ => false,
    }
}
