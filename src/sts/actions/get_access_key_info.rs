use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Ask;
use crate::aws::{AccessKeyId, AccountId, Endpoint};
use crate::sts::element::ResultElement;
use crate::sts::parameters::Parameters;
use crate::sts::wire::Call;
use crate::sts::xml::Malformed;
use crate::sts::{Action, Signer};

/// One GetAccessKeyInfo call.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html>
pub struct GetAccessKeyInfo<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// What signs it.
    pub signer: Signer<'a>,
    /// STS's time, for the signature.
    pub now: DateTime<Utc>,
    /// The key that is asked about.
    pub access_key_id: &'a AccessKeyId,
}

/// Whose an access key is. It says nothing about whether the key is active, or still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKeyInfo {
    /// The account that the key is of.
    pub account: AccountId,
}

impl Ask for GetAccessKeyInfo<'_> {
    type Told = AccessKeyInfo;

    /// The id that is asked about counts as a secret, since a user may give the other half of the pair by mistake.
    fn call(&self) -> Call<'_> {
        let id = self.access_key_id.as_str();
        let mut secrets = self.signer.secrets();
        secrets.push(id);
        Call {
            action: Action::GetAccessKeyInfo,
            endpoint: self.endpoint,
            signer: Some(self.signer),
            now: self.now,
            duration: Duration::ZERO,
            form: Parameters::default()
                .text("AccessKeyId", id)
                .encode(Action::GetAccessKeyInfo),
            secrets,
        }
    }

    fn read(result: &ResultElement<'_>) -> Result<AccessKeyInfo, Malformed> {
        let account = result.account()?;
        Ok(AccessKeyInfo { account })
    }
}
