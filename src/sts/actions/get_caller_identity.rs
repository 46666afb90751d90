use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Ask;
use crate::aws::{AccountId, Arn, Endpoint};
use crate::sts::element::ResultElement;
use crate::sts::parameters::Parameters;
use crate::sts::wire::Call;
use crate::sts::xml::Malformed;
use crate::sts::{Action, Signer};

/// One GetCallerIdentity call, which needs no permission.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
pub struct GetCallerIdentity<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// What signs it.
    pub signer: Signer<'a>,
    /// STS's time, for the signature.
    pub now: DateTime<Utc>,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// AWS's id of the user or role, with the session's name after a colon.
    pub user_id: String,
    /// The account.
    pub account: AccountId,
    /// The ARN that policies name.
    pub arn: Arn,
}

impl Ask for GetCallerIdentity<'_> {
    type Told = CallerIdentity;

    fn call(&self) -> Call<'_> {
        Call {
            action: Action::GetCallerIdentity,
            endpoint: self.endpoint,
            signer: Some(self.signer),
            now: self.now,
            duration: Duration::ZERO,
            form: Parameters::default().encode(Action::GetCallerIdentity),
            secrets: self.signer.secrets(),
        }
    }

    fn read(result: &ResultElement<'_>) -> Result<CallerIdentity, Malformed> {
        let arn = result.text("Arn")?.parse();
        Ok(CallerIdentity {
            user_id: result.text("UserId")?,
            account: result.account()?,
            arn: arn.map_err(|_| Malformed::new("its Arn is not an ARN"))?,
        })
    }
}
