use std::collections::BTreeMap;

use super::{AwsFile, Form, Mistake, Property, Section, words};
use crate::secret::Secret;

pub(super) const NO_SECTION: &str =
    "stands before the first section; write [profile name] (in the credentials file [name]) above it";
pub(super) const NO_EQUALS: &str =
    "is neither a [section] nor `key = value`; write one of them, or begin the line with #";
pub(super) const NO_KEY: &str = "has no key before its `=`; write `key = value`";
pub(super) const COLON: &str = "has a `:` in its key, which the AWS SDKs do not agree upon; write `key = value`";
pub(super) const NESTED: &str = "is indented below a key without a value, so it must be `key = value`";
pub(super) const OPEN: &str = "is a section without its `]`; write [profile name], in the credentials file [name]";
pub(super) const UNNAMED: &str = "is a section without a name; write [profile name], in the credentials file [name]";
pub(super) const AFTER: &str = "has text after the section's `]`; only a comment may stand there";

/// Reads a file. All mistakes are returned, in the order of the file.
pub fn parse(text: &str, form: Form) -> Result<AwsFile, Vec<Mistake>> {
    let mut reader = Reader::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        // Some editors begin a file with a byte order mark.
        let (begin, content) = match line.strip_prefix('\u{feff}') {
            Some(rest) if at == 0 => ('\u{feff}'.len_utf8(), rest),
            _ => (at, line),
        };
        reader.line(begin, content);
        at += line.len();
    }
    let mut mistakes = reader.mistakes;
    let file = collect(reader.sections, form, &mut mistakes);
    if mistakes.is_empty() {
        Ok(file)
    } else {
        mistakes.sort_by_key(|mistake| mistake.at);
        Err(mistakes)
    }
}

/// The lines put together, without copies of any value.
#[derive(Default)]
struct Reader<'t> {
    sections: Vec<RawSection<'t>>,
    /// How far the last property's line is indented; what stands further in continues its value.
    indent: Option<usize>,
    mistakes: Vec<Mistake>,
}

struct RawSection<'t> {
    at: usize,
    header: &'t str,
    properties: Vec<RawProperty<'t>>,
}

struct RawProperty<'t> {
    at: usize,
    name: &'t str,
    value: &'t str,
    more: Vec<(usize, &'t str)>,
}

impl<'t> Reader<'t> {
    fn line(&mut self, at: usize, line: &'t str) {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            return;
        }
        let indent = line.len() - line.trim_start().len();
        let at = at + indent;
        if self.indent.is_some_and(|of_property| indent > of_property) {
            self.continuation(at, text);
        } else if text.starts_with('[') {
            self.header(at, text);
        } else {
            self.property(at, indent, text);
        }
    }

    fn continuation(&mut self, at: usize, text: &'t str) {
        let section = self.sections.last_mut();
        if let Some(property) = section.and_then(|section| section.properties.last_mut()) {
            property.more.push((at, text));
        }
    }

    fn header(&mut self, at: usize, text: &'t str) {
        self.indent = None;
        let (header, rest) = text[1..].split_once(']').unwrap_or_else(|| (&text[1..], "["));
        let rest = rest.trim_start();
        let header = header.trim();
        if rest.starts_with('[') {
            self.report(at, OPEN);
        } else if header.is_empty() {
            self.report(at, UNNAMED);
        } else if !rest.is_empty() && !rest.starts_with(['#', ';']) {
            self.report(at, AFTER);
        }
        self.sections.push(RawSection {
            at,
            header,
            properties: Vec::new(),
        });
    }

    fn property(&mut self, at: usize, indent: usize, text: &'t str) {
        self.indent = Some(indent);
        let (name, value, rule) = match without_comment(text).split_once('=') {
            None => ("", "", Some(NO_EQUALS)),
            Some((name, value)) => match name.trim() {
                "" => ("", "", Some(NO_KEY)),
                name if name.contains(':') => ("", "", Some(COLON)),
                name => (name, value.trim(), None),
            },
        };
        let rule = rule.or_else(|| self.sections.is_empty().then_some(NO_SECTION));
        self.mistakes.extend(rule.map(|rule| Mistake { at, rule }));
        if let Some(section) = self.sections.last_mut() {
            section.properties.push(RawProperty {
                at,
                name,
                // What is indented below a refused line belongs to that mistake.
                value: if rule.is_some() { "-" } else { value },
                more: Vec::new(),
            });
        }
    }

    fn report(&mut self, at: usize, rule: &'static str) {
        self.mistakes.push(Mistake { at, rule });
    }
}

/// A comment after a value begins with `#` or `;` behind white space; botocore alone takes it for a part of the value.
fn without_comment(text: &str) -> &str {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if matches!(c, '#' | ';') && before.is_whitespace() {
            return &text[..at];
        }
        before = c;
    }
    text
}

fn collect(sections: Vec<RawSection<'_>>, form: Form, mistakes: &mut Vec<Mistake>) -> AwsFile {
    let mut file = AwsFile::default();
    let mut plain_default = BTreeMap::new();
    for section in sections {
        let (place, name) = match kind(section.header, form) {
            Some(Kind::Profile(name)) => (&mut file.profiles, name),
            Some(Kind::PlainDefault) => (&mut plain_default, String::from("default")),
            Some(Kind::Services(name)) => (&mut file.services, name),
            // Their lines are held to the same rules.
            None => (&mut BTreeMap::new(), String::new()),
        };
        let merged = place.entry(name).or_insert_with(|| Section {
            at: section.at,
            properties: BTreeMap::new(),
        });
        for raw in section.properties {
            let name = raw.name.to_ascii_lowercase();
            merged.properties.insert(name, property(&raw, mistakes));
        }
    }
    for (name, section) in plain_default {
        file.profiles.entry(name).or_insert(section);
    }
    file
}

enum Kind {
    Profile(String),
    /// `[default]` of a config file, which counts only if there is no `[profile default]`.
    PlainDefault,
    Services(String),
}

fn kind(header: &str, form: Form) -> Option<Kind> {
    match (form, header) {
        (Form::Credentials, name) => return Some(Kind::Profile(name.to_owned())),
        (Form::Config, "default") => return Some(Kind::PlainDefault),
        (Form::Config, _) => {}
    }
    let mut words = words(header).ok()?.into_iter();
    match (words.next()?.as_str(), words.next()?, words.next()) {
        ("profile", name, None) => Some(Kind::Profile(name)),
        ("services", name, None) => Some(Kind::Services(name)),
        _ => None,
    }
}

fn property(raw: &RawProperty<'_>, mistakes: &mut Vec<Mistake>) -> Property {
    let mut nested = Section {
        at: raw.at,
        properties: BTreeMap::new(),
    };
    if !raw.value.is_empty() {
        let lines: Vec<&str> = [raw.value]
            .into_iter()
            .chain(raw.more.iter().map(|(_, line)| *line))
            .collect();
        return Property {
            at: raw.at,
            value: Secret::from(lines.join("\n")),
            nested,
        };
    }
    for &(at, line) in &raw.more {
        match line.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
            Some((name, value)) if !name.is_empty() => {
                let value = Property {
                    at,
                    value: Secret::from(value),
                    nested: Section::default(),
                };
                nested.properties.insert(name.to_ascii_lowercase(), value);
            }
            _ => mistakes.push(Mistake { at, rule: NESTED }),
        }
    }
    Property {
        at: raw.at,
        value: Secret::from(""),
        nested,
    }
}
