use crate::aws::{self, SamlAssertion};
use crate::cli::Failed;
use crate::cli::sts::action::{Action, SignedBy};
use crate::cli::sts::asker::Asker;
use crate::cli::sts::page::{self, Field, Page};
use crate::cli::sts::parameter::{
    DURATION_SECONDS, MINIMUM_SESSION_TOKEN_SIZE, POLICY, POLICY_ARNS, Parameter, ROLE_ARN,
};
use crate::sts::{AssumeRoleWithSaml, Identity, Issued, Sts};

const PRINCIPAL_ARN: Parameter = Parameter::one(
    "principal-arn",
    "ARN",
    "The SAML provider in IAM that made the assertion",
);
const SAML_ASSERTION: Parameter = Parameter::secret_file(
    "saml-assertion-file",
    "The provider's response in base64; - is standard input",
    "saml-assertion",
);

pub(super) const ACTION: Action = Action {
    name: "assume-role-with-saml",
    what: "Temporary credentials of a role, for the assertion of a SAML provider",
    signed_by: SignedBy::Nobody,
    required: &[&ROLE_ARN, &PRINCIPAL_ARN, &SAML_ASSERTION],
    optional: &[&POLICY_ARNS, &POLICY, &DURATION_SECONDS, &MINIMUM_SESSION_TOKEN_SIZE],
    ask: |asker| Box::pin(ask(asker)),
};

async fn ask(asker: &Asker<'_>) -> Result<Page, Failed> {
    let given = &asker.given;
    let request = aws::AssumeRoleWithSaml {
        role_arn: given.required(&ROLE_ARN)?,
        principal_arn: given.required(&PRINCIPAL_ARN)?,
        duration: given.number(&DURATION_SECONDS)?.unwrap_or_default(),
        policies: given.policies()?,
        minimum_session_token_size: given.number(&MINIMUM_SESSION_TOKEN_SIZE)?,
    };
    let (endpoint, now) = asker.unsigned()?;
    let assertion: SamlAssertion = given.secret(&SAML_ASSERTION)?;
    let sts = asker.sts()?;
    let reply = sts.assume_role_with_saml(AssumeRoleWithSaml {
        endpoint: &endpoint,
        now,
        request: &request,
        assertion: &assertion,
    });
    asker.page(&reply.await, fields)
}

fn fields(issued: &Issued) -> Vec<Field<'_>> {
    let mut fields = vec![Some(page::credentials(&issued.credentials))];
    fields.push(page::user(
        "AssumedRoleUser",
        "AssumedRoleId",
        issued.about.user.as_ref(),
    ));
    fields.push(page::number("PackedPolicySize", issued.packed_policy_size));
    if let Some(Identity::Saml {
        subject,
        subject_type,
        issuer,
        audience,
        name_qualifier,
    }) = &issued.about.identity
    {
        fields.extend([
            page::optional("Subject", subject.as_ref()),
            page::optional("SubjectType", subject_type.as_ref()),
            page::optional("Issuer", issuer.as_ref()),
            page::optional("Audience", audience.as_ref()),
            page::optional("NameQualifier", name_qualifier.as_ref()),
        ]);
    }
    fields.into_iter().chain(page::sizes(issued)).flatten().collect()
}
