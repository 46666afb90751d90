use std::fmt::Display;
use std::io::Write;

use super::names::Name;

/// Writes series in Prometheus's text format, straight into the page.
pub(super) struct Text<'a>(&'a mut Vec<u8>);

impl<'a> Text<'a> {
    pub(super) fn new(page: &'a mut Vec<u8>) -> Self {
        Self(page)
    }

    /// The lines that stand once above the samples of a metric.
    pub(super) fn family(&mut self, name: &Name) {
        self.put(format_args!("# HELP {} {}\n", name.name, name.help));
        self.put(format_args!("# TYPE {} {}\n", name.name, name.kind.as_str()));
    }

    /// One sample; `values` are the label values in the order of the name's labels.
    pub(super) fn sample(&mut self, name: &Name, values: &[&str], sample: impl Display) {
        debug_assert_eq!(name.labels.len(), values.len(), "{}", name.name);
        self.put(name.name);
        for (place, (label, value)) in name.labels.iter().zip(values).enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            self.put(format_args!("{before}{label}=\""));
            self.escaped(value);
            self.put('"');
        }
        if !name.labels.is_empty() {
            self.put('}');
        }
        self.put(format_args!(" {sample}\n"));
    }

    fn escaped(&mut self, value: &str) {
        for byte in value.bytes() {
            match byte {
                b'\\' => self.0.extend_from_slice(br"\\"),
                b'"' => self.0.extend_from_slice(br#"\""#),
                b'\n' => self.0.extend_from_slice(br"\n"),
                other => self.0.push(other),
            }
        }
    }

    fn put(&mut self, text: impl Display) {
        // Writing into memory does not fail.
        let _ = write!(self.0, "{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::{BUILD_INFO, CLOCK_JUMPS};
    use super::*;

    #[test]
    fn writes_the_text_format() {
        let mut page = Vec::new();
        let mut text = Text::new(&mut page);
        text.family(&CLOCK_JUMPS);
        text.sample(&CLOCK_JUMPS, &[], 3);
        text.sample(&BUILD_INFO, &["1.0 \"x\"", "a\\b\nc"], 1);
        let expected = "# HELP valetkey_clock_jumps_total How often somebody set this host's clock.\n\
                        # TYPE valetkey_clock_jumps_total counter\n\
                        valetkey_clock_jumps_total 3\n\
                        valetkey_build_info{version=\"1.0 \\\"x\\\"\",revision=\"a\\\\b\\nc\"} 1\n";
        assert_eq!(String::from_utf8(page).unwrap(), expected);
    }
}
