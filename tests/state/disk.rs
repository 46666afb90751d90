//! Disks on which nothing can be kept any more.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common::{Daemon, World, eventually, show};
use crate::scene::{codes, configure, serve, warnings};

/// Why nothing is kept: what a shell does before the daemon starts, and what is told.
struct Trouble {
    name: &'static str,
    shell: &'static str,
    told: &'static str,
    /// Takes the trouble away, in the folder as the daemon sees it.
    mend: Option<fn(PathBuf)>,
}

/// As every user may have it.
const NO_ROOM: Trouble = Trouble {
    name: "limited",
    shell: "trap '' XFSZ && ulimit -f 0 &&",
    told: "File too large",
    mend: None,
};

/// As root, in a mount namespace.
const FULL: Trouble = Trouble {
    name: "full",
    shell: "mount -t tmpfs -o size=64k,mode=0700 none \"$2\" && ! head -c 65537 /dev/zero 2>/dev/null >\"$2/filler\" &&",
    told: "No space left on device (os error 28); free space on its file system",
    mend: Some(|folder| fs::remove_file(folder.join("filler")).unwrap()),
};

const READ_ONLY: Trouble = Trouble {
    name: "read-only",
    shell: "mount -t tmpfs -o ro,mode=0700 none \"$2\" &&",
    told: "Read-only file system (os error 30); state_dir must be a folder that this user may write in",
    mend: None,
};

/// The daemon goes on from memory, says so once, counts it, and keeps things again as soon as it can.
#[test]
fn f13_disk_full_read_only_or_damaged() {
    let is_root = rustix::process::geteuid().is_root();
    std::thread::scope(|scope| {
        scope.spawn(damaged);
        scope.spawn(|| nothing_kept(&NO_ROOM, "/bin/sh"));
        if is_root {
            scope.spawn(|| nothing_kept(&FULL, "unshare"));
            scope.spawn(|| nothing_kept(&READ_ONLY, "unshare"));
        }
    });
}

/// Sessions that are soon renewed: one with an MFA code, one without.
fn with_state(world: &World) {
    let profiles = world.profile("ops") + &world.profile_without_mfa("plain");
    configure(world, "ops", true, &profiles);
}

fn nothing_kept(trouble: &Trouble, program: &str) {
    let world = World::of(trouble.name, Some(8));
    // Tokens are made where there is still room.
    let without_mfa = world.profile_without_mfa("ops") + &world.profile_without_mfa("plain");
    configure(&world, "ops", false, &without_mfa);
    drop(serve(&world, "ops"));
    fs::create_dir(world.path("state")).unwrap();
    with_state(&world);
    let daemon = serve_in(&world, trouble, program);
    for profile in ["ops", "plain"] {
        daemon.wait_for_credentials(profile);
        let token = fs::read_to_string(world.path("ops.tokens").join(profile).join("token")).unwrap();
        let reply = daemon.credentials(&format!("/credentials/{profile}"), &token);
        assert_eq!(reply.status, 200, "{}", trouble.name);
    }
    let counted = || {
        let page = daemon.ops("/metrics").body;
        let mut lines = page.lines();
        let counted = lines.find_map(|line| line.strip_prefix("valetkey_state_failures_total "));
        counted.unwrap().parse::<u64>().unwrap()
    };
    eventually(|| (counted() >= 2).then_some(()));
    let in_the_way = || status(&world)["state_dir"]["trouble"].clone();
    let told = in_the_way();
    assert!(told.as_str().is_some_and(|told| told.contains(trouble.told)), "{told}");
    let folder = PathBuf::from(format!(
        "/proc/{}/root{}",
        daemon.child.id(),
        show(&world.path("state"))
    ));
    if let Some(mend) = trouble.mend {
        mend(folder.clone());
    }
    daemon.wait_for_credentials("plain");
    if trouble.mend.is_some() {
        eventually(|| folder.join("plain.session").exists().then_some(()));
    }
    assert_eq!(codes(&world).1, [] as [&str; 0], "{}", trouble.name);
    let log = daemon.log();
    let warnings = warnings(&log);
    assert_eq!(warnings.len(), 1, "{}: {warnings:?}", trouble.name);
    assert!(
        warnings[0].contains("nothing is kept for the next start") && warnings[0].contains(trouble.told),
        "{warnings:?}"
    );
    daemon.signal("-TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", trouble.name);
}

/// What `valetkey status` tells of the daemon.
fn status(world: &World) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_valetkey"));
    command
        .args(["status", "--json", "--control-socket"])
        .arg(world.path("ops.sock"));
    let document: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    document["status"].clone()
}

/// A daemon that is started in trouble, by a shell of its own.
fn serve_in(world: &World, trouble: &Trouble, program: &str) -> Daemon {
    let mut command = Command::new(program);
    if program == "unshare" {
        command.args(["--mount", "/bin/sh"]);
    }
    let script = format!(
        "{} exec \"$0\" serve --log-format json --log-level debug --config \"$1\"",
        trouble.shell
    );
    command
        .args(["-c", &script, env!("CARGO_BIN_EXE_valetkey")])
        .args([world.path("ops.toml"), world.path("state")])
        .stdin(Stdio::null());
    Daemon::start(command)
}

/// What is kept becomes something else while the daemon runs.
fn damaged() {
    let world = World::of("damaged", Some(8));
    with_state(&world);
    let daemon = serve(&world, "ops");
    daemon.wait_for_credentials("ops");
    daemon.wait_for_credentials("plain");
    eventually(|| world.path("state/plain.session").exists().then_some(()));
    for entry in fs::read_dir(world.path("state")).unwrap() {
        fs::write(entry.unwrap().path(), "garbage").unwrap();
    }
    daemon.wait_for_credentials("plain");
    let is_whole = || fs::read(world.path("state/plain.session")).unwrap().len() > 100;
    eventually(|| is_whole().then_some(()));
    assert_eq!(daemon.ops("/readyz?profile=plain").status, 200);
    // Whoever next wants a step looks at them.
    daemon.signal("-TERM");
    daemon.wait_for("ended");
    let anew = "begun anew: the present MFA step counts as used";
    if !daemon.log().contains(anew) {
        serve(&world, "ops").wait_until(|line| line.to_string().contains(anew));
    }
    assert_eq!(codes(&world).1, [] as [&str; 0]);
}
