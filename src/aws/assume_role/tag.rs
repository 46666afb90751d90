use std::str::FromStr;

use crate::aws::Invalid;

/// The most tags that a session may have.
const MOST: usize = 50;

/// Session tags, and which of them stay through role chaining.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Tags {
    tags: TagList,
    transitive: Vec<TagKey>,
}

/// At most 50 tags, no two of whose keys are the same but for case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TagList(Vec<Tag>);

/// One session tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag {
    /// Its key.
    pub key: TagKey,
    /// Its value, which may be empty.
    pub value: TagValue,
}

/// A tag's key: 1 to 128 letters, numbers, spaces or any of `_.:/=+-@` (`tagKeyType` of the STS model).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagKey(Box<str>);

/// A tag's value: at most 256 characters of the same class (`tagValueType` of the STS model).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagValue(Box<str>);

impl Tags {
    /// These tags, and the keys of those that are transitive. A transitive key must be one of the session's own tags.
    pub fn new(tags: Vec<Tag>, transitive: Vec<TagKey>) -> Result<Self, Invalid> {
        let tags = TagList::try_from(tags)?;
        check(&transitive.iter().collect::<Vec<_>>())?;
        let is_own = |key: &TagKey| tags.as_slice().iter().any(|tag| key.is_same(&tag.key));
        if !transitive.iter().all(is_own) {
            return Err(Invalid("must name tags of `tags` alone"));
        }
        Ok(Self { tags, transitive })
    }

    /// The tags.
    pub fn tags(&self) -> &TagList {
        &self.tags
    }

    /// The keys of the tags that stay through role chaining.
    pub fn transitive(&self) -> &[TagKey] {
        &self.transitive
    }
}

impl TagList {
    /// In the order given.
    pub fn as_slice(&self) -> &[Tag] {
        &self.0
    }
}

impl TryFrom<Vec<Tag>> for TagList {
    type Error = Invalid;

    fn try_from(tags: Vec<Tag>) -> Result<Self, Invalid> {
        check(&tags.iter().map(|tag| &tag.key).collect::<Vec<_>>())?;
        Ok(Self(tags))
    }
}

impl TagKey {
    /// The key as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// AWS compares keys without case.
    fn is_same(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

impl TagValue {
    /// The value as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TagKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if (1..=128).contains(&text.chars().count()) && text.chars().all(is_tag_char) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid(
                "must have keys of 1 to 128 letters, numbers, spaces or any of \"_.:/=+-@\"",
            ))
        }
    }
}

impl FromStr for TagValue {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.chars().count() <= 256 && text.chars().all(is_tag_char) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid(
                "must have values of at most 256 letters, numbers, spaces or any of \"_.:/=+-@\"",
            ))
        }
    }
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`. The standard library knows letters with some marks, numbers and spaces; the few marks
/// that it takes and AWS does not are refused by STS.
fn is_tag_char(c: char) -> bool {
    c.is_alphabetic() || c.is_numeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

fn check(keys: &[&TagKey]) -> Result<(), Invalid> {
    if keys.len() > MOST {
        return Err(Invalid("must be at most 50 tags"));
    }
    let stands_again = |(n, key): (usize, &&TagKey)| keys[n + 1..].iter().any(|other| key.is_same(other));
    if keys.iter().enumerate().any(stands_again) {
        return Err(Invalid(
            "must not name a tag twice; keys that differ in case alone are the same",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str) -> Tag {
        Tag {
            key: key.parse().unwrap(),
            value: "".parse().unwrap(),
        }
    }

    #[test]
    fn keys_and_values_have_the_class_of_the_model() {
        for text in ["a", "Département 1", "a_.:/=+-@", &"x".repeat(128)] {
            assert_eq!(text.parse::<TagKey>().unwrap().as_str(), text);
        }
        for text in ["", "a\n", "a;b", "a\"b", &"x".repeat(129)] {
            assert!(text.parse::<TagKey>().is_err(), "{text:?}");
        }
        assert!("x".repeat(256).parse::<TagValue>().is_ok() && "".parse::<TagValue>().is_ok());
        assert!("x".repeat(257).parse::<TagValue>().is_err());
    }

    #[test]
    fn a_key_stands_once_whatever_its_case() {
        let key = |text: &str| text.parse::<TagKey>().unwrap();
        assert!(Tags::new(vec![tag("a"), tag("b")], vec![key("B")]).is_ok());
        assert!(Tags::new(vec![tag("Team"), tag("team")], vec![]).is_err());
        assert!(Tags::new(vec![tag("a")], vec![key("a"), key("A")]).is_err());
        assert!(Tags::new(vec![tag("a")], vec![key("b")]).is_err());
    }

    #[test]
    fn there_are_at_most_fifty() {
        let tags = |count| (0..count).map(|n| tag(&n.to_string())).collect();
        assert!(Tags::new(tags(50), vec![]).is_ok());
        assert!(Tags::new(tags(51), vec![]).is_err());
    }
}
