//! A user's world for tests of the real binary: an STS, a key, a seed, a configuration, a running daemon.

#![allow(
    dead_code,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "each test binary uses its part"
)]

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use valetkey::clock::SystemClock;
use valetkey::emulator::{Emulator, Options, Rules, Running};

/// The longest wait for anything: an MFA step that was used has to pass before the next.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// An STS with one user, and that user's files.
pub struct World {
    pub folder: TempDir,
    pub emulator: Running,
    _runtime: Runtime,
}

impl World {
    pub fn new(lifetime_seconds: Option<u32>) -> Self {
        Self::of("demo", lifetime_seconds)
    }

    /// The world of this user, with an MFA device of its own.
    pub fn of(user: &str, lifetime_seconds: Option<u32>) -> Self {
        let rules = Rules {
            lifetime_seconds,
            ..Rules::default()
        };
        let options = Options {
            user: user.to_owned(),
            rules,
            ..Options::default()
        };
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let emulator = runtime.block_on(async {
            let emulator = Emulator::bind(options, Arc::new(SystemClock)).await.unwrap();
            emulator.spawn()
        });
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
            emulator,
            _runtime: runtime,
        };
        let access = &world.emulator.access;
        fs::create_dir(world.path("key")).unwrap();
        world.write("key/aws_access_key_id", &access.access_key_id);
        world.write("key/aws_secret_access_key", &access.secret_access_key);
        world.write("totp_seed", &access.totp_seed);
        world.write("valetkey.toml", &world.configuration());
        world
    }

    /// One MFA profile `ops` and one without MFA, `plain`, which readiness does not wait for.
    pub fn configuration(&self) -> String {
        let folder = self.folder.path().display();
        let server = format!(
            "[server]\ncredentials = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"\ntoken_dir = \"{folder}/tokens\"\n\
             control_socket = \"{folder}/control.sock\"\n\n"
        );
        server + &self.profile("ops") + &self.profile_without_mfa("plain") + "required = false\n"
    }

    /// A profile of this world's user, with MFA.
    pub fn profile(&self, name: &str) -> String {
        let (folder, serial) = (self.folder.path().display(), &self.emulator.access.mfa_serial);
        self.profile_without_mfa(name)
            + &format!("mfa_serial = \"{serial}\"\nmfa_code = {{ totp_seed_file = \"{folder}/totp_seed\" }}\n\n")
    }

    pub fn profile_without_mfa(&self, name: &str) -> String {
        let (folder, url) = (self.folder.path().display(), &self.emulator.access.url);
        format!(
            "[profile.{name}]\nregion = \"us-east-1\"\nendpoint_url = \"{url}\"\n\
             key = {{ directory = \"{folder}/key\" }}\n"
        )
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn token(&self, profile: &str) -> String {
        fs::read_to_string(self.path("tokens").join(profile).join("token")).unwrap()
    }

    /// Starts `valetkey serve`; returns when its listeners are bound.
    pub fn serve(&self) -> Daemon {
        Daemon::start(self.command())
    }

    /// `valetkey serve` with this world's configuration, logging everything as JSON.
    pub fn command(&self) -> Command {
        let mut command = valetkey(["serve", "--log-format", "json", "--log-level", "trace", "--config"]);
        command.arg(self.path("valetkey.toml"));
        command
    }
}

/// The real binary in an environment of its own.
pub fn valetkey(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_valetkey"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

/// A running `valetkey serve`, killed when dropped.
pub struct Daemon {
    pub child: Child,
    pub credentials: SocketAddr,
    pub imds: Option<SocketAddr>,
    pub ops: SocketAddr,
    lines: Receiver<String>,
    /// Lines that came while another was awaited.
    passed: RefCell<Vec<Value>>,
    log: Arc<Mutex<String>>,
}

impl Daemon {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let (send, lines) = channel();
        let log = Arc::new(Mutex::new(String::new()));
        let (stderr, kept) = (BufReader::new(child.stderr.take().unwrap()), log.clone());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                kept.lock().unwrap().extend([&line, "\n"]);
                let _ = send.send(line);
            }
        });
        let none = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut daemon = Self {
            child,
            credentials: none,
            imds: None,
            ops: none,
            lines,
            passed: RefCell::default(),
            log,
        };
        let start = daemon.wait_for("valetkey starts");
        daemon.credentials = start["credentials"].as_str().unwrap().parse().unwrap();
        daemon.imds = start["imds"].as_str().map(|address| address.parse().unwrap());
        daemon.ops = start["ops"].as_str().unwrap().parse().unwrap();
        daemon
    }

    /// The line with this message (or beginning).
    pub fn wait_for(&self, message: &str) -> Value {
        self.wait_until(|line| line["message"].as_str().is_some_and(|text| text.starts_with(message)))
    }

    /// The next line that says that this profile has new credentials.
    pub fn wait_for_credentials(&self, profile: &str) -> Value {
        self.wait_until(|line| line["message"] == "credentials obtained" && line["profile"] == profile)
    }

    /// The first line that was not awaited before and for which `wanted` holds.
    #[expect(clippy::disallowed_methods, reason = "the patience of a test is real time")]
    pub fn wait_until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut passed = self.passed.borrow_mut();
        if let Some(place) = passed.iter().position(&wanted) {
            return passed.remove(place);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("the line did not come; the log so far:\n{}", self.log()));
            match serde_json::from_str(&line) {
                Ok(line) if wanted(&line) => return line,
                Ok(line) => passed.push(line),
                Err(_) => {}
            }
        }
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// `GET` on the credentials endpoint with a token.
    pub fn credentials(&self, path: &str, token: &str) -> Reply {
        get(self.credentials, path, &[("Authorization", token)])
    }

    pub fn ops(&self, path: &str) -> Reply {
        get(self.ops, path, &[])
    }

    pub fn signal(&self, signal: &str) {
        let killed = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
    }

    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An HTTP reply.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// One request on a connection of its own.
pub fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Reply {
    request(address, "GET", path, headers)
}

pub fn request(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    try_request(address, method, path, headers).unwrap()
}

/// The same of a server that may not be there yet.
pub fn try_request(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes())?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    Ok(Reply {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

/// What `look` finds, once it finds something.
#[expect(clippy::disallowed_methods, reason = "the patience of a test is real time")]
pub fn eventually<T>(look: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "it did not come");
    }
}

/// Runs a command to its end: exit code, standard output, standard error.
pub fn finish(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

pub fn show(path: &Path) -> String {
    path.display().to_string()
}
