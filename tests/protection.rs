//! What the process keeps from others: its memory, its environment, a core file, the message of a panic. Each with the
//! same attack on a process without the protection, where it succeeds.

#![cfg(feature = "emulator")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{Daemon, World, finish};
use valetkey::app::panics;

const CANARY: &str = "canary-in-the-environment-1234";

/// Root may read everything, so as root both attacker and victim are somebody else.
fn as_nobody(command: &mut Command) -> &mut Command {
    if is_root() {
        command.uid(65534).gid(65534)
    } else {
        command
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A daemon whose binary and files another user can reach.
fn daemon(world: &World, shell_prefix: &str) -> Daemon {
    let binary = world.path("valetkey");
    fs::copy(env!("CARGO_BIN_EXE_valetkey"), &binary).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    if is_root() {
        give_to_nobody(world.folder.path());
    }
    let script = format!(
        "{shell_prefix} exec {} serve --log-format json --config {}",
        binary.display(),
        world.path("valetkey.toml").display()
    );
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &script])
        .current_dir(world.folder.path())
        .env("CANARY", CANARY);
    as_nobody(&mut command);
    Daemon::start(command)
}

/// Full listeners take some 1,150 descriptors, and many systems give 1,024 to whoever does not ask for more.
#[cfg(target_os = "linux")]
#[test]
fn full_listeners_leave_descriptors_for_the_rest() {
    let world = World::new(None);
    let daemon = daemon(&world, "ulimit -Sn 256;");
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.child.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let mut numbers = line
        .split_whitespace()
        .skip(3)
        .map(|word| word.parse::<u64>().unwrap_or(u64::MAX));
    let (soft, hard) = (numbers.next().unwrap(), numbers.next().unwrap());
    assert_eq!(soft, hard.min(4_096));
}

fn give_to_nobody(path: &Path) {
    chown(path, Some(65534), Some(65534)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give_to_nobody(&entry.unwrap().path());
        }
    }
}

/// A process without protection, with the canary in its environment.
fn bystander(world: &World, shell_prefix: &str) -> Child {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("{shell_prefix} echo; exec sleep 600")]);
    command
        .current_dir(world.folder.path())
        .env("CANARY", CANARY)
        .stdout(Stdio::piped());
    let mut child = as_nobody(&mut command).spawn().unwrap();
    // One line: the limits are set and what remains is `sleep`.
    let mut line = [0; 1];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
    child
}

#[test]
fn another_process_of_the_same_user_reads_neither_memory_nor_environment_nor_files() {
    let world = World::new(None);
    let daemon = daemon(&world, "");
    let mut bystander = bystander(&world, "");
    let sees = |pid: u32, script: &str| {
        let mut attack = Command::new("/bin/sh");
        attack.args(["-c", &script.replace("PID", &pid.to_string())]);
        let (code, stdout, _) = finish(as_nobody(&mut attack).env_clear().env("PATH", "/usr/bin:/bin"));
        (code == 0, stdout)
    };
    let victim = daemon.child.id();
    for (script, found) in [
        ("cat /proc/PID/environ", CANARY),
        ("cat /proc/PID/maps", "stack"),
        ("ls -l /proc/PID/fd", "->"),
        ("ls /proc/PID/map_files", "-"),
    ] {
        let (succeeds, stdout) = sees(bystander.id(), script);
        assert!(
            succeeds && stdout.contains(found),
            "without the protection this succeeds: {script}: {stdout}"
        );
        assert_eq!(sees(victim, script), (false, String::new()), "{script}");
    }
    // Opening is what is refused; what lies where would take more than a shell. Where Yama is on, it refuses this to all.
    let open_memory = ": < /proc/PID/mem";
    let yama = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").is_ok_and(|scope| scope.trim() != "0");
    assert!(
        yama || sees(bystander.id(), open_memory).0,
        "without the protection memory can be opened"
    );
    assert!(!sees(victim, open_memory).0);
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

/// In Kubernetes a token's folder is a volume of mode 0777 that belongs to root, mounted for the daemon's own UID.
#[test]
fn tokens_may_be_on_a_volume_that_the_platform_mounted() {
    if !is_root() {
        return;
    }
    let world = World::new(None);
    fs::create_dir_all(world.path("tokens/plain")).unwrap();
    let tokens = world.path("tokens");
    let mount = |folder: &str| {
        format!(
            "mount -t tmpfs -o mode=0777,size=1m none {}/{folder} &&",
            tokens.display()
        )
    };
    for volume in ["plain", "."] {
        let daemon = daemon_in_a_namespace(&world, &mount(volume));
        daemon.wait_for_credentials("plain");
        let seen = format!("/proc/{}/root{}/plain/token", daemon.child.id(), tokens.display());
        let token = fs::read_to_string(seen).unwrap();
        assert_eq!(daemon.credentials("/credentials/plain", &token).status, 200, "{volume}");
    }
}

/// Root mounts, then the daemon runs as somebody else.
fn daemon_in_a_namespace(world: &World, mount: &str) -> Daemon {
    give_to_nobody(world.folder.path());
    let script = format!(
        "{mount} exec setpriv --reuid 65534 --regid 65534 --clear-groups {} serve --log-format json --config {}",
        env!("CARGO_BIN_EXE_valetkey"),
        world.path("valetkey.toml").display()
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "/bin/sh", "-c", &script]);
    Daemon::start(command)
}

#[test]
fn a_crash_leaves_no_core() {
    let world = World::new(None);
    let unlimited = "ulimit -c unlimited &&";
    let daemon = daemon(&world, unlimited);
    daemon.wait_for_credentials("plain");
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.child.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(
        core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(),
        ["0", "0"],
        "{core}"
    );
    daemon.signal("-ABRT");
    assert_eq!(daemon.wait().code(), None, "it died of the signal");
    assert_eq!(cores(&world).len(), 0);

    // Where the system writes cores into the working folder, the same crash of an unprotected process leaves one.
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    if pattern.starts_with(['|', '/']) {
        return;
    }
    let mut bystander = bystander(&world, unlimited);
    let killed = Command::new("kill")
        .args(["-ABRT", &bystander.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    bystander.wait().unwrap();
    let cores = cores(&world);
    assert_eq!(cores.len(), 1);
    let core = fs::read(&cores[0]).unwrap();
    let found = core.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    assert!(found, "the core of a process without the protection holds its secret");
}

fn cores(world: &World) -> Vec<PathBuf> {
    let files = fs::read_dir(world.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|file| file.file_name().unwrap().to_string_lossy().starts_with("core"))
        .collect()
}

#[test]
fn a_panic_tells_its_place_and_not_its_message() {
    let child = |protected: &str| {
        let (_, _, stderr) = finish(
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "as_a_child_that_panics", "--nocapture"])
                .env("PANIC_CHILD", protected),
        );
        stderr
    };
    assert!(
        child("no").contains(CANARY),
        "without the protection the message is told"
    );
    let told = child("yes");
    assert!(!told.contains(CANARY), "{told}");
    assert!(told.contains("a defect: panic at tests/protection.rs:"), "{told}");
}

/// Not a test of its own: the other half of the one above, in a process of its own.
#[test]
fn as_a_child_that_panics() {
    let Some(protected) = std::env::var_os("PANIC_CHILD") else {
        return;
    };
    if protected == "yes" {
        panics::tell_place_only();
    }
    std::panic::catch_unwind(|| panic!("{CANARY}")).unwrap_err();
}
