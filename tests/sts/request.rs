use std::time::Duration;

use ring::{digest, hmac};

use crate::server::{Ending, Server, good};
use crate::{ACCESS_KEY_ID, PATIENT, SECRET_ACCESS_KEY, SESSION_TOKEN, call, client};

/// What goes with every call of these tests.
pub(crate) const BODY: &str = "Action=GetSessionToken&Version=2011-06-15&DurationSeconds=43200\
                    &SerialNumber=arn%3Aaws%3Aiam%3A%3A123456789012%3Amfa%2Fops&TokenCode=005924";

#[tokio::test]
async fn a_call_brings_credentials_and_a_sample() {
    let server = Server::plain(Ending::Answer(good())).await;
    let reply = call(&client(&[], PATIENT), &server.url()).await;
    let sample = reply.sample.unwrap();
    assert_eq!(sample.date.to_rfc3339(), "2026-01-02T03:04:07+00:00");
    assert!(sample.sent < sample.received && sample.received.since(sample.sent) <= reply.elapsed);
    assert!(!sample.authenticated, "anybody could have written it");

    let issued = reply.result.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(issued.credentials.session_token.expose(), SESSION_TOKEN);
    assert_eq!(issued.lifetime, Duration::from_secs(43_198));
    assert_eq!(issued.request_id, "c6104cbe-af31-11e0-8154-cbc7ccf896c7");
    assert_eq!(server.seen().await.0, 1);
}

#[tokio::test]
async fn the_request_is_exactly_this() {
    let server = Server::plain(Ending::Answer(good())).await;
    let (host, url) = (server.address.to_string(), server.url());
    call(&client(&[], PATIENT), &url).await;
    let (_, requests) = server.seen().await;
    let signature = signature(&host);
    let version = env!("CARGO_PKG_VERSION");
    let mut lines = [
        "accept: */*".to_owned(),
        format!(
            "authorization: AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/20260102/eu-west-1/sts/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
        ),
        format!("content-length: {}", BODY.len()),
        "content-type: application/x-www-form-urlencoded; charset=utf-8".to_owned(),
        format!("host: {host}"),
        format!("user-agent: valetkey/{version}"),
        "x-amz-date: 20260102T030405Z".to_owned(),
    ];
    lines.sort();

    let [request] = requests.as_slice() else {
        panic!("{} requests", requests.len());
    };
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let (start, headers) = head.split_once("\r\n").unwrap();
    let mut headers: Vec<_> = headers.split("\r\n").collect();
    headers.sort_unstable();
    assert_eq!(start, "POST / HTTP/1.1");
    assert_eq!(headers, lines);
    assert_eq!(body, BODY);
}

/// Signature Version 4 by hand, as the IAM user guide describes it.
fn signature(host: &str) -> String {
    let canonical_request = format!(
        "POST\n/\n\ncontent-type:application/x-www-form-urlencoded; charset=utf-8\nhost:{host}\n\
         x-amz-date:20260102T030405Z\n\ncontent-type;host;x-amz-date\n{}",
        sha256(BODY)
    );
    sign(SECRET_ACCESS_KEY, &canonical_request)
}

/// The signature of a canonical request as of 2026-01-02T03:04:05Z.
pub(crate) fn sign(secret_access_key: &str, canonical_request: &str) -> String {
    let string_to_sign = format!(
        "AWS4-HMAC-SHA256\n20260102T030405Z\n20260102/eu-west-1/sts/aws4_request\n{}",
        sha256(canonical_request)
    );
    let key = signing_key(secret_access_key, "20260102", "eu-west-1", "sts");
    hex(&hmac(&key, &string_to_sign))
}

fn signing_key(secret_access_key: &str, date: &str, region: &str, service: &str) -> Vec<u8> {
    let secret = format!("AWS4{secret_access_key}").into_bytes();
    [date, region, service, "aws4_request"]
        .iter()
        .fold(secret, |key, part| hmac(&key, part))
}

#[test]
fn the_signature_by_hand_agrees_with_the_user_guide() {
    assert_eq!(
        hex(&signing_key(SECRET_ACCESS_KEY, "20150830", "us-east-1", "iam")),
        "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    );
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

pub(crate) fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
