use std::time::Duration;

use crate::aws::Invalid;

/// How long a role's credentials are asked for, in seconds: 900 to 43200, by default 3600. The role's own maximum may be
/// lower; the call fails above it.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleDuration(u32);

impl RoleDuration {
    /// The longest that AWS gives to a role that is assumed from temporary credentials (role chaining).
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining>
    pub const LONGEST_CHAINED: Self = Self(3_600);

    /// Seconds.
    pub fn as_secs(self) -> u32 {
        self.0
    }

    /// The same as a duration.
    pub fn as_duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl Default for RoleDuration {
    fn default() -> Self {
        Self(3_600)
    }
}

impl TryFrom<i64> for RoleDuration {
    type Error = Invalid;

    fn try_from(seconds: i64) -> Result<Self, Invalid> {
        match u32::try_from(seconds) {
            Ok(seconds) if (900..=43_200).contains(&seconds) => Ok(Self(seconds)),
            _ => Err(Invalid(
                "must be 900 to 43200 seconds (15 minutes to 12 hours) for a role",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_range_of_aws() {
        for seconds in [900, 3_600, 43_200] {
            assert_eq!(
                RoleDuration::try_from(seconds).map(|d| i64::from(d.as_secs())),
                Ok(seconds)
            );
        }
        for seconds in [i64::MIN, 0, 899, 43_201, i64::MAX] {
            assert!(RoleDuration::try_from(seconds).is_err(), "{seconds}");
        }
    }
}
