use std::io::Write;

use chrono::SecondsFormat;
use serde::de::IgnoredAny;

use super::{Field, Page, Value};
use crate::sanitise::without_controls;

const INDENT: &str = "    ";

/// An object, whose members are this deep, as Python's `json.dumps(indent=4, ensure_ascii=False)` writes it.
pub(super) fn object(page: &mut Page, fields: &[Field<'_>], depth: usize) {
    let mut separator = "{\n";
    for (name, value) in fields {
        // A vector takes all that is written.
        let _ = write!(**page, "{separator}{}\"{name}\": ", INDENT.repeat(depth));
        match value {
            Value::Text(text) => string(page, text),
            Value::Document(text) => string(page, text),
            Value::Number(number) => {
                let _ = write!(**page, "{number}");
            }
            Value::Time(time) => string(page, &time.to_rfc3339_opts(SecondsFormat::Secs, false)),
            Value::Fields(fields) => object(page, fields, depth + 1),
        }
        separator = ",\n";
    }
    let _ = write!(**page, "\n{}}}", INDENT.repeat(depth - 1));
}

fn string(page: &mut Page, text: &str) {
    let _ = serde_json::to_writer(&mut **page, text);
}

/// A JSON document on lines of its own, in the order in which it is written; what is none stays as it is.
pub(super) fn indented(document: &str) -> String {
    if serde_json::from_str::<IgnoredAny>(document).is_err() {
        return without_controls(document);
    }
    let mut lines = Lines::default();
    let mut characters = document.chars().peekable();
    let mut in_string = false;
    while let Some(c) = characters.next() {
        match c {
            '"' => {
                in_string = !in_string;
                lines.text.push(c);
            }
            // The document is whole: something is escaped.
            '\\' => lines.text.extend([Some(c), characters.next()].into_iter().flatten()),
            c if in_string && c.is_control() => lines.text.push('?'),
            c if in_string => lines.text.push(c),
            '{' | '[' => {
                lines.text.push(c);
                while characters.next_if(char::is_ascii_whitespace).is_some() {}
                match characters.next_if(|c| matches!(c, '}' | ']')) {
                    Some(end) => lines.text.push(end),
                    None => lines.begin(1),
                }
            }
            '}' | ']' => {
                lines.begin(-1);
                lines.text.push(c);
            }
            ',' => {
                lines.text.push(c);
                lines.begin(0);
            }
            ':' => lines.text.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => lines.text.push(c),
        }
    }
    lines.text
}

#[derive(Default)]
struct Lines {
    text: String,
    depth: usize,
}

impl Lines {
    fn begin(&mut self, deeper: isize) {
        self.depth = self.depth.saturating_add_signed(deeper);
        self.text.push('\n');
        self.text.push_str(&INDENT.repeat(self.depth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_keeps_its_order_and_its_texts() {
        let document = r#"{"z":[1,{"b":null}],"a" : {},"e":[ ],"t":"x, {\"y\": [z]}\\","n":-1.5e3}"#;
        let expected = r#"{
    "z": [
        1,
        {
            "b": null
        }
    ],
    "a": {},
    "e": [],
    "t": "x, {\"y\": [z]}\\",
    "n": -1.5e3
}"#;
        assert_eq!(indented(document), expected);
        assert_eq!(indented(expected), expected);
    }

    #[test]
    fn what_is_no_document_is_a_line() {
        assert_eq!(indented("no {json"), "no {json");
        assert_eq!(indented("\u{1b}[2J"), "?[2J");
        assert_eq!(indented("{\"a\":\"\u{9b}2J\"}"), "{\n    \"a\": \"?2J\"\n}");
    }
}
