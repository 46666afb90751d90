//! Metrics and probes.

use valetkey::clock::BootInstant;
use valetkey::renew::Snapshot;

use crate::scene::{LIFE, Reply, Scene, get, valid};

async fn ask(scene: &Scene, request: &str) -> Reply {
    let mut peer = scene.ops.connect().await;
    peer.send(format!("{request} HTTP/1.1\r\nHost: 10.1.2.3:7412\r\n\r\n"))
        .await;
    peer.reply().await.unwrap()
}

#[tokio::test]
async fn probes_follow_the_required_profiles() {
    let scene = Scene::new(&["ops", "deploy", "optional"], &["ops"]);
    let probe = async |path: &'static str| ask(&scene, &format!("GET {path}")).await;

    assert_eq!(probe("/livez").await.status, 200);
    for path in ["/startupz", "/readyz"] {
        let reply = probe(path).await;
        assert_eq!(reply.status, 503, "{path}");
        assert_eq!(
            reply.body, "no valid credentials: deploy\n",
            "the optional one is not waited for"
        );
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    }
    assert_eq!(probe("/readyz?profile=ops").await.status, 200);
    assert_eq!(probe("/readyz?profile=deploy").await.status, 503);
    assert_eq!(probe("/readyz?profile=optional").await.status, 503);
    assert_eq!(probe("/readyz?profile=nobody").await.status, 404);
    for path in [
        "/readyz?prof=x",
        "/readyz?",
        "/readyz?verbose&profile=ops",
        "/readyz?Profile=ops",
    ] {
        let reply = probe(path).await;
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (400, "the only query is ?profile=NAME\n"),
            "{path}"
        );
    }

    let deploy = scene.table.named("deploy").unwrap();
    deploy.publish(valid(BootInstant::from_boot(LIFE)));
    for path in ["/startupz", "/readyz"] {
        let reply = probe(path).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, "ok\n"), "{path}");
    }

    scene.clock.advance(LIFE);
    assert_eq!(probe("/readyz").await.body, "no valid credentials: ops, deploy\n");
    assert_eq!(probe("/startupz").await.status, 200, "once is enough");
    assert_eq!(probe("/livez").await.status, 200, "a daemon that waits is alive");

    deploy.publish(Snapshot::default());
    assert_eq!(probe("/startupz").await.status, 503);
}

#[tokio::test]
async fn any_name_and_any_proxy_may_ask_but_only_get_and_head() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut peer = scene.ops.connect().await;
    peer.send("GET /readyz HTTP/1.1\r\nHost: prometheus.example\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n")
        .await;
    assert_eq!(peer.reply().await.unwrap().status, 200);
    peer.send("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let head = peer.reply_to_head().await.unwrap();
    assert_eq!(head.status, 200);
    assert_ne!(head.header("content-length"), Some("0"));
    peer.send("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        .await;
    let refused = peer.reply().await.unwrap();
    assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD")));
    assert!(peer.is_closed().await);
    let mut peer = scene.ops.connect().await;
    peer.send("GET /readyz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        .await;
    assert_eq!(peer.reply().await.unwrap().status, 400);
    assert!(peer.is_closed().await);
    assert_eq!(scene.rejected("ops", "method"), 1);
    assert_eq!(scene.rejected("ops", "framing"), 1);

    for path in ["/", "/credentials/ops", "/metrics/", "/healthz"] {
        let reply = ask(&scene, &format!("GET {path}")).await;
        assert_eq!(
            (reply.status, reply.header("connection")),
            (404, Some("close")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_page_counts_what_happened_and_holds_no_secret() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut peer = scene.credentials.connect().await;
    for _ in 0..3 {
        peer.send(get("ops")).await;
        peer.reply().await.unwrap();
    }
    peer.send(get("ops").replace("token-ops", "token-wrong")).await;
    peer.reply().await.unwrap();

    let page = ask(&scene, "GET /metrics").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4"));
    let counted = |labels: &str, count: u32| {
        let line = format!("valetkey_http_requests_total{{{labels}}} {count}");
        assert!(page.body.lines().any(|found| found == line), "{line}");
    };
    counted("code=\"200\",listener=\"credentials\",route=\"credentials\"", 3);
    counted("code=\"401\",listener=\"credentials\",route=\"credentials\"", 1);
    counted("code=\"200\",listener=\"ops\",route=\"metrics\"", 0);
    assert!(
        page.body
            .contains("valetkey_http_request_duration_seconds_count{listener=\"credentials\"} 4")
    );
    assert!(page.body.contains("valetkey_profile_ready{profile=\"ops\"} 1"));
    for secret in ["canary", "token-ops", "token-wrong"] {
        assert!(!page.body.contains(secret), "{secret}");
    }
    assert!(ask(&scene, "GET /metrics").await.body.contains("route=\"metrics\"} 1"));
}
