//! XML as STS writes it: two spaces a level, one element a line, a line feed at the end, no declaration.

use std::fmt::Write as _;

/// The namespace of STS's replies and of the errors of its actions.
pub(super) const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// The namespace of errors that arise before an action is found.
pub(super) const AWS_FAULT: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";

pub(super) struct Element {
    name: String,
    content: Content,
}

enum Content {
    Text(String),
    Elements(Vec<Element>),
}

impl Element {
    /// The text of the first element of this name.
    #[cfg(test)]
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        match &self.content {
            Content::Text(text) => (self.name == name).then_some(text),
            Content::Elements(elements) => elements.iter().find_map(|element| element.find(name)),
        }
    }

    pub(super) fn text(name: &str, text: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            content: Content::Text(text.into()),
        }
    }

    pub(super) fn parent(name: impl Into<String>, elements: Vec<Self>) -> Self {
        Self {
            name: name.into(),
            content: Content::Elements(elements),
        }
    }

    /// The element as the root of a document in this namespace.
    pub(super) fn document(&self, namespace: &str) -> String {
        let mut out = String::new();
        self.write(&mut out, &format!(" xmlns=\"{namespace}\""), 0);
        out
    }

    fn write(&self, out: &mut String, attributes: &str, depth: usize) {
        let (name, indent) = (&self.name, "  ".repeat(depth));
        // Writing to a String cannot fail.
        let _ = match &self.content {
            Content::Text(text) => writeln!(out, "{indent}<{name}{attributes}>{}</{name}>", escape(text)),
            Content::Elements(elements) => {
                let _ = writeln!(out, "{indent}<{name}{attributes}>");
                for element in elements {
                    element.write(out, "", depth + 1);
                }
                writeln!(out, "{indent}</{name}>")
            }
        };
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // XML 1.0 has no way to write the other control characters.
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_laid_out_like_sts() {
        let inner = Element::parent("B", vec![Element::text("C", "<a & 'b'>\0")]);
        assert_eq!(
            Element::parent("A", vec![inner]).document("urn:x"),
            "<A xmlns=\"urn:x\">\n  <B>\n    <C>&lt;a &amp; 'b'&gt;\u{fffd}</C>\n  </B>\n</A>\n"
        );
    }
}
