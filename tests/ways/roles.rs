use valetkey::emulator::Role;

use crate::common::World;
use crate::scene::{ask, chained, code, document, metric, person, seed, serve, status_of, submit};

const ACCOUNT: &str = "123456789012";
const USER: &str = "arn:aws:iam::123456789012:user/demo";
const ADMIN: &str = "arn:aws:iam::123456789012:role/admin";
const DEPLOY: &str = "arn:aws:iam::210987654321:role/ci/deploy";
const AUDIT: &str = "arn:aws:iam::123456789012:role/audit";

#[test]
fn the_long_term_key_assumes_a_role_with_mfa_in_the_call() {
    let world = World::new(None);
    let role = Role::new(ADMIN)
        .trusting(USER)
        .requiring_mfa()
        .with_max_session_duration(43_200);
    world.emulator.handle.add_role(role);
    let profile = world.profile_without_mfa("admin") + &seed(&world);
    let profile = profile + &format!("role_arn = \"{ADMIN}\"\nduration_seconds = 43200\n");
    let daemon = serve(&world, &profile);
    daemon.wait_for_credentials("admin");
    assert_eq!(document(&world, &daemon, "admin")["AccountId"], ACCOUNT);
    let state = world.emulator.handle.state();
    assert_eq!(state.requests.len(), 1, "no session on the way: {:?}", state.requests);
    let [assumed] = state.assumed.as_slice() else {
        panic!("{:?}", state.assumed);
    };
    assert_eq!(
        assumed.arn,
        "arn:aws:sts::123456789012:assumed-role/admin/valetkey-admin"
    );
    assert_eq!((assumed.caller.as_str(), assumed.seconds), (USER, 43_200));
    assert_eq!(state.successes[&world.emulator.access.mfa_serial].len(), 1);
    let status = status_of(&world, "admin");
    assert_eq!((&status["kind"], &status["account"]), (&"role".into(), &ACCOUNT.into()));
}

#[test]
fn roles_are_reached_from_a_session_and_from_each_other_with_its_mfa() {
    let world = World::new(None);
    let handle = &world.emulator.handle;
    handle.add_role(Role::new(DEPLOY).trusting(USER).requiring_mfa().with_external_id("x-1"));
    handle.add_role(Role::new(AUDIT).trusting(DEPLOY).requiring_source_identity());
    // Sources may stand after those that they sign for.
    let profiles = chained(&world, "audit", "deploy", AUDIT)
        + &chained(&world, "deploy", "ops", DEPLOY)
        + "external_id = \"x-1\"\nsource_identity = \"jane\"\n\
           tags = { team = \"red\" }\ntransitive_tag_keys = [\"team\"]\nrole_session_name = \"from-outside\"\n"
        + &world.profile("ops");
    let daemon = serve(&world, &profiles);
    for profile in ["ops", "deploy", "audit"] {
        daemon.wait_for_credentials(profile);
    }
    assert_eq!(document(&world, &daemon, "deploy")["AccountId"], "210987654321");
    assert_eq!(document(&world, &daemon, "audit")["AccountId"], ACCOUNT);
    let state = world.emulator.handle.state();
    assert!(state.errors.is_empty(), "{:?}", state.errors);
    let told: Vec<_> = state
        .assumed
        .iter()
        .map(|a| (a.arn.as_str(), a.caller.as_str()))
        .collect();
    let deploy = "arn:aws:sts::210987654321:assumed-role/deploy/from-outside";
    assert_eq!(
        told,
        [
            (deploy, USER),
            ("arn:aws:sts::123456789012:assumed-role/audit/valetkey-audit", deploy)
        ]
    );
    assert_eq!(status_of(&world, "audit")["source_profile"], "deploy");
    let page = ask(&world, &["status"]).stdout;
    assert!(
        page.lines()
            .any(|line| line.starts_with("audit ") && line.contains(" deploy ")),
        "{page}"
    );
    let info = daemon.ops("/metrics").body;
    assert!(
        info.contains("profile=\"audit\",kind=\"role\",source_profile=\"deploy\",region=\"us-east-1\""),
        "{info}"
    );
}

#[test]
fn a_role_that_does_not_trust_the_caller_is_told_everywhere_with_the_remedy() {
    let world = World::new(None);
    world
        .emulator
        .handle
        .add_role(Role::new(ADMIN).trusting("arn:aws:iam::123456789012:user/another"));
    let profiles = world.profile_without_mfa("plain") + &chained(&world, "admin", "plain", ADMIN);
    let daemon = serve(&world, &profiles);
    let line = daemon.wait_until(|line| line["profile"] == "admin" && line["result"] == "denied");
    let remedy = "check role_arn, that the role's trust policy allows this caller, with the conditions that it sets \
                  (MFA, external_id, source_identity)";
    let told = [
        line["message"].to_string(),
        daemon.credentials("/credentials/admin", &world.token("admin")).body,
        ask(&world, &["status"]).stdout,
        status_of(&world, "admin")["last_error"]["message"].to_string(),
    ];
    for told in told {
        assert!(told.contains("AccessDenied") && told.contains(remedy), "{told}");
    }
    let said = ask(&world, &["status"]);
    assert_eq!(
        (said.code, &*said.stderr),
        (1, "valetkey: not ready: no valid credentials for admin\n")
    );
    assert_eq!(
        daemon.credentials("/credentials/admin", &world.token("admin")).status,
        503
    );
    assert_eq!(daemon.ops("/readyz?profile=admin").status, 503);
    assert_eq!(metric(&daemon, "valetkey_profile_ready{profile=\"admin\"}"), "0");
    // The source is none the worse for it.
    document(&world, &daemon, "plain");
}

/// Who waits for a role learns what its source waits for.
#[test]
fn the_consumer_of_a_role_is_told_what_its_source_lacks() {
    let world = World::new(None);
    let role = world.emulator.access.role_arn.clone();
    world.emulator.handle.add_role(Role::new(AUDIT).trusting(&role));
    let profiles =
        chained(&world, "audit", "deploy", AUDIT) + &chained(&world, "deploy", "jane", &role) + &person(&world, "jane");
    let daemon = serve(&world, &profiles);
    daemon.wait_for("an MFA code is wanted");
    let told = |profile: &str| {
        daemon
            .credentials(&format!("/credentials/{profile}"), &world.token(profile))
            .json()
    };
    assert_eq!(
        told("audit")["message"],
        "the credentials of profile audit are not there: it needs its source_profile, and the credentials of profile \
         deploy are not there: it needs its source_profile, and the credentials of profile jane are not there: a person \
         must submit an MFA code: valetkey mfa submit --profile jane"
    );
    let page = ask(&world, &["status"]).stdout;
    for line in [
        "  deploy: waits for the credentials of profile jane\n",
        "  audit: waits for the credentials of profile deploy\n",
    ] {
        assert!(page.contains(line), "{page}");
    }
    let said = submit(&world, &[], &code(&world));
    assert_eq!(said.code, 0, "{said:?}");
    for profile in ["deploy", "audit"] {
        daemon.wait_for_credentials(profile);
        document(&world, &daemon, profile);
    }
}
