//! What federation goes by, from outside: providers from the start and from the control API, and the emulator's own keys.

use std::sync::Arc;

use serde_json::json;
use valetkey::clock::SystemClock;
use valetkey::emulator::{Emulator, OidcProvider, Options};

use crate::{json as document, send};

const ISSUER: &str = "https://id.example.com";

#[tokio::test]
async fn providers_come_with_the_options_and_by_the_control_api() {
    let provider = OidcProvider::new("123456789012", ISSUER, &["app"], &json!({ "keys": [] })).unwrap();
    let options = Options {
        oidc_providers: vec![provider],
        ..Options::default()
    };
    let emulator = Emulator::bind(options, Arc::new(SystemClock)).await.unwrap().spawn();
    let body = r#"{"issuer": "https://other.example.com/a", "jwks": {"keys": []}}"#;
    let reply = document(&send(&emulator.access, "POST", "/_emulator/oidc-providers", body).await);
    let arn = |name: &str| format!("arn:aws:iam::123456789012:oidc-provider/{name}");
    let both = [arn("id.example.com"), arn("other.example.com/a")];
    assert_eq!(reply, json!({ "oidc_providers": both }));
    assert_eq!(emulator.handle.state().oidc_providers, both);
    let reply = send(&emulator.access, "POST", "/_emulator/oidc-providers", "{}").await;
    assert!(reply.starts_with("HTTP/1.1 400"), "{reply}");
}

#[tokio::test]
async fn the_emulators_own_keys_are_where_discovery_looks() {
    let emulator = crate::start().await;
    let get = async |path: &str| document(&send(&emulator.access, "GET", path, "").await);
    let configuration = get("/_emulator/issuer/.well-known/openid-configuration").await;
    let issuer = configuration["issuer"].as_str().unwrap();
    assert!(
        issuer.starts_with("http://") && issuer.ends_with("/_emulator/issuer"),
        "{issuer}"
    );
    assert_eq!(configuration["jwks_uri"], format!("{issuer}/.well-known/jwks.json"));
    let keys = get("/_emulator/issuer/.well-known/jwks.json").await;
    let algorithms: Vec<&str> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["alg"].as_str().unwrap())
        .collect();
    assert_eq!(algorithms, ["RS256", "ES384"]);
}
