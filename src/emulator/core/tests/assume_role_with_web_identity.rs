use super::*;
use crate::emulator::jwt::{Algorithm, key_set, sign};
use chrono::TimeDelta;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/team/deploy";
const ISSUER: &str = "https://id.example.com/realm";
const PROVIDER: &str = "arn:aws:iam::123456789012:oidc-provider/id.example.com/realm";
const ACTION: &str = "AssumeRoleWithWebIdentity";

fn provider() -> OidcProvider {
    OidcProvider::new(ACCOUNT, ISSUER, &["sts.amazonaws.com", "app"], &key_set()).unwrap()
}

fn trusting() -> Role {
    Role::new(ROLE).trusting(PROVIDER)
}

fn with(role: Role, provider: OidcProvider) -> Sts {
    let mut sts = sts();
    sts.add_role(role);
    sts.add_oidc_provider(provider);
    sts
}

/// A good token with these claims instead; `null` takes one away.
fn token(changes: &Value) -> String {
    let mut claims = json!({ "iss": ISSUER, "sub": "repo:us/app", "aud": "app", "exp": NOW.timestamp() + 60 });
    for (key, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(key),
            value => claims.as_object_mut().unwrap().insert(key.clone(), value.clone()),
        };
    }
    sign(Algorithm::Es384, &claims)
}

fn form(token: &str, more: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(format!("Action={ACTION}"));
    form.extend_pairs([
        ("RoleArn", ROLE),
        ("RoleSessionName", "s1"),
        ("WebIdentityToken", token),
    ]);
    form.extend_pairs(more).finish()
}

fn ask(sts: &mut Sts, token: &str, more: &[(&str, &str)]) -> Response {
    answer(sts, &unsigned(&form(token, more)), NOW)
}

fn refused(token: &str, more: &[(&str, &str)]) -> (u16, String, String) {
    error(&ask(&mut with(trusting(), provider()), token, more))
}

fn invalid(message: &str) -> (u16, String, String) {
    (400, "InvalidIdentityToken".to_owned(), message.to_owned())
}

fn denied() -> (u16, String, String) {
    (
        403,
        "AccessDenied".to_owned(),
        format!("Not authorized to perform sts:{ACTION}"),
    )
}

#[test]
fn a_token_is_worth_a_role_without_a_signature() {
    let mut sts = with(trusting(), provider());
    let reply = ask(&mut sts, &token(&json!({})), &[("Policy", "{}")]);
    let arn = "arn:aws:sts::123456789012:assumed-role/deploy/s1";
    for (name, value) in [
        ("Arn", arn),
        ("SubjectFromWebIdentityToken", "repo:us/app"),
        ("Provider", ISSUER),
        ("Audience", "app"),
        ("PackedPolicySize", "1"),
    ] {
        assert_eq!(element(&reply, name), value);
    }
    let expiration: DateTime<Utc> = element(&reply, "Expiration").parse().unwrap();
    assert_eq!(expiration - NOW, TimeDelta::hours(1));
    let who = call(&mut sts, &session(&reply), "Action=GetCallerIdentity");
    assert_eq!(element(&who, "Arn"), arn);
    let issued = &sts.state().issued[0];
    assert_eq!((issued.action, issued.by.as_str()), (ACTION, "repo:us/app"));
    assert_eq!(sts.state().oidc_providers, [PROVIDER]);
}

#[test]
fn tags_and_source_identity_come_with_the_token() {
    let mut sts = with(trusting().requiring_source_identity(), provider());
    let claims = json!({
        "https://aws.amazon.com/source_identity": "jane",
        "https://aws.amazon.com/tags": {
            "principal_tags": { "Team": ["a"], "Stage": ["b"] },
            "transitive_tag_keys": ["Team"],
        },
    });
    let reply = ask(&mut sts, &token(&claims), &[]);
    assert_eq!(element(&reply, "SourceIdentity"), "jane");
    assert_eq!(sts.state().issued[0].tags.len(), 2);

    let next = "arn:aws:iam::123456789012:role/next";
    sts.add_role(Role::new(next).trusting(ROLE));
    let chain = format!("Action=AssumeRole&RoleArn={next}&RoleSessionName=s2");
    call(&mut sts, &session(&reply), &chain);
    let assumed = &sts.state().assumed[0];
    assert_eq!(assumed.tags, [("Team".to_owned(), "a".to_owned())]);
    assert_eq!(assumed.source_identity.as_deref(), Some("jane"));
}

#[test]
fn a_token_must_be_whole() {
    let no_jwt = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
    assert_eq!(refused("opaque", &[]), invalid(no_jwt));
    for claim in ["iss", "sub", "aud", "exp"] {
        let message = format!("Missing a required claim: {claim}");
        assert_eq!(refused(&token(&json!({ claim: null })), &[]), invalid(&message));
    }
    let message = "Missing a required claim: exp";
    assert_eq!(refused(&token(&json!({ "exp": 1.5 })), &[]), invalid(message));
}

