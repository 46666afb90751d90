use super::lists::policies;
use super::role::{duration, role_arn};
use super::{parsed, role_session_name};
use crate::aws::{AssumeRoleWithWebIdentity, ProfileName};
use crate::config::keys::{PROVIDER_ID, ROLE_SESSION_NAME, WEB_IDENTITY_TOKEN_FILE};
use crate::config::mistake::Reported;
use crate::config::paths::absolute;
use crate::config::plan::WebIdentityRole;
use crate::config::table::Table;

/// A profile with `web_identity_token_file`.
pub(super) fn read(name: &Result<ProfileName, Reported>, table: &Table<'_>) -> Result<WebIdentityRole, Reported> {
    let token_file = table.string(&WEB_IDENTITY_TOKEN_FILE, absolute);
    let token_file = table.required(&WEB_IDENTITY_TOKEN_FILE, token_file);
    let role_arn = role_arn(table);
    let session_name = parsed(table, &ROLE_SESSION_NAME);
    let duration = duration(table);
    let provider_id = parsed(table, &PROVIDER_ID);
    let policies = policies(table);
    Ok(WebIdentityRole {
        token_file: token_file?,
        request: AssumeRoleWithWebIdentity {
            role_arn: role_arn?,
            role_session_name: role_session_name(session_name?, name)?,
            duration: duration?,
            provider_id: provider_id?,
            policies: policies?,
            minimum_session_token_size: None,
        },
    })
}
