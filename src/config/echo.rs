//! Which names of a file a message may repeat. A secret pasted in a key's place must not come back out.

/// An unknown key: only what looks like the short words of a configuration. Access key ids have capitals, secret access
/// keys capitals and digits, base32 seeds 16 letters or more in a row, MFA codes digits.
pub(super) fn key(name: &str) -> Option<&str> {
    let word = |word: &str| word.len() < 16 && word.bytes().all(|b| b.is_ascii_lowercase());
    let harmless = (1..=32).contains(&name.len()) && name.split(['_', '-']).all(word);
    harmless.then_some(name)
}

/// A profile's name: a word, or anything shorter than the shortest access key id, key or seed (16) that is no code.
pub(crate) fn profile(name: &str) -> &str {
    let part = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    let short = name.len() < 16 && name.bytes().all(part) && name.bytes().any(|b| b.is_ascii_alphabetic());
    if short || key(name).is_some() { name } else { "<name>" }
}

/// What is said of a key that stands twice in a table.
pub(super) fn given_twice(name: &str) -> String {
    match key(name) {
        Some(name) => format!("`{name}` is given twice; keep one"),
        None => String::from("a key is given twice; keep one"),
    }
}
