use zeroize::Zeroizing;

use super::output::{Answer, Tail};
use crate::sanitise::{LONGEST, REDACTED, printable, replaced, shortened, without_runs};

/// From this length on a run of base64's characters that is no word may be a key, a token or a seed.
const CREDENTIALS_LENGTH: usize = 16;

/// From this length on a word of standard output is looked for in standard error: a shorter one would be found in every
/// sentence.
const SHORTEST_WORD: usize = 4;

/// What stands for the end of a line.
const BETWEEN: &str = " | ";

/// The last lines of standard error as they may appear in a message of ours: one line of printable ASCII, without the
/// words of standard output and without what looks like credentials or a code, at most 300 characters.
pub(super) fn said(stderr: &Tail, stdout: &Answer) -> String {
    let lines = last_lines(&text(stderr.lines()));
    let foreign = without_words_of(&text(stdout.bytes()), &lines);
    shortened(without_codes(&without_key_ids(&without_credentials(&foreign))))
}

/// What is not UTF-8 becomes `?`; a carriage return ends a line, as on a terminal, and a tab is a space.
fn text(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len()));
    for chunk in bytes.utf8_chunks() {
        text.extend(chunk.valid().chars().map(|c| match c {
            '\r' => '\n',
            '\t' => ' ',
            other => other,
        }));
        text.extend((!chunk.invalid().is_empty()).then_some('?'));
    }
    text
}

