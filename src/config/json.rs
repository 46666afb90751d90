use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Error;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::echo;
use super::mistake::{Mistakes, Reported};
use super::tree::{Entry, MAX_DEPTH, Node, TOO_DEEP, Value};
use crate::secret::Secret;

/// The tree of a JSON text. Every value is first a slice of the text, which is how its place is known.
pub(super) fn tree(text: &str, mistakes: &Mistakes) -> Result<Node, Reported> {
    let reader = Reader { text, mistakes };
    let root = reader.decode::<&RawValue>(text)?;
    reader.node(root, 0)
}

struct Reader<'t, 'm> {
    text: &'t str,
    mistakes: &'m Mistakes,
}

impl<'t> Reader<'t, '_> {
    fn node(&self, raw: &'t RawValue, depth: usize) -> Result<Node, Reported> {
        let json = raw.get();
        let at = self.offset(json);
        if depth > MAX_DEPTH {
            return Err(self.mistakes.report(at, "", TOO_DEEP));
        }
        let value = match json.bytes().next() {
            Some(b'{') => Value::Table(self.entries(json, depth)?),
            Some(b'[') => Value::Array(self.items(json, depth)?),
            Some(b'"') => Value::String(Secret::from(self.decode::<String>(json)?)),
            Some(b't' | b'f') => Value::Boolean(json == "true"),
            Some(b'n') => Value::Null,
            _ if json.contains(['.', 'e', 'E']) => Value::Float,
            _ => Value::Integer(json.parse().unwrap_or(i64::MAX)),
        };
        Ok(Node { at, value })
    }

    fn entries(&self, json: &'t str, depth: usize) -> Result<Vec<Entry>, Reported> {
        let mut seen = HashSet::new();
        let mut entries = Vec::new();
        for (key, value) in self.decode::<Pairs<'t>>(json)?.0 {
            let at = self.offset(key.get());
            let name = self.decode::<String>(key.get())?;
            if seen.insert(name.clone()) {
                let node = self.node(value, depth + 1)?;
                entries.push(Entry { name, at, node });
            } else {
                self.mistakes.report(at, "", echo::given_twice(&name));
            }
        }
        Ok(entries)
    }

    fn items(&self, json: &'t str, depth: usize) -> Result<Vec<Node>, Reported> {
        let items = self.decode::<Vec<&RawValue>>(json)?;
        items.into_iter().map(|item| self.node(item, depth + 1)).collect()
    }

    fn decode<T: Deserialize<'t>>(&self, json: &'t str) -> Result<T, Reported> {
        serde_json::from_str(json).map_err(|error| {
            let at = self.offset(json) + offset_of(&error, json);
            self.mistakes.report(at, "", format!("is not JSON: {}", rule(&error)))
        })
    }

    /// Where a slice of the text begins in it.
    fn offset(&self, slice: &str) -> usize {
        slice.as_ptr().addr() - self.text.as_ptr().addr()
    }
}

/// The members of an object, duplicates kept.
struct Pairs<'t>(Vec<(&'t RawValue, &'t RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

/// `serde_json`'s lines count from 1, and its columns are bytes that count from 1.
fn offset_of(error: &Error, json: &str) -> usize {
    let before: usize = json
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    (before + error.column().saturating_sub(1)).min(json.len())
}

/// Messages of syntax are constants of `serde_json`. Those of data may hold the text itself and are never shown.
fn rule(error: &Error) -> String {
    match error.classify() {
        Category::Syntax | Category::Eof => {
            let message = error.to_string();
            let end = message.rfind(" at line ").unwrap_or(message.len());
            message[..end].to_owned()
        }
        Category::Data | Category::Io => String::from("cannot be read here"),
    }
}
