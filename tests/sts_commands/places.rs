//! Who asks whom: configuration, environment, daemon.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;

use crate::common::{World, show, valetkey};
use crate::scene::{Said, Scene, configuration, run};

const WHO: &[&str] = &["get-caller-identity"];

fn with_environment(args: &[&str], environment: &[(&str, &str)]) -> Said {
    let mut command = valetkey(["sts"]);
    command.args(args).envs(environment.iter().copied());
    run(command, b"")
}

#[test]
fn beside_an_application_its_environment_is_enough() {
    let scene = Scene::new("");
    let uri = format!("http://{}/credentials/role", scene.daemon.credentials);
    let token_file = show(&scene.world.path("tokens/role/token"));
    let token = scene.world.token("role");
    let url = scene.world.emulator.access.url.as_str();
    let region = [("AWS_REGION", "us-east-1"), ("AWS_ENDPOINT_URL_STS", url)];
    let endpoint = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.as_str());
    for by in [
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token_file.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", token.as_str()),
    ] {
        let said = with_environment(WHO, &[region[0], region[1], endpoint, by]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.stdout.contains(":assumed-role/demo/s1"), "{said:?}");
    }
    let said = with_environment(&[WHO, &["--region", "us-east-1"]].concat(), &[region[1], endpoint]);
    assert_eq!(said.code, 69, "{said:?}");
    assert!(
        said.stderr.contains("401: the daemon does not know the token"),
        "{said:?}"
    );
    let said = with_environment(
        &[WHO, &["--profile", "role"]].concat(),
        &[region[0], region[1], endpoint],
    );
    assert_eq!(said.code, 64, "{said:?}");
    // What the configuration says comes first.
    let mut command = scene.command(&[WHO, &["--profile", "plain"]].concat());
    command.envs([endpoint]);
    let said = run(command, b"");
    assert!(said.stdout.contains(":user/demo"), "{said:?}");
}

#[test]
fn the_profile_is_named_where_there_are_several() {
    let scene = Scene::new("");
    for (args, problem) in [
        (WHO, "which profile asks?"),
        (
            &["get-caller-identity", "--profile", "nobody"],
            "there is no profile of that name.",
        ),
    ] {
        let said = scene.run(args);
        let told = format!("valetkey: {problem} Name one of role, plain with --profile\n");
        assert_eq!((said.code, said.stderr), (64, told));
    }
    let said = scene.run(&["get-session-token", "--profile", "role"]);
    assert_eq!(said.code, 64, "{said:?}");
    assert!(said.stderr.contains("it is made from profile plain"), "{said:?}");
    let said = scene.run(&["get-caller-identity", "--profile", "plain", "--region", "eu-west-1"]);
    assert_eq!(said.code, 64, "{said:?}");
    assert!(said.stderr.contains("has its own region and endpoint"), "{said:?}");
}

#[test]
fn what_is_not_there_is_told() {
    let world = World::new(None);
    let person = format!(
        "mfa_serial = \"{}\"\nmfa_code = {{ push = true }}\n",
        world.emulator.access.mfa_serial
    );
    let scene = Scene::of(world, "");
    let told = |args: &[&str], code: i32, text: &str| {
        let said = scene.run(args);
        assert_eq!((said.code, said.stdout.as_str()), (code, ""), "{said:?}");
        assert!(said.stderr.contains(text), "{said:?}");
    };
    std::fs::remove_file(scene.world.path("key/aws_secret_access_key")).unwrap();
    told(
        &["get-session-token", "--profile", "plain"],
        78,
        "aws_secret_access_key: does not exist",
    );
    std::fs::remove_file(scene.world.path("tokens/plain/token")).unwrap();
    told(
        &["get-caller-identity", "--profile", "plain"],
        69,
        "--long-term-key does without",
    );
    // Without a daemon.
    let mut command = valetkey(["sts", "get-caller-identity", "--profile", "role", "--config"]);
    command.arg(scene.world.path("valetkey.toml"));
    command.args(["--credentials", "127.0.0.1:1"]);
    let said = run(command, b"");
    assert_eq!(said.code, 69, "{said:?}");
    assert!(said.stderr.contains("is the daemon running"), "{said:?}");
    // One that has no credentials yet.
    let world = World::of("waiting", None);
    world.write("valetkey.toml", &(configuration(&world) + &person));
    let daemon = world.serve();
    let mut command = valetkey(["sts", "get-caller-identity", "--profile", "plain", "--config"]);
    command
        .arg(world.path("valetkey.toml"))
        .args(["--credentials", &daemon.credentials.to_string()]);
    let said = run(command, b"");
    assert_eq!(said.code, 75, "{said:?}");
    assert!(said.stderr.contains("valetkey mfa submit"), "{said:?}");
}

