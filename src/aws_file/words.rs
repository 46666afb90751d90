use std::mem;

/// A quote without its end, or a `\` at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unbalanced;

/// The words of a text as a POSIX shell splits them, without anything else that a shell does: no variable, no pattern,
/// no comment. Within `"…"` a `\` counts only before `"` and `\`. botocore splits `credential_process` by the same rules
/// (Python's `shlex.split`).
pub fn words(text: &str) -> Result<Vec<String>, Unbalanced> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(mem::take(&mut word)),
            '\\' => word.get_or_insert_default().push(chars.next().ok_or(Unbalanced)?),
            '\'' | '"' => quoted(c, &mut chars, word.get_or_insert_default())?,
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(quote: char, rest: &mut impl Iterator<Item = char>, word: &mut String) -> Result<(), Unbalanced> {
    loop {
        match rest.next().ok_or(Unbalanced)? {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => match rest.next().ok_or(Unbalanced)? {
                c @ ('"' | '\\') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_split_as_a_shell_does() {
        for (text, expected) in [
            ("", &[][..]),
            (" \t\r\n", &[]),
            ("a b\tc\nd", &["a", "b", "c", "d"]),
            ("\"a b\"  'c d'", &["a b", "c d"]),
            ("a'b c'd", &["ab cd"]),
            ("'' \"\"", &["", ""]),
            (r"a\ b \'c \\", &["a b", "'c", r"\"]),
            (r#""a\"b" "a\\b" "a\b" "a\ b""#, &["a\"b", r"a\b", r"a\b", r"a\ b"]),
            (r"'a\b' 'a\'", &[r"a\b", r"a\"]),
            ("$HOME # `x` * ~ ;|&", &["$HOME", "#", "`x`", "*", "~", ";|&"]),
            ("--key=\"a b\"", &["--key=a b"]),
            ("ä ü", &["ä", "ü"]),
        ] {
            assert_eq!(words(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn need_the_end_of_every_quote() {
        for text in ["'", "a \"b", "\\", "\"a\\\"", "\"\\", "a'b\"'\""] {
            assert_eq!(words(text), Err(Unbalanced), "{text}");
        }
    }
}
