use std::time::Duration;

use super::Invalid;

/// How long a session of GetSessionToken or GetFederationToken is asked for, in seconds: 900 to 129600, by default 43200.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionDuration(u32);

impl SessionDuration {
    /// Seconds.
    pub fn as_secs(self) -> u32 {
        self.0
    }

    /// The same as a duration.
    pub fn as_duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl Default for SessionDuration {
    fn default() -> Self {
        Self(43_200)
    }
}

impl TryFrom<i64> for SessionDuration {
    type Error = Invalid;

    fn try_from(seconds: i64) -> Result<Self, Invalid> {
        match u32::try_from(seconds) {
            Ok(seconds) if (900..=129_600).contains(&seconds) => Ok(Self(seconds)),
            _ => Err(Invalid("must be 900 to 129600 seconds (15 minutes to 36 hours)")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_range_of_aws() {
        for seconds in [900, 43_200, 129_600] {
            assert_eq!(
                SessionDuration::try_from(seconds).map(|d| i64::from(d.as_secs())),
                Ok(seconds)
            );
        }
        for seconds in [i64::MIN, -900, 0, 899, 129_601, i64::MAX] {
            assert!(SessionDuration::try_from(seconds).is_err(), "{seconds}");
        }
    }
}
