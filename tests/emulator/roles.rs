use aws_credential_types::Credentials;
use valetkey::clock::{Clock, SystemClock};
use valetkey::emulator::{Access, Role};

use crate::{body, call, exchange, json, send, signed_by, start};

const ADMIN: &str = "arn:aws:iam::123456789012:role/admin";

fn assume(arn: &str, more: &str) -> String {
    format!("Action=AssumeRole&Version=2011-06-15&RoleArn={arn}&RoleSessionName=s1{more}")
}

/// The text of the first element of this name.
fn text<'a>(reply: &'a str, name: &str) -> &'a str {
    let (_, rest) = reply.split_once(&format!("<{name}>")).expect(reply);
    rest.split_once("</").unwrap().0
}

/// A call signed by the credentials in this reply.
async fn call_by(reply: &str, access: &Access, parameters: &str) -> String {
    let token = Some(text(reply, "SessionToken").to_owned());
    let (id, secret) = (text(reply, "AccessKeyId"), text(reply, "SecretAccessKey"));
    let credentials = Credentials::new(id, secret, token, None, "test");
    exchange(access, signed_by(credentials, access, parameters).as_bytes()).await
}

#[tokio::test]
async fn the_user_may_assume_the_role_that_is_there_from_the_start() {
    let emulator = start().await;
    let access = &emulator.access;
    assert_eq!(access.role_arn, "arn:aws:iam::123456789012:role/demo");
    let reply = call(access, &assume(&access.role_arn, "")).await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    let who = call_by(&reply, access, crate::WHO).await;
    assert_eq!(text(&who, "Arn"), "arn:aws:sts::123456789012:assumed-role/demo/s1");
}

#[tokio::test]
async fn a_role_added_by_the_control_api_is_reached_through_mfa() {
    let emulator = start().await;
    let access = &emulator.access;
    let role = format!(r#"{{"arn": "{ADMIN}", "requires_mfa": true, "max_session_duration": 43200}}"#);
    let added = send(access, "POST", "/_emulator/roles", &role).await;
    assert_eq!(json(&added), serde_json::json!({ "roles": [access.role_arn, ADMIN] }));

    assert!(body(&call(access, &assume(ADMIN, "")).await).contains("<Code>AccessDenied</Code>"));
    let serial = &access.mfa_serial;
    let code = emulator.handle.token_code(serial, SystemClock.wall()).unwrap();
    let more = format!("&DurationSeconds=43200&SerialNumber={serial}&TokenCode={code}");
    assert!(call(access, &assume(ADMIN, &more)).await.starts_with("HTTP/1.1 200"));

    let state = json(&send(access, "GET", "/_emulator/state", "").await);
    assert_eq!(state["roles"], serde_json::json!([access.role_arn, ADMIN]));
    assert_eq!(state["requests"]["AssumeRole"], 2);
    assert_eq!(
        state["assumed"],
        serde_json::json!([{
            "arn": "arn:aws:sts::123456789012:assumed-role/admin/s1",
            "caller": "arn:aws:iam::123456789012:user/demo",
            "seconds": 43200,
            "mfa": true,
            "external_id": null,
            "source_identity": null,
            "policy": null,
            "policy_arns": [],
            "tags": {},
            "transitive_tag_keys": [],
        }])
    );
}

#[tokio::test]
async fn a_role_added_through_the_handle_is_reached_from_another() {
    let emulator = start().await;
    let access = &emulator.access;
    emulator.handle.add_role(Role::new(ADMIN).trusting(&access.role_arn));
    let first = call(access, &assume(&access.role_arn, "")).await;
    assert!(call(access, &assume(ADMIN, "")).await.starts_with("HTTP/1.1 403"));
    let second = call_by(&first, access, &assume(ADMIN, "")).await;
    assert!(second.starts_with("HTTP/1.1 200"), "{second}");
}

#[tokio::test]
async fn a_wrong_role_is_told_so_and_changes_nothing() {
    let emulator = start().await;
    let reply = send(&emulator.access, "POST", "/_emulator/roles", r#"{"arn": "x"}"#).await;
    assert!(reply.starts_with("HTTP/1.1 400"), "{reply}");
    assert!(json(&reply)["message"].as_str().unwrap().starts_with("arn must be"));
    assert_eq!(
        emulator.handle.state().roles,
        std::slice::from_ref(&emulator.access.role_arn)
    );
}
