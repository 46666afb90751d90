//! What a consumer, a browser, a proxy or a fuzzer may send to the credentials listener, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use valetkey::renew::{Failure, Trouble};

use crate::scene::{DOCUMENT, LIFE, Scene, Way, get};

/// What is left of the connection.
#[derive(Clone, Copy, PartialEq, Debug)]
enum After {
    Kept,
    Closed,
}
use After::{Closed, Kept};

/// A request's lines, the status (0: no reply), the reason counted, the connection afterwards.
type Case<'a> = (&'a [&'a str], u16, &'a str, After);

const HOST: &str = "Host: 127.0.0.1";
const TOKEN: &str = "Authorization: token-ops";
const OPS: &str = "GET /credentials/ops HTTP/1.1";

/// `{port}` stands for the listener's port, `{long}` for a name of 2,048 bytes, `{huge}` for one of 20,000.
#[rustfmt::skip]
const CASES: &[Case<'_>] = &[
    // What SDKs send.
    (&[OPS, "Host: 127.0.0.1:{port}", "Accept: application/json", "Accept-Encoding: identity", "User-Agent: python-urllib3/2.7.0", TOKEN], 200, "", Kept),
    (&[OPS, TOKEN, "Host: 127.0.0.1:{port}", "Connection: keep-alive"], 200, "", Kept),
    (&[OPS, "accept: application/json", "authorization: token-ops", "host: 127.0.0.1:{port}"], 200, "", Kept),
    (&[OPS, TOKEN, "Accept: application/json", "Accept-Encoding: identity", "User-Agent: aws-sdk-crt/ecs-credentials-provider", HOST], 200, "", Kept),
    (&[OPS, HOST, TOKEN, "Accept-Encoding: gzip, br"], 200, "", Kept),
    (&["GET /credentials/ops/ HTTP/1.1", HOST, TOKEN], 200, "", Kept),
    (&["GET /credentials/ops?x=y HTTP/1.1", HOST, TOKEN], 200, "", Kept),
    (&["GET /credentials/deploy HTTP/1.1", HOST, "Authorization: token-deploy"], 200, "", Kept),
    (&[OPS, HOST, TOKEN, "Connection: close"], 200, "", Closed),
    (&[OPS, HOST, TOKEN, "Content-Length: 0"], 200, "", Kept),
    (&[OPS, HOST, TOKEN, "Referer: http://127.0.0.1/"], 200, "", Kept),
    (&["GET /credentials/ops HTTP/1.0", HOST, TOKEN], 200, "", Closed),
    (&["GET /credentials/ops HTTP/1.0", HOST, TOKEN, "Connection: keep-alive"], 200, "", Kept),
    (&[OPS, "Host: localhost", TOKEN], 200, "", Kept),
    (&[OPS, "Host: LOCALHOST:{port}", TOKEN], 200, "", Kept),
    (&[OPS, "Host: [::1]:{port}", TOKEN], 200, "", Kept),
    (&[OPS, "Host: \t127.0.0.1 ", "AUTHORIZATION: token-ops"], 200, "", Kept),
    (&["GET /credentials/ops? HTTP/1.1", HOST, TOKEN], 200, "", Kept),
    (&[OPS, HOST, TOKEN, "TE: trailers"], 200, "", Kept),
    (&[OPS, HOST, TOKEN, "X: {long}"], 200, "", Kept),
    // Tokens.
    (&[OPS, HOST], 401, "token_missing", Closed),
    (&[OPS, HOST, "Authorization:"], 401, "token_unknown", Closed),
    (&[OPS, HOST, "Authorization: wrong"], 401, "token_unknown", Closed),
    (&[OPS, HOST, "Authorization: Bearer token-ops"], 401, "token_unknown", Closed),
    (&[OPS, HOST, "Authorization: TOKEN-OPS"], 401, "token_unknown", Closed),
    (&[OPS, HOST, "Authorization: token-op"], 401, "token_unknown", Closed),
    (&[OPS, HOST, "Authorization: token-opss"], 401, "token_unknown", Closed),
    (&[OPS, HOST, "Authorization: \"token-ops\""], 401, "token_unknown", Closed),
    (&[OPS, HOST, "X-Authorization: token-ops"], 401, "token_missing", Closed),
    (&["GET /credentials/ops?Authorization=token-ops HTTP/1.1", HOST], 401, "token_missing", Closed),
    (&["GET /nowhere HTTP/1.1", HOST], 401, "token_missing", Closed),
    (&[OPS, HOST, TOKEN, TOKEN], 400, "authorization", Closed),
    (&[OPS, HOST, TOKEN, "Authorization: wrong"], 400, "authorization", Closed),
    // Paths: a token opens one.
    (&["GET /credentials/deploy HTTP/1.1", HOST, TOKEN], 404, "path", Kept),
    (&["GET /credentials/nobody HTTP/1.1", HOST, TOKEN], 404, "path", Kept),
    (&["GET /credentials HTTP/1.1", HOST, TOKEN], 404, "path", Kept),
    (&["GET / HTTP/1.1", HOST, TOKEN], 404, "path", Kept),
    (&["GET /metrics HTTP/1.1", HOST, TOKEN], 404, "path", Kept),
    (&["GET /latest/meta-data/iam/security-credentials/ HTTP/1.1", HOST, TOKEN], 404, "path", Kept),
    (&["GET /v2/credentials HTTP/1.1", HOST, TOKEN], 404, "path", Kept),
    (&["GET /v1/credentials?id=ops HTTP/1.1", HOST, TOKEN], 404, "path", Kept),
    (&["GET /credentials/ops/.x HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET //credentials/ops HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET /credentials//ops HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET /credentials/ops// HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET /credentials/%6fps HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET /credentials/ops%00 HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET /credentials/ops%0d%0aX:%20y HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET /credentials/./ops HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET /credentials/ops/. HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET /credentials/../credentials/ops HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET /credentials/%2e%2e/credentials/ops HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET /credentials/ops;x HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET /credentials\\ops HTTP/1.1", HOST, TOKEN], 400, "path_form", Closed),
    (&["GET /credentials/öps HTTP/1.1", HOST, TOKEN], 400, "non_ascii", Closed),
    (&["GET /credentials/ops?ö HTTP/1.1", HOST, TOKEN], 400, "non_ascii", Closed),
    (&[OPS, HOST, TOKEN, "User-Agent: ö"], 400, "non_ascii", Closed),
    (&[OPS, HOST, "Authorization: token-öps"], 400, "non_ascii", Closed),
    (&[OPS, "Host: 127.0.0.１", TOKEN], 400, "non_ascii", Closed),
    (&["GET /credentials/{long} HTTP/1.1", HOST, TOKEN], 414, "target_size", Closed),
    (&["GET /credentials/ops?{long} HTTP/1.1", HOST, TOKEN], 414, "target_size", Closed),
    (&[OPS, HOST, TOKEN, "X: {huge}"], 431, "header_size", Closed),
    (&["GET /{huge} HTTP/1.1", HOST, TOKEN], 431, "header_size", Closed),
    // Methods.
    (&["POST /credentials/ops HTTP/1.1", HOST, TOKEN, "Content-Length: 0"], 405, "method", Closed),
    (&["PUT /latest/api/token HTTP/1.1", HOST, "X-aws-ec2-metadata-token-ttl-seconds: 60"], 405, "method", Closed),
    (&["OPTIONS /credentials/ops HTTP/1.1", HOST, TOKEN], 405, "method", Closed),
    (&["DELETE /credentials/ops HTTP/1.1", HOST], 405, "method", Closed),
    (&["get /credentials/ops HTTP/1.1", HOST, TOKEN], 405, "method", Closed),
    (&["TRACE /credentials/ops HTTP/1.1", HOST, TOKEN], 405, "method", Closed),
    (&["OPTIONS /credentials/ops HTTP/1.1", HOST, "Origin: http://evil.example", "Access-Control-Request-Method: GET"], 403, "origin", Closed),
    // Names of strangers.
    (&[OPS, "Host: evil.example", TOKEN], 403, "host", Closed),
    (&[OPS, "Host: evil.example:{port}", TOKEN], 403, "host", Closed),
    (&[OPS, "Host: 127.0.0.1:1", TOKEN], 403, "host", Closed),
    (&[OPS, "Host: 0.0.0.0:{port}", TOKEN], 403, "host", Closed),
    (&[OPS, "Host: 127.0.0.1.", TOKEN], 403, "host", Closed),
    (&[OPS, "Host: user@127.0.0.1", TOKEN], 403, "host", Closed),
    (&[OPS, "Host: 169.254.170.2", TOKEN], 403, "host", Closed),
    (&[OPS, "Host:", TOKEN], 403, "host", Closed),
    (&[OPS, TOKEN], 400, "host", Closed),
    (&["GET /credentials/ops HTTP/1.0", TOKEN], 400, "host", Closed),
    (&[OPS, HOST, "Host: evil.example", TOKEN], 400, "host", Closed),
    (&[OPS, HOST, HOST, TOKEN], 400, "host", Closed),
    // What agents that serve containers are tested with, too: they know themselves by their address.
    (&[OPS, "Host: 127.0.0.1:24432", TOKEN], 403, "host", Closed),
    (&[OPS, "Host: 124.3.1.2", TOKEN], 403, "host", Closed),
    (&[OPS, "Host: ::1", TOKEN], 403, "host", Closed),
    (&[OPS, "Host: [::1]:1", TOKEN], 403, "host", Closed),
    // Browsers.
    (&[OPS, HOST, TOKEN, "Origin: null"], 403, "origin", Closed),
    (&[OPS, HOST, TOKEN, "Origin:"], 403, "origin", Closed),
    (&[OPS, HOST, TOKEN, "Sec-Fetch-Site: none"], 403, "fetch_metadata", Closed),
    (&[OPS, HOST, TOKEN, "sec-fetch-mode: no-cors"], 403, "fetch_metadata", Closed),
    // Proxies.
    (&[OPS, HOST, TOKEN, "X-Forwarded-For: 10.0.0.1"], 403, "forwarded", Closed),
    (&[OPS, HOST, TOKEN, "x-forwarded-for:"], 403, "forwarded", Closed),
    (&[OPS, HOST, TOKEN, "X-Forwarded-Host: 127.0.0.1"], 403, "forwarded", Closed),
    (&[OPS, HOST, TOKEN, "X-Forwarded-Proto: http"], 403, "forwarded", Closed),
    (&[OPS, HOST, TOKEN, "Forwarded: for=10.0.0.1"], 403, "forwarded", Closed),
    (&[OPS, HOST, TOKEN, "Via: 1.1 proxy"], 403, "forwarded", Closed),
    (&[OPS, HOST, TOKEN, "X-Real-IP: 10.0.0.1"], 403, "forwarded", Closed),
    (&["GET http://127.0.0.1/credentials/ops HTTP/1.1", HOST, TOKEN], 400, "target", Closed),
    (&["GET https://127.0.0.1:{port}/credentials/ops HTTP/1.1", HOST, TOKEN], 400, "target", Closed),
    (&["GET ftp://127.0.0.1/ HTTP/1.1", HOST, TOKEN], 400, "target", Closed),
    (&["CONNECT 127.0.0.1:443 HTTP/1.1", HOST, TOKEN], 400, "target", Closed),
    (&["OPTIONS * HTTP/1.1", HOST, TOKEN], 400, "target", Closed),
    // Framing.
    (&[OPS, HOST, TOKEN, "Upgrade: h2c", "Connection: Upgrade"], 400, "upgrade", Closed),
    (&[OPS, HOST, TOKEN, "Content-Length: 5", "", "hello"], 400, "framing", Closed),
    (&[OPS, HOST, TOKEN, "Content-Length: 99999999"], 400, "framing", Closed),
    (&[OPS, HOST, TOKEN, "Transfer-Encoding: chunked", "", "0"], 400, "framing", Closed),
    (&[OPS, HOST, TOKEN, "Content-Length: 0", "Transfer-Encoding: chunked", "", "0"], 400, "framing", Closed),
    (&["POST /credentials/ops HTTP/1.1", HOST, TOKEN, "Expect: 100-continue", "Content-Length: 5"], 400, "framing", Closed),
    (&[OPS, HOST, TOKEN, "Transfer-Encoding: identity"], 400, "malformed", Closed),
    (&["GET /credentials/ops HTTP/1.0", HOST, TOKEN, "Transfer-Encoding: chunked"], 400, "malformed", Closed),
    (&[OPS, HOST, TOKEN, "Content-Length: 0", "Content-Length: 1"], 400, "malformed", Closed),
    (&[OPS, HOST, TOKEN, "Content-Length: -1"], 400, "malformed", Closed),
    (&[OPS, HOST, TOKEN, "X: a", " folded"], 400, "malformed", Closed),
    (&[OPS, HOST, "Authorization : token-ops"], 400, "malformed", Closed),
    (&[OPS, HOST, "Authorization: token-ops\0"], 400, "malformed", Closed),
    (&[OPS, HOST, "no colon"], 400, "malformed", Closed),
    (&["GET  /credentials/ops HTTP/1.1", HOST, TOKEN], 400, "malformed", Closed),
    (&["GET /credentials/ops", HOST, TOKEN], 400, "malformed", Closed),
    (&["GET /credentials/ops HTTP/1.2", HOST, TOKEN], 400, "malformed", Closed),
    (&["GET /credentials/ops HTTP/2.0", HOST, TOKEN], 400, "malformed", Closed),
    (&["PRI * HTTP/2.0", "", "SM", ""], 0, "malformed", Closed),
    (&["\u{16}\u{3}\u{1}\u{2}"], 400, "malformed", Closed),
];

