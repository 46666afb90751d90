use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use valetkey::clock::SystemClock;
use valetkey::control::{bind, serve};

use crate::operator::Fake;

/// A daemon that answers.
pub(crate) struct Scene {
    folder: TempDir,
    pub(crate) fake: Arc<Fake>,
    _runtime: Runtime,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (folder, fake) = (tempfile::tempdir().unwrap(), Fake::new());
        let listener = runtime.block_on(bind(&folder.path().join("control.sock"))).unwrap();
        runtime.spawn(serve(
            listener,
            fake.clone(),
            Arc::new(SystemClock),
            std::future::pending(),
        ));
        Self {
            folder,
            fake,
            _runtime: runtime,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    /// `valetkey` in an environment that names the socket and nothing else.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = valetkey(args);
        command.env("VALETKEY_CONTROL_SOCKET", self.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str], stdin: &[u8]) -> Said {
        run(self.command(args), stdin)
    }
}

pub(crate) fn valetkey(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_valetkey"));
    command.args(args).env_clear();
    command
}

pub(crate) fn run(mut command: Command, stdin: &[u8]) -> Said {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that does not read has ended before.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    said(child.wait_with_output().unwrap())
}

fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
