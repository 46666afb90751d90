use super::lists::policies;
use super::parsed;
use super::role::{duration, role_arn};
use crate::aws::AssumeRoleWithSaml;
use crate::config::command;
use crate::config::keys::{
    PRINCIPAL_ARN, SAML_ASSERTION, SAML_ASSERTION_FILE, SAML_ASSERTION_PASS_ENVIRONMENT, SAML_ASSERTION_PROCESS,
};
use crate::config::mistake::Reported;
use crate::config::paths::absolute;
use crate::config::plan::{AssertionSource, SamlRole};
use crate::config::table::Table;

/// A profile with `principal_arn` and `saml_assertion`.
pub(super) fn read(table: &Table<'_>) -> Result<SamlRole, Reported> {
    let paired = table
        .pair(&PRINCIPAL_ARN, &SAML_ASSERTION)
        .and_then(|()| table.pair(&SAML_ASSERTION, &PRINCIPAL_ARN));
    let principal_arn = parsed(table, &PRINCIPAL_ARN);
    let assertion = assertion(table);
    let role_arn = role_arn(table);
    let duration = duration(table);
    let policies = policies(table);
    paired?;
    Ok(SamlRole {
        assertion: table.required(&SAML_ASSERTION, assertion)?,
        request: AssumeRoleWithSaml {
            role_arn: role_arn?,
            principal_arn: table.required(&PRINCIPAL_ARN, principal_arn)?,
            duration: duration?,
            policies: policies?,
            minimum_session_token_size: None,
        },
    })
}

fn assertion(profile: &Table<'_>) -> Result<Option<AssertionSource>, Reported> {
    let Some(table) = profile.table(&SAML_ASSERTION)? else {
        return Ok(None);
    };
    let file = table.string(&SAML_ASSERTION_FILE, absolute);
    let passed = command::environment(&table, &SAML_ASSERTION_PASS_ENVIRONMENT);
    let process = command::read(&table, &SAML_ASSERTION_PROCESS, &passed);
    let sources = [
        file.map(|file| file.map(AssertionSource::File)),
        process.map(|command| command.map(AssertionSource::Process)),
    ];
    let source = table.only_source(&SAML_ASSERTION, sources)?;
    table.beside(
        &SAML_ASSERTION_PASS_ENVIRONMENT,
        &[SAML_ASSERTION_PROCESS],
        "is for a `process`, and there is none; leave it out",
    )?;
    Ok(Some(source))
}
