//! Every action in both forms.

use chrono::TimeDelta;
use serde_json::Value;
use valetkey::clock::{Clock, SystemClock};
use valetkey::emulator::{Organization, Role, SamlAssertion, TradeIn};

use crate::common::show;
use crate::scene::{Said, Scene};
use crate::tokens::Provider;

const CREDENTIALS: &str = "Credentials AccessKeyId SecretAccessKey SessionToken Expiration";
const ACCOUNT: &str = "123456789012";

/// The members in the order of the text, and the value.
fn members(json: &str) -> (String, Value) {
    let keys: Vec<_> = json
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix('"')?.split_once("\": "))
        .map(|(key, _)| key)
        .collect();
    (keys.join(" "), serde_json::from_str(json).unwrap())
}

impl Scene {
    /// The action as JSON, whose members are these; the table has the same that are not objects.
    fn both(&self, args: &[&str], expected: &str) -> Value {
        let json = self.succeed(&[args, &["--json"]].concat());
        let (found, value) = members(&json.stdout);
        assert_eq!(found, expected, "{json:?}");
        let table = self.succeed(args);
        let names: Vec<_> = table
            .stdout
            .lines()
            .map(|line| line.split_once(' ').unwrap().0)
            .collect();
        let objects = ["Credentials", "AssumedRoleUser", "FederatedUser"];
        let leaves: Vec<_> = expected.split(' ').filter(|name| !objects.contains(name)).collect();
        assert_eq!(names, leaves, "{table:?}");
        if expected.starts_with(CREDENTIALS) {
            let time = value["Credentials"]["Expiration"].as_str().unwrap();
            assert!(time.ends_with("+00:00") && time.len() == 25, "{time}");
            assert!(value["Credentials"]["SessionToken"].as_str().unwrap().len() > 16);
        }
        value
    }

    fn succeed(&self, args: &[&str]) -> Said {
        let said = self.run(args);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{args:?}: {said:?}");
        said
    }
}

#[test]
fn who_calls() {
    let scene = Scene::new("");
    let args = ["get-caller-identity", "--profile", "role"];
    let identity = scene.both(&args, "UserId Account Arn");
    assert_eq!(identity["Arn"], format!("arn:aws:sts::{ACCOUNT}:assumed-role/demo/s1"));
    let json = scene.succeed(&[&args[..], &["--json"]].concat()).stdout;
    let id = identity["UserId"].as_str().unwrap();
    assert_eq!(
        json,
        format!(
            "{{\n    \"UserId\": \"{id}\",\n    \"Account\": \"{ACCOUNT}\",\n    \
             \"Arn\": \"arn:aws:sts::{ACCOUNT}:assumed-role/demo/s1\"\n}}\n"
        )
    );
    let table = scene.succeed(&args).stdout;
    let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/demo/s1");
    assert_eq!(table, format!("UserId   {id}\nAccount  {ACCOUNT}\nArn      {arn}\n"));
    let user = scene.both(
        &["get-caller-identity", "--profile", "plain", "--long-term-key"],
        "UserId Account Arn",
    );
    assert_eq!(user["Arn"], format!("arn:aws:iam::{ACCOUNT}:user/demo"));
}

#[test]
fn sessions_of_the_key() {
    let scene = Scene::new("");
    let args = ["get-session-token", "--profile", "plain", "--duration-seconds", "900"];
    scene.both(&args, CREDENTIALS);
    let policy = scene.world.path("policy.json");
    scene
        .world
        .write("policy.json", "{\"Version\": \"2012-10-17\",\n \"Statement\": []}\n");
    let policy = format!("file://{}", show(&policy));
    let policies = [
        "--policy",
        &policy,
        "--policy-arns",
        "arn=arn:aws:iam::aws:policy/ReadOnlyAccess",
    ];
    let args = [
        &["get-federation-token", "--profile", "plain", "--name", "bob"],
        &policies[..],
        &["--tags", "Key=Team,Value=a", "Key=Cost Center,Value=\"b=c\""],
    ];
    let user = scene.both(
        &args.concat(),
        &format!("{CREDENTIALS} FederatedUser FederatedUserId Arn PackedPolicySize"),
    );
    assert_eq!(user["FederatedUser"]["FederatedUserId"], format!("{ACCOUNT}:bob"));
    let issued = scene.world.emulator.handle.state().issued.pop().unwrap();
    assert_eq!(
        issued.policy.unwrap(),
        "{\"Version\": \"2012-10-17\",\n \"Statement\": []}"
    );
    assert_eq!(issued.policy_arns, ["arn:aws:iam::aws:policy/ReadOnlyAccess"]);
    assert_eq!(issued.tags[1], ("Cost Center".to_owned(), "b=c".to_owned()));
}

