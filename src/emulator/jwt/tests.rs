use super::*;

fn keys() -> KeySet {
    KeySet::parse(&key_set()).unwrap()
}

#[test]
fn what_the_emulator_signs_its_own_keys_verify() {
    let claims = serde_json::json!({ "sub": "me", "aud": ["a", "b"], "exp": 7 });
    for algorithm in [Algorithm::Rs256, Algorithm::Es384] {
        let token = sign(algorithm, &claims);
        let jwt = Jwt::parse(&token).unwrap();
        assert_eq!(keys().verify(&jwt), Verdict::Good, "{algorithm:?}");
        assert_eq!((jwt.text("sub"), jwt.number("exp")), (Some("me"), Some(7)));
        assert_eq!(jwt.audiences(), ["a", "b"]);
    }
}

#[test]
fn a_changed_claim_breaks_the_signature() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es384] {
        let token = sign(algorithm, &serde_json::json!({ "sub": "me" }));
        let other = sign(algorithm, &serde_json::json!({ "sub": "you" }));
        let (_, signature) = token.rsplit_once('.').unwrap();
        let (signed, _) = other.rsplit_once('.').unwrap();
        let forged = format!("{signed}.{signature}");
        assert_eq!(keys().verify(&Jwt::parse(&forged).unwrap()), Verdict::Wrong);
    }
}

#[test]
fn a_key_is_found_by_id_and_algorithm() {
    let with_header = |header: &str| format!("{}.e30.AAAA", BASE64URL_NOPAD.encode(header.as_bytes()));
    for (header, verdict) in [
        (r#"{"alg": "RS256", "kid": "emulator-rs256"}"#, Verdict::Wrong),
        (r#"{"alg": "RS256"}"#, Verdict::Wrong),
        (r#"{"alg": "RS256", "kid": "emulator-es384"}"#, Verdict::NoKey),
        (r#"{"alg": "RS256", "kid": "other"}"#, Verdict::NoKey),
        (r#"{"alg": "none"}"#, Verdict::NoKey),
        (r#"{"alg": "HS256"}"#, Verdict::NoKey),
    ] {
        assert_eq!(
            keys().verify(&Jwt::parse(&with_header(header)).unwrap()),
            verdict,
            "{header}"
        );
    }
}

#[test]
fn what_is_no_token_is_none() {
    for text in [
        "",
        "a",
        "a.b",
        "e30.e30",
        "e30.e30.!",
        "W10.e30.AAAA",
        "e30.W10.AAAA",
        "e30=.e30.AAAA",
    ] {
        assert!(Jwt::parse(text).is_none(), "{text}");
    }
}

#[test]
fn what_is_no_key_is_told() {
    for (jwks, message) in [
        (serde_json::json!([]), "jwks must be"),
        (serde_json::json!({ "keys": [{ "kty": "oct" }] }), "a key must have kty"),
        (
            serde_json::json!({ "keys": [{ "kty": "EC", "crv": "P-521" }] }),
            "a key must have kty",
        ),
        (
            serde_json::json!({ "keys": [{ "kty": "RSA", "e": "AQAB" }] }),
            "a key needs \"n\"",
        ),
        (
            serde_json::json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "+" }] }),
            "a key needs \"x\"",
        ),
    ] {
        let found = KeySet::parse(&jwks).unwrap_err();
        assert!(found.starts_with(message), "{jwks}: {found}");
    }
}
