//! Whoever has no token, in numbers: each is told the same and nothing else, and nobody with a token notices.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::scene::{Scene, Setup, get};

const CONNECTIONS: u64 = 4_000;
/// Sent at once on each connection, of which the first ends it.
const GUESSES: usize = 25;
const AT_ONCE: u64 = 40;

/// Far above what an answer takes, and far below what it would take behind all the others.
const PROMPTLY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_wrong_tokens_neither_lock_out_nor_slow_down_who_has_it() {
    // The kernel is asked about each connection, besides.
    let setup = Setup {
        allowed_uids: Some(vec![rustix::process::geteuid().as_raw()]),
        ..Setup::default()
    };
    let scene = Scene::set_up(&["ops"], &["ops"], &setup);
    let mut guessers = JoinSet::new();
    for guesser in 0..AT_ONCE {
        let credentials = scene.credentials.knock();
        guessers.spawn(async move {
            for connection in 0..CONNECTIONS / AT_ONCE {
                let guess = |place| get("ops").replace("token-ops", &format!("guess-{guesser}-{connection}-{place}"));
                let mut peer = credentials.connect().await;
                peer.send((0..GUESSES).map(guess).collect::<String>()).await;
                assert_eq!(peer.reply().await.unwrap().status, 401);
                assert!(peer.is_closed().await, "one guess a connection is answered");
            }
        });
    }
    let mut kept = scene.credentials.connect().await;
    let mut answered = 0;
    while guessers.try_join_next().is_none_or(|guesser| guesser.is_ok()) && !guessers.is_empty() {
        let mut fresh = scene.credentials.connect().await;
        for peer in [&mut kept, &mut fresh] {
            peer.send(get("ops")).await;
            let reply = tokio::time::timeout(PROMPTLY, peer.reply()).await;
            assert_eq!(reply.expect("slow").unwrap().status, 200);
            answered += 1;
        }
    }
    while let Some(guesser) = guessers.join_next().await {
        guesser.unwrap();
    }
    assert!(
        answered > 100,
        "{answered} answers beside {CONNECTIONS} connections of others"
    );
    assert_eq!(scene.rejected("credentials", "token_unknown"), CONNECTIONS);
}

#[tokio::test]
async fn no_token_a_wrong_one_and_a_malformed_one_are_told_the_same() {
    let scene = Scene::new(&["ops"], &["ops"]);
    let mut replies = Vec::new();
    for line in [
        "",
        "Authorization: \r\n",
        "Authorization: wrong\r\n",
        "Authorization: Bearer token-ops\r\n",
        "Authorization: token-opsx\r\n",
        &format!("Authorization: {}\r\n", "x".repeat(8_000)),
    ] {
        for path in ["/credentials/ops", "/credentials/nobody", "/"] {
            let mut peer = scene.credentials.connect().await;
            peer.send(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{line}\r\n"))
                .await;
            let reply = peer.reply().await.unwrap();
            assert!(peer.is_closed().await, "{line}");
            // A second may pass between two of them.
            let head: Vec<_> = reply
                .head
                .lines()
                .filter(|line| !line.starts_with("date: "))
                .map(str::to_owned)
                .collect();
            replies.push((reply.status, head, reply.body));
        }
    }
    assert_eq!(replies[0].0, 401);
    for reply in &replies {
        assert_eq!(reply, &replies[0]);
    }
    let counted = ["token_missing", "token_unknown"].map(|reason| scene.rejected("credentials", reason));
    assert_eq!(counted, [3, 15], "they are told apart in the metrics alone");
}
