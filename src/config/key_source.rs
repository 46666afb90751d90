use super::Env;
use super::command;
use super::keys::{KEY, KEY_DIRECTORY, KEY_ENVIRONMENT, KEY_PASS_ENVIRONMENT, KEY_PROCESS, KEY_SHARED_CREDENTIALS};
use super::mistake::Reported;
use super::paths::{absolute, shared_credentials_file};
use super::plan::KeySource;
use super::table::Table;
use crate::aws_file::Form;

/// `key = { … }`.
pub(super) fn read(profile: &Table<'_>, env: Env<'_>) -> Result<KeySource, Reported> {
    let table = profile.required(&KEY, profile.table(&KEY))?;
    let directory = table.string(&KEY_DIRECTORY, absolute);
    let passed = command::environment(&table, &KEY_PASS_ENVIRONMENT);
    let process = command::read(&table, &KEY_PROCESS, &passed);
    let environment = table.only_true(&KEY_ENVIRONMENT);
    let sources = [
        directory.map(|folder| folder.map(KeySource::Directory)),
        shared_credentials(&table, env),
        process.map(|command| command.map(KeySource::Process)),
        environment.map(|given| given.map(|()| KeySource::Environment)),
    ];
    let source = table.only_source(&KEY, sources)?;
    table.beside(
        &KEY_PASS_ENVIRONMENT,
        &[KEY_PROCESS],
        "is for a `process`, and there is none; leave it out",
    )?;
    Ok(source)
}

fn shared_credentials(table: &Table<'_>, env: Env<'_>) -> Result<Option<KeySource>, Reported> {
    let Some(profile) = table.string(&KEY_SHARED_CREDENTIALS, profile_name)? else {
        return Ok(None);
    };
    match shared_credentials_file(env) {
        Some(file) => Ok(Some(KeySource::SharedCredentials {
            file,
            form: Form::Credentials,
            profile,
        })),
        None => Err(table.report(
            &KEY_SHARED_CREDENTIALS,
            "needs the file's place: set $AWS_SHARED_CREDENTIALS_FILE to an absolute path, \
             or $HOME to the folder that has .aws/credentials",
        )),
    }
}

/// The AWS files allow any name that can stand between brackets on a line.
fn profile_name(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.contains(|c: char| c.is_control() || matches!(c, '[' | ']')) {
        return Err(KEY_SHARED_CREDENTIALS.must);
    }
    Ok(text.to_owned())
}
