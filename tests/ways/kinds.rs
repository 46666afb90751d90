//! Profiles that are neither a session nor a plain role: whom an identity provider or an organization speaks for.

use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use valetkey::clock::{Clock, SystemClock};
use valetkey::emulator::{OidcProvider, Organization, Role, SamlAssertion};

use crate::common::{World, show};
use crate::scene::{ask, chained, configure, document, project, script, serve, status_of};

const USER: &str = "arn:aws:iam::123456789012:user/demo";
const ADMIN: &str = "arn:aws:iam::123456789012:role/admin";
const DEPLOY: &str = "arn:aws:iam::123456789012:role/deploy";
const ISSUER: &str = "https://id.example.com";
const OIDC: &str = "arn:aws:iam::123456789012:oidc-provider/id.example.com";
const SAML: &str = "arn:aws:iam::123456789012:saml-provider/ADFS";
const MEMBER: &str = "210987654321";

/// An OpenID Connect provider that the world's STS trusts.
struct Provider(EcdsaKeyPair);

impl Provider {
    fn of(world: &World) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P384_SHA384_FIXED_SIGNING;
        let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).unwrap();
        let point = &pair.public_key().as_ref()[1..];
        let half = |part: &[u8]| BASE64URL_NOPAD.encode(part);
        let jwks = json!({ "keys": [{
            "kty": "EC", "crv": "P-384", "kid": "1", "alg": "ES384", "x": half(&point[..48]), "y": half(&point[48..]),
        }]});
        let provider = OidcProvider::new("123456789012", ISSUER, &["sts.amazonaws.com"], &jwks).unwrap();
        world.emulator.handle.add_oidc_provider(provider);
        world
            .emulator
            .handle
            .add_role(Role::new(DEPLOY).trusting(OIDC).with_subject("workload"));
        Self(pair)
    }

    fn token(&self, expires: DateTime<Utc>) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let claims =
            json!({ "iss": ISSUER, "sub": "workload", "aud": "sts.amazonaws.com", "exp": expires.timestamp() });
        let signed = format!("{}.{}", part(&json!({ "alg": "ES384", "kid": "1" })), part(&claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}

fn in_minutes(minutes: i64) -> DateTime<Utc> {
    SystemClock.wall() + TimeDelta::minutes(minutes)
}

/// A profile of the world's STS.
fn profile(world: &World, name: &str, lines: &str) -> String {
    let url = &world.emulator.access.url;
    format!("[profile.{name}]\nregion = \"us-east-1\"\nendpoint_url = \"{url}\"\n{lines}\n")
}

fn web(world: &World) -> String {
    let token = show(&world.path("volume/token"));
    profile(
        world,
        "ci",
        &format!("role_arn = \"{DEPLOY}\"\nweb_identity_token_file = \"{token}\""),
    )
}

/// Puts a whole file in the place of another, as tools do.
fn replace(world: &World, name: &str, text: &str) {
    world.write("new", text);
    fs::rename(world.path("new"), world.path(name)).unwrap();
}

#[test]
fn a_token_opens_a_role_from_which_others_are_chained() {
    let world = World::new(Some(20));
    let provider = Provider::of(&world);
    world.emulator.handle.add_role(Role::new(ADMIN).trusting(DEPLOY));
    let first = provider.token(in_minutes(10));
    let mount = |version: &str, token: &str| project(&world.path("volume"), version, &[("token", token)]);
    mount("..1", &first);
    let daemon = serve(&world, &(chained(&world, "admin", "ci", ADMIN) + &web(&world)));
    daemon.wait_for_credentials("ci");
    daemon.wait_for_credentials("admin");
    assert_eq!(document(&world, &daemon, "ci")["AccountId"], "123456789012");
    document(&world, &daemon, "admin");
    let status = status_of(&world, "ci");
    assert_eq!(
        (&status["kind"], &status["source"], &status["arn"]),
        (
            &json!("web_identity"),
            &json!("web_identity_token_file"),
            &json!("arn:aws:sts::123456789012:assumed-role/deploy/valetkey-ci")
        )
    );

    // Read anew: once the token has expired, only another one brings a renewal.
    let expired = provider.token(in_minutes(-10));
    mount("..2", &expired);
    let line = daemon.wait_until(|line| line["profile"] == "ci" && line["result"] == "denied");
    let told = line["message"].as_str().unwrap();
    assert!(
        told.contains("ExpiredToken") && told.contains("must give a new one"),
        "{told}"
    );
    mount("..3", &provider.token(in_minutes(10)));
    daemon.wait_for_credentials("ci");
    for secret in [&first, &expired] {
        let signature = secret.rsplit('.').next().unwrap();
        assert!(!daemon.log().contains(signature), "a token is in the log");
    }
}

#[test]
fn an_assertion_opens_a_role_and_the_next_one_is_used_when_it_comes() {
    let world = World::new(None);
    let handle = &world.emulator.handle;
    handle.add_role(Role::new(DEPLOY).trusting(SAML));
    let register = |assertion: &str, minutes: i64| {
        let registered = SamlAssertion::new(assertion, DEPLOY, SAML, "jane", in_minutes(minutes));
        handle.add_saml_assertion(registered);
    };
    let file = show(&world.path("assertion"));
    let lines = format!("role_arn = \"{DEPLOY}\"\nprincipal_arn = \"{SAML}\"\n");
    let of_file = profile(
        &world,
        "ops",
        &format!("{lines}saml_assertion = {{ file = \"{file}\" }}"),
    );
    let printer = script(&world, "print-assertion", "echo cHJpbnRlZA==");
    let of_process = profile(
        &world,
        "printed",
        &format!("{lines}saml_assertion = {{ process = [\"{printer}\"] }}"),
    );
    register("cHJpbnRlZA==", 10);
    let daemon = serve(&world, &(of_file + &of_process));
    daemon.wait_for_credentials("printed");
    // It starts without the file, which something has yet to write.
    let line = daemon.wait_until(|line| line["result"] == "identity_unreadable");
    assert!(
        line["message"]
            .as_str()
            .unwrap()
            .contains("assertion: does not exist; "),
        "{line}"
    );

    register("Zmlyc3Q=", 10);
    replace(&world, "assertion", "Zmly\nc3Q=\n");
    daemon.wait_for_credentials("ops");
    let first = document(&world, &daemon, "ops");
    assert_eq!(status_of(&world, "ops")["kind"], "saml");

    // Hours before the renewal is due.
    register("c2Vjb25k", 10);
    replace(&world, "assertion", "c2Vjb25k");
    daemon.wait_for_credentials("ops");
    assert_ne!(document(&world, &daemon, "ops")["AccessKeyId"], first["AccessKeyId"]);
    for secret in ["Zmlyc3Q", "c2Vjb25k", "cHJpbnRlZA"] {
        assert!(!daemon.log().contains(secret), "an assertion is in the log");
    }
}

#[test]
fn a_federated_user_and_a_root_session_are_served() {
    let world = World::new(None);
    let handle = &world.emulator.handle;
    handle.add_role(Role::new(ADMIN).trusting(USER).requiring_mfa());
    handle.set_organization(Organization {
        management: "123456789012".into(),
        delegated_administrators: Vec::new(),
        members: vec![MEMBER.into()],
    });
    let policy = "{\"Version\":\"2012-10-17\",\"Statement\":[]}";
    let federation = world.profile_without_mfa("jane")
        + &format!("federation_name = \"jane\"\npolicy = '{policy}'\ntags = {{ team = \"red\" }}\n\n");
    let root = profile(
        &world,
        "root",
        &format!(
            "source_profile = \"admin\"\ntarget_principal = \"{MEMBER}\"\n\
             task_policy_arn = \"arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy\"\n\
             expected_account_id = \"{MEMBER}\""
        ),
    );
    let profiles = federation + &root + &chained(&world, "admin", "ops", ADMIN) + &world.profile("ops");
    let daemon = serve(&world, &profiles);
    for name in ["jane", "root"] {
        daemon.wait_for_credentials(name);
    }
    assert_eq!(document(&world, &daemon, "jane")["AccountId"], "123456789012");
    assert_eq!(
        document(&world, &daemon, "root")["AccountId"],
        MEMBER,
        "which its reply does not name"
    );
    assert_eq!(
        document(&world, &daemon, "ops")["AccountId"],
        "123456789012",
        "nor a session's"
    );
    assert_eq!(status_of(&world, "ops")["arn"], USER);
    let state = handle.state();
    let issued: Vec<_> = state
        .issued
        .iter()
        .map(|issued| (issued.action, issued.arn.as_str()))
        .collect();
    assert!(
        issued.contains(&("GetFederationToken", "arn:aws:sts::123456789012:federated-user/jane"))
            && issued.contains(&("AssumeRoot", "arn:aws:iam::210987654321:root")),
        "{issued:?}"
    );
    assert!(state.errors.is_empty(), "{:?}", state.errors);
    let metrics = daemon.ops("/metrics").body;
    for (name, kind) in [("jane", "federation"), ("root", "root")] {
        assert!(
            metrics.contains(&format!("profile=\"{name}\",kind=\"{kind}\"")),
            "{metrics}"
        );
    }
}

#[test]
fn credentials_of_another_account_than_is_expected_are_never_served() {
    let world = World::new(None);
    let profiles = world.profile_without_mfa("ops") + "expected_account_id = \"210987654321\"\n";
    let daemon = serve(&world, &profiles);
    let line = daemon.wait_until(|line| line["result"] == "account_mismatch");
    let told = "STS gave credentials of account 123456789012, and expected_account_id is 210987654321";
    assert!(line["message"].as_str().unwrap().contains(told), "{line}");
    let reply = daemon.credentials("/credentials/ops", &world.token("ops"));
    assert_eq!(reply.status, 503);
    assert!(reply.body.contains(told), "{}", reply.body);
    assert!(ask(&world, &["status"]).stdout.contains(told));

    configure(&world, &profiles.replace("210987654321", "123456789012"));
    assert_eq!(ask(&world, &["reload"]).code, 0);
    daemon.wait_for_credentials("ops");
    document(&world, &daemon, "ops");
}

#[test]
fn a_token_that_is_not_there_is_told_at_the_start() {
    let world = World::new(None);
    configure(&world, &web(&world));
    let output = world.command().output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("profile ci: web identity token: ") && told.contains("/token: does not exist; create it"),
        "{told}"
    );
}
