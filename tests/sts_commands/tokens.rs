//! An identity provider of OpenID Connect.

use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use valetkey::clock::{Clock, SystemClock};
use valetkey::emulator::OidcProvider;

pub(crate) const ISSUER: &str = "https://id.example.com";

pub(crate) struct Provider(EcdsaKeyPair);

impl Provider {
    pub(crate) fn new() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &SystemRandom::new()).unwrap())
    }

    pub(crate) fn registration(&self) -> OidcProvider {
        let point = &self.0.public_key().as_ref()[1..];
        let (x, y) = (
            BASE64URL_NOPAD.encode(&point[..32]),
            BASE64URL_NOPAD.encode(&point[32..]),
        );
        let key = json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1", "x": x, "y": y});
        OidcProvider::new("123456789012", ISSUER, &["app"], &json!({ "keys": [key] })).unwrap()
    }

    pub(crate) fn token(&self) -> String {
        let now = SystemClock.wall().timestamp();
        let claims = json!({"iss": ISSUER, "sub": "jane", "aud": "app", "iat": now, "exp": now + 300});
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&json!({"alg": "ES256", "kid": "k1"})), part(&claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}
