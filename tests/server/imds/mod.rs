//! The IMDSv2 form: tokens, what is told under them, and until when.

mod requests;

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use serde_json::{Value, json};
use valetkey::clock::{BootInstant, Clock};
use valetkey::config::Profile;
use valetkey::renew::{Caller, Snapshot, Table};
use valetkey::server::{Limits, Tokens};

use crate::scene::{DOCUMENT, LIFE, Peer, Reply, Scene, profile, valid};

const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const DOCUMENT_PATH: &str = "/latest/meta-data/iam/security-credentials/ops";

/// A token that is good for this many seconds.
async fn token(peer: &mut Peer, ttl: u32) -> String {
    let reply = put(peer, &format!("X-aws-ec2-metadata-token-ttl-seconds: {ttl}")).await;
    assert_eq!(reply.status, 200);
    reply.body
}

async fn put(peer: &mut Peer, header: &str) -> Reply {
    peer.send(format!(
        "PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n"
    ))
    .await;
    peer.reply().await.unwrap()
}

async fn get(peer: &mut Peer, path: &str, token: &str) -> Reply {
    peer.send(format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n"
    ))
    .await;
    peer.reply().await.unwrap()
}

#[tokio::test]
async fn a_client_gets_a_token_the_role_and_its_credentials_on_one_connection() {
    let scene = Scene::new(&["ops", "deploy"], &["ops", "deploy"]);
    let mut peer = scene.imds.connect().await;
    let token = token(&mut peer, 21_600).await;
    let role = get(&mut peer, ROLES, &token).await;
    assert_eq!((role.status, role.body.as_str()), (200, "ops"), "no line break");
    assert_eq!(role.header("content-type"), Some("text/plain"));
    let document = get(&mut peer, DOCUMENT_PATH, &token).await;
    assert_eq!((document.status, document.body.as_str()), (200, DOCUMENT));
    assert_eq!(document.header("content-type"), Some("application/json"));

    let other = get(&mut peer, &format!("{ROLES}deploy"), &token).await;
    assert_eq!(other.status, 404, "one profile is served");
    let count = |route, code| {
        scene.metric(&format!(
            "valetkey_http_requests_total{{code=\"{code}\",listener=\"imds\",route=\"{route}\"}}"
        ))
    };
    assert_eq!(
        [
            count("token", 200),
            count("roles", 200),
            count("credentials", 200),
            count("credentials", 404)
        ],
        [1, 1, 1, 1]
    );
}

#[tokio::test]
async fn a_token_is_good_until_the_very_instant_of_its_expiry() {
    for ttl in [1, 300, 21_600] {
        let scene = Scene::new(&["ops"], &["ops"]);
        let mut peer = scene.imds.connect().await;
        let token = token(&mut peer, ttl).await;
        let instant = Duration::from_nanos(1);
        scene
            .clock
            .advance(Duration::from_secs(ttl.into()).saturating_sub(instant));
        let mut peer = scene.imds.connect().await;
        assert_eq!(get(&mut peer, ROLES, &token).await.status, 200, "{ttl}");

        scene.clock.advance(instant);
        let mut peer = scene.imds.connect().await;
        assert_eq!(get(&mut peer, ROLES, &token).await.status, 401, "{ttl}");
        assert!(peer.is_closed().await);
        assert_eq!(scene.rejected("imds", "token_expired"), 1);
    }
}

/// At the same instant since boot.
#[tokio::test]
async fn a_token_of_another_start_opens_nothing() {
    let (first, second) = (Scene::new(&["ops"], &["ops"]), Scene::new(&["ops"], &["ops"]));
    let token = token(&mut first.imds.connect().await, 21_600).await;
    let mut peer = second.imds.connect().await;
    assert_eq!(get(&mut peer, ROLES, &token).await.status, 401);
    assert_eq!(second.rejected("imds", "token_unknown"), 1);
    assert!(peer.is_closed().await);
}

#[tokio::test]
async fn a_missing_a_wrong_and_an_expired_token_look_the_same() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let expired = token(&mut scene.imds.connect().await, 1).await;
    scene.clock.advance(Duration::from_secs(1));
    let mut replies = Vec::new();
    for header in [
        String::new(),
        "X-aws-ec2-metadata-token: x\r\n".into(),
        format!("X-aws-ec2-metadata-token: {expired}\r\n"),
    ] {
        let mut peer = scene.imds.connect().await;
        peer.send(format!("GET {ROLES} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n"))
            .await;
        let reply = peer.reply().await.unwrap();
        let undated = reply.head.lines().filter(|line| !line.starts_with("date:"));
        replies.push((undated.collect::<Vec<_>>().join("\n"), reply.body));
    }
    assert!(replies[0].0.starts_with("HTTP/1.1 401 "));
    assert_eq!(replies[0], replies[1]);
    assert_eq!(replies[0], replies[2]);
    let counted = ["token_missing", "token_unknown", "token_expired"].map(|reason| scene.rejected("imds", reason));
    assert_eq!(counted, [1, 1, 1]);
}

#[tokio::test]
async fn others_tokens_end_no_token() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut peer = scene.imds.connect().await;
    let first = token(&mut peer, 21_600).await;
    for _ in 0..1_000 {
        assert_ne!(token(&mut peer, 21_600).await, first);
    }
    assert_eq!(get(&mut peer, ROLES, &first).await.status, 200);
}