#[tokio::test]
async fn every_request_gets_its_answer_and_its_reason() {
    assert!(CASES.len() >= 120);
    for way in Way::ALL {
        let scene = Scene::over(way, &["ops", "deploy"], &["ops", "deploy"]);
        for case in CASES {
            answers(&scene, case, way).await;
        }
        for (_, _, reason, _) in CASES.iter().filter(|case| !case.2.is_empty()) {
            let expected = CASES.iter().filter(|case| case.2 == *reason).count();
            assert_eq!(
                scene.rejected("credentials", reason),
                expected as u64,
                "{way:?}: {reason}"
            );
        }
    }
}

async fn answers(scene: &Scene, (lines, status, reason, after): &Case<'_>, way: Way) {
    let case = format!("{way:?}: {}", lines.join(" | "));
    let request = (lines.join("\r\n") + "\r\n\r\n")
        .replace("{port}", &scene.credentials.address.port().to_string())
        .replace("{long}", &"x".repeat(2_048))
        .replace("{huge}", &"x".repeat(20_000));
    let before = rejections(scene);

    let mut peer = scene.credentials.connect().await;
    peer.send(request).await;
    let reply = peer.reply().await;
    assert_eq!(reply.as_ref().map_or(0, |reply| reply.status), *status, "{case}");
    if let Some(reply) = reply {
        assert_eq!(reply.body.contains("canary"), *status == 200, "{case}");
        let head = reply.head.to_lowercase();
        assert!(
            !head.contains("access-control-") && !head.contains("location:"),
            "{case}"
        );
        if !["malformed", "header_size"].contains(reason) {
            shape(&reply.body, *status, &case);
            assert_eq!(reply.header("content-type"), Some("application/json"), "{case}");
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{case}");
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{case}");
            assert_eq!(reply.header("content-encoding"), None, "{case}");
            assert_eq!(reply.header("allow"), (*status == 405).then_some("GET"), "{case}");
        }
    }
    match after {
        Closed => assert!(peer.is_closed().await, "{case}"),
        Kept => {
            peer.send(get("ops")).await;
            assert_eq!(peer.reply().await.unwrap().status, 200, "{case}");
        }
    }
    drop(peer);
    scene.open_connections(0).await;
    let counted = u64::from(!reason.is_empty());
    assert_eq!(rejections(scene), before + counted, "{case}");
}