#[test]
fn a_role_with_all_that_may_be_asked_for() {
    let scene = Scene::new("");
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/admin");
    let user = format!("arn:aws:iam::{ACCOUNT}:user/demo");
    let role = Role::new(&arn).trusting(&user).with_external_id("abc/1");
    scene.world.emulator.handle.add_role(role);
    let first = [
        "assume-role",
        "--role-arn",
        &arn,
        "--role-session-name",
        "jane",
        "--profile",
        "plain",
    ];
    let args = [
        &first[..],
        &[
            "--duration-seconds",
            "1800",
            "--external-id",
            "abc/1",
            "--source-identity",
            "jane",
        ],
        &["--policy", "{\"Version\": \"2012-10-17\", \"Statement\": []}"],
        &[
            "--tags",
            r#"[{"Key": "Team", "Value": "a"}]"#,
            "--transitive-tag-keys",
            "Team",
        ],
        &["--minimum-session-token-size", "400"],
    ];
    let expected = format!("{CREDENTIALS} AssumedRoleUser AssumedRoleId Arn PackedPolicySize SourceIdentity");
    let told = scene.run(&[&args.concat()[..], &["--json"]].concat());
    let (found, role) = members(&told.stdout);
    // A server may tell of the token's size besides.
    assert!(found.starts_with(&expected), "{told:?}");
    assert_eq!(role["SourceIdentity"], "jane");
    let assumed = scene.world.emulator.handle.state().assumed.pop().unwrap();
    assert_eq!((assumed.seconds, assumed.external_id.as_deref()), (1800, Some("abc/1")));
    assert_eq!(assumed.transitive_tag_keys, ["Team"]);
    // By the key, too.
    let args = [&args.concat()[..], &["--long-term-key"]].concat();
    assert_eq!(
        scene
            .succeed(&args)
            .stdout
            .lines()
            .next()
            .unwrap()
            .split_once(' ')
            .unwrap()
            .0,
        "AccessKeyId"
    );
}

#[test]
fn what_a_role_may_ask() {
    let scene = Scene::new("");
    let id = &scene.world.emulator.access.access_key_id;
    let info = scene.both(
        &["get-access-key-info", "--access-key-id", id, "--profile", "role"],
        "Account",
    );
    assert_eq!(info["Account"], ACCOUNT);
    let args = [
        [
            "get-web-identity-token",
            "--profile",
            "role",
            "--audience",
            "app",
            "other",
        ],
        [
            "--signing-algorithm",
            "ES384",
            "--duration-seconds",
            "120",
            "--tags",
            "Key=job,Value=7",
        ],
    ];
    let token = scene.both(&args.concat(), "WebIdentityToken Expiration");
    assert_eq!(token["WebIdentityToken"].as_str().unwrap().split('.').count(), 3);
    scene.world.emulator.handle.set_organization(Organization {
        management: ACCOUNT.to_owned(),
        members: vec!["210987654321".to_owned()],
        ..Organization::default()
    });
    let task = "arn=arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
    let args = [
        "assume-root",
        "--target-principal",
        "210987654321",
        "--task-policy-arn",
        task,
        "--profile",
        "role",
    ];
    scene.both(&args, CREDENTIALS);
}

