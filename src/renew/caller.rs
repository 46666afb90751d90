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
