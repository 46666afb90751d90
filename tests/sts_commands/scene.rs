use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::{Daemon, World, show, valetkey};

/// An STS, a user's files and a daemon of `plain` (a session), `role` (made from it) and what a test adds.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) daemon: Daemon,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Scene {
    pub(crate) fn new(more: &str) -> Self {
        Self::of(World::new(None), more)
    }

    pub(crate) fn of(world: World, more: &str) -> Self {
        world.write("valetkey.toml", &(configuration(&world) + more));
        let daemon = world.serve();
        daemon.wait_for_credentials("role");
        Self { world, daemon }
    }

    /// `valetkey sts` with the daemon's configuration.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = valetkey(["sts"]);
        command.args(args).arg("--config").arg(self.world.path("valetkey.toml"));
        command.args(["--credentials", &self.daemon.credentials.to_string()]);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        run(self.command(args), b"")
    }
}

pub(crate) fn configuration(world: &World) -> String {
    let folder = show(world.folder.path());
    let access = &world.emulator.access;
    format!(
        "[server]\ncredentials = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"\ntoken_dir = \"{folder}/tokens\"\n\
         control_socket = \"{folder}/control.sock\"\n\n[profile.role]\nregion = \"us-east-1\"\n\
         endpoint_url = \"{}\"\nsource_profile = \"plain\"\nrole_arn = \"{}\"\nrole_session_name = \"s1\"\n\n{}",
        access.url,
        access.role_arn,
        world.profile_without_mfa("plain")
    )
}

pub(crate) fn run(mut command: Command, stdin: &[u8]) -> Said {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that does not read has ended before.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
