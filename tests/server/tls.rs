//! The credentials listener over TLS: whom it shows itself to, what it refuses, and that every limit holds as without.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use rcgen::KeyPair;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, SupportedProtocolVersion};
use valetkey::server::Limits;

use crate::scene::authority::Authority;
use crate::scene::{DOCUMENT, Peer, Scene, get};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn scene() -> Scene {
    Scene::over_tls(&["ops"], &["ops"], Limits::CREDENTIALS)
}

fn of_three() -> Limits {
    Limits {
        connections: 3,
        ..Limits::CREDENTIALS
    }
}

/// Connects as this client, by the name that it asks for.
async fn connect(scene: &Scene, client: ClientConfig, name: &str) -> std::io::Result<Peer> {
    let stream = scene.credentials.connect_plainly().await;
    let name = name.to_owned().try_into().unwrap();
    let stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await?;
    Ok(Peer(Box::new(stream)))
}

fn trusting(scene: &Scene) -> ClientConfig {
    scene.identity.as_ref().unwrap().authority.client()
}

async fn is_served(peer: &mut Peer) -> bool {
    peer.send(get("ops")).await;
    peer.reply().await.is_some_and(|reply| reply.body == DOCUMENT)
}

async fn eventually_rejected(scene: &Scene, reason: &str, count: u64) {
    scene.open_connections(0).await;
    assert_eq!(scene.rejected("credentials", reason), count, "{reason}");
}

#[tokio::test]
async fn both_versions_of_tls_are_spoken_and_nothing_is_kept_of_a_session() {
    let scene = scene();
    for version in [&TLS12, &TLS13] {
        let client = with_version(&scene, version);
        for _ in 0..2 {
            let stream = scene.credentials.connect_plainly().await;
            let connector = TlsConnector::from(Arc::new(client.clone()));
            let name = "valetkey.example".try_into().unwrap();
            let mut stream = connector.connect(name, stream).await.unwrap();
            stream.write_all(get("ops").as_bytes()).await.unwrap();
            let mut reply = [0; 15];
            stream.read_exact(&mut reply).await.unwrap();
            assert_eq!(&reply, b"HTTP/1.1 200 OK");
            let (_, session) = stream.get_ref();
            assert_eq!(session.protocol_version(), Some(version.version));
            assert_eq!(
                session.handshake_kind(),
                Some(tokio_rustls::rustls::HandshakeKind::Full),
                "also the second time"
            );
            assert_eq!(session.tls13_tickets_received(), 0);
        }
    }
}

fn with_version(scene: &Scene, version: &'static SupportedProtocolVersion) -> ClientConfig {
    let authority = &scene.identity.as_ref().unwrap().authority;
    authority.client_of(&[version])
}

#[tokio::test]
async fn http_1_1_is_agreed_on_and_nothing_else() {
    let scene = scene();
    for (offered, agreed) in [
        (&["http/1.1"][..], true),
        (&["h2", "http/1.1"], true),
        (&[], true),
        (&["h2"], false),
    ] {
        let mut client = trusting(&scene);
        client.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        let peer = connect(&scene, client, "valetkey.example").await;
        assert_eq!(peer.is_ok(), agreed, "{offered:?}");
        if let Ok(mut peer) = peer {
            assert!(is_served(&mut peer).await, "{offered:?}");
        }
    }
    eventually_rejected(&scene, "tls", 1).await;
}

#[tokio::test]
async fn a_client_that_trusts_somebody_else_or_asks_for_another_name_is_counted() {
    let scene = scene();
    let stranger = connect(&scene, Authority::new().client(), "valetkey.example").await;
    assert!(stranger.is_err());
    eventually_rejected(&scene, "tls", 1).await;
    assert!(connect(&scene, trusting(&scene), "other.example").await.is_err());
    eventually_rejected(&scene, "tls", 2).await;
    assert!(is_served(&mut scene.credentials.connect().await).await);
}

