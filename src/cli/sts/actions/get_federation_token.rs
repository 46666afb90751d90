use crate::aws::{self, Invalid, TagList};
use crate::cli::Failed;
use crate::cli::sts::action::{Action, SignedBy};
use crate::cli::sts::asker::{Asker, Mfa};
use crate::cli::sts::given::{Given, wrong};
use crate::cli::sts::page::{self, Field, Page};
use crate::cli::sts::parameter::{DURATION_SECONDS, MINIMUM_SESSION_TOKEN_SIZE, POLICY, POLICY_ARNS, Parameter, TAGS};
use crate::sts::{GetFederationToken, Issued, Sts};

const NAME: Parameter = Parameter::one("name", "NAME", "The federated user");

pub(super) const ACTION: Action = Action {
    name: "get-federation-token",
    what: "Temporary credentials of a user that IAM does not know; signed by the long-term key",
    signed_by: SignedBy::Key,
    required: &[&NAME],
    optional: &[
        &POLICY,
        &POLICY_ARNS,
        &DURATION_SECONDS,
        &TAGS,
        &MINIMUM_SESSION_TOKEN_SIZE,
    ],
    ask: |asker| Box::pin(ask(asker)),
};

async fn ask(asker: &Asker<'_>) -> Result<Page, Failed> {
    let request = request(&asker.given)?;
    let sts = asker.sts()?;
    let signing = asker.key(Mfa::NotTaken).await?;
    let reply = sts.get_federation_token(GetFederationToken {
        endpoint: &signing.endpoint,
        key: &signing.with,
        now: signing.now,
        request: &request,
    });
    asker.page(&reply.await, fields)
}

fn request(given: &Given<'_>) -> Result<aws::GetFederationToken, Failed> {
    let tags = TagList::try_from(given.tags()?);
    Ok(aws::GetFederationToken {
        name: given.required(&NAME)?,
        policies: given.policies()?,
        duration: given.number(&DURATION_SECONDS)?.unwrap_or_default(),
        tags: tags.map_err(|Invalid(rule)| wrong(&TAGS, &rule))?,
        minimum_session_token_size: given.number(&MINIMUM_SESSION_TOKEN_SIZE)?,
    })
}

fn fields(issued: &Issued) -> Vec<Field<'_>> {
    let about = &issued.about;
    let all = [
        Some(page::credentials(&issued.credentials)),
        page::user("FederatedUser", "FederatedUserId", about.user.as_ref()),
        page::number("PackedPolicySize", issued.packed_policy_size),
        page::number("SessionTokenUtilization", about.session_token_utilization),
        page::number("SessionTokenSize", about.session_token_size),
    ];
    all.into_iter().flatten().collect()
}
