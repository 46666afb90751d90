//! How a daemon ends, with whatever it has under way.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use valetkey::clock::{Clock, SystemClock};
use valetkey::emulator::Faults;

use crate::common::{Daemon, World, eventually};
use crate::scene::{codes, configure, early_in_a_step, serve};

/// By then whoever is asked to end has ended.
const SOON: Duration = Duration::from_secs(2);

/// Asked to end or killed, while STS has a code and has not answered: whoever has begun a request is answered, and the next daemon
/// knows of that code.
#[test]
fn f14_signals() {
    early_in_a_step();
    std::thread::scope(|scope| {
        for signal in ["TERM", "INT", "KILL"] {
            scope.spawn(move || ends_by(signal));
        }
    });
}

fn ends_by(signal: &str) {
    let world = World::of(&format!("ended-by-{signal}"), None);
    configure(&world, "ops", true, &world.profile("ops"));
    let slow = Faults {
        delay: Duration::from_mins(5),
        ..Faults::default()
    };
    world.emulator.handle.set_faults(slow);
    let daemon = serve(&world, "ops");
    eventually(|| (codes(&world).0 == 1).then_some(()));
    let mut idle = begin(&daemon, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(idle.read(&mut [0; 1024]).unwrap() > 0);
    let _never_ends = begin(&daemon, "GET /li");
    let mut begun = begin(&daemon, "GET /livez HT");

    let start = SystemClock.boot();
    daemon.signal(&format!("-{signal}"));
    if signal != "KILL" {
        daemon.wait_for(&format!("SIG{signal}: finishing what is under way, then ending"));
        begun.write_all(b"TP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut reply = String::new();
        begun.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 200 ") && reply.ends_with("ok\n"), "{reply}");
        daemon.wait_for("ended");
    }
    let code = daemon.wait().code();
    let took = SystemClock.boot().since(start);
    assert!(took < SOON, "{signal}: {took:?}");
    assert_eq!(code, (signal != "KILL").then_some(0), "{signal}");

    world.emulator.handle.clear_faults();
    let daemon = serve(&world, "ops");
    daemon.wait_for("another process has used this MFA step");
    assert_eq!(codes(&world), (1, vec![]), "{signal}: no code twice");
    let log = daemon.log();
    assert!(!log.contains("\"WARN\""), "{signal}: {log}");
}

/// A connection to the ops listener on which this was sent, and read if others that came later are answered.
fn begin(daemon: &Daemon, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(daemon.ops).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    assert_eq!(daemon.ops("/livez").status, 200);
    stream
}
