use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use crate::common::{Daemon, World, finish, show, valetkey};

#[test]
fn every_flag_beats_its_key_of_the_file() {
    let world = World::new(None);
    // What the file names cannot be bound, or must not be made.
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let occupied = busy.local_addr().unwrap().to_string();
    let file = world.configuration().replace("127.0.0.1:0", &occupied);
    world.write("valetkey.toml", &file);
    let [tokens, socket] = ["other/tokens", "other/control.sock"].map(|name| show(&world.path(name)));
    let mut command = world.command();
    command.args([
        "--credentials",
        "127.0.0.1:0",
        "--ops",
        "127.0.0.1:0",
        "--token-dir",
        &tokens,
    ]);
    command.args(["--token-mode", "0640", "--control-socket", &socket, "--audit"]);
    fs::create_dir(world.path("other")).unwrap();
    let daemon = Daemon::start(command);
    daemon.wait_for_credentials("plain");
    let token = world.path("other/tokens/plain/token");
    assert_eq!(fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o640);
    let token = fs::read_to_string(token).unwrap();
    assert_eq!(daemon.credentials("/credentials/plain", &token).status, 200);
    daemon.wait_for("credentials served");
    let (_, page, _) = finish(&mut valetkey(["status", "--control-socket", &socket]));
    assert!(
        page.contains(&daemon.credentials.to_string()) && page.contains(&socket),
        "{page}"
    );
    assert!(!world.path("tokens").exists() && !world.path("control.sock").exists());

    // A reload keeps to the flags: the file's own words for them are not news.
    let (code, said, _) = finish(&mut valetkey(["reload", "--control-socket", &socket]));
    assert_eq!((code, &*said), (0, "nothing differs from what is in force\n"));
}
