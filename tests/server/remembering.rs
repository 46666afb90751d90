//! A connection knows the token again that it was shown last; who may have what is decided for each request all the same.

use bytes::Bytes;
use valetkey::clock::BootInstant;
use valetkey::clock::Clock;
use valetkey::renew::{Document, Snapshot, Table};
use valetkey::secret::Secret;
use valetkey::server::Tokens;

use crate::scene::{LIFE, Peer, Scene, get, profile};

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
