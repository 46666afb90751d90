//! How a command finds its daemon.

use std::path::PathBuf;
use std::process::Command;

use crate::scene::{Scene, run, valetkey};

impl Scene {
    /// A configuration file beside the daemon's socket, which it names before `rest`.
    fn configured(&self, rest: &str) -> PathBuf {
        let file = self.path().with_file_name("valetkey.toml");
        let socket = self.path().display().to_string();
        std::fs::write(&file, format!("[server]\ncontrol_socket = \"{socket}\"\n{rest}")).unwrap();
        file
    }
}

fn by_file(file: PathBuf, args: &[&str]) -> Command {
    let mut command = valetkey(args);
    command.env("VALETKEY_CONFIG", file);
    command
}

#[test]
fn a_daemon_is_reached_by_a_file_with_any_mistake_but_in_its_socket() {
    let scene = Scene::new();
    for rest in [
        "ops = 7\ntoken_dir = \"tokens\"\n",
        "unknown = 1\n[profile.ops]\nregoin = 1\n",
    ] {
        let file = scene.configured(rest);
        assert_eq!(run(by_file(file.clone(), &["reload"]), b"").code, 0, "{rest}");
        assert_eq!(run(by_file(file.clone(), &["status"]), b"").code, 0, "{rest}");
        let said = run(by_file(file, &["mfa", "submit"]), crate::operator::CODE.as_bytes());
        assert_eq!(said.code, 0, "{said:?}");
    }
    let broken = scene.configured("[profile");
    let relative = scene.path().with_file_name("relative.toml");
    std::fs::write(&relative, "[server]\ncontrol_socket = \"control.sock\"\n").unwrap();
    for (file, told) in [
        (broken, "valetkey.toml:3:"),
        (
            relative,
            "relative.toml:2:18: server.control_socket: must be an absolute path",
        ),
        (PathBuf::from("/missing.toml"), "/missing.toml: cannot be read"),
    ] {
        let said = run(by_file(file, &["status"]), b"");
        assert_eq!(said.code, 78, "{said:?}");
        assert!(said.stderr.contains(told), "{said:?}");
        assert!(
            said.stderr.contains("name its socket with --control-socket"),
            "{said:?}"
        );
    }
}

#[test]
fn an_empty_variable_is_not_set() {
    let scene = Scene::new();
    let mut command = scene.command(&["status"]);
    command.env("VALETKEY_CONFIG", "").env("VALETKEY_LOG_LEVEL", "");
    assert_eq!(run(command, b"").code, 0);

    let mut command = valetkey(&["status"]);
    command.env("VALETKEY_CONFIG", scene.configured(""));
    command.env("VALETKEY_CONTROL_SOCKET", "");
    let said = run(command, b"");
    assert_eq!(said.code, 0, "{said:?}");

    let mut command = valetkey(&["serve", "--check-config"]);
    command.env("VALETKEY_CONFIG", "");
    let said = run(command, b"");
    assert!(said.code == 78 && said.stderr.contains("AWS_ACCESS_KEY_ID"), "{said:?}");
    // A typed one is wrong.
    assert_eq!(run(valetkey(&["status", "--config", ""]), b"").code, 64);
}

#[test]
fn a_typed_aws_profile_beats_the_variable_and_not_what_is_typed() {
    let aws_profile = ["serve", "--check-config", "--aws-profile", "nobody"];
    let mut command = valetkey(&aws_profile);
    command.env("VALETKEY_CONFIG", "/missing.toml");
    let said = run(command, b"");
    assert!(said.code == 78 && said.stderr.contains("HOME is not set"), "{said:?}");
    let said = run(
        valetkey(&[&aws_profile[..], &["--config", "/missing.toml"]].concat()),
        b"",
    );
    assert!(
        said.code == 64 && said.stderr.contains("cannot be used with"),
        "{said:?}"
    );
}

#[test]
fn each_command_tells_its_exit_codes() {
    for (command, codes) in [
        ("healthcheck", &["0 ", "1 ", "64 ", "78 "][..]),
        ("status", &["0 ", "1 ", "64 ", "69 ", "75 ", "78 "]),
        ("reload", &["0 ", "64 ", "69 ", "75 ", "78 "]),
    ] {
        let help = run(valetkey(&[command, "--help"]), b"").stdout.replace('\n', " ");
        let told = help.split_once("Exit codes: ").map(|(_, told)| told.to_owned());
        let told = told.unwrap_or_else(|| panic!("{help}"));
        assert!(codes.iter().all(|code| told.contains(code)), "{told}");
    }
}