/// The document as it is; or an error in both spellings, one line.
fn shape(body: &str, status: u16, case: &str) {
    if status == 200 {
        assert_eq!(body, DOCUMENT, "{case}");
    } else {
        let error: serde_json::Value = serde_json::from_str(body).unwrap();
        assert!(error["Code"].is_string() && error["Message"].is_string(), "{case}");
        assert_eq!(
            (&error["Code"], &error["Message"]),
            (&error["code"], &error["message"]),
            "{case}"
        );
        assert!(!body.contains('\n') && body.len() < 500, "{case}");
    }
}

pub(crate) fn rejections(scene: &Scene) -> u64 {
    let page = String::from_utf8(scene.metrics.render()).unwrap();
    let lines = page
        .lines()
        .filter(|line| line.starts_with("valetkey_http_rejected_total{"));
    lines
        .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}

#[tokio::test]
async fn a_missing_and_a_wrong_token_look_the_same() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut replies = Vec::new();
    for token in ["", "Authorization: wrong\r\n"] {
        let mut peer = scene.credentials.connect().await;
        peer.send(format!("{OPS}\r\n{HOST}\r\n{token}\r\n")).await;
        let reply = peer.reply().await.unwrap();
        let undated = reply.head.lines().filter(|line| !line.starts_with("date:"));
        replies.push((undated.collect::<Vec<_>>().join("\n"), reply.body));
    }
    assert_eq!(replies[0], replies[1]);
    assert!(!replies[0].1.contains("ops"));
}

