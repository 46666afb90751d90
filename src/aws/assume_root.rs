use std::str::FromStr;
use std::time::Duration;

use super::{AccountId, Arn, Invalid, SessionTokenSize};

/// What AssumeRoot is asked for: a short session of a member account's root user, for one task.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html>
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AssumeRoot {
    /// The member account.
    pub target_principal: TargetPrincipal,
    /// The task.
    pub task_policy_arn: TaskPolicyArn,
    /// How long the credentials live.
    pub duration: RootDuration,
    /// The size to which STS pads the session token.
    pub minimum_session_token_size: Option<SessionTokenSize>,
}

/// A member account of the organization: its twelve digits, or the ARN of its root user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetPrincipal(Box<str>);

/// The ARN of one of AWS's policies for privileged root tasks, such as
/// `arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TaskPolicyArn(Arn);

/// How long a root session is asked for, in seconds: 0 to 900, by default 900 (`RootDurationSecondsType` of the STS
/// model).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RootDuration(u32);

impl TargetPrincipal {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The member account.
    pub fn account(&self) -> &str {
        // The fifth part of an ARN; the digits alone have no parts.
        self.0.split(':').nth(4).unwrap_or(&self.0)
    }
}

impl FromStr for TargetPrincipal {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let of_root = |arn: Arn| {
            let of_account = arn.account().parse::<AccountId>().is_ok();
            of_account && arn.service() == "iam" && arn.resource() == "root"
        };
        if text.parse::<AccountId>().is_ok() || text.parse().is_ok_and(of_root) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid(
                "must be a member account: twelve digits, or an ARN such as \"arn:aws:iam::123456789012:root\"",
            ))
        }
    }
}

impl TaskPolicyArn {
    /// The tasks that there are.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html>
    pub const TASKS: [&str; 5] = [
        "IAMAuditRootUserCredentials",
        "IAMCreateRootUserPassword",
        "IAMDeleteRootUserCredentials",
        "S3UnlockBucketPolicy",
        "SQSUnlockQueuePolicy",
    ];

    /// The ARN as written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for TaskPolicyArn {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let of_task = |arn: &Arn| {
            let task = arn.resource().strip_prefix("policy/root-task/");
            let known = task.is_some_and(|task| Self::TASKS.contains(&task));
            known && arn.service() == "iam" && arn.account() == "aws"
        };
        text.parse().ok().filter(of_task).map(Self).ok_or(Invalid(
            "must be \"arn:aws:iam::aws:policy/root-task/\" and one of IAMAuditRootUserCredentials, \
             IAMCreateRootUserPassword, IAMDeleteRootUserCredentials, S3UnlockBucketPolicy and SQSUnlockQueuePolicy",
        ))
    }
}

impl RootDuration {
    /// Seconds.
    pub fn as_secs(self) -> u32 {
        self.0
    }

    /// The same as a duration.
    pub fn as_duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl Default for RootDuration {
    fn default() -> Self {
        Self(900)
    }
}

impl TryFrom<i64> for RootDuration {
    type Error = Invalid;

    fn try_from(seconds: i64) -> Result<Self, Invalid> {
        match u32::try_from(seconds) {
            Ok(seconds) if seconds <= 900 => Ok(Self(seconds)),
            _ => Err(Invalid("must be at most 900 seconds (15 minutes) for a root session")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_an_account_or_its_root_user() {
        for text in [
            "012345678901",
            "arn:aws:iam::123456789012:root",
            "arn:aws-us-gov:iam::123456789012:root",
        ] {
            let target: TargetPrincipal = text.parse().unwrap();
            assert_eq!(target.as_str(), text);
            assert!(target.account().parse::<AccountId>().is_ok() && text.contains(target.account()));
        }
        for text in [
            "",
            "12345678901",
            "arn:aws:iam::123456789012:user/root",
            "arn:aws:iam::aws:root",
        ] {
            assert!(text.parse::<TargetPrincipal>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn knows_the_tasks_in_every_partition() {
        for task in TaskPolicyArn::TASKS {
            for partition in ["aws", "aws-cn"] {
                let text = format!("arn:{partition}:iam::aws:policy/root-task/{task}");
                assert_eq!(text.parse::<TaskPolicyArn>().unwrap().as_str(), text);
            }
        }
        for text in [
            "IAMAuditRootUserCredentials",
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "arn:aws:iam::aws:policy/root-task/Everything",
            "arn:aws:iam::123456789012:policy/root-task/S3UnlockBucketPolicy",
        ] {
            assert!(text.parse::<TaskPolicyArn>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn lasts_a_quarter_of_an_hour_at_most() {
        for (seconds, valid) in [(-1, false), (0, true), (900, true), (901, false)] {
            assert_eq!(RootDuration::try_from(seconds).is_ok(), valid, "{seconds}");
        }
    }
}
