use crate::aws::TradeInToken;
use crate::cli::Failed;
use crate::cli::sts::action::{Action, SignedBy};
use crate::cli::sts::asker::{Asker, Mfa};
use crate::cli::sts::page::{self, Field, Page};
use crate::cli::sts::parameter::Parameter;
use crate::sts::{GetDelegatedAccessToken, Issued};

const TRADE_IN_TOKEN: Parameter = Parameter::secret_file(
    "trade-in-token-file",
    "The token that is traded in; - is standard input",
    "trade-in-token",
);

pub(super) const ACTION: Action = Action {
    name: "get-delegated-access-token",
    what: "Temporary credentials for a trade-in token",
    signed_by: SignedBy::Credentials,
    required: &[&TRADE_IN_TOKEN],
    optional: &[],
    ask: |asker| Box::pin(ask(asker)),
};

async fn ask(asker: &Asker<'_>) -> Result<Page, Failed> {
    let token: TradeInToken = asker.given.secret(&TRADE_IN_TOKEN)?;
    let sts = asker.sts()?;
    let signing = asker.signing(Mfa::NotTaken).await?;
    let reply = sts.get_delegated_access_token(GetDelegatedAccessToken {
        endpoint: &signing.endpoint,
        signer: signing.signer(),
        now: signing.now,
        trade_in_token: &token,
    });
    asker.page(&reply.await, fields)
}

fn fields(issued: &Issued) -> Vec<Field<'_>> {
    let all = [
        Some(page::credentials(&issued.credentials)),
        page::number("PackedPolicySize", issued.packed_policy_size),
        page::optional("AssumedPrincipal", issued.about.assumed_principal.as_ref()),
    ];
    all.into_iter().flatten().collect()
}
