//! The emulator over a real socket: what the shell adds to the core, the control API, and how it starts.
#![cfg(feature = "emulator")]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

mod federation;
mod launch;
mod roles;

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use valetkey::clock::{Clock, SystemClock};
use valetkey::emulator::{Access, Emulator, Error, Faults, Garbage, Instead, Options, Rules, Running, User};

const WHO: &str = "Action=GetCallerIdentity&Version=2011-06-15";

async fn start() -> Running {
    bind(Options::default()).await.unwrap().spawn()
}

async fn bind(options: Options) -> Result<Emulator, Error> {
    Emulator::bind(options, Arc::new(SystemClock)).await
}

/// Sends these bytes, and reads until the emulator closes.
async fn exchange(access: &Access, bytes: &[u8]) -> String {
    let address = access.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    String::from_utf8(reply).unwrap()
}

/// A request without a signature.
async fn send(access: &Access, method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    exchange(access, request.as_bytes()).await
}

/// A POST of these parameters to STS, signed by AWS's own signer.
async fn call(access: &Access, parameters: &str) -> String {
    exchange(access, signed(access, parameters).as_bytes()).await
}

fn signed(access: &Access, parameters: &str) -> String {
    let key = Credentials::new(&access.access_key_id, &access.secret_access_key, None, None, "test");
    signed_by(key, access, parameters)
}

fn signed_by(credentials: Credentials, access: &Access, parameters: &str) -> String {
    let host = access.url.strip_prefix("http://").unwrap();
    let headers = [("host", host), ("content-type", "application/x-www-form-urlencoded")];
    let identity = credentials.into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(&access.region)
        .name("sts")
        .time(SystemClock.wall().into())
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let body = SignableBody::Bytes(parameters.as_bytes());
    let signable = SignableRequest::new("POST", &access.url, headers.iter().copied(), body).unwrap();
    let (instructions, _) = sign(signable, &params).unwrap().into_parts();
    let fields: Vec<String> = headers
        .into_iter()
        .chain(instructions.headers())
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let (head, length) = (fields.concat(), parameters.len());
    format!("POST / HTTP/1.1\r\n{head}connection: close\r\ncontent-length: {length}\r\n\r\n{parameters}")
}

fn body(reply: &str) -> &str {
    reply.split_once("\r\n\r\n").expect("a head").1
}

fn header<'a>(reply: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = reply.split_once("\r\n\r\n")?;
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn json(reply: &str) -> serde_json::Value {
    serde_json::from_str(body(reply)).unwrap()
}

#[tokio::test]
async fn a_signed_call_is_answered_on_the_wire() {
    let emulator = start().await;
    let reply = call(&emulator.access, WHO).await;
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    assert_eq!(header(&reply, "content-type"), Some("text/xml"));
    assert!(body(&reply).contains("<Arn>arn:aws:iam::123456789012:user/demo</Arn>"));
    let id = header(&reply, "x-amzn-requestid").unwrap();
    assert!(body(&reply).contains(&format!("<RequestId>{id}</RequestId>")));
}

#[tokio::test]
async fn a_connection_serves_many_calls() {
    let emulator = start().await;
    let one = signed(&emulator.access, WHO);
    let keep_alive = one.replace("connection: close\r\n", "");
    let reply = exchange(&emulator.access, format!("{keep_alive}{one}").as_bytes()).await;
    assert_eq!(reply.matches("HTTP/1.1 200 OK").count(), 2);
}

