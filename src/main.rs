//! The thin binary.

use std::process::ExitCode;

use valetkey::{cli, harden};

fn main() -> ExitCode {
    let protections = harden::harden();
    cli::main(protections)
}
