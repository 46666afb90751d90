use crate::common::{World, finish};
use crate::scene::{ask, person, server, status};

#[test]
fn after_a_kill_the_socket_and_its_lock_are_taken_over() {
    let world = World::new(None);
    let mut daemon = world.serve();
    daemon.wait_for_credentials("plain");
    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    assert!(world.path("control.sock").exists(), "the kill leaves it behind");
    let said = ask(&world, &["status"]);
    assert_eq!(said.code, 69);
    assert!(
        said.stderr.contains("nobody answers there; the daemon has ended"),
        "{said:?}"
    );

    let daemon = world.serve();
    daemon.wait_for_credentials("plain");
    assert_eq!(status(&world)["listeners"]["ops"], daemon.ops.to_string());
    daemon.signal("-TERM");
    assert_eq!(daemon.wait().code(), Some(0));
    assert!(!world.path("control.sock").exists());
}

#[test]
fn a_second_daemon_with_the_same_socket_does_not_start_and_harms_nothing() {
    let world = World::new(None);
    let daemon = world.serve();
    daemon.wait_for_credentials("plain");
    daemon.wait_for_credentials("ops");
    let token = world.token("plain");
    let requests = world.emulator.handle.state().requests;
    world.write("valetkey.toml", &(server(&world) + &person(&world, "other")));
    let (code, _, stderr) = finish(&mut world.command());
    assert_eq!(code, 69);
    assert!(
        stderr.contains("[server] control_socket: another valetkey answers on ")
            && stderr.contains("end it, or choose"),
        "{stderr}"
    );
    assert!(!world.path("tokens/other").exists());
    assert_eq!(
        (world.token("plain"), world.emulator.handle.state().requests),
        (token.clone(), requests)
    );
    assert_eq!(daemon.credentials("/credentials/plain", &token).status, 200);
    assert_eq!(status(&world)["profiles"][1]["name"], "plain");
}
