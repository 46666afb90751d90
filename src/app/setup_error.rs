use std::fmt;

/// Every mistake of a setup that the configuration file alone does not show: keys, seeds, certificates, folders.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SetupErrors(Vec<String>);

impl SetupErrors {
    pub(super) fn add(&mut self, mistake: String) {
        self.0.push(mistake);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for SetupErrors {
    fn from(mistake: String) -> Self {
        Self(vec![mistake])
    }
}

impl std::error::Error for SetupErrors {}

/// One mistake a line, and how many there are.
impl fmt::Display for SetupErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.0 {
            writeln!(f, "{mistake}")?;
        }
        match self.0.len() {
            1 => f.write_str("1 mistake"),
            several => write!(f, "{several} mistakes"),
        }
    }
}
