//! What a user has beside the daemon: scripts, a device in the hand, a terminal.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use valetkey::clock::{Clock, SystemClock};

use crate::common::{Daemon, World, show, valetkey};

pub(crate) const SUBMIT: &[&str] = &["mfa", "submit"];

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// `[server]` of this world.
pub(crate) fn server(world: &World) -> String {
    let folder = show(world.folder.path());
    format!(
        "[server]\ncredentials = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"\ntoken_dir = \"{folder}/tokens\"\n\
         control_socket = \"{folder}/control.sock\"\n\n"
    )
}

/// A daemon with these profiles.
pub(crate) fn serve(world: &World, profiles: &str) -> Daemon {
    configure(world, profiles);
    world.serve()
}

pub(crate) fn configure(world: &World, profiles: &str) {
    world.write("valetkey.toml", &(server(world) + profiles));
}

/// A profile of the world's STS, with this key.
pub(crate) fn keyed(world: &World, name: &str, key: &str) -> String {
    let url = &world.emulator.access.url;
    format!("[profile.{name}]\nregion = \"us-east-1\"\nendpoint_url = \"{url}\"\nkey = {key}\n")
}

/// What gives it MFA, by codes of this source.
pub(crate) fn mfa(world: &World, code: &str) -> String {
    let serial = &world.emulator.access.mfa_serial;
    format!("mfa_serial = \"{serial}\"\nmfa_code = {code}\n")
}

/// The codes of the world's own seed.
pub(crate) fn seed(world: &World) -> String {
    mfa(
        world,
        &format!("{{ totp_seed_file = \"{}\" }}", show(&world.path("totp_seed"))),
    )
}

/// A person's profile.
pub(crate) fn person(world: &World, name: &str) -> String {
    world.profile_without_mfa(name) + &mfa(world, "{ push = true }")
}

/// A role that is reached from another profile.
pub(crate) fn chained(world: &World, name: &str, source: &str, role: &str) -> String {
    let url = &world.emulator.access.url;
    format!(
        "[profile.{name}]\nregion = \"us-east-1\"\nendpoint_url = \"{url}\"\nsource_profile = \"{source}\"\n\
         role_arn = \"{role}\"\n"
    )
}

/// A script that a user wrote; how `process` names it.
pub(crate) fn script(world: &World, name: &str, text: &str) -> String {
    world.write(name, &format!("#!/bin/sh\n{text}\n"));
    fs::set_permissions(world.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    show(&world.path(name))
}

/// What the device shows now.
pub(crate) fn code(world: &World) -> String {
    let serial = &world.emulator.access.mfa_serial;
    world.emulator.handle.token_code(serial, SystemClock.wall()).unwrap()
}

/// What it shows at no time near.
pub(crate) fn wrong_code(world: &World) -> String {
    let serial = &world.emulator.access.mfa_serial;
    let near = (-10..=10).map(|steps| {
        let time = SystemClock.wall() + chrono::TimeDelta::seconds(30 * steps);
        world.emulator.handle.token_code(serial, time).unwrap()
    });
    let near: Vec<_> = near.collect();
    let mut candidates = (0..).map(|number| format!("{number:06}"));
    candidates.find(|candidate| !near.contains(candidate)).unwrap()
}

/// An operator's command to the daemon of this world.
pub(crate) fn operator(world: &World, args: &[&str]) -> Command {
    let mut command = valetkey(args);
    command.arg("--control-socket").arg(world.path("control.sock"));
    command
}

pub(crate) fn ask(world: &World, args: &[&str]) -> Said {
    say(operator(world, args), "")
}

/// A person hands a code in.
pub(crate) fn submit(world: &World, args: &[&str], code: &str) -> Said {
    say(operator(world, &[SUBMIT, args].concat()), code)
}

pub(crate) fn say(mut command: Command, stdin: &str) -> Said {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that does not read has ended before.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The profile in `status --json`.
pub(crate) fn status_of(world: &World, profile: &str) -> Value {
    let status = status(world);
    let mut profiles = status["profiles"].as_array().unwrap().iter();
    profiles.find(|found| found["name"] == profile).unwrap().clone()
}

pub(crate) fn status(world: &World) -> Value {
    let said = ask(world, &["status", "--json"]);
    let document: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|_| panic!("{said:?}"));
    document["status"].clone()
}

/// The value of this series.
pub(crate) fn metric(daemon: &Daemon, series: &str) -> String {
    let page = daemon.ops("/metrics").body;
    let found = page
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {series} in {page}")).to_owned()
}

/// The document that the profile's consumer gets.
pub(crate) fn document(world: &World, daemon: &Daemon, profile: &str) -> Value {
    let reply = daemon.credentials(&format!("/credentials/{profile}"), &world.token(profile));
    assert_eq!(reply.status, 200, "{profile}: {}", reply.body);
    reply.json()
}

/// Puts files into a volume as the kubelet does: into a folder of their own, to which the link `..data` is moved.
pub(crate) fn project(volume: &Path, version: &str, files: &[(&str, &str)]) {
    fs::create_dir_all(volume.join(version)).unwrap();
    for (name, text) in files {
        fs::write(volume.join(version).join(name), text).unwrap();
    }
    symlink(version, volume.join("..data_tmp")).unwrap();
    let old = fs::read_link(volume.join("..data"));
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    match old {
        Ok(old) => fs::remove_dir_all(volume.join(old)).unwrap(),
        Err(_) => {
            for (name, _) in files {
                symlink(format!("..data/{name}"), volume.join(name)).unwrap();
            }
        }
    }
}
