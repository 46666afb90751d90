use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use url::form_urlencoded;

/// What must not be found, with a name for the report.
#[derive(Default)]
pub(crate) struct Canaries(pub(crate) Vec<(String, String)>);

impl Canaries {
    pub(crate) fn plant(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= 6);
        self.0.push((name.to_owned(), secret.to_owned()));
    }

    /// The names of the secrets that are in `text`, as they are or in a common encoding.
    pub(crate) fn found_in(&self, text: &str) -> Vec<&str> {
        let found = self.0.iter().filter(|(_, secret)| is_in(text, secret));
        found.map(|(name, _)| name.as_str()).collect()
    }
}

pub(crate) fn is_in(text: &str, secret: &str) -> bool {
    let bytes = secret.as_bytes();
    // As `{:?}` shows bytes: the form in which aws-sigv4 logs the body.
    let list: Vec<_> = bytes.iter().map(u8::to_string).collect();
    if text.contains(&list.join(", ")) {
        return true;
    }
    if secret.len() == 6 {
        return has_number(text, secret);
    }
    let percent: String = form_urlencoded::byte_serialize(bytes).collect();
    [
        secret.to_owned(),
        percent,
        HEXLOWER.encode(bytes),
        BASE64.encode(bytes),
        BASE64URL_NOPAD.encode(bytes),
    ]
    .iter()
    .any(|form| text.contains(form.as_str()))
}

/// Six digits stand in many a time stamp: a code is found only where it stands alone.
pub(crate) fn has_number(text: &str, number: &str) -> bool {
    let part_of_more = |c: char| c.is_ascii_digit() || c == '.';
    text.match_indices(number).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + number.len()..]);
        !before.ends_with(part_of_more) && !after.starts_with(part_of_more)
    })
}
