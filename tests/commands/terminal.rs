use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::operator::{CODE, at};
use crate::scene::Scene;

const PROMPT: &str = "Code of arn:aws:iam::123456789012:mfa/person: ";

/// When a test that waits for something gives up.
const HANG: Duration = Duration::from_secs(20);

/// A terminal: what a person types goes into `keyboard`, what they see comes out of `screen`.
struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
    line: File,
}

impl Terminal {
    fn new() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let flags = i32::try_from(OpenptFlags::NOCTTY.bits()).unwrap();
        let line = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(flags)
            .open(name)
            .unwrap();
        let keyboard = File::from(master);
        let mut output = keyboard.try_clone().unwrap();
        let (send, screen) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 1024];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                let _ = send.send(bytes[..read].to_vec());
            }
        });
        Self {
            keyboard,
            screen,
            seen: String::new(),
            line,
        }
    }

    /// Starts a command whose only files are this terminal, which is also what Ctrl-C goes through.
    fn start(&self, command: &Command) -> Child {
        let stdio = || Stdio::from(self.line.try_clone().unwrap());
        let mut session = Command::new("setsid");
        session
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args());
        session
            .env_clear()
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        session.env("PATH", std::env::var_os("PATH").unwrap());
        session.stdin(stdio()).stdout(stdio()).stderr(stdio()).spawn().unwrap()
    }

    fn type_in(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    fn wait_for(&mut self, text: &str) {
        while !self.seen.contains(text) {
            let bytes = self.screen.recv_timeout(HANG);
            let bytes = bytes.unwrap_or_else(|_| panic!("no {text:?} in {:?}", self.seen));
            self.seen.push_str(str::from_utf8(&bytes).unwrap());
        }
    }

    fn modes(&self) -> LocalModes {
        tcgetattr(&self.line).unwrap().local_modes
    }
}

#[test]
fn a_code_is_typed_without_echo_and_the_terminal_is_as_before() {
    let scene = Scene::new();
    let mut terminal = Terminal::new();
    let before = terminal.modes();
    // Shows that this terminal echoes what nobody keeps it from; the line itself is thrown away by the prompt.
    terminal.type_in("112358\n");
    terminal.wait_for("112358");
    assert!(before.contains(LocalModes::ECHO));

    let mut child = terminal.start(&scene.command(&["mfa", "submit"]));
    terminal.wait_for(PROMPT);
    assert!(!terminal.modes().contains(LocalModes::ECHO));
    terminal.type_in("481 999\u{7f}\u{7f}\u{7f}516\n");
    terminal.wait_for("accepted: profile person has credentials until 2027-01-15T20:00:00Z");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(terminal.modes(), before);
    let after = terminal.seen.split(PROMPT).nth(1).unwrap();
    assert!(
        after.starts_with("\r\nwaiting for STS's verdict, a minute at most …\r\naccepted"),
        "{after:?}"
    );
    assert!(
        !terminal.seen.contains(CODE) && !terminal.seen.contains("481"),
        "{:?}",
        terminal.seen
    );
}

#[test]
fn ctrl_c_sends_nothing_and_leaves_the_terminal_as_before() {
    let scene = Scene::new();
    for end in ["\u{3}", "\u{1c}", "signal"] {
        let mut terminal = Terminal::new();
        let before = terminal.modes();
        let mut child = terminal.start(&scene.command(&["mfa", "submit"]));
        terminal.wait_for(PROMPT);
        if end == "signal" {
            // Nothing is typed: it might reach the terminal only after the signal.
            let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
            assert!(killed.success());
        } else {
            terminal.type_in(CODE);
            terminal.type_in(end);
        }
        terminal.wait_for("\r\nvaletkey: interrupted; nothing was sent");
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(terminal.modes(), before, "{end:?}");
        assert!(!terminal.seen.contains(CODE), "{:?}", terminal.seen);
    }
    assert!(scene.fake.tried().is_empty());
}

#[test]
fn no_code_is_asked_for_when_nobody_would_take_it() {
    let scene = Scene::new();
    let mut terminal = Terminal::new();
    let mut command = scene.command(&["mfa", "submit"]);
    command.env("VALETKEY_CONTROL_SOCKET", "/nowhere/control.sock");
    let mut child = terminal.start(&command);
    terminal.wait_for("there is no such socket");
    assert_eq!(child.wait().unwrap().code(), Some(69));
    assert!(!terminal.seen.contains("ode of"), "{:?}", terminal.seen);
}

#[test]
fn no_code_is_asked_for_that_would_be_refused() {
    let scene = Scene::new();
    scene.fake.status.lock().unwrap().profiles[1].code_wanted = None;
    let person = |accepted_from| {
        let mut status = scene.fake.status.lock().unwrap();
        let device = status.profiles[1].mfa.as_mut().unwrap();
        device.accepted_from = Some(at(accepted_from));
    };
    for (args, accepted_from, told, code) in [
        (
            &["--profile", "ops"][..],
            -1,
            "that profile takes no codes from a person; these do: person",
            64,
        ),
        (
            &["--profile", "nobody"],
            -1,
            "that profile takes no codes from a person; these do: person",
            64,
        ),
        (
            &[],
            1,
            "profile person takes its next code from 2027-01-15T08:00:01Z",
            75,
        ),
        (
            &["--profile", "person"],
            1,
            "profile person takes its next code from",
            75,
        ),
    ] {
        person(accepted_from);
        let mut terminal = Terminal::new();
        let mut child = terminal.start(&scene.command(&[&["mfa", "submit"], args].concat()));
        terminal.wait_for(told);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{:?}", terminal.seen);
        assert!(!terminal.seen.contains("ode of"), "{:?}", terminal.seen);
    }
    // After a failure one is taken at once.
    scene.fake.status.lock().unwrap().profiles[1].consecutive_failures = 1;
    let mut terminal = Terminal::new();
    let mut child = terminal.start(&scene.command(&["mfa", "submit"]));
    terminal.wait_for(PROMPT);
    terminal.type_in(&format!("{CODE}\n"));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_end_of_input_is_no_code() {
    let scene = Scene::new();
    let mut terminal = Terminal::new();
    let before = terminal.modes();
    let mut child = terminal.start(&scene.command(&["mfa", "submit"]));
    terminal.wait_for(PROMPT);
    terminal.type_in("\u{4}");
    terminal.wait_for("the code must be six digits; nothing was sent");
    assert_eq!(child.wait().unwrap().code(), Some(64));
    assert_eq!(terminal.modes(), before);
}
