use super::errors::Error;

/// The constraints of the model that a call broke, in the words of AWS: the value is echoed, codes and all.
#[derive(Default)]
pub(super) struct Violations(Vec<String>);

/// The constraints of a text.
pub(super) struct Text {
    pub(super) min: usize,
    pub(super) max: usize,
    /// As the model writes it, for the message.
    pub(super) pattern: &'static str,
    /// What the pattern means.
    pub(super) allowed: fn(char) -> bool,
}

impl Violations {
    /// The text, or nothing in place of one that is missing.
    pub(super) fn required<'a>(&mut self, member: &str, value: Option<&'a str>, constraint: &Text) -> &'a str {
        if value.is_none() {
            self.add_value(member, "null", "not be null");
        }
        self.text(member, value, constraint);
        value.unwrap_or_default()
    }

    /// As [`Violations::required`], without an echo: AWS hides what the model calls sensitive.
    pub(super) fn secret<'a>(&mut self, member: &str, value: Option<&'a str>, constraint: &Text) -> &'a str {
        let before = self.0.len();
        let text = self.required(member, value, constraint);
        for violation in &mut self.0[before..] {
            *violation = violation.replacen(&format!(" '{text}' at"), " at", 1);
        }
        text
    }

    /// A text that is not one of those that there are.
    pub(super) fn not_of(&mut self, member: &str, value: &str, known: &str) {
        self.add(member, value, &format!("satisfy enum value set: {known}"));
    }

    /// The number of a list's members.
    pub(super) fn length(&mut self, member: &str, values: &[&str], max: usize) {
        if values.len() > max {
            let bound = format!("have length less than or equal to {max}");
            self.add(member, &format!("[{}]", values.join(", ")), &bound);
        }
    }

    /// Length before pattern: the order in which AWS reports a code that broke both.
    pub(super) fn text(&mut self, member: &str, value: Option<&str>, constraint: &Text) {
        let Some(value) = value else { return };
        let length = value.encode_utf16().count();
        if length < constraint.min {
            let bound = format!("have length greater than or equal to {}", constraint.min);
            self.add(member, value, &bound);
        }
        if length > constraint.max {
            let bound = format!("have length less than or equal to {}", constraint.max);
            self.add(member, value, &bound);
        }
        let at_least_one = constraint.pattern.ends_with('+');
        if !value.chars().all(constraint.allowed) || (at_least_one && value.is_empty()) {
            let bound = format!("satisfy regular expression pattern: {}", constraint.pattern);
            self.add(member, value, &bound);
        }
    }

    pub(super) fn integer(&mut self, member: &str, value: Option<i32>, min: i32, max: i32) {
        let Some(value) = value else { return };
        if value < min {
            let bound = format!("have value greater than or equal to {min}");
            self.add(member, &value.to_string(), &bound);
        }
        if value > max {
            let bound = format!("have value less than or equal to {max}");
            self.add(member, &value.to_string(), &bound);
        }
    }

    /// The error that names them all.
    pub(super) fn into_result(self) -> Result<(), Error> {
        let count = self.0.len();
        let plural = if count == 1 { "" } else { "s" };
        match count {
            0 => Ok(()),
            _ => Err(Error::validation(format!(
                "{count} validation error{plural} detected: {}",
                self.0.join("; ")
            ))),
        }
    }

    fn add(&mut self, member: &str, value: &str, bound: &str) {
        self.add_value(member, &format!("'{value}'"), bound);
    }

    fn add_value(&mut self, member: &str, value: &str, bound: &str) {
        self.0.push(format!(
            "Value {value} at '{member}' failed to satisfy constraint: Member must {bound}"
        ));
    }
}
