use std::mem;
use std::ops::Range;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue, Error};
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use super::echo;
use super::mistake::{Mistakes, Reported};
use super::tree::{Entry, MAX_DEPTH, Node, TOO_DEEP, Value};
use crate::secret::Secret;

/// The tree of a TOML text. A key given twice leaves a tree that can still be read; a broken syntax does not.
pub(super) fn tree(text: &str, mistakes: &Mistakes) -> Result<Node, Reported> {
    if let Some(at) = too_deep(text) {
        return Err(mistakes.report(at, "", TOO_DEEP));
    }
    let (table, mut errors) = DeTable::parse_recoverable(text);
    errors.sort_by_key(|error| span(error, text).start);
    let (duplicates, broken): (Vec<_>, Vec<_>) = errors.iter().partition(|error| error.message() == "duplicate key");
    for error in duplicates {
        let span = span(error, text);
        let name = text.get(span.clone()).unwrap_or_default();
        mistakes.report(span.start, "", echo::given_twice(name.trim_matches(['"', '\''])));
    }
    if let Some(reported) = syntax(&broken, text, mistakes) {
        return Err(reported);
    }
    Ok(Node {
        at: 0,
        value: Value::Table(entries(table.into_inner())),
    })
}

/// One mistake a line, since what follows on a broken line is guesswork. The message (unlike the error's `Display`)
/// consists of the parser's constants.
fn syntax(errors: &[&Error], text: &str, mistakes: &Mistakes) -> Option<Reported> {
    let mut last: Option<(usize, Reported)> = None;
    for error in errors {
        let at = span(error, text).start;
        let same_line = last.is_some_and(|(last, _)| text.get(last..at).is_some_and(|between| !between.contains('\n')));
        if !same_line {
            last = Some((at, mistakes.report(at, "", format!("is not TOML: {}", error.message()))));
        }
    }
    last.map(|(_, reported)| reported)
}

fn span(error: &Error, text: &str) -> Range<usize> {
    error.span().unwrap_or(text.len()..text.len())
}

/// Where the text nests too deeply, so that no tree becomes deep enough to overflow the stack: dotted keys in inline tables
/// multiply the parser's own limit. In a broken text it counts too much rather than too little.
fn too_deep(text: &str) -> Option<usize> {
    let mut open: Vec<(TokenKind, usize)> = Vec::new();
    let mut dots = 0;
    for token in Source::new(text).lex() {
        match token.kind() {
            TokenKind::Dot => dots += 1,
            TokenKind::LeftSquareBracket => open.push((TokenKind::RightSquareBracket, 1 + mem::take(&mut dots))),
            TokenKind::LeftCurlyBracket => open.push((TokenKind::RightCurlyBracket, 1 + mem::take(&mut dots))),
            kind if open.last().is_some_and(|(close, _)| *close == kind) => {
                open.pop();
                dots = 0;
            }
            TokenKind::Comma => dots = 0,
            TokenKind::Newline if open.is_empty() => dots = 0,
            _ => {}
        }
        if open.iter().map(|(_, levels)| levels).sum::<usize>() + dots > MAX_DEPTH {
            return Some(token.span().start());
        }
    }
    None
}

fn entries(table: DeTable<'_>) -> Vec<Entry> {
    let mut entries: Vec<_> = table
        .into_iter()
        .map(|(key, value)| Entry {
            at: key.span().start,
            name: key.into_inner().into_owned(),
            node: node(value),
        })
        .collect();
    entries.sort_by_key(|entry| entry.at);
    entries
}

fn node(value: Spanned<DeValue<'_>>) -> Node {
    let at = value.span().start;
    let value = match value.into_inner() {
        DeValue::Table(table) => Value::Table(entries(table)),
        DeValue::Array(items) => Value::Array(items.into_iter().map(node).collect()),
        DeValue::String(text) => Value::String(Secret::from(text.into_owned())),
        DeValue::Integer(digits) => {
            Value::Integer(i64::from_str_radix(digits.as_str(), digits.radix()).unwrap_or(i64::MAX))
        }
        DeValue::Float(_) => Value::Float,
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Datetime(_) => Value::Datetime,
    };
    Node { at, value }
}
