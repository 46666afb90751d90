use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// How this STS behaves where AWS has a choice, or where nobody outside AWS knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The one region that signatures must be scoped to.
    pub region: String,
    /// How far a signature's time may be from the emulator's: AWS's texts speak of 15 minutes, some of 5.
    pub signature_tolerance: TimeDelta,
    /// The length of a TOTP step, at least 1. AWS's is 30; tests shorten it.
    pub step_seconds: i64,
    /// What a success uses up.
    pub code_use: CodeUse,
    /// How `Expiration` is written.
    pub expiration_format: ExpirationFormat,
    /// Sessions live this long, whatever was asked for.
    pub lifetime_seconds: Option<u32>,
}

/// What a success of an MFA device uses up. AWS does not say; a client must get along with both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeUse {
    /// The code of that step.
    OnlyThatStep,
    /// The codes of that step and of all before it, as RFC 6238 advises.
    ThatAndEarlier,
}

/// How `Expiration` is written. AWS's documentation shows fractions, tools have seen offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpirationFormat {
    /// `2011-07-11T19:55:29Z`
    WholeSeconds,
    /// `2011-07-11T19:55:29.611Z`
    Fraction,
    /// `2011-07-11T19:55:29+00:00`
    Offset,
}

impl Default for Rules {
    /// The stricter of every two: what satisfies these satisfies AWS.
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            signature_tolerance: TimeDelta::minutes(15),
            step_seconds: 30,
            code_use: CodeUse::ThatAndEarlier,
            expiration_format: ExpirationFormat::WholeSeconds,
            lifetime_seconds: None,
        }
    }
}

impl Rules {
    /// The TOTP step of this instant.
    pub(super) fn step(&self, unix_seconds: i64) -> i64 {
        unix_seconds.div_euclid(self.step_seconds.max(1))
    }
}

impl ExpirationFormat {
    pub(super) fn write(self, expiration: DateTime<Utc>) -> String {
        match self {
            Self::WholeSeconds => expiration.to_rfc3339_opts(SecondsFormat::Secs, true),
            Self::Fraction => expiration.to_rfc3339_opts(SecondsFormat::Millis, true),
            Self::Offset => expiration.to_rfc3339_opts(SecondsFormat::Secs, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expirations_have_three_forms() {
        let time = DateTime::from_timestamp_millis(1_310_414_129_611).unwrap();
        for (format, text) in [
            (ExpirationFormat::WholeSeconds, "2011-07-11T19:55:29Z"),
            (ExpirationFormat::Fraction, "2011-07-11T19:55:29.611Z"),
            (ExpirationFormat::Offset, "2011-07-11T19:55:29+00:00"),
        ] {
            assert_eq!(format.write(time), text);
        }
    }
}
