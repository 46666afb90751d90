//! `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`: a path below `/v2/credentials/`.

use valetkey::config::RelativeUri;

use crate::scene::{DOCUMENT, Reply, Scene, Setup};

fn scene(relative_uri: Option<RelativeUri>) -> Scene {
    let setup = Setup {
        relative_uri,
        ..Setup::default()
    };
    Scene::set_up(&["ops", "deploy"], &["ops", "deploy"], &setup)
}

async fn ask(scene: &Scene, path: &str, token: Option<&str>) -> Reply {
    let token = token.map_or_else(String::new, |token| format!("Authorization: {token}\r\n"));
    let mut peer = scene.credentials.connect().await;
    peer.send(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{token}\r\n"))
        .await;
    peer.reply().await.unwrap()
}

#[tokio::test]
async fn an_id_is_the_secret_itself() {
    let scene = scene(Some(RelativeUri::Id));
    for path in [
        "/v2/credentials/id-ops",
        "/v2/credentials/id-ops/",
        "/v2/credentials/id-deploy",
    ] {
        // Some SDKs send a token there, and some do not.
        for token in [None, Some("token-ops"), Some("wrong")] {
            let reply = ask(&scene, path, token).await;
            assert_eq!((reply.status, &*reply.body), (200, DOCUMENT), "{path} {token:?}");
        }
    }
    // A token is no id, and an id no token.
    assert_eq!(ask(&scene, "/v2/credentials/token-ops", None).await.status, 401);
    assert_eq!(ask(&scene, "/credentials/ops", Some("id-ops")).await.status, 401);
    assert_eq!(ask(&scene, "/credentials/ops", Some("token-ops")).await.status, 200);
    assert_eq!(ask(&scene, "/v2/credentials", Some("token-ops")).await.status, 404);
}

#[tokio::test]
async fn a_wrong_id_looks_like_a_wrong_token_and_is_counted() {
    let scene = scene(Some(RelativeUri::Id));
    let wrong_token = ask(&scene, "/credentials/ops", Some("wrong")).await;
    let mut tried = 1;
    for id in ["ops", "id-opsx", "ID-OPS", "x/id-ops", "id-ops/x"] {
        let wrong_id = ask(&scene, &format!("/v2/credentials/{id}"), Some("token-ops")).await;
        tried += 1;
        assert_eq!((wrong_id.status, &wrong_id.body), (401, &wrong_token.body), "{id}");
        assert_eq!(wrong_id.head, wrong_token.head, "{id}");
        assert!(!wrong_id.body.contains("ops"), "{id}");
        assert_eq!(scene.rejected("credentials", "token_unknown"), tried, "{id}");
    }
    assert_eq!(wrong_token.header("connection"), Some("close"));
    // The metrics know the form and no path.
    let series = "valetkey_http_requests_total{code=\"401\",listener=\"credentials\",route=\"credentials\"}";
    assert_eq!(scene.metric(series), tried);
    assert!(!String::from_utf8(scene.metrics.render()).unwrap().contains("id-ops"));
}

#[tokio::test]
async fn with_the_token_the_path_is_the_profiles_name() {
    let scene = scene(Some(RelativeUri::Token));
    for path in ["/v2/credentials/ops", "/v2/credentials/ops/", "/credentials/ops"] {
        let reply = ask(&scene, path, Some("token-ops")).await;
        assert_eq!((reply.status, &*reply.body), (200, DOCUMENT), "{path}");
        assert_eq!(ask(&scene, path, None).await.status, 401, "{path}");
    }
    for path in ["/v2/credentials/deploy", "/v2/credentials/id-ops", "/v2/credentials/"] {
        assert_eq!(ask(&scene, path, Some("token-ops")).await.status, 404, "{path}");
        assert_eq!(ask(&scene, path, None).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn it_is_off_unless_it_is_wanted() {
    let scene = scene(None);
    for path in ["/v2/credentials/id-ops", "/v2/credentials/ops"] {
        assert_eq!(ask(&scene, path, None).await.status, 401, "{path}");
        assert_eq!(ask(&scene, path, Some("token-ops")).await.status, 404, "{path}");
    }
    assert_eq!(scene.rejected("credentials", "token_missing"), 2);
}