#[tokio::test]
async fn without_credentials_the_document_is_503_and_says_why() {
    let scene = Scene::new(&["ops"], &[]);
    let mut peer = scene.imds.connect().await;
    let token = token(&mut peer, 21_600).await;
    assert_eq!(
        get(&mut peer, ROLES, &token).await.body,
        "ops",
        "the role is there all the same"
    );
    let reply = get(&mut peer, DOCUMENT_PATH, &token).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")));
    assert!(reply.body.contains("CredentialsUninitialized"), "{}", reply.body);
    assert!(
        reply.body.contains("valetkey has not obtained them yet"),
        "{}",
        reply.body
    );

    scene
        .table
        .named("ops")
        .unwrap()
        .publish(valid(BootInstant::from_boot(LIFE)));
    assert_eq!(get(&mut peer, DOCUMENT_PATH, &token).await.body, DOCUMENT);
    scene.clock.advance(LIFE);
    let mut peer = scene.imds.connect().await;
    let reply = get(&mut peer, DOCUMENT_PATH, &token).await;
    assert_eq!(reply.status, 503);
    assert!(
        reply.body.contains("expired") && !reply.body.contains("canary"),
        "{}",
        reply.body
    );
}

#[tokio::test]
async fn what_is_told_of_the_instance_is_what_is_configured_and_known() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut peer = scene.imds.connect().await;
    let token = token(&mut peer, 21_600).await;
    for (path, body) in [
        ("/latest/meta-data/instance-id", "i-0123456789abcdef0"),
        ("/latest/meta-data/placement/region", "eu-west-1"),
        ("/latest/meta-data/placement/availability-zone", "eu-west-1c"),
        ("/latest/meta-data/placement/availability-zone/", "eu-west-1c"),
    ] {
        let reply = get(&mut peer, path, &token).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, body), "{path}");
        assert_eq!(reply.header("content-type"), Some("text/plain"));
    }
    let document = |reply: &Reply| serde_json::from_str::<Value>(&reply.body).unwrap();
    let identity = get(&mut peer, "/latest/dynamic/instance-identity/document", &token).await;
    let mut expected = json!({
        "version": "2017-09-30", "region": "eu-west-1", "availabilityZone": "eu-west-1c",
        "instanceId": "i-0123456789abcdef0",
    });
    assert_eq!(document(&identity), expected, "no account is known");
    assert_eq!(
        get(&mut peer, "/latest/meta-data/iam/info", &token).await.status,
        404,
        "nothing was issued"
    );

    scene.table.named("ops").unwrap().publish(Snapshot {
        issued: DateTime::from_timestamp(1_800_000_000, 5),
        caller: Some(Arc::new(Caller {
            account: "123456789012".parse().unwrap(),
            arn: None,
        })),
        ..Snapshot::default()
    });
    expected["accountId"] = "123456789012".into();
    let identity = get(&mut peer, "/latest/dynamic/instance-identity/document", &token).await;
    assert_eq!(document(&identity), expected);
    let info = get(&mut peer, "/latest/meta-data/iam/info", &token).await;
    let expected = json!({
        "Code": "Success", "LastUpdated": "2027-01-15T08:00:00Z",
        "InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/ops",
    });
    assert_eq!((info.status, document(&info)), (200, expected));
}

#[tokio::test]
async fn a_profile_that_a_reload_removed_is_a_role_that_the_instance_does_not_have() {
    let scene = Scene::new(&["ops", "deploy"], &["ops", "deploy"]);
    let mut peer = scene.imds.connect().await;
    let token = token(&mut peer, 21_600).await;
    let left: Vec<Profile> = vec![profile("deploy")];
    scene
        .consumers
        .replace(Tokens::new(&[]), &Table::new(&left), scene.clock.boot());
    for path in [ROLES, DOCUMENT_PATH, "/latest/meta-data/iam/info"] {
        let reply = get(&mut peer, path, &token).await;
        assert_eq!(reply.status, 404, "{path}");
        assert!(!reply.body.contains("canary"));
    }
    assert_eq!(
        get(&mut peer, &format!("{ROLES}deploy"), &token).await.status,
        404,
        "and no other"
    );
    assert_eq!(
        get(&mut peer, "/latest/meta-data/placement/region", &token)
            .await
            .status,
        200
    );
}

/// SDKs that know the older form take 404 as the sign to use the usual one.
#[tokio::test]
async fn the_extended_form_is_not_there_and_asking_for_it_breaks_no_rule() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut peer = scene.imds.connect().await;
    let token = token(&mut peer, 21_600).await;
    for path in ["", "/", "/ops"] {
        let path = format!("/latest/meta-data/iam/security-credentials-extended{path}");
        assert_eq!(get(&mut peer, &path, &token).await.status, 404, "{path}");
    }
    assert_eq!(scene.rejected("imds", "path"), 0);
    assert_eq!(
        get(&mut peer, ROLES, &token).await.status,
        200,
        "the connection is kept"
    );
}

#[tokio::test]
async fn idle_connections_keep_nobody_out() {
    let limits = Limits {
        connections: 2,
        ..Limits::IMDS
    };
    let scene = Scene::with_limits(&["ops"], &["ops"], limits);
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut peer = scene.imds.connect().await;
        token(&mut peer, 1).await;
        held.push(peer);
        scene.clock.advance(Duration::from_millis(1));
    }
    let mut late = scene.imds.connect().await;
    let good = token(&mut late, 21_600).await;
    assert_eq!(get(&mut late, DOCUMENT_PATH, &good).await.body, DOCUMENT);
    assert!(held[0].is_closed().await, "what was idle the longest");
    assert_eq!(scene.rejected("imds", "connections"), 1);
}