#[test]
fn a_denial_is_decoded() {
    let scene = Scene::new("");
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/nobodys");
    let denied = scene.run(&[
        "assume-role",
        "--role-arn",
        &arn,
        "--role-session-name",
        "s1",
        "--profile",
        "role",
    ]);
    assert_eq!((denied.code, denied.stdout.as_str()), (1, ""), "{denied:?}");
    assert!(denied.stderr.contains("403 AccessDenied: "), "{denied:?}");
    assert!(
        denied.stderr.contains("check role_arn") && denied.stderr.contains("(request id "),
        "{denied:?}"
    );
    let encoded = scene
        .world
        .emulator
        .handle
        .state()
        .authorization_messages
        .pop()
        .unwrap();
    let args = [
        "decode-authorization-message",
        "--encoded-message",
        &encoded,
        "--profile",
        "role",
    ];
    let json: Value = serde_json::from_str(&scene.succeed(&[&args[..], &["--json"]].concat()).stdout).unwrap();
    let message = json["DecodedMessage"].as_str().unwrap();
    let document: Value = serde_json::from_str(message).unwrap();
    let indented = scene.succeed(&args).stdout;
    assert!(indented.starts_with("{\n    \""), "{indented}");
    assert_eq!(serde_json::from_str::<Value>(&indented).unwrap(), document);
    // One in sixty-four begins so.
    let other = scene.run(&[
        "decode-authorization-message",
        "--encoded-message",
        "-x",
        "--profile",
        "role",
    ]);
    assert!(
        other.code == 1 && other.stderr.contains("InvalidAuthorizationMessage"),
        "{other:?}"
    );
}

#[test]
fn what_others_vouch_for() {
    let scene = Scene::new("");
    let (world, handle) = (&scene.world, &scene.world.emulator.handle);
    let (web, saml) = (
        format!("arn:aws:iam::{ACCOUNT}:role/web"),
        format!("arn:aws:iam::{ACCOUNT}:role/saml"),
    );
    let (oidc, provider) = (Provider::new(), format!("arn:aws:iam::{ACCOUNT}:saml-provider/Corp"));
    let registered = oidc.registration();
    handle.add_role(Role::new(&web).trusting(&registered.arn()).with_audience("app"));
    handle.add_role(Role::new(&saml).trusting(&provider));
    handle.add_oidc_provider(registered);
    let end = SystemClock.wall() + TimeDelta::minutes(4);
    handle.add_saml_assertion(SamlAssertion::new("PHNhbWw+", &saml, &provider, "jane", end));
    handle.add_trade_in(TradeIn {
        token: "traded-in".to_owned(),
        principal: world.emulator.access.role_arn.clone(),
        expiration: end,
        seconds: 900,
    });
    for (file, text) in [
        ("web", &*oidc.token()),
        ("saml", "PHNhbWw+\n"),
        ("trade-in", "traded-in\n"),
    ] {
        world.write(file, text);
    }
    let file = |name: &str| show(&world.path(name));
    let args = [
        [
            "assume-role-with-web-identity",
            "--role-arn",
            &web,
            "--role-session-name",
        ],
        ["s1", "--web-identity-token-file", &file("web"), "--profile=plain"],
    ];
    let role = scene.both(
        &args.concat(),
        &format!("{CREDENTIALS} SubjectFromWebIdentityToken AssumedRoleUser AssumedRoleId Arn Provider Audience"),
    );
    assert_eq!(
        (&role["Audience"], &role["SubjectFromWebIdentityToken"]),
        (&"app".into(), &"jane".into())
    );
    let args = [
        ["assume-role-with-saml", "--role-arn", &saml, "--principal-arn"],
        [&provider, "--saml-assertion-file", &file("saml"), "--profile=plain"],
    ];
    let expected = "AssumedRoleUser AssumedRoleId Arn Subject SubjectType Issuer Audience NameQualifier";
    scene.both(&args.concat(), &format!("{CREDENTIALS} {expected}"));
    let args = [
        "get-delegated-access-token",
        "--trade-in-token-file",
        &file("trade-in"),
        "--profile",
        "role",
    ];
    scene.both(&args, &format!("{CREDENTIALS} AssumedPrincipal"));
}
