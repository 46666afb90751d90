use super::{Policy, PolicyArn};
use crate::aws::Invalid;

/// The most managed policies that a session may have.
const MOST: usize = 10;

/// The longest that all session policies are together, in characters.
const LONGEST: usize = 2_048;

/// Session policies: an inline one, managed ones, both or none. They can only take rights away. At most 10 managed ones,
/// and at most 2048 characters of both forms together.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct SessionPolicies {
    policy: Option<Policy>,
    arns: Vec<PolicyArn>,
}

impl SessionPolicies {
    /// These policies together.
    pub fn new(policy: Option<Policy>, arns: Vec<PolicyArn>) -> Result<Self, Invalid> {
        if arns.len() > MOST {
            return Err(Invalid("must be at most 10 ARNs"));
        }
        let texts = policy
            .iter()
            .map(Policy::as_str)
            .chain(arns.iter().map(PolicyArn::as_str));
        if texts.map(|text| text.chars().count()).sum::<usize>() > LONGEST {
            return Err(Invalid(
                "must be at most 2048 characters together with `policy`; move statements into one managed policy",
            ));
        }
        Ok(Self { policy, arns })
    }

    /// The inline policy.
    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// The managed policies in the order given.
    pub fn arns(&self) -> &[PolicyArn] {
        &self.arns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arns(count: usize) -> Vec<PolicyArn> {
        let arn = |n| format!("arn:aws:iam::aws:policy/p{n}").parse().unwrap();
        (0..count).map(arn).collect()
    }

    #[test]
    fn there_are_at_most_ten_managed_policies() {
        assert_eq!(SessionPolicies::new(None, arns(10)).unwrap().arns().len(), 10);
        assert!(SessionPolicies::new(None, arns(11)).is_err());
    }

    #[test]
    fn both_forms_share_one_limit() {
        let room = LONGEST - arns(1)[0].as_str().len();
        let policy = |length: usize| format!("{{\"a\":\"{}\"}}", "ÿ".repeat(length - 8)).parse().ok();
        assert!(SessionPolicies::new(policy(room), arns(1)).is_ok());
        assert!(SessionPolicies::new(policy(room + 1), arns(1)).is_err());
    }
}