#[tokio::test]
async fn what_speaks_no_tls_is_refused_and_what_says_nothing_is_none() {
    let scene = scene();
    for (count, bytes) in [
        (1, get("ops").into_bytes()),
        (2, vec![0; 64]),
        (3, b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
    ] {
        let mut peer = scene.credentials.connect_plainly().await;
        peer.write_all(&bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = peer.read_to_end(&mut answer).await;
        assert!(
            !answer.starts_with(b"HTTP") && answer.len() < 16,
            "an alert at most: {answer:?}"
        );
        eventually_rejected(&scene, "tls", count).await;
    }
    // A probe of the port.
    let peer = scene.credentials.connect_plainly().await;
    scene.open_connections(1).await;
    drop(peer);
    eventually_rejected(&scene, "tls", 3).await;
    // Who leaves in the middle.
    let mut peer = scene.credentials.connect_plainly().await;
    peer.write_all(&[0x16, 3, 1]).await.unwrap();
    scene.open_connections(1).await;
    drop(peer);
    eventually_rejected(&scene, "tls", 4).await;
}

#[tokio::test]
async fn hosts_are_those_of_the_certificate_and_the_listeners_own() {
    let scene = scene();
    let port = scene.credentials.address.port();
    for (host, status) in [
        ("127.0.0.1", 200),
        (&*format!("127.0.0.1:{port}"), 200),
        ("localhost", 200),
        ("valetkey.example", 200),
        ("VALETKEY.example:443", 200),
        (&format!("valetkey.example:{port}"), 200),
        ("evil.example", 403),
        ("valetkey.example.evil.example", 403),
        ("localhost:1", 403),
        ("0.0.0.0", 403),
    ] {
        let mut peer = scene.credentials.connect().await;
        peer.send(get("ops").replace("127.0.0.1", host)).await;
        let reply = peer.reply().await.unwrap();
        assert_eq!(reply.status, status, "{host}");
        if status == 403 {
            assert!(
                reply.body.contains("a name that its certificate is for"),
                "{}",
                reply.body
            );
        }
    }
    assert_eq!(scene.rejected("credentials", "host"), 4);
}

#[tokio::test]
async fn another_certificate_is_shown_ten_seconds_later_without_a_restart() {
    let scene = scene();
    let identity = scene.identity.as_ref().unwrap();
    let mut open = scene.credentials.connect().await;
    assert!(is_served(&mut open).await);
    identity
        .authority
        .issue(&["other.example"])
        .install(identity.folder.path());
    assert!(
        connect(&scene, trusting(&scene), "other.example").await.is_err(),
        "it is not looked at yet"
    );
    scene.clock.advance(seconds(10));
    let mut peer = connect(&scene, trusting(&scene), "other.example").await.unwrap();
    assert!(is_served(&mut open).await, "who is connected stays so");
    peer.send(get("ops").replace("127.0.0.1", "other.example")).await;
    assert_eq!(peer.reply().await.unwrap().status, 200);
    peer.send(get("ops").replace("127.0.0.1", "valetkey.example")).await;
    assert_eq!(
        peer.reply().await.unwrap().status,
        403,
        "its hosts are the new certificate's"
    );
    assert!(connect(&scene, trusting(&scene), "valetkey.example").await.is_err());
}

#[tokio::test]
async fn half_a_pair_leaves_the_old_one_in_use() {
    let scene = scene();
    let identity = scene.identity.as_ref().unwrap();
    let other = identity.authority.issue(&["other.example"]);
    fs::write(identity.folder.path().join("chain.pem"), &other.certificate).unwrap();
    scene.clock.advance(seconds(10));
    assert!(is_served(&mut scene.credentials.connect().await).await);
    fs::write(identity.folder.path().join("key.pem"), &other.private_key).unwrap();
    scene.clock.advance(seconds(10));
    connect(&scene, trusting(&scene), "other.example").await.unwrap();
    fs::write(
        identity.folder.path().join("key.pem"),
        KeyPair::generate().unwrap().serialize_pem(),
    )
    .unwrap();
    scene.clock.advance(seconds(10));
    connect(&scene, trusting(&scene), "other.example").await.unwrap();
}

#[tokio::test]
async fn a_handshake_has_the_five_seconds_of_the_first_head() {
    let scene = scene();
    let mut silent = scene.credentials.connect_plainly().await;
    let mut begun = scene.credentials.connect_plainly().await;
    begun.write_all(&[0x16, 3, 1, 2, 0]).await.unwrap();
    let mut shaken = scene.credentials.connect().await;
    scene.open_connections(3).await;
    scene.clock.armed(seconds(5)).await;
    shaken.send("GET /cred").await;
    scene.clock.advance(seconds(5));
    let mut rest = Vec::new();
    let _ = silent.read_to_end(&mut rest).await;
    let _ = begun.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    assert!(shaken.is_closed().await);
    eventually_rejected(&scene, "header_timeout", 3).await;
    assert_eq!(scene.rejected("credentials", "tls"), 0);
}

#[tokio::test]
async fn idle_connections_and_later_heads_have_their_times() {
    let scene = scene();
    let mut peer = scene.credentials.connect().await;
    assert!(is_served(&mut peer).await);
    scene.clock.advance(seconds(5));
    scene.clock.armed(seconds(30)).await;
    scene.clock.advance(seconds(24));
    assert!(is_served(&mut peer).await, "at 29 s");
    scene.clock.advance(seconds(1));
    scene.clock.armed(seconds(59)).await;
    peer.send("GET /cred").await;
    scene.clock.armed(seconds(35)).await;
    scene.clock.advance(seconds(4));
    peer.send(get("ops").trim_start_matches("GET /cred")).await;
    assert_eq!(peer.reply().await.unwrap().body, DOCUMENT, "at 34 s");
    scene.clock.advance(seconds(1));
    scene.clock.armed(seconds(64)).await;
    scene.clock.advance(seconds(29));
    assert!(peer.is_closed().await);
    eventually_rejected(&scene, "header_timeout", 0).await;

    let mut drips = scene.credentials.connect().await;
    assert!(is_served(&mut drips).await);
    // The timer of the first head finds a connection that is idle since 64.
    scene.clock.advance(seconds(5));
    scene.clock.armed(seconds(94)).await;
    drips.send("GET /cred").await;
    scene.clock.armed(seconds(74)).await;
    scene.clock.advance(seconds(5));
    assert!(drips.is_closed().await);
    eventually_rejected(&scene, "header_timeout", 1).await;
}

#[tokio::test]
async fn a_peer_that_takes_no_reply_is_cut_off_after_ten_seconds() {
    let limits = Limits {
        header: seconds(30),
        ..Limits::CREDENTIALS
    };
    let scene = Scene::over_tls(&["ops"], &["ops"], limits);
    let mut peer = scene.credentials.connect().await;
    let requests = get("ops").repeat(100);
    tokio::select! {
        () = async { loop { peer.send(&requests).await } } => {}
        () = scene.clock.armed(seconds(10)) => {}
    }
    scene.clock.advance(seconds(10));
    eventually_rejected(&scene, "request_timeout", 1).await;
}

#[tokio::test]
async fn handshakes_count_among_the_connections_and_make_room_for_consumers() {
    let scene = Scene::over_tls(&["ops"], &["ops"], of_three());
    let mut consumers = Vec::new();
    let mut silent = scene.credentials.connect_plainly().await;
    let mut begun = scene.credentials.connect_plainly().await;
    begun.write_all(&[0x16, 3, 1]).await.unwrap();
    scene.open_connections(2).await;
    for _ in 0..3 {
        let mut peer = scene.credentials.connect().await;
        assert!(is_served(&mut peer).await);
        consumers.push(peer);
    }
    let mut rest = Vec::new();
    let _ = silent.read_to_end(&mut rest).await;
    let _ = begun.read_to_end(&mut rest).await;
    assert_eq!(scene.rejected("credentials", "connections"), 2);
    // All others showed a token.
    let mut standing = scene.credentials.connect().await;
    standing.send(get("ops")).await;
    assert_eq!(standing.reply().await.unwrap().status, 503);
    for peer in &mut consumers {
        assert!(is_served(peer).await);
    }
}

#[tokio::test]
async fn shutdown_ends_handshakes_and_answers_who_has_begun() {
    let mut scene = scene();
    let mut silent = scene.credentials.connect_plainly().await;
    let mut peer = scene.credentials.connect().await;
    peer.send("GET /cred").await;
    // When this later request has been answered, the earlier bytes have been read.
    let mut idle = scene.credentials.connect().await;
    for _ in 0..2 {
        assert!(is_served(&mut idle).await);
    }
    scene.credentials.stop();
    let mut rest = Vec::new();
    assert_eq!(silent.read_to_end(&mut rest).await.unwrap(), 0);
    assert!(idle.is_closed().await);
    peer.send(get("ops").trim_start_matches("GET /cred")).await;
    assert_eq!(peer.reply().await.unwrap().body, DOCUMENT);
    assert!(peer.is_closed().await);
    scene.credentials.ended().await;
}
