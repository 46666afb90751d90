//! STS's XML, read strictly: no DTD, one namespace, every element that counts exactly once.

use roxmltree::{Document, Node, ParsingOptions};

/// The namespace of STS's replies.
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Far more than any reply has; keeps a hostile one from growing a tree or a stack.
const NODES_LIMIT: u32 = 512;

/// STS declares one namespace and writes no other attribute. The parser compares each attribute with the others of its
/// element, and copies what is declared into every element that declares more: without these limits a reply of 54 kB held
/// it for half a minute. They count what an attribute cannot be written without, wherever it stands.
const NAMESPACES_LIMIT: usize = 16;
const ATTRIBUTES_LIMIT: usize = 1024;

/// How often an equals sign stands before a quote, as it does in every attribute. A token has many of the one and none of the
/// other.
fn values(text: &str) -> usize {
    let pieces = text.split('=').skip(1);
    pieces
        .filter(|piece| piece.trim_start().starts_with(['"', '\'']))
        .count()
}

/// What is wrong with a reply, in words of ours: none of its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(pub(super) String);

impl Malformed {
    pub(super) fn new(problem: &str) -> Self {
        Self(problem.to_owned())
    }
}

pub(super) fn parse(body: &[u8]) -> Result<Document<'_>, Malformed> {
    let text = std::str::from_utf8(body).map_err(|_| Malformed::new("it is not UTF-8"))?;
    if text.matches("xmlns").count() > NAMESPACES_LIMIT || values(text) > ATTRIBUTES_LIMIT {
        return Err(Malformed::new("it has more attributes than any reply of STS"));
    }
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_LIMIT,
        ..ParsingOptions::default()
    };
    // The parser's own words may quote the document.
    Document::parse_with_options(text, options).map_err(|_| Malformed::new("it is not XML"))
}

/// Whether `node` is the element `name` of STS's namespace.
pub(super) fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.tag_name().name() == name && in_namespace(node)
}

pub(super) fn in_namespace(node: Node<'_, '_>) -> bool {
    node.tag_name().namespace() == Some(NAMESPACE)
}

/// The one child element `name`, of the parent's namespace.
pub(super) fn child<'a, 'input>(parent: Node<'a, 'input>, name: &str) -> Result<Node<'a, 'input>, Malformed> {
    optional(parent, name)?.ok_or_else(|| Malformed(format!("it has no {name}")))
}

/// The same, where it may be missing.
pub(super) fn optional<'a, 'input>(
    parent: Node<'a, 'input>,
    name: &str,
) -> Result<Option<Node<'a, 'input>>, Malformed> {
    let namespace = parent.tag_name().namespace();
    let mut found = parent
        .children()
        .filter(|node| node.tag_name().name() == name && node.tag_name().namespace() == namespace);
    match (found.next(), found.next()) {
        (found, None) => Ok(found),
        (_, Some(_)) => Err(Malformed(format!("it has more than one {name}"))),
    }
}

/// The text of the one child element `name`, without the white space around it; never empty.
pub(super) fn text<'a>(parent: Node<'a, '_>, name: &str) -> Result<&'a str, Malformed> {
    match plain_text(child(parent, name)?)? {
        "" => Err(Malformed(format!("its {name} is empty"))),
        text => Ok(text),
    }
}

/// The same, where it may be missing or empty.
pub(super) fn optional_text<'a>(parent: Node<'a, '_>, name: &str) -> Result<Option<&'a str>, Malformed> {
    let text = optional(parent, name)?.map(plain_text).transpose()?;
    Ok(text.filter(|text| !text.is_empty()))
}

fn plain_text<'a>(node: Node<'a, '_>) -> Result<&'a str, Malformed> {
    let mut children = node.children();
    match (children.next(), children.next()) {
        (None, _) => Ok(""),
        (Some(text), None) if text.is_text() => Ok(text.text().unwrap_or_default().trim()),
        _ => Err(Malformed(format!("its {} is not a plain text", node.tag_name().name()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_counted_however_it_is_written_and_a_token_of_equals_signs_is_none() {
        for (text, expected) in [
            ("<a b='c' d=\"e\" f = 'g' h=\n\t\"i\"/>", 4),
            ("<a>====</a>", 0),
            ("<a>b=c&quot;</a>", 0),
            ("", 0),
        ] {
            assert_eq!(values(text), expected, "{text}");
        }
        let token = "=".repeat(2 * ATTRIBUTES_LIMIT);
        assert!(parse(format!("<a>{token}</a>").as_bytes()).is_ok());
        let many = "b='c' ".repeat(ATTRIBUTES_LIMIT + 1);
        assert!(parse(format!("<a {many}/>").as_bytes()).is_err());
    }
}
