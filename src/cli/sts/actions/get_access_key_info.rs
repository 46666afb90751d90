use crate::aws::AccessKeyId;
use crate::cli::Failed;
use crate::cli::sts::action::{Action, SignedBy};
use crate::cli::sts::asker::{Asker, Mfa};
use crate::cli::sts::page::{self, Field, Page};
use crate::cli::sts::parameter::Parameter;
use crate::sts::{AccessKeyInfo, GetAccessKeyInfo};

const ACCESS_KEY_ID: Parameter = Parameter::one("access-key-id", "ID", "The id of the key, such as AKIA…");

pub(super) const ACTION: Action = Action {
    name: "get-access-key-info",
    what: "The account that an access key is of",
    signed_by: SignedBy::Credentials,
    required: &[&ACCESS_KEY_ID],
    optional: &[],
    ask: |asker| Box::pin(ask(asker)),
};

async fn ask(asker: &Asker<'_>) -> Result<Page, Failed> {
    let access_key_id: AccessKeyId = asker.given.required(&ACCESS_KEY_ID)?;
    let sts = asker.sts()?;
    let signing = asker.signing(Mfa::NotTaken).await?;
    let reply = sts.get_access_key_info(GetAccessKeyInfo {
        endpoint: &signing.endpoint,
        signer: signing.signer(),
        now: signing.now,
        access_key_id: &access_key_id,
    });
    asker.page(&reply.await, fields)
}

fn fields(info: &AccessKeyInfo) -> Vec<Field<'_>> {
    vec![("Account", page::text(info.account.as_str()))]
}