#[tokio::test]
async fn the_only_profile_needs_no_name() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut peer = scene.credentials.connect().await;
    for path in ["/credentials", "/credentials/", "/credentials/ops", "/credentials/ops/"] {
        peer.send(format!("GET {path} HTTP/1.1\r\n{HOST}\r\n{TOKEN}\r\n\r\n"))
            .await;
        assert_eq!(peer.reply().await.unwrap().body, DOCUMENT, "{path}");
    }
}

#[tokio::test]
async fn head_has_no_body_and_no_credentials() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut peer = scene.credentials.connect().await;
    peer.send(get("ops").replace("GET", "HEAD")).await;
    let reply = peer.reply_to_head().await.unwrap();
    assert_eq!((reply.status, reply.header("allow")), (405, Some("GET")));
    assert!(peer.is_closed().await, "no body follows");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut peer = scene.credentials.connect().await;
    let wrong_path = get("ops").replace("/credentials/ops", "/other");
    peer.send([get("ops"), wrong_path, get("ops")].concat()).await;
    for status in [200, 404, 200] {
        assert_eq!(peer.reply().await.unwrap().status, status);
    }
    // A refusal is the last word: what was sent behind it is not answered.
    peer.send([get("ops").replace("token-ops", "guess"), get("ops")].concat())
        .await;
    assert_eq!(peer.reply().await.unwrap().status, 401);
    assert!(peer.is_closed().await);
}

