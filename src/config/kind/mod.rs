//! Which kind of profile a table makes, and what each kind takes: one file a kind.

mod federation;
mod foreign;
mod lists;
mod role;
mod root;
mod saml;
mod session;
mod web_identity;

use super::Env;
use super::keys::{
    FEDERATION_NAME, Key, PRINCIPAL_ARN, ROLE_ARN, SAML_ASSERTION, TARGET_PRINCIPAL, WEB_IDENTITY_TOKEN_FILE,
};
use super::mistake::Reported;
use super::plan::Kind;
use super::table::Table;
use crate::aws::{Invalid, ProfileName, SessionName};

/// A kind by its word alone, before anything else of the table is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Federation,
    Role,
    Root,
    Saml,
    Session,
    WebIdentity,
}

/// The keys that make a profile one of another kind than a role or a session.
const MARKS: [(Key, Word); 5] = [
    (WEB_IDENTITY_TOKEN_FILE, Word::WebIdentity),
    (PRINCIPAL_ARN, Word::Saml),
    (SAML_ASSERTION, Word::Saml),
    (FEDERATION_NAME, Word::Federation),
    (TARGET_PRINCIPAL, Word::Root),
];

impl Word {
    /// The kind that the table is of, or the first of several.
    pub(super) fn of(table: &Table<'_>) -> Self {
        let marked = MARKS.iter().find(|(key, _)| table.has(key));
        match marked {
            Some((_, word)) => *word,
            None if table.has(&ROLE_ARN) => Self::Role,
            None => Self::Session,
        }
    }
}

/// How the profile's credentials are made.
pub(super) fn read(name: &Result<ProfileName, Reported>, table: &Table<'_>, env: Env<'_>) -> Result<Kind, Reported> {
    only_one(table)?;
    let word = Word::of(table);
    let foreign = foreign::refuse(word, table);
    let kind = match word {
        Word::Federation => federation::read(table, env).map(Kind::Federation),
        Word::Role => role::read(name, table, env).map(Kind::Role),
        Word::Root => root::read(table).map(Kind::Root),
        Word::Saml => saml::read(table).map(Kind::Saml),
        Word::Session => session::read(table, env).map(Kind::Session),
        Word::WebIdentity => web_identity::read(name, table).map(Kind::WebIdentity),
    };
    foreign?;
    kind
}

/// What else a profile of two kinds needs is not known, so that nothing else of it is read.
fn only_one(table: &Table<'_>) -> Result<(), Reported> {
    let mut marks = MARKS.iter().filter(|(key, _)| table.has(key));
    let Some((first, word)) = marks.next() else {
        return Ok(());
    };
    match marks.find(|(_, other)| other != word) {
        Some((second, _)) => Err(table.report_key(
            second,
            &format!(
                "makes another kind of profile than `{}` does; keep one of them",
                first.name()
            ),
        )),
        None => Ok(()),
    }
}

/// `role_session_name`, or the profile's own name in it.
fn role_session_name(
    given: Option<SessionName>,
    name: &Result<ProfileName, Reported>,
) -> Result<SessionName, Reported> {
    match given {
        Some(given) => Ok(given),
        None => Ok(SessionName::of_profile(name.as_ref().map_err(|reported| *reported)?)),
    }
}

/// A text that is parsed into its type.
fn parsed<T: std::str::FromStr<Err = Invalid>>(table: &Table<'_>, key: &Key) -> Result<Option<T>, Reported> {
    table.string(key, |text| text.parse().map_err(|Invalid(rule)| rule))
}
