//! Which keys a kind has no use for, and the way out.

use super::Word;
use crate::config::keys::{
    EXTERNAL_ID, FEDERATION_NAME, KEY, Key, MFA_CODE, MFA_DEVICES, MFA_SERIAL, POLICY, POLICY_ARNS, PROVIDED_CONTEXTS,
    PROVIDER_ID, ROLE_ARN, ROLE_SESSION_NAME, SOURCE_IDENTITY, SOURCE_PROFILE, TAGS, TASK_POLICY_ARN,
    TRANSITIVE_TAG_KEYS,
};
use crate::config::mistake::Reported;
use crate::config::table::Table;

/// That the table has nothing that its kind has no use for.
pub(super) fn refuse(word: Word, table: &Table<'_>) -> Result<(), Reported> {
    let refused: Vec<_> = PARAMETERS
        .iter()
        .map(|(key, kinds)| refuse_key(word, table, key, kinds))
        .collect();
    refused.into_iter().collect()
}

/// The keys that not every kind takes, and the kinds that do. Who signs for a role or a session is told where that is
/// read.
const PARAMETERS: [(Key, &[Word]); 16] = [
    (KEY, &[Word::Federation, Word::Role, Word::Session]),
    (SOURCE_PROFILE, &[Word::Role, Word::Root, Word::Session]),
    (MFA_SERIAL, &[Word::Role, Word::Session]),
    (MFA_CODE, &[Word::Role, Word::Session]),
    (MFA_DEVICES, &[Word::Role, Word::Session]),
    (ROLE_ARN, &[Word::Role, Word::Saml, Word::WebIdentity]),
    (ROLE_SESSION_NAME, &[Word::Role, Word::WebIdentity]),
    (EXTERNAL_ID, &[Word::Role]),
    (SOURCE_IDENTITY, &[Word::Role]),
    (POLICY, &[Word::Role, Word::Federation, Word::Saml, Word::WebIdentity]),
    (
        POLICY_ARNS,
        &[Word::Role, Word::Federation, Word::Saml, Word::WebIdentity],
    ),
    (TAGS, &[Word::Role, Word::Federation]),
    (TRANSITIVE_TAG_KEYS, &[Word::Role]),
    (PROVIDED_CONTEXTS, &[Word::Role]),
    (PROVIDER_ID, &[Word::WebIdentity]),
    (TASK_POLICY_ARN, &[Word::Root]),
];

fn refuse_key(word: Word, table: &Table<'_>, key: &Key, kinds: &[Word]) -> Result<(), Reported> {
    if kinds.contains(&word) {
        return Ok(());
    }
    match (word, kinds) {
        // A session is what is made where nothing says otherwise: what is missing may be what says so.
        (Word::Session, [Word::WebIdentity]) => needs(table, key, &super::WEB_IDENTITY_TOKEN_FILE),
        (Word::Session, [Word::Root]) => needs(table, key, &super::TARGET_PRINCIPAL),
        (Word::Session, kinds) if kinds.contains(&Word::Federation) => {
            let text = "needs `role_arn` or `federation_name` beside it; add one of them, or leave this out";
            table.beside(key, &[ROLE_ARN, FEDERATION_NAME], text)
        }
        (Word::Session, _) => needs(table, key, &ROLE_ARN),
        _ => table.without(key, &format!("must be left out: {}", reason(word, key))),
    }
}

fn needs(table: &Table<'_>, key: &Key, needed: &Key) -> Result<(), Reported> {
    let text = format!("needs `{}` beside it; add that, or leave this out", needed.name());
    table.beside(key, std::slice::from_ref(needed), &text)
}

fn reason(word: Word, key: &Key) -> &'static str {
    match (word, key.name()) {
        (Word::WebIdentity, "key" | "source_profile") => {
            "the token of `web_identity_token_file` opens the role, and nothing signs; keep one of them"
        }
        (Word::Saml, "key" | "source_profile") => {
            "the SAML assertion opens the role, and nothing signs; keep one of them"
        }
        (Word::Federation, "source_profile") => {
            "GetFederationToken takes a long-term key alone; write `key` instead, or a role in place of `federation_name`"
        }
        (Word::Root, "key") => "a role of the organization asks for a root session; write `source_profile` instead",
        (_, "mfa_serial" | "mfa_code" | "mfa_devices") => {
            "this action of STS takes no MFA code; where MFA is demanded, make a session with it and chain a role from that"
        }
        (Word::Federation | Word::Root, "role_arn") => "it makes another kind of profile; keep one of them",
        (Word::WebIdentity, _) => "AssumeRoleWithWebIdentity does not take it",
        (Word::Saml, _) => "AssumeRoleWithSAML does not take it",
        (Word::Federation, _) => "GetFederationToken does not take it",
        (Word::Root, _) => "AssumeRoot does not take it",
        (Word::Role, _) => "AssumeRole does not take it",
        (Word::Session, _) => "GetSessionToken does not take it",
    }
}
