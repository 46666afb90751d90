use crate::secret::Secret;

/// How many tables and arrays may lie inside one another. The deepest key lies at five.
pub(super) const MAX_DEPTH: usize = 16;

/// What is said of a value that lies deeper.
pub(super) const TOO_DEEP: &str = "is nested deeper than 16 levels; no key lies deeper than five";

/// A value and its place. Like everything here that holds the file's text it has no `Debug`.
pub(super) struct Node {
    /// Bytes from the start of the file.
    pub(super) at: usize,
    pub(super) value: Value,
}

/// What TOML and JSON have, together.
pub(super) enum Value {
    /// In the order of the file, names unique.
    Table(Vec<Entry>),
    Array(Vec<Node>),
    String(Secret),
    /// `i64::MAX` for whatever does not fit: no key's range comes near.
    Integer(i64),
    Float,
    Boolean(bool),
    Datetime,
    Null,
}

/// A key with its place and its value.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) at: usize,
    pub(super) node: Node,
}

impl Value {
    /// The type with its article.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Table(_) => "a table",
            Self::Array(_) => "an array",
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Datetime => "a date or time",
            Self::Null => "null",
        }
    }
}
