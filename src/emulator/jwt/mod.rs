//! JSON Web Tokens: those of identity providers are checked, those of the emulator are signed.
//!
//! RFC 7515 (signatures), 7517 (keys), 7518 (algorithms), 7519 (claims).

mod keys;
mod signer;
#[cfg(test)]
mod tests;

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

pub(super) use self::keys::{KeySet, Verdict};
pub(super) use self::signer::{Algorithm, key_set, sign};

/// A token, taken apart; its signature is still to be checked.
pub(super) struct Jwt<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jwt<'a> {
    /// `None` for whatever is not three parts of base64url, the first two of them JSON objects.
    pub(super) fn parse(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed,
            signature: BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?,
        })
    }

    /// A claim that is a text, and not an empty one.
    pub(super) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str().filter(|text| !text.is_empty())
    }

    /// A claim that is a whole number.
    pub(super) fn number(&self, claim: &str) -> Option<i64> {
        self.claims.get(claim)?.as_i64()
    }

    /// A claim as it is.
    pub(super) fn claim(&self, claim: &str) -> Option<&Value> {
        self.claims.get(claim)
    }

    /// Whom it is for: one, or several.
    pub(super) fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Which key of a set signed it.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.header.get("kid")?.as_str()
    }

    /// The algorithm that it names.
    pub(super) fn algorithm(&self) -> &str {
        self.header.get("alg").and_then(Value::as_str).unwrap_or_default()
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok()
}
