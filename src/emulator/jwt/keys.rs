use data_encoding::BASE64URL_NOPAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;

use super::Jwt;

/// The public keys of an identity provider: a JWKS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::emulator) struct KeySet(Vec<Key>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    id: Option<String>,
    material: Material,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
}

/// What came of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator) enum Verdict {
    Good,
    Wrong,
    /// The set has no key of this id for this algorithm.
    NoKey,
}

impl KeySet {
    /// Reads `{"keys": […]}`, or says what is wrong with it. Keys of other kinds than RSA, P-256 and P-384 are refused:
    /// a test that registers one would wonder.
    pub(in crate::emulator) fn parse(document: &Value) -> Result<Self, String> {
        let keys = document.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or("jwks must be an object with a list of keys")?;
        keys.iter().map(Key::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether one of these keys signed the token. A token without a key id is tried with every key of its algorithm.
    pub(in crate::emulator) fn verify(&self, jwt: &Jwt<'_>) -> Verdict {
        let named = |key: &&Key| jwt.key_id().is_none_or(|id| key.id.as_deref() == Some(id));
        let verdicts = self.0.iter().filter(named).filter_map(|key| key.verify(jwt));
        verdicts.fold(Verdict::NoKey, |so_far, good| match (so_far, good) {
            (Verdict::Good, _) | (_, true) => Verdict::Good,
            _ => Verdict::Wrong,
        })
    }
}

impl Key {
    fn parse(jwk: &Value) -> Result<Self, String> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| {
            let decoded = text(name).and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
            decoded.ok_or_else(|| format!("a key needs {name:?} in base64url without padding"))
        };
        let point = || Ok::<_, String>([&[4], bytes("x")?.as_slice(), bytes("y")?.as_slice()].concat());
        let material = match (text("kty"), text("crv")) {
            (Some("RSA"), _) => Material::Rsa {
                n: bytes("n")?,
                e: bytes("e")?,
            },
            (Some("EC"), Some("P-256")) => Material::P256(point()?),
            (Some("EC"), Some("P-384")) => Material::P384(point()?),
            _ => return Err("a key must have kty RSA, or EC with crv P-256 or P-384".to_owned()),
        };
        Ok(Self {
            id: text("kid").map(str::to_owned),
            material,
        })
    }

    /// `None` when the key is not for the token's algorithm.
    fn verify(&self, jwt: &Jwt<'_>) -> Option<bool> {
        let rsa = |n, e, algorithm| {
            let key = RsaPublicKeyComponents { n, e };
            key.verify(algorithm, jwt.signed.as_bytes(), &jwt.signature).is_ok()
        };
        let ec = |point, algorithm: &'static EcdsaVerificationAlgorithm| {
            let key = UnparsedPublicKey::new(algorithm, point);
            key.verify(jwt.signed.as_bytes(), &jwt.signature).is_ok()
        };
        match (&self.material, jwt.algorithm()) {
            (Material::Rsa { n, e }, "RS256") => Some(rsa(n, e, &RSA_PKCS1_2048_8192_SHA256)),
            (Material::Rsa { n, e }, "RS384") => Some(rsa(n, e, &RSA_PKCS1_2048_8192_SHA384)),
            (Material::Rsa { n, e }, "RS512") => Some(rsa(n, e, &RSA_PKCS1_2048_8192_SHA512)),
            (Material::P256(point), "ES256") => Some(ec(point, &ECDSA_P256_SHA256_FIXED)),
            (Material::P384(point), "ES384") => Some(ec(point, &ECDSA_P384_SHA384_FIXED)),
            _ => None,
        }
    }
}
