use crate::aws::{self, WebIdentityToken};
use crate::cli::Failed;
use crate::cli::sts::action::{Action, SignedBy};
use crate::cli::sts::asker::Asker;
use crate::cli::sts::page::{self, Field, Page};
use crate::cli::sts::parameter::{
    DURATION_SECONDS, MINIMUM_SESSION_TOKEN_SIZE, POLICY, POLICY_ARNS, Parameter, ROLE_ARN, ROLE_SESSION_NAME,
};
use crate::sts::{AssumeRoleWithWebIdentity, Identity, Issued, Sts};

const WEB_IDENTITY_TOKEN: Parameter = Parameter::secret_file(
    "web-identity-token-file",
    "The token of the identity provider; - is standard input",
    "web-identity-token",
);
const PROVIDER_ID: Parameter = Parameter::one(
    "provider-id",
    "HOST",
    "The provider of an OAuth 2.0 access token; none for an OpenID Connect token",
);

pub(super) const ACTION: Action = Action {
    name: "assume-role-with-web-identity",
    what: "Temporary credentials of a role, for the token of an identity provider",
    signed_by: SignedBy::Nobody,
    required: &[&ROLE_ARN, &ROLE_SESSION_NAME, &WEB_IDENTITY_TOKEN],
    optional: &[
        &PROVIDER_ID,
        &POLICY_ARNS,
        &POLICY,
        &DURATION_SECONDS,
        &MINIMUM_SESSION_TOKEN_SIZE,
    ],
    ask: |asker| Box::pin(ask(asker)),
};

async fn ask(asker: &Asker<'_>) -> Result<Page, Failed> {
    let given = &asker.given;
    let request = aws::AssumeRoleWithWebIdentity {
        role_arn: given.required(&ROLE_ARN)?,
        role_session_name: given.required(&ROLE_SESSION_NAME)?,
        duration: given.number(&DURATION_SECONDS)?.unwrap_or_default(),
        provider_id: given.optional(&PROVIDER_ID)?,
        policies: given.policies()?,
        minimum_session_token_size: given.number(&MINIMUM_SESSION_TOKEN_SIZE)?,
    };
    let (endpoint, now) = asker.unsigned()?;
    let token: WebIdentityToken = given.secret(&WEB_IDENTITY_TOKEN)?;
    let sts = asker.sts()?;
    let reply = sts.assume_role_with_web_identity(AssumeRoleWithWebIdentity {
        endpoint: &endpoint,
        now,
        request: &request,
        token: &token,
    });
    asker.page(&reply.await, fields)
}

fn fields(issued: &Issued) -> Vec<Field<'_>> {
    let (subject, provider, audience) = match &issued.about.identity {
        Some(Identity::Web {
            subject,
            provider,
            audience,
        }) => (subject.as_ref(), provider.as_ref(), audience.as_ref()),
        _ => (None, None, None),
    };
    let first = [
        Some(page::credentials(&issued.credentials)),
        page::optional("SubjectFromWebIdentityToken", subject),
        page::user("AssumedRoleUser", "AssumedRoleId", issued.about.user.as_ref()),
        page::number("PackedPolicySize", issued.packed_policy_size),
        page::optional("Provider", provider),
        page::optional("Audience", audience),
    ];
    first.into_iter().chain(page::sizes(issued)).flatten().collect()
}