#[test]
fn paths_may_be_relative_to_where_the_command_runs() {
    let scene = Scene::new("");
    let mut command = scene.command(&[WHO, &["--profile", "role", "--token-dir", "elsewhere"]].concat());
    command.current_dir(scene.world.folder.path());
    std::fs::rename(scene.world.path("tokens"), scene.world.path("elsewhere")).unwrap();
    let said = run(command, b"");
    assert_eq!(said.code, 0, "{said:?}");
    let serial = &scene.world.emulator.access.mfa_serial;
    let mut command = scene.command(&["get-session-token", "--profile", "plain", "--serial-number", serial]);
    command.args(["--control-socket", "nowhere.sock"]);
    let said = run(command, b"");
    assert_eq!(said.code, 64, "{said:?}");
    assert!(said.stderr.starts_with("valetkey: no daemon runs at /"), "{said:?}");
}

#[test]
fn the_files_of_another_user_are_for_that_user() {
    let world = World::new(None);
    world.write("valetkey.toml", &configuration(&world));
    let mode = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    mode(world.folder.path(), 0o755);
    mode(&world.path("key/aws_secret_access_key"), 0o000);
    let mut command = valetkey(["sts", "get-session-token", "--profile", "plain", "--config"]);
    command.arg(world.path("valetkey.toml"));
    if rustix::process::geteuid().is_root() {
        // Nothing is kept from root.
        command.uid(65534);
    }
    let said = run(command, b"");
    assert_eq!(said.code, 78, "{said:?}");
    assert!(
        said.stderr.ends_with("run this command as the daemon's user instead\n"),
        "{said:?}"
    );
}

#[test]
fn an_action_that_nothing_signs_needs_a_region_alone() {
    let world = World::new(None);
    world.write("trade", "canary");
    let file = show(&world.path("trade"));
    let arn = "arn:aws:iam::123456789012:role/web";
    let args = [
        ["assume-role-with-web-identity", "--role-arn", arn],
        ["--role-session-name", "s1", "--web-identity-token-file"],
    ];
    let args = [&args.concat()[..], &[&file]].concat();
    let url = world.emulator.access.url.as_str();
    let said = with_environment(&args, &[]);
    assert_eq!(said.code, 78, "{said:?}");
    assert!(said.stderr.contains("AWS_REGION"), "{said:?}");
    let said = with_environment(&args, &[("AWS_ENDPOINT_URL_STS", url), ("AWS_REGION", "us-east-1")]);
    assert!(
        said.code == 1 && said.stderr.contains("InvalidIdentityToken"),
        "{said:?}"
    );
    let args = [&args[..], &["--region", "us-east-1"]].concat();
    let said = with_environment(&args, &[("AWS_ENDPOINT_URL_STS", url)]);
    assert!(
        said.code == 1 && said.stderr.contains("InvalidIdentityToken"),
        "{said:?}"
    );
}

#[test]
fn the_environment_and_the_aws_files_are_profiles_as_for_the_daemon() {
    let world = World::new(None);
    let access = &world.emulator.access;
    let key = [
        ("AWS_ACCESS_KEY_ID", access.access_key_id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", access.secret_access_key.as_str()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL_STS", access.url.as_str()),
        ("XDG_RUNTIME_DIR", "/nowhere"),
    ];
    let said = with_environment(&["get-session-token"], &key);
    assert_eq!(said.code, 0, "{said:?}");
    // No place of a daemon is needed.
    let said = with_environment(&["get-session-token"], &key[..4]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{said:?}");
    // The region that is typed comes before the environment's, which need not have one.
    let typed = |region| ["get-session-token", "--region", region];
    let said = with_environment(&typed("us-east-1"), &[key[0], key[1], key[3], key[4]]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = with_environment(&typed("eu-west-1"), &key);
    assert!(said.stderr.contains("scoped to a valid region"), "{said:?}");
    let said = with_environment(&typed("us_1"), &key);
    assert_eq!(said.code, 64, "{said:?}");
    world.write(
        "credentials",
        &format!(
            "[mine]\naws_access_key_id = {}\naws_secret_access_key = {}\nregion = us-east-1\n",
            access.access_key_id, access.secret_access_key
        ),
    );
    let files = show(&world.path("credentials"));
    let environment = [
        ("AWS_SHARED_CREDENTIALS_FILE", files.as_str()),
        ("AWS_CONFIG_FILE", "/nowhere/config"),
        key[3],
        key[4],
    ];
    let args = ["get-caller-identity", "--long-term-key", "--aws-profile", "mine"];
    let said = with_environment(&args, &environment);
    assert_eq!(said.code, 0, "{said:?}");
    let args = [&args[..], &["--config", "/nowhere.toml"]].concat();
    assert_eq!(with_environment(&args, &environment).code, 64);
}
