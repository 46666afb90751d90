use super::lists::{policies, tag_list};
use super::{parsed, session};
use crate::aws::GetFederationToken;
use crate::config::keys::FEDERATION_NAME;
use crate::config::mistake::Reported;
use crate::config::plan::Federation;
use crate::config::table::Table;
use crate::config::{Env, key_source};

/// A profile with `federation_name`.
pub(super) fn read(table: &Table<'_>, env: Env<'_>) -> Result<Federation, Reported> {
    let key = key_source::read(table, env);
    let name = table.required(&FEDERATION_NAME, parsed(table, &FEDERATION_NAME));
    let policies = policies(table);
    let duration = session::duration(table);
    let tags = tag_list(table);
    Ok(Federation {
        key: key?,
        request: GetFederationToken {
            name: name?,
            policies: policies?,
            duration: duration?,
            tags: tags?,
            minimum_session_token_size: None,
        },
    })
}
