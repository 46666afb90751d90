//! What STS told, for people or as the AWS CLI prints it.

mod json;

use std::borrow::Cow;
use std::io::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use zeroize::Zeroizing;

use crate::aws::Credentials;
use crate::sanitise::without_controls;
use crate::secret::Secret;
use crate::sts::{Issued, User};

/// What is printed. Credentials are in it, since they are what was asked for; it goes to standard output and nowhere else.
pub(super) type Page = Zeroizing<Vec<u8>>;

/// A name of the STS model and its value, in the order of the model.
pub(super) type Field<'a> = (&'static str, Value<'a>);

pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    Number(u32),
    Time(DateTime<Utc>),
    /// A text that is a JSON document of its own.
    Document(&'a str),
    Fields(Vec<Field<'a>>),
}

/// The fields as a page.
pub(super) fn of(fields: &[Field<'_>], as_json: bool) -> Page {
    // A buffer that grows would leave copies behind that nobody wipes.
    let mut page = Zeroizing::new(Vec::with_capacity(room(fields)));
    if as_json {
        json::object(&mut page, fields, 1);
        page.push(b'\n');
    } else {
        table(&mut page, fields);
    }
    page
}

pub(super) fn text(text: &str) -> Value<'_> {
    Value::Text(text.into())
}

/// Only what STS told is shown.
pub(super) fn optional<'a>(name: &'static str, value: Option<&'a String>) -> Option<Field<'a>> {
    Some((name, text(value?)))
}

pub(super) fn number(name: &'static str, value: Option<u32>) -> Option<Field<'static>> {
    Some((name, Value::Number(value?)))
}

pub(super) fn secret<'a>(name: &'static str, secret: &'a Secret) -> Field<'a> {
    (name, text(secret.expose()))
}

/// `Credentials`
pub(super) fn credentials(credentials: &Credentials) -> Field<'_> {
    let fields = vec![
        ("AccessKeyId", text(credentials.access_key_id.as_str())),
        secret("SecretAccessKey", &credentials.secret_access_key),
        secret("SessionToken", &credentials.session_token),
        ("Expiration", Value::Time(credentials.expiration)),
    ];
    ("Credentials", Value::Fields(fields))
}

/// `AssumedRoleUser` or `FederatedUser`, whose id is called `id`.
pub(super) fn user<'a>(name: &'static str, id: &'static str, user: Option<&'a User>) -> Option<Field<'a>> {
    let user = user?;
    let fields = [optional(id, user.id.as_ref()), optional("Arn", user.arn.as_ref())];
    Some((name, Value::Fields(fields.into_iter().flatten().collect())))
}

/// What most actions tell last.
pub(super) fn sizes(issued: &Issued) -> [Option<Field<'_>>; 3] {
    let about = &issued.about;
    [
        optional("SourceIdentity", about.source_identity.as_ref()),
        number("SessionTokenUtilization", about.session_token_utilization),
        number("SessionTokenSize", about.session_token_size),
    ]
}

/// The names in one column, the values in the next.
fn table(page: &mut Page, fields: &[Field<'_>]) {
    let leaves = leaves(fields);
    if let [(_, Value::Document(document))] = leaves.as_slice() {
        page.extend_from_slice(json::indented(document).as_bytes());
        page.push(b'\n');
        return;
    }
    let width = leaves.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, value) in leaves {
        // A vector takes all that is written.
        let _ = write!(**page, "{name:width$}  ");
        match value {
            Value::Number(number) => {
                let _ = writeln!(**page, "{number}");
            }
            Value::Time(time) => {
                let _ = writeln!(**page, "{}", time.to_rfc3339_opts(SecondsFormat::Secs, true));
            }
            Value::Document(text) => line(page, text),
            Value::Text(text) => line(page, text),
            Value::Fields(_) => {}
        }
    }
}

/// A text of STS's does not write to the terminal as it likes.
fn line(page: &mut Page, text: &str) {
    if text.contains(char::is_control) {
        page.extend_from_slice(without_controls(text).replace('\n', "?").as_bytes());
    } else {
        page.extend_from_slice(text.as_bytes());
    }
    page.push(b'\n');
}

/// The names of a result are different ones at every depth.
fn leaves<'f, 'a>(fields: &'f [Field<'a>]) -> Vec<(&'static str, &'f Value<'a>)> {
    let inner = |(name, value): &'f Field<'a>| match value {
        Value::Fields(fields) => leaves(fields),
        value => vec![(*name, value)],
    };
    fields.iter().flat_map(inner).collect()
}

/// At least what the page takes: of a character six, should it be escaped, and what stands around a line.
fn room(fields: &[Field<'_>]) -> usize {
    let of_value = |value: &Value<'_>| match value {
        Value::Text(text) => 6 * text.len(),
        Value::Document(text) => 6 * text.len(),
        Value::Fields(fields) => room(fields),
        Value::Number(_) | Value::Time(_) => 0,
    };
    fields.iter().map(|(_, value)| 128 + of_value(value)).sum::<usize>() + 16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(fields: &[Field<'_>], as_json: bool) -> String {
        let page = of(fields, as_json);
        String::from_utf8(page.to_vec()).unwrap()
    }

    fn fields() -> Vec<Field<'static>> {
        let time = DateTime::from_timestamp(1_767_323_045, 0).unwrap();
        let inner = vec![("AccessKeyId", text("ASIAX")), ("Expiration", Value::Time(time))];
        vec![
            ("Credentials", Value::Fields(inner)),
            ("PackedPolicySize", Value::Number(6)),
            ("SourceIdentity", text("Zürich \"a\\b\"\u{1b}[2J\n\u{7f}")),
        ]
    }

    #[test]
    fn a_person_reads_two_columns_without_control_characters() {
        assert_eq!(
            page(&fields(), false),
            "AccessKeyId       ASIAX\nExpiration        2026-01-02T03:04:05Z\nPackedPolicySize  6\n\
             SourceIdentity    Zürich \"a\\b\"?[2J??\n"
        );
    }

    #[test]
    fn a_program_reads_what_the_aws_cli_prints() {
        assert_eq!(
            page(&fields(), true),
            "{\n    \"Credentials\": {\n        \"AccessKeyId\": \"ASIAX\",\n        \
             \"Expiration\": \"2026-01-02T03:04:05+00:00\"\n    },\n    \"PackedPolicySize\": 6,\n    \
             \"SourceIdentity\": \"Zürich \\\"a\\\\b\\\"\\u001b[2J\\n\u{7f}\"\n}\n"
        );
    }

    #[test]
    fn a_document_is_a_text_for_programs_and_indented_for_people() {
        let fields = [("DecodedMessage", Value::Document("{\"allowed\":false}"))];
        assert_eq!(page(&fields, false), "{\n    \"allowed\": false\n}\n");
        assert_eq!(
            page(&fields, true),
            "{\n    \"DecodedMessage\": \"{\\\"allowed\\\":false}\"\n}\n"
        );
    }

    #[test]
    fn nothing_grows() {
        for as_json in [true, false] {
            let fields = fields();
            assert_eq!(of(&fields, as_json).capacity(), room(&fields));
        }
    }
}
