//! The dialect of AWS's shared `config` and `credentials` files: text → sections of properties.
//!
//! The rules are those of the SDKs: sections of the same name are merged, of a property given twice the last counts,
//! names of properties have no case, an indented line continues the value above it, `[profile default]` replaces
//! `[default]`. Where the SDKs differ, what most of them and the reference guide do is done (duplicates, comments after a
//! value), else what botocore does (quotes in a section's name, sections that are indented as a whole).
//! <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>
//!
//! Every value may be a secret: it is a [`Secret`], and a [`Mistake`] names a place and a rule, never the text.

mod parse;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use crate::secret::Secret;
pub use parse::parse;
pub use words::{Unbalanced, words};

/// The largest file that is worth reading, in bytes: 1 MiB.
pub const MAX_BYTES: u64 = 1 << 20;

/// Which of the two files it is: they name their sections differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// `~/.aws/config`: `[profile x]`, `[default]`, `[services x]`; whatever else is of no use here.
    Config,
    /// `~/.aws/credentials`: `[x]`.
    Credentials,
}

impl Form {
    /// The header of a profile's section, for messages.
    pub fn header(self, profile: &str) -> String {
        let quote = if profile.contains(char::is_whitespace) {
            "\""
        } else {
            ""
        };
        match self {
            Self::Config if profile != "default" => format!("[profile {quote}{profile}{quote}]"),
            Self::Config | Self::Credentials => format!("[{profile}]"),
        }
    }
}

/// A file, its sections merged.
#[derive(Default)]
pub struct AwsFile {
    profiles: BTreeMap<String, Section>,
    services: BTreeMap<String, Section>,
}

/// A section, or what is indented below a property.
#[derive(Default)]
pub struct Section {
    /// Where its first header stands: bytes from the start of the file.
    pub at: usize,
    properties: BTreeMap<String, Property>,
}

/// `name = value`.
pub struct Property {
    /// Where it stands: bytes from the start of the file.
    pub at: usize,
    /// The value without the white space around it, its lines separated by `\n`. Empty if there is none, or if there are
    /// only properties below it.
    pub value: Secret,
    /// What is indented below a property without a value of its own.
    pub nested: Section,
}

/// A line that the dialect does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mistake {
    /// Bytes from the start of the file.
    pub at: usize,
    /// The rule that was broken, as the end of a sentence about the line.
    pub rule: &'static str,
}

impl AwsFile {
    /// The profile of this name.
    pub fn profile(&self, name: &str) -> Option<&Section> {
        self.profiles.get(name)
    }

    /// The names of the profiles, sorted.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// `[services name]`.
    pub fn services(&self, name: &str) -> Option<&Section> {
        self.services.get(name)
    }
}

impl Section {
    /// The property of this name, in lower case.
    pub fn get(&self, name: &str) -> Option<&Property> {
        self.properties.get(name)
    }
}
