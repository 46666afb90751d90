//! What the foreign texts in our messages have in common: they are one line of printable ASCII, of bounded length,
//! without what looks like a secret. Every buffer before the last is wiped, and takes its room once, so that no piece
//! of it is left behind in freed memory.

use zeroize::Zeroizing;

/// The most characters of a foreign text in a message of ours.
pub const LONGEST: usize = 300;

/// What stands for a removed secret.
pub const REDACTED: &str = "[redacted]";

/// `line` without control characters, and with `?` for what is not ASCII.
pub fn printable(line: &str) -> Zeroizing<String> {
    let mut printable = Zeroizing::new(String::with_capacity(line.len()));
    printable.extend(line.chars().filter(|c| !c.is_control()).map(ascii));
    printable
}

/// `text` with `?` for each control character but the line feed: what another program says must not write to the terminal
/// as it likes.
pub fn without_controls(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n', "?")
}

fn ascii(c: char) -> char {
    if c.is_ascii() { c } else { '?' }
}

/// `text` with `to` in each place of `from`.
pub fn replaced(text: &str, from: &str, to: &str) -> Zeroizing<String> {
    let room = text.len() + text.matches(from).count() * to.len();
    let mut clean = Zeroizing::new(String::with_capacity(room));
    for (index, piece) in text.split(from).enumerate() {
        clean.push_str(if index == 0 { "" } else { to });
        clean.push_str(piece);
    }
    clean
}

/// `text` without those runs of characters that are `in_run` which are `secret` as a whole.
pub fn without_runs(text: &str, in_run: fn(char) -> bool, secret: impl Fn(&str) -> bool) -> Zeroizing<String> {
    let runs = || {
        text.split_inclusive(move |c| !in_run(c))
            .map(move |piece| piece.split_at(piece.trim_end_matches(|c| !in_run(c)).len()))
    };
    let room = text.len() + runs().filter(|(run, _)| secret(run)).count() * REDACTED.len();
    let mut clean = Zeroizing::new(String::with_capacity(room));
    for (run, rest) in runs() {
        clean.push_str(if secret(run) { REDACTED } else { run });
        clean.push_str(rest);
    }
    clean
}

/// A text that is clean, cut to [`LONGEST`].
pub fn shortened(mut clean: Zeroizing<String>) -> String {
    if clean.len() > LONGEST {
        clean.truncate(LONGEST - 3);
        clean.push_str("...");
    }
    clean.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(run: &str) -> bool {
        run.len() >= 4
    }

    #[test]
    fn runs_are_judged_as_a_whole() {
        let clean = |text| without_runs(text, |c| c.is_ascii_alphanumeric(), long);
        for (text, expected) in [
            ("", ""),
            ("one two", "one two"),
            ("three", "[redacted]"),
            (" (three), two: three.", " ([redacted]), two: [redacted]."),
        ] {
            assert_eq!(*clean(text), expected);
        }
    }

    #[test]
    fn a_buffer_that_holds_the_raw_text_is_never_left_for_a_larger_one() {
        let raw = "word 138502 ".repeat(500);
        let replaced = replaced(&raw, "138502", REDACTED);
        assert_eq!(replaced.capacity(), raw.len() + 500 * REDACTED.len());
        let runs = without_runs(&raw, |c| c.is_ascii_alphanumeric(), long);
        assert_eq!(runs.capacity(), raw.len() + 1_000 * REDACTED.len());
        assert_eq!(printable(&raw).capacity(), raw.len());
    }

    #[test]
    fn what_another_program_says_keeps_its_lines_and_no_other_control_character() {
        assert_eq!(without_controls("one\né\u{1b}[2Jtwo\u{7}\n"), "one\né?[2Jtwo?\n");
    }

    #[test]
    fn printable_ascii_and_no_more_than_300_characters() {
        assert_eq!(*printable("a\u{1b}[31mred\u{202e}é\tb"), "a[31mred??b");
        let long = shortened(Zeroizing::new("x".repeat(5_000)));
        assert_eq!((long.len(), long.ends_with("x...")), (300, true));
        assert_eq!(shortened(Zeroizing::new("short ".to_owned())), "short");
    }
}
