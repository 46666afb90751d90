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
        for part in ["# HELP ", name.name, " ", name.help, "\n"] {
            self.put(part);
        }
        for part in ["# TYPE ", name.name, " ", name.kind.as_str(), "\n"] {
            self.put(part);
        }
    }

    /// One sample; `values` are the label values in the order of the name's labels.
    pub(super) fn sample(&mut self, name: &Name, values: &[&str], sample: impl Display) {
        debug_assert_eq!(name.labels.len(), values.len(), "{}", name.name);
        self.put(name.name);
        let mut before = "{";
        for (label, value) in name.labels.iter().zip(values) {
            self.put(before);
            self.put(label);
            self.put("=\"");
            self.escaped(value);
            self.put("\"");
            before = ",";
        }
        if !name.labels.is_empty() {
            self.put("}");
        }
        // Writing into memory does not fail.
        let _ = writeln!(self.0, " {sample}");
    }

    fn escaped(&mut self, value: &str) {
        if !value.contains(['\\', '"', '\n']) {
            return self.put(value);
        }
        for byte in value.bytes() {
            match byte {
                b'\\' => self.0.extend_from_slice(br"\\"),
                b'"' => self.0.extend_from_slice(br#"\""#),
                b'\n' => self.0.extend_from_slice(br"\n"),
                other => self.0.push(other),
            }
        }
    }

    /// Copied as it is: a page has a hundred thousand parts, and whoever renders it takes a core from the consumers.
    fn put(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
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
