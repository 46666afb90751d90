use std::io::Write;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Exit, Failed};
use crate::clock::{Clock, SystemClock};

const MORE: &str = "\
Attach it to the IAM user for sessions of GetSessionToken and GetFederationToken, to the role for a role's. It denies everything
to those that were issued before; the long-term key itself has no such time and is not denied. It takes some minutes to be in
force everywhere, and may be removed once the last session from before has expired.

Exit codes: 0 it is printed, 64 wrong use, 74 it could not be written.";

#[derive(Debug, clap::Args)]
#[command(after_help = MORE)]
pub(super) struct Args {
    /// Sessions that were issued before this time are denied, such as 2027-01-15T08:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    issued_before: Option<DateTime<Utc>>,
}

/// Prints the policy.
pub(super) fn run(args: &Args) -> Result<(), Failed> {
    let issued_before = args.issued_before.unwrap_or_else(|| SystemClock.wall());
    let mut output = std::io::stdout().lock();
    let written = output.write_all(policy(issued_before).as_bytes());
    written.and_then(|()| output.flush()).map_err(|error| {
        let message = format_args!("the policy could not be written to standard output: {error}");
        Failed::new(Exit::Output, &message)
    })
}

fn time(text: &str) -> Result<DateTime<Utc>, &'static str> {
    DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).map_err(
        |_| "it must be a date and a time with its zone, such as 2027-01-15T08:00:00Z or 2027-01-15T09:00:00+01:00",
    )
}

/// The inline policy that IAM's console attaches as `AWSRevokeOlderSessions`. A session's issue time has whole seconds.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>
fn policy(issued_before: DateTime<Utc>) -> String {
    let issued_before = issued_before.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!(
        r#"{{
  "Version": "2012-10-17",
  "Statement": [
    {{
      "Effect": "Deny",
      "Action": ["*"],
      "Resource": ["*"],
      "Condition": {{
        "DateLessThan": {{"aws:TokenIssueTime": "{issued_before}"}}
      }}
    }}
  ]
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_denies_all_that_was_issued_before() {
        let golden = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Deny",
      "Action": ["*"],
      "Resource": ["*"],
      "Condition": {
        "DateLessThan": {"aws:TokenIssueTime": "2027-01-15T08:00:00Z"}
      }
    }
  ]
}
"#;
        for text in ["2027-01-15T08:00:00Z", "2027-01-15T09:00:00.999+01:00"] {
            assert_eq!(policy(time(text).unwrap()), golden);
        }
        assert!(serde_json::from_str::<serde_json::Value>(golden).is_ok());
    }

    #[test]
    fn a_time_has_its_zone() {
        for text in ["", "now", "2027-01-15", "2027-01-15T08:00:00", "1800000000"] {
            assert!(time(text).unwrap_err().contains("2027-01-15T08:00:00Z"), "{text}");
        }
    }
}
