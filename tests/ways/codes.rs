use crate::common::{World, show};
use crate::scene::{code, document, mfa, script, serve};

/// A script that prints what the device showed when somebody last wrote it down.
fn noted(world: &World) -> String {
    world.write("code", &format!("{}\n", code(world)));
    let count = show(&world.path("asked"));
    let program = script(
        world,
        "print-code",
        &format!("echo x >> {count}; cat {}", show(&world.path("code"))),
    );
    mfa(world, &format!("{{ process = [\"{program}\"] }}"))
}

fn asked(world: &World) -> usize {
    std::fs::read_to_string(world.path("asked")).map_or(0, |text| text.lines().count())
}

#[test]
fn a_process_gives_the_code() {
    let world = World::of("printed", None);
    let daemon = serve(&world, &(world.profile_without_mfa("ops") + &noted(&world)));
    daemon.wait_for_credentials("ops");
    document(&world, &daemon, "ops");
    let state = world.emulator.handle.state();
    assert_eq!(state.successes[&world.emulator.access.mfa_serial].len(), 1);
    assert_eq!(asked(&world), 1, "it is not run to check the configuration");
}

/// Two profiles want a code in a row and the process has one: STS sees it once.
#[test]
fn a_code_that_the_process_repeats_is_not_sent_again() {
    let world = World::of("repeated", None);
    let profiles = ["first", "second"].map(|name| world.profile_without_mfa(name) + &noted(&world));
    let daemon = serve(&world, &profiles.concat());
    daemon.wait_for("credentials obtained");
    let line = daemon.wait_for("credentials not obtained");
    assert_eq!(line["result"], "code_unavailable");
    let message = line["message"].as_str().unwrap();
    assert!(message.contains("sent to STS less than two minutes ago"), "{message}");
    assert_eq!(asked(&world), 2);
    let state = world.emulator.handle.state();
    assert_eq!(state.requests["GetSessionToken"], 1);
    assert!(state.errors.is_empty(), "{:?}", state.errors);
}

#[test]
fn a_process_without_a_code_says_why_and_what_it_printed_is_not_told() {
    let world = World::of("hopeless", None);
    let program = script(&world, "print-code", "echo 'Touch the device'; echo 'no reader' >&2");
    let code = mfa(&world, &format!("{{ process = [\"{program}\"] }}"));
    let daemon = serve(&world, &(world.profile_without_mfa("ops") + &code));
    let line = daemon.wait_for("credentials not obtained");
    assert_eq!(line["result"], "code_unavailable");
    let message = line["message"].as_str().unwrap();
    assert!(
        message.contains("must print the six digits of the code, and nothing else"),
        "{message}"
    );
    assert!(!message.contains("Touch"), "{message}");
    assert!(world.emulator.handle.state().requests.is_empty());
}