#[tokio::test]
async fn heads_are_bounded() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let head = get("ops");
    let with = |more: &str| head.replace("\r\n\r\n", &format!("\r\n{more}\r\n\r\n"));
    let many = |count| (0..count).map(|n| format!("X-{n}: y")).collect::<Vec<_>>().join("\r\n");
    for (request, status) in [
        (with(&format!("X: {}", "y".repeat(12_000))), 200),
        (with(&format!("X: {}", "y".repeat(20_000))), 431),
        (with(&many(98)), 200),
        (with(&many(99)), 431),
        (head.replace("/ops ", &format!("/{} ", "x".repeat(20_000))), 431),
    ] {
        let mut peer = scene.credentials.connect().await;
        peer.send(request).await;
        assert_eq!(peer.reply().await.unwrap().status, status);
        if status == 431 {
            assert!(peer.is_closed().await);
        }
    }
    assert_eq!(scene.rejected("credentials", "header_size"), 3);
}

#[tokio::test]
async fn credentials_are_served_until_the_very_instant_of_their_death() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let instant = Duration::from_nanos(1);
    scene.clock.advance(LIFE.saturating_sub(instant));
    let mut peer = scene.credentials.connect().await;
    peer.send(get("ops")).await;
    assert_eq!(peer.reply().await.unwrap().status, 200);

    scene.clock.advance(instant);
    peer.send(get("ops")).await;
    let reply = peer.reply().await.unwrap();
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")));
    assert!(
        reply.body.contains("CredentialsUninitialized") && reply.body.contains("expired"),
        "{}",
        reply.body
    );
    assert!(!reply.body.contains("canary"));
}

#[tokio::test]
async fn before_the_first_credentials_the_reply_says_what_is_going_on() {
    let scene = Scene::new(&["ops"], &[]);
    let mut peer = scene.credentials.connect().await;
    peer.send(get("ops")).await;
    let reply = peer.reply().await.unwrap();
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")));
    assert!(
        reply.body.contains("are not there: valetkey has not obtained them yet"),
        "{}",
        reply.body
    );

    let trouble = "the MFA code was refused: check the host's \"clock\"";
    scene.table.named("ops").unwrap().publish(valetkey::renew::Snapshot {
        trouble: Some(Arc::new(Trouble {
            failure: Failure::Key,
            message: trouble.to_owned(),
            at: chrono::DateTime::UNIX_EPOCH,
        })),
        ..Default::default()
    });
    peer.send(get("ops")).await;
    let reply = peer.reply().await.unwrap();
    shape(&reply.body, reply.status, "trouble");
    let error: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    assert!(error["message"].as_str().unwrap().ends_with(trouble), "{}", reply.body);
}
