//! What a client, a browser, a proxy or a fuzzer may send to the IMDS listener, and what comes of it.

use super::token;
use crate::scene::{DOCUMENT, Reply, Scene, Way};

/// What is left of the connection.
#[derive(Clone, Copy, PartialEq, Debug)]
enum After {
    Kept,
    Closed,
}
use After::{Closed, Kept};

/// A request's lines, the status (0: no reply), what the body is or has, the reason counted, the connection afterwards.
type Case<'a> = (&'a [&'a str], u16, Body<'a>, &'a str, After);

#[derive(Clone, Copy, PartialEq, Debug)]
enum Body<'a> {
    /// A token, and this TTL in the header.
    Token(&'a str),
    Exactly(&'a str),
    /// An error in JSON.
    Error,
    /// hyper's own.
    Any,
}
use Body::{Any, Error, Exactly, Token};

const HOST: &str = "Host: 127.0.0.1:{port}";
const PUT: &str = "PUT /latest/api/token HTTP/1.1";
const TTL: &str = "X-aws-ec2-metadata-token-ttl-seconds: 21600";
const GOOD: &str = "X-aws-ec2-metadata-token: {token}";
const ROLES: &str = "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1";
const ROLE: &str = "GET /latest/meta-data/iam/security-credentials/ops HTTP/1.1";
const ROLE_LIST: Body<'_> = Exactly("ops");
const CREDENTIALS: Body<'_> = Exactly(DOCUMENT);

/// `{port}` stands for the listener's port, `{token}` for a good token, `{long}` and `{huge}` for 2,048 and 20,000 bytes.
#[rustfmt::skip]
const CASES: &[Case<'_>] = &[
    // Tokens, as SDKs ask for them.
    (&[PUT, "Accept-Encoding: identity", HOST, "User-Agent: Boto3/1.44.3", "x-aws-ec2-metadata-token-ttl-seconds: 21600", "Content-Length: 0"], 200, Token("21600"), "", Kept),
    (&[PUT, "x-aws-ec2-metadata-token-ttl-seconds: 21600", HOST, "Connection: keep-alive", "Content-Length: 0"], 200, Token("21600"), "", Kept),
    (&[PUT, "x-aws-ec2-metadata-token-ttl-seconds: 21600", "host: 127.0.0.1:{port}"], 200, Token("21600"), "", Kept),
    (&[PUT, HOST, "User-Agent: aws-sdk-go-v2/1.47.7", "Content-Length: 0", "X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 300", "Accept-Encoding: gzip"], 200, Token("300"), "", Kept),
    (&[PUT, HOST, "X-AWS-EC2-METADATA-TOKEN-TTL-SECONDS: 600"], 200, Token("600"), "", Kept),
    (&[PUT, "Host: 127.0.0.1", TTL], 200, Token("21600"), "", Kept),
    (&[PUT, "Host: 169.254.169.254", TTL], 200, Token("21600"), "", Kept),
    (&[PUT, "Host: [fd00:ec2::254]", TTL], 200, Token("21600"), "", Kept),
    (&[PUT, "Host: localhost:{port}", TTL], 200, Token("21600"), "", Kept),
    (&["PUT /latest/api/token/ HTTP/1.1", HOST, TTL], 200, Token("21600"), "", Kept),
    (&["PUT //latest/api/token HTTP/1.1", HOST, TTL], 200, Token("21600"), "", Kept),
    (&["PUT /latest/api/token?x=y HTTP/1.1", HOST, TTL], 200, Token("21600"), "", Kept),
    (&[PUT, HOST, "X-aws-ec2-metadata-token-ttl-seconds:  1 "], 200, Token("1"), "", Kept),
    (&[PUT, HOST, TTL, "X-aws-ec2-metadata-token: old"], 200, Token("21600"), "", Kept),
    (&[PUT, HOST, TTL, "Connection: close"], 200, Token("21600"), "", Closed),
    // Without a TTL, or with a wrong one.
    (&[PUT, HOST], 400, Error, "token_ttl", Closed),
    (&[PUT, HOST, "X-aws-ec2-metadata-token-ttl-seconds:"], 400, Error, "token_ttl", Closed),
    (&[PUT, HOST, "X-aws-ec2-metadata-token-ttl-seconds: 0"], 400, Error, "token_ttl", Closed),
    (&[PUT, HOST, "X-aws-ec2-metadata-token-ttl-seconds: 21601"], 400, Error, "token_ttl", Closed),
    (&[PUT, HOST, "X-aws-ec2-metadata-token-ttl-seconds: -1"], 400, Error, "token_ttl", Closed),
    (&[PUT, HOST, "X-aws-ec2-metadata-token-ttl-seconds: +60"], 400, Error, "token_ttl", Closed),
    (&[PUT, HOST, "X-aws-ec2-metadata-token-ttl-seconds: 60.0"], 400, Error, "token_ttl", Closed),
    (&[PUT, HOST, "X-aws-ec2-metadata-token-ttl-seconds: sixty"], 400, Error, "token_ttl", Closed),
    (&[PUT, HOST, "X-aws-ec2-metadata-token-ttl-seconds: 18446744073709551617"], 400, Error, "token_ttl", Closed),
    (&[PUT, HOST, TTL, TTL], 400, Error, "token_ttl", Closed),
    (&[PUT, HOST, "X-metadata-token-ttl-seconds: 60"], 400, Error, "token_ttl", Closed),
    (&["PUT /latest/api/token?X-aws-ec2-metadata-token-ttl-seconds=60 HTTP/1.1", HOST], 400, Error, "token_ttl", Closed),
    // What is told under a token.
    (&[ROLES, HOST, GOOD], 200, ROLE_LIST, "", Kept),
    (&["GET /latest/meta-data/iam/security-credentials HTTP/1.1", HOST, GOOD], 200, ROLE_LIST, "", Kept),
    (&["GET //latest//meta-data/iam/security-credentials/ HTTP/1.1", HOST, GOOD], 200, ROLE_LIST, "", Kept),
    (&[ROLE, HOST, GOOD], 200, CREDENTIALS, "", Kept),
    (&["GET /latest/meta-data/iam/security-credentials/ops/ HTTP/1.1", HOST, "x-aws-ec2-metadata-token: {token}"], 200, CREDENTIALS, "", Kept),
    (&[ROLE, "Host: 169.254.169.254:80", GOOD], 200, CREDENTIALS, "", Kept),
    (&[ROLE, HOST, GOOD, "Content-Length: 0"], 200, CREDENTIALS, "", Kept),
    (&["GET /latest/meta-data/placement/region HTTP/1.1", HOST, GOOD], 200, Exactly("eu-west-1"), "", Kept),
    (&["GET /latest/meta-data/placement/availability-zone/ HTTP/1.1", HOST, GOOD], 200, Exactly("eu-west-1c"), "", Kept),
    (&["GET /latest/meta-data/instance-id HTTP/1.1", HOST, GOOD], 200, Exactly("i-0123456789abcdef0"), "", Kept),
    // Never without one: there is no version 1.
    (&[ROLES, HOST], 401, Error, "token_missing", Closed),
    (&[ROLE, HOST], 401, Error, "token_missing", Closed),
    (&["GET /latest/meta-data/placement/region HTTP/1.1", HOST], 401, Error, "token_missing", Closed),
    (&["GET /latest/dynamic/instance-identity/document HTTP/1.1", HOST], 401, Error, "token_missing", Closed),
    (&["GET / HTTP/1.1", HOST], 401, Error, "token_missing", Closed),
    (&["GET /nowhere HTTP/1.1", HOST], 401, Error, "token_missing", Closed),
    (&["GET /latest/meta-data/iam/security-credentials/ops?X-aws-ec2-metadata-token={token} HTTP/1.1", HOST], 401, Error, "token_missing", Closed),
    (&[ROLE, HOST, "Authorization: {token}"], 401, Error, "token_missing", Closed),
    (&[ROLE, HOST, "X-aws-ec2-metadata-token:"], 401, Error, "token_unknown", Closed),
    (&[ROLE, HOST, "X-aws-ec2-metadata-token: AQAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"], 401, Error, "token_unknown", Closed),
    (&[ROLE, HOST, "X-aws-ec2-metadata-token: {token}x"], 401, Error, "token_unknown", Closed),
    (&[ROLE, HOST, "X-aws-ec2-metadata-token: \"{token}\""], 401, Error, "token_unknown", Closed),
    (&[ROLE, HOST, "X-aws-ec2-metadata-token: Bearer {token}"], 401, Error, "token_unknown", Closed),
    (&[ROLE, HOST, GOOD, GOOD], 401, Error, "token_unknown", Closed),
    (&[ROLE, HOST, GOOD, "X-aws-ec2-metadata-token: x"], 401, Error, "token_unknown", Closed),
    (&["GET /latest/api/token HTTP/1.1", HOST, TTL], 401, Error, "token_missing", Closed),
    // Paths.
    (&["GET / HTTP/1.1", HOST, GOOD], 404, Error, "path", Kept),
    (&["GET /latest/meta-data/ HTTP/1.1", HOST, GOOD], 404, Error, "path", Kept),
    (&["GET /latest/user-data HTTP/1.1", HOST, GOOD], 404, Error, "path", Kept),
    (&["GET /latest/meta-data/iam/security-credentials/deploy HTTP/1.1", HOST, GOOD], 404, Error, "path", Kept),
    (&["GET /latest/meta-data/iam/security-credentials/OPS HTTP/1.1", HOST, GOOD], 404, Error, "path", Kept),
    (&["GET /latest/meta-data/iam/security-credentials/%6fps HTTP/1.1", HOST, GOOD], 400, Error, "path_form", Closed),
    (&["GET /latest/meta-data/iam/security-credentials/../security-credentials/ops HTTP/1.1", HOST, GOOD], 400, Error, "path_form", Closed),
    (&["GET /latest/meta-data/iam/security-credentials-extended/ HTTP/1.1", HOST, GOOD], 404, Error, "", Kept),
    (&["GET /latest/meta-data/iam/info HTTP/1.1", HOST, GOOD], 404, Error, "", Kept),
    (&["GET /credentials/ops HTTP/1.1", HOST, GOOD, "Authorization: token-ops"], 404, Error, "path", Kept),
    (&["GET /metrics HTTP/1.1", HOST, GOOD], 404, Error, "path", Kept),
    (&["PUT /latest/meta-data/iam/security-credentials/ops HTTP/1.1", HOST, TTL], 404, Error, "path", Kept),
    (&["PUT /latest/api/tokens HTTP/1.1", HOST, TTL], 404, Error, "path", Kept),
    (&["PUT / HTTP/1.1", HOST, TTL], 404, Error, "path", Kept),
    (&["GET /latest/meta-data/instance-id;x HTTP/1.1", HOST, GOOD], 400, Error, "path_form", Closed),
    (&["PUT /latest/./api/token HTTP/1.1", HOST, TTL], 400, Error, "path_form", Closed),
    (&["PUT /latest/api/%74oken HTTP/1.1", HOST, TTL], 400, Error, "path_form", Closed),
    (&["GET /latest/meta-data/ö HTTP/1.1", HOST, GOOD], 400, Error, "non_ascii", Closed),
    (&[PUT, HOST, "X-aws-ec2-metadata-token-ttl-seconds: ６0"], 400, Error, "non_ascii", Closed),
    (&["GET /latest/{long} HTTP/1.1", HOST, GOOD], 414, Error, "target_size", Closed),
    (&[PUT, HOST, TTL, "X: {huge}"], 431, Any, "header_size", Closed),
    // What EC2's metadata mock and Firecracker's service are tested with, too. Firecracker's own names of the headers are not EC2's.
    (&["GET / HTTP/1.1", HOST, "X-aws-ec2-metadata-token: ThisTokenIsNotValid!"], 401, Error, "token_unknown", Closed),
    (&["GET /latest/api/token HTTP/1.1", HOST, "X-aws-ec2-metadata-token-ttl-seconds: 21500"], 401, Error, "token_missing", Closed),
    (&["PATCH / HTTP/1.0", HOST], 405, Error, "method", Closed),
    (&["PUT /latest/api/token HTTP/1.0", HOST, "X-Forwarded-For: 203.0.113.195"], 400, Error, "forwarded", Closed),
    (&["PUT /token HTTP/1.0", HOST, "X-aws-ec2-metadata-token-ttl-seconds: 60"], 404, Error, "path", Closed),
    (&["PUT /latest/api/token HTTP/1.0", HOST], 400, Error, "token_ttl", Closed),
    (&["PUT /latest/api/token HTTP/1.0", HOST, "X-aws-ec2-metadata-token-ttl-seconds: 60"], 200, Token("60"), "", Closed),
    (&["GET /latest/meta-data/instance-id HTTP/1.0", HOST, "Accept: application/json", GOOD], 200, Exactly("i-0123456789abcdef0"), "", Closed),
    (&["GET /invalid HTTP/1.0", HOST, GOOD], 404, Error, "path", Closed),
    (&["GET / HTTP/1.0", HOST], 401, Error, "token_missing", Closed),
    (&["GET / HTTP/1.0", HOST, "X-aws-ec2-metadata-token: foo"], 401, Error, "token_unknown", Closed),
    (&["GET / HTTP/1.0", HOST, "X-metadata-token: {token}"], 401, Error, "token_missing", Closed),
    (&["PUT http://169.254.169.254/latest/api/token HTTP/1.0", HOST, TTL], 400, Error, "target", Closed),
    // Methods.
    (&["POST /latest/api/token HTTP/1.1", HOST, TTL, "Content-Length: 0"], 405, Error, "method", Closed),
    (&["POST /latest/meta-data/iam/security-credentials/ops HTTP/1.1", HOST, GOOD], 405, Error, "method", Closed),
    (&["DELETE /latest/api/token HTTP/1.1", HOST, GOOD], 405, Error, "method", Closed),
    (&["OPTIONS /latest/meta-data/ HTTP/1.1", HOST], 405, Error, "method", Closed),
    (&["put /latest/api/token HTTP/1.1", HOST, TTL], 405, Error, "method", Closed),
    (&["GET /latest/api/token HTTP/1.1", HOST, GOOD], 405, Error, "method", Closed),
    // Proxies: 400, since an SDK that is answered 403 here goes on to version 1.
    (&[PUT, HOST, TTL, "X-Forwarded-For: 10.0.0.1"], 400, Error, "forwarded", Closed),
    (&[PUT, HOST, TTL, "x-forwarded-for:"], 400, Error, "forwarded", Closed),
    (&[PUT, HOST, TTL, "Forwarded: for=10.0.0.1"], 400, Error, "forwarded", Closed),
    (&[PUT, HOST, TTL, "Via: 1.1 proxy"], 400, Error, "forwarded", Closed),
    (&[ROLE, HOST, GOOD, "X-Forwarded-For: 10.0.0.1"], 400, Error, "forwarded", Closed),
    (&[ROLE, HOST, GOOD, "X-Real-IP: 10.0.0.1"], 400, Error, "forwarded", Closed),
    (&["PUT http://169.254.169.254/latest/api/token HTTP/1.1", HOST, TTL], 400, Error, "target", Closed),
    (&["CONNECT 127.0.0.1:443 HTTP/1.1", HOST], 400, Error, "target", Closed),
    // Names of strangers, and browsers.
    (&[PUT, "Host: evil.example", TTL], 403, Error, "host", Closed),
    (&[PUT, "Host: 169.254.169.254:1", TTL], 403, Error, "host", Closed),
    (&[ROLE, "Host: instance-data.ec2.internal", GOOD], 403, Error, "host", Closed),
    (&[PUT, TTL], 400, Error, "host", Closed),
    (&[PUT, HOST, HOST, TTL], 400, Error, "host", Closed),
    (&[PUT, HOST, TTL, "Origin: http://127.0.0.1"], 403, Error, "origin", Closed),
    (&[PUT, HOST, TTL, "Sec-Fetch-Site: same-origin"], 403, Error, "fetch_metadata", Closed),
    (&[ROLE, HOST, GOOD, "Origin: null"], 403, Error, "origin", Closed),
    (&[ROLE, HOST, GOOD, "Sec-Fetch-Mode: no-cors"], 403, Error, "fetch_metadata", Closed),
    (&[ROLE, HOST, GOOD, "Via: 1.0 proxy"], 400, Error, "forwarded", Closed),
    (&[ROLE, "Host: 169.254.170.2", GOOD], 403, Error, "host", Closed),
    // Framing.
    (&[ROLE, HOST, GOOD, "Content-Length: 5", "", "hello"], 400, Error, "framing", Closed),
    (&[ROLE, HOST, GOOD, "Transfer-Encoding: chunked", "", "0"], 400, Error, "framing", Closed),
    (&[PUT, HOST, TTL, "Content-Length: 5", "", "hello"], 400, Error, "framing", Closed),
    (&[PUT, HOST, TTL, "Transfer-Encoding: chunked", "", "0"], 400, Error, "framing", Closed),
    (&[PUT, HOST, TTL, "Upgrade: h2c", "Connection: Upgrade"], 400, Error, "upgrade", Closed),
    (&[PUT, HOST, "X-aws-ec2-metadata-token-ttl-seconds : 60"], 400, Any, "malformed", Closed),
    (&[PUT, HOST, TTL, "Content-Length: 0", "Content-Length: 1"], 400, Any, "malformed", Closed),
    (&["PUT /latest/api/token HTTP/2.0", HOST, TTL], 400, Any, "malformed", Closed),
];

#[tokio::test]
async fn every_request_gets_its_answer_and_its_reason() {
    assert!(CASES.len() >= 120);
    // EC2 knows no TLS here, and neither do SDKs.
    for way in [Way::V4, Way::V6] {
        let scene = Scene::over(way, &["ops", "deploy"], &["ops", "deploy"]);
        let mut client = scene.imds.connect().await;
        let good = token(&mut client, 21_600).await;
        drop(client);
        for case in CASES {
            answers(&scene, case, &good, way).await;
        }
        for (_, _, _, reason, _) in CASES.iter().filter(|case| !case.3.is_empty()) {
            let expected = CASES.iter().filter(|case| case.3 == *reason).count();
            assert_eq!(scene.rejected("imds", reason), expected as u64, "{way:?}: {reason}");
        }
    }
}

async fn answers(scene: &Scene, (lines, status, body, reason, after): &Case<'_>, good: &str, way: Way) {
    let case = format!("{way:?}: {}", lines.join(" | "));
    let request = (lines.join("\r\n") + "\r\n\r\n")
        .replace("{port}", &scene.imds.address.port().to_string())
        .replace("{token}", good)
        .replace("{long}", &"x".repeat(2_048))
        .replace("{huge}", &"x".repeat(20_000));
    scene.open_connections_of("imds", 0).await;
    let before = rejections(scene);

    let mut peer = scene.imds.connect().await;
    peer.send(request).await;
    let reply = peer.reply().await.unwrap();
    assert_eq!(reply.status, *status, "{case}: {}", reply.body);
    shape(&reply, *body, &case);
    match after {
        Closed => assert!(peer.is_closed().await, "{case}"),
        Kept => assert_eq!(token(&mut peer, 1).await.len(), good.len(), "{case}"),
    }
    drop(peer);
    scene.open_connections_of("imds", 0).await;
    assert_eq!(rejections(scene), before + u64::from(!reason.is_empty()), "{case}");
}

fn shape(reply: &Reply, body: Body<'_>, case: &str) {
    let head = reply.head.to_lowercase();
    assert!(
        !head.contains("access-control-") && !head.contains("location:"),
        "{case}"
    );
    let ttl = reply.header("x-aws-ec2-metadata-token-ttl-seconds");
    let allow = match reply.status {
        405 if case.contains("/latest/api/token") => Some("PUT"),
        405 => Some("GET, PUT"),
        _ => None,
    };
    if body == Any {
        return;
    }
    assert_eq!(reply.header("allow"), allow, "{case}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{case}");
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{case}");
    assert_eq!(reply.body.contains("canary"), body == CREDENTIALS, "{case}");
    match body {
        Token(seconds) => {
            assert_eq!((reply.body.len(), ttl), (48, Some(seconds)), "{case}");
            assert_eq!(reply.header("content-type"), Some("text/plain"), "{case}");
        }
        Exactly(expected) => assert_eq!((reply.body.as_str(), ttl), (expected, None), "{case}"),
        Error => {
            let error: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
            assert!(error["Code"].is_string() && error["Message"].is_string(), "{case}");
            assert_eq!(error["Code"], error["code"], "{case}");
            assert_eq!(reply.header("content-type"), Some("application/json"), "{case}");
            assert!(
                ttl.is_none() && !reply.body.contains('\n') && reply.body.len() < 500,
                "{case}"
            );
        }
        Any => {}
    }
}

fn rejections(scene: &Scene) -> u64 {
    let page = String::from_utf8(scene.metrics.render()).unwrap();
    let lines = page
        .lines()
        .filter(|line| line.starts_with("valetkey_http_rejected_total{listener=\"imds\""));
    lines
        .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}

/// A head with 16 KB has room for a token of thousands of characters; nothing of it is decoded.
#[tokio::test]
async fn huge_tokens_are_refused_by_their_length() {
    let scene = Scene::new(&["ops"], &["ops"]);
    for length in [47, 49, 70, 1_000, 12_000] {
        let mut peer = scene.imds.connect().await;
        let reply = super::get(&mut peer, "/latest/meta-data/instance-id", &"A".repeat(length)).await;
        assert_eq!(reply.status, 401, "{length}");
    }
    let mut peer = scene.imds.connect().await;
    assert_eq!(super::get(&mut peer, "/", &"A".repeat(20_000)).await.status, 431);
}
