//! A connection knows the token again that it was shown last; who may have what is decided for each request all the same.

use std::time::Duration;

use bytes::Bytes;
use valetkey::clock::{BootInstant, Clock};
use valetkey::config::{self, Format};
use valetkey::renew::{Document, Snapshot, Table};
use valetkey::secret::Secret;
use valetkey::server::{Access, Fresh, Tokens, prepare};

use crate::scene::{LIFE, Peer, Scene, get, plan, profile};

/// A document that tells whose it is.
fn publish(table: &Table, name: &str) {
    table.named(name).unwrap().publish(Snapshot {
        document: Some(Document {
            body: Bytes::from(name.to_owned()),
            dies: BootInstant::from_boot(LIFE),
        }),
        ..Snapshot::default()
    });
}

async fn ask(peer: &mut Peer, request: String) -> (u16, String) {
    peer.send(request).await;
    let reply = peer.reply().await.unwrap();
    (reply.status, reply.body)
}

async fn served(peer: &mut Peer, name: &str) {
    assert_eq!(ask(peer, get(name)).await, (200, name.to_owned()));
}

#[tokio::test]
async fn tokens_that_take_turns_on_a_connection_open_their_own_profiles() {
    let scene = Scene::new(&["ops", "deploy"], &[]);
    publish(&scene.table, "ops");
    publish(&scene.table, "deploy");
    let mut peer = scene.credentials.connect().await;
    for name in ["ops", "ops", "deploy", "ops", "deploy", "deploy"] {
        served(&mut peer, name).await;
        let of_the_other = get(name).replace(&format!("/{name}"), "/other");
        assert_eq!(ask(&mut peer, of_the_other).await.0, 404);
    }
    let wrong = get("ops").replace("token-ops", "token-opt");
    assert_eq!(ask(&mut peer, wrong).await.0, 401);
    assert!(peer.is_closed().await);
}

#[tokio::test]
async fn a_token_that_a_reload_replaced_is_unknown_on_the_connection_that_showed_it() {
    let scene = Scene::new(&["ops"], &[]);
    publish(&scene.table, "ops");
    let mut peer = scene.credentials.connect().await;
    served(&mut peer, "ops").await;
    scene.consumers.replace(
        Tokens::new(&[Secret::from("another")]),
        &scene.table,
        scene.clock.boot(),
    );
    assert_eq!(ask(&mut peer, get("ops")).await.0, 401);
    assert!(peer.is_closed().await);
}

/// How long a kubelet may take until a pod sees another file: the period of its sync, and the life of what it has cached.
const KUBELET: Duration = Duration::from_mins(2);

/// Both tokens are good for as long as a file may take to arrive; then the new one is, also on a connection that has shown the old one.
#[tokio::test]
async fn f12_token_file_replaced() {
    let grace = default_grace();
    assert!(grace >= 2 * KUBELET, "{grace:?}");
    let scene = Scene::new(&["ops"], &[]);
    publish(&scene.table, "ops");
    let (folder, plan) = (tempfile::tempdir().unwrap(), plan(&["ops"], None));
    let (dir, names) = (folder.path().join("tokens"), [plan[0].name.clone()]);
    let file = || std::fs::read_to_string(dir.join("ops/token")).unwrap();
    let issued = prepare(&dir, 0o600, false, &names).ok().unwrap();
    let now = || scene.clock.boot();
    scene.consumers.replace(Access::new(issued, &plan), &scene.table, now());
    let with = |token: &str| get("ops").replace("token-ops", token);
    let old = file();

    let fresh = Fresh::generate(false, &names).ok().unwrap();
    scene.consumers.expect(&fresh);
    scene.consumers.settle(&fresh.write(&dir, 0o600), now() + grace, now());
    let new = file();
    assert_ne!(new, old);
    let instant = Duration::from_nanos(1);
    let mut kept = scene.credentials.connect().await;
    for wait in [Duration::ZERO, 2 * KUBELET, grace.saturating_sub(2 * KUBELET + instant)] {
        scene.clock.advance(wait);
        kept = scene.credentials.connect().await;
        for token in [&new, &old] {
            assert_eq!(ask(&mut kept, with(token)).await.0, 200, "{wait:?}");
        }
    }
    scene.clock.advance(instant);
    assert_eq!(ask(&mut kept, with(&old)).await.0, 401, "known of before");
    assert_eq!(ask(&mut scene.credentials.connect().await, with(&old)).await.0, 401);
    assert_eq!(ask(&mut scene.credentials.connect().await, with(&new)).await.0, 200);
}

/// Where nothing is said of it.
fn default_grace() -> Duration {
    let text = "[profile.ops]\nregion = \"eu-west-1\"\nkey = { directory = \"/key\" }\n";
    let env = |name: &str| (name == "RUNTIME_DIRECTORY").then(|| "/run/valetkey".into());
    let plan = config::parse(text.as_bytes(), Format::Toml, "valetkey.toml", &env).unwrap();
    plan.server.token_grace
}

#[tokio::test]
async fn a_reload_that_moves_profiles_gives_nobody_those_of_another() {
    let scene = Scene::new(&["ops", "deploy"], &[]);
    publish(&scene.table, "ops");
    publish(&scene.table, "deploy");
    let (mut ops, mut deploy) = (scene.credentials.connect().await, scene.credentials.connect().await);
    served(&mut ops, "ops").await;
    served(&mut deploy, "deploy").await;
    for order in [["deploy", "ops"], ["new", "deploy"], ["ops", "deploy"]] {
        let table = Table::new(&order.map(profile));
        for name in order {
            publish(&table, name);
        }
        let tokens = order.map(|name| Secret::from(format!("token-{name}")));
        scene
            .consumers
            .replace(Tokens::new(&tokens), &table, scene.clock.boot());
        served(&mut deploy, "deploy").await;
        if order.contains(&"ops") {
            served(&mut ops, "ops").await;
        } else {
            assert_eq!(ask(&mut ops, get("ops")).await.0, 401);
            ops = scene.credentials.connect().await;
        }
    }
}
