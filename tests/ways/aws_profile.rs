use std::fs;
use std::process::Command;

use valetkey::emulator::Role;

use crate::common::{Daemon, World, finish, show, valetkey};
use crate::scene::{ask, code, configure, document, person, script, status, status_of, submit};

const USER: &str = "arn:aws:iam::123456789012:user/demo";
const DEPLOY: &str = "arn:aws:iam::123456789012:role/deploy";

/// `valetkey serve` without a file of its own, in an environment with a runtime folder.
fn serve_by(world: &World, args: &[&str]) -> Command {
    let mut command = valetkey([
        "serve",
        "--log-format",
        "json",
        "--credentials",
        "127.0.0.1:0",
        "--ops",
        "127.0.0.1:0",
    ]);
    command.args(args).env("RUNTIME_DIRECTORY", world.folder.path());
    command
}

fn aws_files(world: &World, config: &str) {
    let access = &world.emulator.access;
    fs::create_dir(world.path(".aws")).unwrap();
    world.write(".aws/config", config);
    let credentials = format!(
        "# written by the AWS CLI\n[ops]\naws_access_key_id = {}\naws_secret_access_key={}\n",
        access.access_key_id, access.secret_access_key
    );
    world.write(".aws/credentials", &credentials);
}

#[test]
fn a_role_of_the_aws_files_is_reached_from_its_source_with_mfa_by_a_process() {
    let world = World::new(None);
    let access = &world.emulator.access;
    world
        .emulator
        .handle
        .add_role(Role::new(DEPLOY).trusting(USER).requiring_mfa());
    world.write("code", &code(&world));
    let otp = script(
        &world,
        "otp",
        &format!("[ \"$1\" = 'ops user' ] && cat {}", show(&world.path("code"))),
    );
    aws_files(
        &world,
        &format!(
            "[default]\nregion = eu-west-1\n\n\
             [profile deploy]\nrole_arn = {DEPLOY}\nsource_profile = ops\nregion = us-east-1\nendpoint_url = {url}\n\n\
             [profile ops] ; has the device\nregion = us-east-1\nendpoint_url = {url}\nmfa_serial = {serial}\n\
             mfa_process = {otp} \"ops user\"\n",
            url = access.url,
            serial = access.mfa_serial,
        ),
    );
    let mut command = serve_by(&world, &["--aws-profile", "deploy"]);
    command.env("HOME", world.folder.path());
    let daemon = Daemon::start(command);
    daemon.wait_for_credentials("deploy");
    assert_eq!(document(&world, &daemon, "deploy")["AccountId"], "123456789012");
    let state = world.emulator.handle.state();
    assert!(state.assumed[0].mfa);
    assert_eq!(state.successes[&access.mfa_serial].len(), 1);
    let status = status(&world);
    assert_eq!(status["configuration"]["source"], "the AWS profile deploy");
    assert_eq!(status["profiles"][0]["name"], "deploy");
    let said = ask(&world, &["reload"]);
    assert_eq!(
        (said.code, &*said.stdout),
        (0, "nothing differs from what is in force\n")
    );
}

/// The AWS files have no word for a person either: a device without a process is one in somebody's hand.
#[test]
fn a_device_of_the_aws_files_without_a_process_is_a_persons() {
    let world = World::new(None);
    let access = &world.emulator.access;
    let (url, serial) = (&access.url, &access.mfa_serial);
    let config = format!("[profile ops]\nregion = us-east-1\nendpoint_url = {url}\nmfa_serial = {serial}\n");
    aws_files(&world, &config);
    let mut command = serve_by(&world, &["--aws-profile", "ops"]);
    command.env("HOME", world.folder.path());
    let daemon = Daemon::start(command);
    daemon.wait_for("an MFA code is wanted: valetkey mfa submit --profile ops");
    let said = submit(&world, &[], &code(&world));
    assert_eq!(said.code, 0, "{said:?}");
    document(&world, &daemon, "ops");
}

#[test]
fn mistakes_in_the_aws_files_are_told_with_their_places() {
    let world = World::new(None);
    aws_files(
        &world,
        "[profile deploy]\nrole_arn = arn:aws:iam::123456789012:user/x\nsource_profile = nobody\n",
    );
    let mut command = serve_by(&world, &["--aws-profile", "deploy", "--check-config"]);
    let (code, _, stderr) = finish(command.env("HOME", world.folder.path()));
    assert_eq!(code, 78);
    assert!(
        stderr.contains("config:2") && stderr.contains("config:3") && stderr.contains("region"),
        "{stderr}"
    );
    let mut command = serve_by(&world, &["--aws-profile", "dpeloy", "--check-config"]);
    let (code, _, stderr) = finish(command.env("HOME", world.folder.path()));
    assert!(code == 78 && stderr.contains("deploy"), "{stderr}");
}

#[test]
fn the_environment_alone_is_a_configuration() {
    let world = World::new(None);
    let access = &world.emulator.access;
    let mut command = serve_by(&world, &[]);
    command
        .env("AWS_ACCESS_KEY_ID", &access.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", &access.secret_access_key)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL_STS", &access.url)
        .env("VALETKEY_MFA_SERIAL", &access.mfa_serial)
        .env("VALETKEY_TOTP_SEED_FILE", world.path("totp_seed"));
    let daemon = Daemon::start(command);
    daemon.wait_for_credentials("default");
    assert_eq!(daemon.credentials("/credentials", &world.token("default")).status, 200);
    assert!(
        daemon.log().contains("the long-term key is in the environment"),
        "{}",
        daemon.log()
    );
    let status = status_of(&world, "default");
    assert_eq!(
        (&status["source"], &status["mfa"]["push"]),
        (&"environment".into(), &false.into())
    );
    let said = ask(&world, &["reload"]);
    assert_eq!(
        (said.code, &*said.stdout),
        (0, "nothing differs from what is in force\n")
    );
}

/// The operator's commands find the daemon by what it was started with.
#[test]
fn commands_find_the_daemon_by_its_file_or_its_environment() {
    let world = World::new(None);
    configure(&world, &person(&world, "person"));
    let text = fs::read_to_string(world.path("valetkey.toml")).unwrap();
    let no_socket = text.lines().filter(|line| !line.starts_with("control_socket"));
    world.write("valetkey.toml", &no_socket.collect::<Vec<_>>().join("\n"));
    let in_runtime_dir = |mut command: Command| {
        command.env("XDG_RUNTIME_DIR", world.path("run"));
        command
    };
    fs::create_dir(world.path("run")).unwrap();
    let daemon = Daemon::start(in_runtime_dir(world.command()));
    daemon.wait_for("an MFA code is wanted");
    let by_environment = finish(&mut in_runtime_dir(valetkey(["status"])));
    let mut command = in_runtime_dir(valetkey(["status", "--config"]));
    let file = show(&world.path("valetkey.toml"));
    let by_file = finish(command.arg(&file));
    for (code, page, stderr) in [&by_environment, &by_file] {
        assert_eq!(*code, 1, "{stderr}");
        assert!(page.contains("code wanted"), "{page}");
    }
    // What a person is told to type reaches this daemon from this very terminal.
    assert!(
        by_environment.1.contains("run: valetkey mfa submit --profile person\n"),
        "{}",
        by_environment.1
    );
    assert!(
        by_file.1.contains(&format!("--profile person --config {file}\n")),
        "{}",
        by_file.1
    );
}
