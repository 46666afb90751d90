use crate::aws::AccountId;
use crate::sts::{CallerIdentity, Issued};

/// Whose credentials are, as STS tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The ARN that policies name, where it was told.
    pub arn: Option<String>,
}

impl Caller {
    /// Both ARNs, this one's first, where both are known and differ.
    pub(super) fn other_arn<'a>(&'a self, other: &'a Self) -> Option<(&'a str, &'a str)> {
        let arns = self.arn.as_deref().zip(other.arn.as_deref());
        arns.filter(|(own, other)| own != other)
    }

    /// As the reply says that brought the credentials; none of a session or a root session does.
    pub(super) fn of(issued: &Issued) -> Option<Self> {
        let user = issued.about.user.as_ref();
        Some(Self {
            account: issued.account.clone()?,
            arn: user.and_then(|user| user.arn.clone()),
        })
    }
}

impl From<CallerIdentity> for Caller {
    fn from(identity: CallerIdentity) -> Self {
        Self {
            account: identity.account,
            arn: Some(identity.arn.as_str().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_user_is_one_of_whom_an_arn_tells() {
        let of = |arn: Option<&str>| Caller {
            account: "123456789012".parse().unwrap(),
            arn: arn.map(str::to_owned),
        };
        let (ops, dev) = (of(Some("ops")), of(Some("dev")));
        assert_eq!(ops.other_arn(&dev), Some(("ops", "dev")));
        assert_eq!(
            [ops.other_arn(&ops), ops.other_arn(&of(None)), of(None).other_arn(&dev)],
            [None; 3]
        );
    }
}
