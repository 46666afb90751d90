use crate::aws::{self, ContextAssertion, Invalid, ProvidedContext, ProvidedContexts, TagKey, Tags};
use crate::cli::Failed;
use crate::cli::sts::action::{Action, SignedBy};
use crate::cli::sts::asker::{Asker, Mfa};
use crate::cli::sts::given::{Given, wrong};
use crate::cli::sts::page::{self, Field, Page};
use crate::cli::sts::parameter::{
    DURATION_SECONDS, MINIMUM_SESSION_TOKEN_SIZE, NO_MFA, POLICY, POLICY_ARNS, Parameter, ROLE_ARN, ROLE_SESSION_NAME,
    SERIAL_NUMBER, TAGS,
};
use crate::cli::sts::structures;
use crate::sts::{AssumeRole, Issued, Sts};

const TRANSITIVE_TAG_KEYS: Parameter = Parameter::many(
    "transitive-tag-keys",
    "KEY",
    "Keys of the tags that stay through role chaining",
);
const EXTERNAL_ID: Parameter = Parameter::one("external-id", "ID", "The id that the role's trust policy demands");
const SOURCE_IDENTITY: Parameter = Parameter::one("source-identity", "NAME", "Who acts, for CloudTrail");
const PROVIDED_CONTEXTS: Parameter = Parameter::secret_file(
    "provided-contexts-file",
    "A list in JSON of at most 5 objects with ProviderArn and ContextAssertion; - is standard input",
    "provided-contexts",
);

pub(super) const ACTION: Action = Action {
    name: "assume-role",
    what: "Temporary credentials of a role",
    signed_by: SignedBy::Credentials,
    required: &[&ROLE_ARN, &ROLE_SESSION_NAME],
    optional: &[
        &POLICY_ARNS,
        &POLICY,
        &DURATION_SECONDS,
        &TAGS,
        &TRANSITIVE_TAG_KEYS,
        &EXTERNAL_ID,
        &SERIAL_NUMBER,
        &NO_MFA,
        &SOURCE_IDENTITY,
        &PROVIDED_CONTEXTS,
        &MINIMUM_SESSION_TOKEN_SIZE,
    ],
    ask: |asker| Box::pin(ask(asker)),
};

async fn ask(asker: &Asker<'_>) -> Result<Page, Failed> {
    let request = request(&asker.given)?;
    let sts = asker.sts()?;
    let signing = asker.signing(Mfa::Taken).await?;
    let reply = sts.assume_role(AssumeRole {
        endpoint: &signing.endpoint,
        signer: signing.signer(),
        now: signing.now,
        request: &request,
        mfa: signing.mfa(),
    });
    asker.page(&reply.await, fields)
}

fn request(given: &Given<'_>) -> Result<aws::AssumeRole, Failed> {
    let transitive = given.texts(&TRANSITIVE_TAG_KEYS)?;
    let transitive: Result<Vec<TagKey>, Invalid> = transitive.iter().map(|key| key.parse()).collect();
    let transitive = transitive.map_err(|Invalid(rule)| wrong(&TRANSITIVE_TAG_KEYS, &rule))?;
    let tags = Tags::new(given.tags()?, transitive).map_err(|Invalid(rule)| wrong(&TAGS, &rule))?;
    Ok(aws::AssumeRole {
        role_arn: given.required(&ROLE_ARN)?,
        role_session_name: given.required(&ROLE_SESSION_NAME)?,
        duration: given.number(&DURATION_SECONDS)?.unwrap_or_default(),
        external_id: given.optional(&EXTERNAL_ID)?,
        source_identity: given.optional(&SOURCE_IDENTITY)?,
        policies: given.policies()?,
        tags,
        provided_contexts: provided_contexts(given)?,
        minimum_session_token_size: given.number(&MINIMUM_SESSION_TOKEN_SIZE)?,
    })
}

fn provided_contexts(given: &Given<'_>) -> Result<ProvidedContexts, Failed> {
    let Some(text) = given.secret_text(&PROVIDED_CONTEXTS)? else {
        return Ok(ProvidedContexts::default());
    };
    let wrong = |rule: &dyn std::fmt::Display| wrong(&PROVIDED_CONTEXTS, rule);
    let contexts = structures::read(&[text.expose().to_owned()], ["ProviderArn", "ContextAssertion"]);
    let context = |[provider, assertion]: [String; 2]| {
        let context_assertion: ContextAssertion = assertion.parse()?;
        let provider_arn = provider.parse()?;
        Ok(ProvidedContext {
            provider_arn,
            context_assertion,
        })
    };
    let contexts: Result<Vec<_>, Invalid> = contexts
        .map_err(|rule| wrong(&rule))?
        .into_iter()
        .map(context)
        .collect();
    let contexts = contexts.and_then(ProvidedContexts::try_from);
    contexts.map_err(|Invalid(rule)| wrong(&rule))
}

fn fields(issued: &Issued) -> Vec<Field<'_>> {
    let first = [
        Some(page::credentials(&issued.credentials)),
        page::user("AssumedRoleUser", "AssumedRoleId", issued.about.user.as_ref()),
        page::number("PackedPolicySize", issued.packed_policy_size),
    ];
    first.into_iter().chain(page::sizes(issued)).flatten().collect()
}