#[test]
fn its_provider_must_be_known_reachable_and_its_signer() {
    let message = "No OpenIDConnect provider found in your account for https://elsewhere";
    assert_eq!(
        refused(&token(&json!({ "iss": "https://elsewhere" })), &[]),
        invalid(message)
    );
    let foreign = OidcProvider::new("210987654321", ISSUER, &["app"], &key_set()).unwrap();
    let reply = ask(&mut with(trusting(), foreign), &token(&json!({})), &[]);
    assert!(error(&reply).2.starts_with("No OpenIDConnect provider found"));

    let reply = ask(&mut with(trusting(), provider().unreachable()), &token(&json!({})), &[]);
    assert_eq!(
        (error(&reply).0, error(&reply).1.as_str()),
        (400, "IDPCommunicationError")
    );

    let keyless = OidcProvider::new(ACCOUNT, ISSUER, &["app"], &json!({ "keys": [] })).unwrap();
    let (_, code, message) = error(&ask(&mut with(trusting(), keyless), &token(&json!({})), &[]));
    assert!(code == "InvalidIdentityToken" && message.starts_with("Couldn't retrieve verification key"));

    let (good, other) = (token(&json!({})), token(&json!({ "sub": "root" })));
    let forged = format!(
        "{}.{}",
        other.rsplit_once('.').unwrap().0,
        good.rsplit_once('.').unwrap().1
    );
    assert_eq!(refused(&forged, &[]), invalid("Token signature invalid"));
}

#[test]
fn it_must_be_of_now_and_for_aws() {
    let now = NOW.timestamp();
    let message = format!("Token expired: current date/time {now} must be before the expiration date/time {now}");
    let expired = (400, "ExpiredTokenException".to_owned(), message);
    assert_eq!(refused(&token(&json!({ "exp": now })), &[]), expired);
    let (_, code, _) = refused(&token(&json!({ "nbf": now + 1 })), &[]);
    assert_eq!(code, "InvalidIdentityToken");
    assert_eq!(
        refused(&token(&json!({ "aud": "other" })), &[]),
        invalid("Incorrect token audience")
    );
    let several = token(&json!({ "aud": ["other", "sts.amazonaws.com"] }));
    let reply = ask(&mut with(trusting(), provider()), &several, &[]);
    assert_eq!(element(&reply, "Audience"), "sts.amazonaws.com");
}

#[test]
fn the_role_must_trust_provider_audience_and_subject() {
    for (role, good) in [
        (trusting().with_audience("app").with_subject("repo:us/*"), true),
        (trusting().with_audience("sts.amazonaws.com"), false),
        (trusting().with_subject("repo:them/*"), false),
        (trusting().requiring_mfa(), false),
        (Role::new(ROLE).trusting("arn:aws:iam::123456789012:root"), false),
        (
            Role::new("arn:aws:iam::123456789012:role/other").trusting(PROVIDER),
            false,
        ),
    ] {
        let reply = ask(&mut with(role, provider()), &token(&json!({})), &[]);
        if good {
            assert_eq!(reply.status, 200);
        } else {
            assert_eq!(error(&reply), denied());
        }
    }
}

#[test]
fn parameters_have_their_bounds_and_the_token_is_not_echoed() {
    let must = "failed to satisfy constraint: Member must";
    let reply = answer(&mut sts(), &unsigned(&format!("Action={ACTION}")), NOW);
    let nulls =
        ["roleArn", "roleSessionName", "webIdentityToken"].map(|at| format!("Value null at '{at}' {must} not be null"));
    assert_eq!(
        error(&reply).2,
        format!("3 validation errors detected: {}", nulls.join("; "))
    );
    let long = "x".repeat(20_001);
    assert_eq!(
        refused(&long, &[]).2,
        format!(
            "1 validation error detected: Value at 'webIdentityToken' {must} have length less than or equal to 20000"
        )
    );
    let good = token(&json!({}));
    for (name, value, code) in [
        ("DurationSeconds", "899", "ValidationError"),
        ("DurationSeconds", "3601", "ValidationError"),
        ("ProviderId", "x", "ValidationError"),
        ("ProviderId", "www.amazon.com", "InvalidIdentityToken"),
        ("Policy", "no JSON", "MalformedPolicyDocument"),
        ("PolicyArns.member.1.arn", "nothing-valid-in-here", "ValidationError"),
    ] {
        assert_eq!(refused(&good, &[(name, value)]).1, code, "{name} {value}");
    }
}
