//! The core from outside: requests signed by AWS's own signer, replies as text.

mod assume_role;
mod assume_role_with_saml;
mod assume_role_with_web_identity;
mod assume_root;
mod authentication;
mod decode_authorization_message;
mod faults;
mod get_access_key_info;
mod get_delegated_access_token;
mod get_federation_token;
mod get_session_token;
mod get_web_identity_token;
mod kinds;
mod wire;

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use chrono::{DateTime, Utc};

use super::*;

const ACCOUNT: &str = "123456789012";
const SERIAL: &str = "arn:aws:iam::123456789012:mfa/ops";
const SEED: &[u8] = b"12345678901234567890";
/// 2026-01-02T03:04:05Z, in the middle of a step.
const NOW: DateTime<Utc> = DateTime::from_timestamp(1_767_323_045, 0).unwrap();

/// Who signs, and for where.
#[derive(Clone)]
struct Signer {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    region: &'static str,
    service: &'static str,
}

fn sts() -> Sts {
    sts_with(Rules::default())
}

fn sts_with(rules: Rules) -> Sts {
    let mut sts = Sts::new(rules, [1; 32]);
    sts.add_user(
        User::iam(ACCOUNT, "ops")
            .with_key("AKIAOPS", "secret-of-ops")
            .with_device(SERIAL, SEED),
    );
    sts.add_user(User::root(ACCOUNT).with_key("AKIAROOT", "secret-of-root"));
    sts
}

fn ops() -> Signer {
    Signer {
        access_key_id: "AKIAOPS".to_owned(),
        secret_access_key: "secret-of-ops".to_owned(),
        session_token: None,
        region: "us-east-1",
        service: "sts",
    }
}

fn root() -> Signer {
    Signer {
        access_key_id: "AKIAROOT".to_owned(),
        secret_access_key: "secret-of-root".to_owned(),
        ..ops()
    }
}

/// A signed POST of these parameters.
fn post(signer: &Signer, parameters: &str, now: DateTime<Utc>) -> Request {
    let body = format!("{parameters}&Version=2011-06-15");
    let content_type = "application/x-www-form-urlencoded; charset=utf-8";
    let mut headers = vec![("host", "127.0.0.1:7413"), ("content-type", content_type)];
    let token = signer.session_token.clone();
    let identity = Credentials::new(&signer.access_key_id, &signer.secret_access_key, token, None, "test").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(signer.region)
        .name(signer.service)
        .time(SystemTime::from(now))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let payload = SignableBody::Bytes(body.as_bytes());
    let signable = SignableRequest::new("POST", "http://127.0.0.1:7413/", headers.iter().copied(), payload);
    let (instructions, _) = sign(signable.unwrap(), &params).unwrap().into_parts();
    headers.extend(instructions.headers());
    Request {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: headers
            .iter()
            .map(|(name, value)| (String::from(*name), String::from(*value)))
            .collect(),
        body: body.into_bytes(),
    }
}

/// An unsigned POST of these parameters.
fn unsigned(parameters: &str) -> Request {
    let mut request = post(&ops(), parameters, NOW);
    request
        .headers
        .retain(|(name, _)| name == "host" || name == "content-type");
    request
}

fn call(sts: &mut Sts, signer: &Signer, parameters: &str) -> Response {
    answer(sts, &post(signer, parameters, NOW), NOW)
}

fn answer(sts: &mut Sts, request: &Request, now: DateTime<Utc>) -> Response {
    sts.handle(request, now).response.expect("an answer")
}

fn text(response: &Response) -> &str {
    std::str::from_utf8(&response.body).unwrap()
}

/// The text of the only element of this name.
fn element(response: &Response, name: &str) -> String {
    let document = roxmltree::Document::parse(text(response)).unwrap();
    let mut found = document
        .descendants()
        .filter(|node| node.has_tag_name((xml::STS, name)));
    let node = found
        .next()
        .unwrap_or_else(|| panic!("no {name} in {}", text(response)));
    assert!(found.next().is_none(), "a second {name}");
    node.text().unwrap_or_default().to_owned()
}

/// Status, code and message of an error.
fn error(response: &Response) -> (u16, String, String) {
    (response.status, element(response, "Code"), element(response, "Message"))
}

#[track_caller]
fn assert_error(response: &Response, status: u16, code: &str, message: &str) {
    assert_eq!(error(response), (status, code.to_owned(), message.to_owned()));
}

/// The session that a reply of GetSessionToken brought.
fn session(response: &Response) -> Signer {
    Signer {
        access_key_id: element(response, "AccessKeyId"),
        secret_access_key: element(response, "SecretAccessKey"),
        session_token: Some(element(response, "SessionToken")),
        ..ops()
    }
}
