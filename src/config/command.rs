use super::keys::Key;
use super::mistake::Reported;
use super::table::Table;
use crate::process::{self, Command};

/// The names of the variables that children get of our environment.
pub(super) fn environment(table: &Table<'_>, key: &Key) -> Result<Vec<String>, Reported> {
    Ok(table.strings(key, variable)?.unwrap_or_default())
}

/// A program with its arguments, never a line for a shell.
pub(super) fn read(
    table: &Table<'_>,
    key: &Key,
    environment: &Result<Vec<String>, Reported>,
) -> Result<Option<Command>, Reported> {
    let Some(argv) = table.strings(key, argument)? else {
        return Ok(None);
    };
    let Some(program) = argv.first() else {
        return Err(table.report(key, format!("is empty; {}", key.must)));
    };
    check_program(program).map_err(|rule| table.report(key, rule))?;
    let environment = environment.clone()?;
    let command = Command::new(argv, environment);
    command.map(Some).map_err(|rule| table.report(key, rule.to_string()))
}

/// The working directory of a daemon is nobody's, so only a bare name may be looked up, in `PATH`.
fn check_program(program: &str) -> Result<(), &'static str> {
    if program.is_empty() || program.contains(|c: char| c.is_control()) {
        Err("must begin with a program: a name without control characters")
    } else if program.contains('/') && !program.starts_with('/') {
        Err("must begin with a program's absolute path, or with a name that is found in PATH")
    } else {
        Ok(())
    }
}

fn argument(text: &str) -> Result<String, &'static str> {
    if text.contains('\0') {
        return Err("must have no NUL character: no process can be given one");
    }
    Ok(text.to_owned())
}

/// A name as POSIX has it for variables of the environment.
fn variable(name: &str) -> Result<String, &'static str> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if name.is_empty() || !name.bytes().all(word) || name.as_bytes()[0].is_ascii_digit() {
        return Err(
            "must be names of environment variables: letters, digits and \"_\"; their values are not written here",
        );
    }
    if process::FORBIDDEN.contains(&name) {
        return Err(
            "must pass no AWS credentials: whatever the process starts would have them, too, and show them in its \
             environment; let it read what it needs from a file",
        );
    }
    Ok(name.to_owned())
}
