use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

/// How `GetWebIdentityToken` signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator) enum Algorithm {
    Rs256,
    Es384,
}

/// The emulator's own keys, in PKCS #8. They are published here and protect nothing.
const RS256: &[u8] = include_bytes!("rs256.der");
const ES384: &[u8] = include_bytes!("es384.der");

/// The token of these claims.
#[expect(
    clippy::expect_used,
    reason = "the keys are constants that the tests sign with; ring needs memory and the system's random numbers only"
)]
pub(in crate::emulator) fn sign(algorithm: Algorithm, claims: &Value) -> String {
    let header = json!({ "alg": algorithm.name(), "kid": algorithm.key_id(), "typ": "JWT" });
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", encode(&header), encode(claims));
    let (random, message) = (SystemRandom::new(), signed.as_bytes());
    let signature = match algorithm {
        Algorithm::Rs256 => {
            let key = rsa();
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                .expect("room for the signature");
            signature
        }
        Algorithm::Es384 => {
            let signature = ec().sign(&random, message).expect("random numbers");
            signature.as_ref().to_vec()
        }
    };
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// The public keys, for whoever checks the tokens.
pub(in crate::emulator) fn key_set() -> Value {
    let rsa = PublicKeyComponents::<Vec<u8>>::from(rsa().public());
    let ec = ec();
    // 0x04, then the two coordinates: SEC 1, 2.3.3.
    let (x, y) = ec.public_key().as_ref()[1..].split_at(48);
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    json!({ "keys": [
        { "kty": "RSA", "use": "sig", "alg": "RS256", "kid": Algorithm::Rs256.key_id(), "n": encode(&rsa.n), "e": encode(&rsa.e) },
        { "kty": "EC", "use": "sig", "alg": "ES384", "kid": Algorithm::Es384.key_id(), "crv": "P-384", "x": encode(x), "y": encode(y) },
    ] })
}

impl Algorithm {
    pub(in crate::emulator) fn named(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Es384]
            .into_iter()
            .find(|known| known.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es384 => "ES384",
        }
    }

    fn key_id(self) -> &'static str {
        match self {
            Self::Rs256 => "emulator-rs256",
            Self::Es384 => "emulator-es384",
        }
    }
}

#[expect(clippy::expect_used, reason = "a constant that the tests read")]
fn rsa() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(RS256).expect("a key of 2048 bits")
}

#[expect(clippy::expect_used, reason = "a constant that the tests read")]
fn ec() -> EcdsaKeyPair {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, ES384, &SystemRandom::new()).expect("a key of P-384")
}
