use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Ask, with_parts};
use crate::aws::{Endpoint, TradeInToken};
use crate::sts::element::{ResultElement, account};
use crate::sts::parameters::Parameters;
use crate::sts::wire::Call;
use crate::sts::xml::Malformed;
use crate::sts::{Action, Issued, Signer};

/// The longest that any credentials of STS live; this action is not asked for a duration.
const LONGEST: Duration = Duration::from_hours(36);

/// One GetDelegatedAccessToken call.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetDelegatedAccessToken.html>
pub struct GetDelegatedAccessToken<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// What signs it.
    pub signer: Signer<'a>,
    /// STS's time, for the signature.
    pub now: DateTime<Utc>,
    /// What is traded for credentials.
    pub trade_in_token: &'a TradeInToken,
}

impl Ask for GetDelegatedAccessToken<'_> {
    type Told = Issued;

    fn call(&self) -> Call<'_> {
        let token = self.trade_in_token.expose();
        let parameters = Parameters::default().text("TradeInToken", token);
        Call {
            action: Action::GetDelegatedAccessToken,
            endpoint: self.endpoint,
            signer: Some(self.signer),
            now: self.now,
            duration: LONGEST,
            form: parameters.encode(Action::GetDelegatedAccessToken),
            secrets: with_parts(token).chain(self.signer.secrets()).collect(),
        }
    }

    fn read(result: &ResultElement<'_>) -> Result<Issued, Malformed> {
        let mut issued = result.issued()?;
        issued.about.assumed_principal = result.optional("AssumedPrincipal")?;
        issued.account = issued.about.assumed_principal.as_deref().and_then(account);
        Ok(issued)
    }
}