/// As many of the last lines as there is room for, and at least one.
fn last_lines(text: &str) -> Zeroizing<String> {
    let mut room = LONGEST;
    let mut last: Vec<&str> = text
        .rsplit('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .enumerate()
        .take_while(|(index, line)| {
            let fits = line.len() + BETWEEN.len() <= room;
            room = room.saturating_sub(line.len() + BETWEEN.len());
            *index == 0 || fits
        })
        .map(|(_, line)| line)
        .collect();
    last.reverse();
    let mut lines = Zeroizing::new(String::with_capacity(text.len() + last.len() * BETWEEN.len()));
    for line in last {
        let between = if lines.is_empty() { "" } else { BETWEEN };
        lines.push_str(between);
        lines.push_str(&printable(line));
    }
    lines
}

/// A failing command may have printed half of an answer: none of its words is repeated, whatever they are.
fn without_words_of(answer: &str, foreign: &str) -> Zeroizing<String> {
    let between = |c: char| c.is_whitespace() || "\"'\\,:{}[]".contains(c);
    let mut words: Vec<&str> = answer
        .split(between)
        .filter(|word| word.len() >= SHORTEST_WORD)
        .collect();
    // The longest first: a word may be the beginning of another.
    words.sort_unstable_by_key(|word| (std::cmp::Reverse(word.len()), *word));
    words.dedup();
    let mut clean = Zeroizing::new(foreign.to_owned());
    for word in words {
        if clean.contains(word) {
            clean = replaced(&clean, word, REDACTED);
        }
    }
    clean
}

fn without_credentials(text: &str) -> Zeroizing<String> {
    without_runs(
        text,
        |c| c.is_ascii_alphanumeric() || "/+=_-".contains(c),
        |run| run.len() >= CREDENTIALS_LENGTH && !run.split(['/', '+', '=', '_', '-']).all(is_ordinary),
    )
}

/// What people write: letters, in one case or `LikeThis`, and no longer than words are.
fn is_ordinary(word: &str) -> bool {
    let lower = |word: &str| word.len() <= 20 && word.bytes().all(|b| b.is_ascii_lowercase());
    let upper = word.len() <= 15 && word.bytes().all(|b| b.is_ascii_uppercase());
    let camel = || {
        let is_upper = |c: char| c.is_ascii_uppercase();
        word.starts_with(is_upper) && word.split(is_upper).skip(1).all(|hump| hump.len() >= 2 && lower(hump))
    };
    upper || lower(word) || camel()
}

/// Without ids of access keys, long-term or temporary, even cut ones.
fn without_key_ids(text: &str) -> Zeroizing<String> {
    without_runs(
        text,
        |c| c.is_ascii_alphanumeric(),
        |run| {
            let follows = |prefix| run.find(prefix).map(|at| run.len() - at - 4);
            follows("AKIA").max(follows("ASIA")) >= Some(4)
        },
    )
}

/// Without what may be an MFA code: six digits, or the eight that other devices show, also in two halves as authenticators
/// show them. Letters may stand right beside it: those of a colour's escape sequence do.
fn without_codes(text: &str) -> Zeroizing<String> {
    let whole = without_runs(text, |c| c.is_ascii_digit(), |run| (6..=8).contains(&run.len()));
    without_runs(
        &whole,
        |c| c.is_ascii_digit() || " -".contains(c),
        |run| {
            let mut halves = run.split([' ', '-']).filter(|half| !half.is_empty()).map(str::len);
            matches!(
                (halves.next(), halves.next(), halves.next()),
                (Some(3), Some(3), None) | (Some(4), Some(4), None)
            )
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::output::Sink;

    fn said_after(stderr: &[u8], stdout: &str) -> String {
        let (mut tail, mut answer) = (Tail::new(4_096), Answer::new(65_536));
        tail.take(stderr).unwrap();
        answer.take(stdout.as_bytes()).unwrap();
        said(&tail, &answer)
    }

    fn shown(stderr: &str) -> String {
        said_after(stderr.as_bytes(), "")
    }

    #[test]
    fn the_last_lines_are_shown_as_one() {
        for (stderr, expected) in [
            ("", ""),
            ("\n \n", ""),
            ("gpg: no such key\n", "gpg: no such key"),
            ("one\r\n\n\ttwo\tx  \n\n", "one | two x"),
            ("10 %\r90 %\rdone", "10 % | 90 % | done"),
            ("a\u{1b}[31mred\u{202e}é\u{7}b", "a[31mred??b"),
        ] {
            assert_eq!(shown(stderr), expected);
        }
        assert_eq!(said_after(b"caf\xe9 \xff\xfe", ""), "caf? ??");
        let many: Vec<_> = (0..100).map(|n| format!("line {n} of many")).collect();
        let last = shown(&many.join("\n"));
        assert!(last.len() <= LONGEST && last.len() > 250, "{last}");
        assert!(
            last.starts_with("line ") && last.ends_with("| line 99 of many"),
            "{last}"
        );
        let long = shown(&format!("before\n{}", "word ".repeat(100)));
        assert!(long.starts_with("word ") && long.ends_with("..."), "{long}");
        assert_eq!(long.len(), LONGEST);
    }

    #[test]
    fn what_looks_like_credentials_is_left_out() {
        for (stderr, expected) in [
            ("key wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY.", "key [redacted]."),
            ("secret=wJalrXUtnFEMI/K7", "[redacted]"),
            ("abcdefghijklmnopqrstuvwxyz", "[redacted]"),
            ("ABCDEFGHIJKLMNOP", "[redacted]"),
            ("AbCdEfGhIjKlMnOp", "[redacted]"),
            ("GEZDGNBVGY3TQOJQ", "[redacted]"),
            ("GEZDGNBVGYTQOJQA", "[redacted]"),
            ("c6104cbe-af31-11e0-8154-cbc7ccf896c7", "[redacted]"),
            ("1700000000000000", "[redacted]"),
            ("a1b2c3d4e5f6g7", "a1b2c3d4e5f6g7"),
            ("id AKIAIOSFODNN7EXAMPLE", "id [redacted]"),
            ("id AKIAIOSF, xASIAIOSFODN", "id [redacted], [redacted]"),
            ("an ASIAN AKIA", "an ASIAN AKIA"),
            (
                "code 123456, 1234567 (12345678) \"012345\"",
                "code [redacted], [redacted] ([redacted]) \"[redacted]\"",
            ),
            (
                "\u{1b}[1;32m123456\u{1b}[0m, x123456",
                "[1;32m[redacted][0m, x[redacted]",
            ),
            ("code 123 456.", "code[redacted]."),
            ("code:\t123-456, 1234 5678", "code:[redacted],[redacted]"),
            ("pid 12345, 123456789", "pid 12345, 123456789"),
            ("127 of 900, 443 8443", "127 of 900, 443 8443"),
        ] {
            assert_eq!(shown(stderr), expected);
        }
    }

    #[test]
    fn sentences_are_left_alone() {
        for sentence in [
            "/usr/lib/credential-helper: NotAuthorizedException: no MISCONFIGURED_ENTRY in the password-store",
            "InvalidClientTokenException while opening /Library/Keychains/login",
            "gpg: decryption failed: No secret key",
            "Error: connect ECONNREFUSED 127.0.0.1:8200 at 2024-01-31 10:22:33",
        ] {
            assert_eq!(shown(sentence), sentence);
        }
    }

    #[test]
    fn no_word_of_the_answer_is_repeated() {
        let stdout = r#"{"SecretAccessKey": "hun/ter2", "Short": "hun", "Long":"hun/ter2x!"}"#;
        assert_eq!(
            said_after(b"got 'hun/ter2x!' or key=hun/ter2; not hun", stdout),
            "got '[redacted]' or key=[redacted]; not hun"
        );
        assert_eq!(said_after(b"odd: secret", r"sec\secret"), "odd: [redacted]");
    }
}