#[tokio::test]
async fn bad_http_is_refused_and_hurts_nobody_else() {
    let emulator = start().await;
    for bytes in [
        &b"\0\x01\x02\r\n\r\n"[..],
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ] {
        let reply = exchange(&emulator.access, bytes).await;
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 4"), "{reply}");
    }
    assert!(call(&emulator.access, WHO).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn other_methods_and_paths_are_refused() {
    let access = &start().await.access;
    for (method, path, status) in [
        ("PUT", "/", 405),
        ("DELETE", "/", 405),
        ("GET", "/elsewhere", 404),
        ("PUT", "/_emulator/state", 405),
        ("GET", "/_emulator/faults", 405),
        ("GET", "/_emulator/roles", 405),
        ("GET", "/_emulator/saml-assertions", 405),
        ("GET", "/_emulator/other", 404),
    ] {
        let reply = send(access, method, path, "").await;
        assert!(
            reply.starts_with(&format!("HTTP/1.1 {status} ")),
            "{method} {path}: {reply}"
        );
    }
    let reply = send(access, "GET", "/", "").await;
    assert!(reply.starts_with("HTTP/1.1 302 "), "{reply}");
    assert_eq!(header(&reply, "location"), Some("https://aws.amazon.com/iam"));
}

#[tokio::test]
async fn a_body_longer_than_sts_takes_is_refused_unread() {
    let emulator = start().await;
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10000001\r\n\r\n";
    let reply = exchange(&emulator.access, head.as_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
}

#[tokio::test]
async fn faults_come_and_go_through_the_control_api() {
    let access = &start().await.access;
    let set = async |faults: &str| send(access, "POST", "/_emulator/faults", faults).await;

    let reply = set(r#"{"throttling": true, "count": 1}"#).await;
    assert_eq!(json(&reply), serde_json::json!({"throttling": true, "count": 1}));
    assert!(body(&call(access, WHO).await).contains("<Code>Throttling</Code>"));
    assert!(call(access, WHO).await.starts_with("HTTP/1.1 200"));

    for (status, code) in [(500, "InternalFailure"), (503, "ServiceUnavailable")] {
        set(&format!("{{\"refuse\": {status}}}")).await;
        let reply = call(access, WHO).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
        assert!(body(&reply).contains(&format!("<Code>{code}</Code>")), "{reply}");
    }

    let reply = send(access, "DELETE", "/_emulator/faults", "").await;
    assert_eq!(json(&reply), serde_json::json!({}));
    assert!(call(access, WHO).await.starts_with("HTTP/1.1 200"));

    let reply = set(r#"{"dwon": true}"#).await;
    assert!(reply.starts_with("HTTP/1.1 400"));
    assert_eq!(json(&reply)["message"], "there is no fault \"dwon\"");

    let state = json(&send(access, "GET", "/_emulator/state", "").await);
    assert_eq!(state["requests"]["GetCallerIdentity"], 5);
    assert_eq!(state["errors"]["Throttling"], 1);
    assert_eq!(state["faults"], serde_json::json!({}));
}

#[tokio::test]
async fn down_closes_the_connection_without_a_byte() {
    let emulator = start().await;
    for instead in [Instead::Down, Instead::LostReply] {
        emulator.handle.set_faults(Faults::instead(instead).times(1));
        assert_eq!(call(&emulator.access, WHO).await, "");
    }
    assert!(call(&emulator.access, WHO).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn garbage_arrives_as_it_was_made() {
    let emulator = start().await;
    let garbage = async |garbage| {
        emulator.handle.set_faults(Faults::instead(Instead::Garbage(garbage)));
        call(&emulator.access, WHO).await
    };
    let portal = garbage(Garbage::CaptivePortal).await;
    assert_eq!(header(&portal, "content-type"), Some("text/html"));
    let empty = garbage(Garbage::Empty).await;
    assert_eq!(header(&empty, "content-length"), Some("0"));
    assert!(!body(&garbage(Garbage::NotXml).await).contains('<'));
    assert!(!body(&garbage(Garbage::Truncated).await).contains("</GetCallerIdentityResponse>"));
    assert!(body(&garbage(Garbage::Oversized).await).len() > 64 * 1024);
}

/// The one test that waits for a clock, since waiting is what it tests.
#[tokio::test]
async fn slow_holds_the_answer_back_and_nobody_elses() {
    let emulator = start().await;
    let delay = Duration::from_millis(60);
    let slow = Faults {
        delay,
        ..Faults::default()
    };
    emulator.handle.set_faults(slow.times(1));
    let begin = SystemClock.boot();
    let (first, second) = tokio::join!(
        async {
            let reply = call(&emulator.access, WHO).await;
            (reply, SystemClock.boot().since(begin))
        },
        async {
            let state = send(&emulator.access, "GET", "/_emulator/state", "").await;
            (state, SystemClock.boot().since(begin))
        }
    );
    assert!(first.0.starts_with("HTTP/1.1 200") && first.1 >= delay);
    assert!(second.0.starts_with("HTTP/1.1 200") && second.1 < first.1);
}

#[tokio::test]
async fn a_skewed_clock_shows_in_the_date_header() {
    let emulator = start().await;
    emulator
        .handle
        .set_faults(Faults::clock_skew(chrono::TimeDelta::days(3650)));
    let reply = call(&emulator.access, WHO).await;
    let year = (SystemClock.wall() + chrono::TimeDelta::days(3650))
        .format("%Y")
        .to_string();
    assert!(header(&reply, "date").unwrap().contains(&year), "{reply}");
    assert!(body(&reply).contains("Signature expired: "));
    // No reply carries another clock's time.
    let state = send(&emulator.access, "GET", "/_emulator/state", "").await;
    assert_eq!(header(&state, "date"), None);
}

#[tokio::test]
async fn an_mfa_session_through_the_handle() {
    let seed = "GEZD GNBV gy3t qojq gezdgnbvgy3tqojq";
    let options = Options {
        totp_seed: Some(seed.to_owned()),
        user: "ops".to_owned(),
        rules: Rules {
            region: "eu-west-1".to_owned(),
            ..Rules::default()
        },
        ..Options::default()
    };
    let emulator = bind(options).await.unwrap().spawn();
    let access = &emulator.access;
    assert_eq!(access.mfa_serial, "arn:aws:iam::123456789012:mfa/ops");
    assert_eq!(access.region, "eu-west-1");
    let code = emulator
        .handle
        .token_code(&access.mfa_serial, SystemClock.wall())
        .unwrap();
    let mfa = format!(
        "Action=GetSessionToken&Version=2011-06-15&SerialNumber={}&TokenCode={code}",
        access.mfa_serial
    );
    assert!(call(access, &mfa).await.starts_with("HTTP/1.1 200"));
    assert!(call(access, &mfa).await.starts_with("HTTP/1.1 403"));
    let state = emulator.handle.state();
    assert_eq!(state.sessions, 1);
    assert_eq!(state.successes[&access.mfa_serial].len(), 1);
}

#[tokio::test]
async fn users_can_be_added_and_keys_switched_off_while_it_runs() {
    let emulator = start().await;
    let other = Access {
        access_key_id: "AKIAOTHER".to_owned(),
        secret_access_key: "s".to_owned(),
        ..emulator.access.clone()
    };
    assert!(body(&call(&other, WHO).await).contains("InvalidClientTokenId"));
    let user = User::iam("123456789012", "other").with_key("AKIAOTHER", "s");
    emulator.handle.add_user(user);
    assert!(body(&call(&other, WHO).await).contains("user/other"));
    assert!(emulator.handle.set_key_active("AKIAOTHER", false));
    assert!(body(&call(&other, WHO).await).contains("InvalidClientTokenId"));
}
