use crate::cli::Failed;
use crate::cli::sts::action::{Action, SignedBy};
use crate::cli::sts::asker::{Asker, Mfa};
use crate::cli::sts::page::{self, Field, Page};
use crate::sts::{CallerIdentity, GetCallerIdentity, Sts};

pub(super) const ACTION: Action = Action {
    name: "get-caller-identity",
    what: "Who AWS takes the caller for",
    signed_by: SignedBy::Credentials,
    required: &[],
    optional: &[],
    ask: |asker| Box::pin(ask(asker)),
};

async fn ask(asker: &Asker<'_>) -> Result<Page, Failed> {
    let sts = asker.sts()?;
    let signing = asker.signing(Mfa::NotTaken).await?;
    let reply = sts.get_caller_identity(GetCallerIdentity {
        endpoint: &signing.endpoint,
        signer: signing.signer(),
        now: signing.now,
    });
    asker.page(&reply.await, fields)
}

fn fields(identity: &CallerIdentity) -> Vec<Field<'_>> {
    vec![
        ("UserId", page::text(&identity.user_id)),
        ("Account", page::text(identity.account.as_str())),
        ("Arn", page::text(identity.arn.as_str())),
    ]
}
