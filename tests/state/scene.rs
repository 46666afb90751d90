use valetkey::clock::{Clock, SystemClock};

use crate::common::{Daemon, World, eventually, show, valetkey};

/// The configuration of a daemon called `name` with these profiles. Its state is the world's, if it keeps any.
pub(crate) fn configure(world: &World, name: &str, keeps: bool, profiles: &str) {
    let folder = show(world.folder.path());
    let state = if keeps {
        format!("state_dir = \"{folder}/state\"\n")
    } else {
        String::new()
    };
    let text = format!(
        "[server]\ncredentials = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"\ntoken_dir = \"{folder}/{name}.tokens\"\n\
         control_socket = \"{folder}/{name}.sock\"\n{state}\n{profiles}"
    );
    world.write(&format!("{name}.toml"), &text);
}

/// A daemon with that configuration.
pub(crate) fn serve(world: &World, name: &str) -> Daemon {
    let mut command = valetkey(["serve", "--log-format", "json", "--log-level", "debug", "--config"]);
    command.arg(world.path(&format!("{name}.toml")));
    Daemon::start(command)
}

/// Comes back at least twelve seconds before a step ends, so that what follows is within that step.
pub(crate) fn early_in_a_step() {
    let seconds = || SystemClock.wall().timestamp().rem_euclid(30);
    eventually(|| (seconds() < 18).then_some(()));
}

/// How often STS took a code of the world's device, and which errors it gave.
pub(crate) fn codes(world: &World) -> (usize, Vec<String>) {
    let state = world.emulator.handle.state();
    let successes = state.successes.get(&world.emulator.access.mfa_serial);
    (successes.map_or(0, Vec::len), state.errors.keys().cloned().collect())
}

/// The warnings of a log.
pub(crate) fn warnings(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains("\"WARN\"")).collect()
}
