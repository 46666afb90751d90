use crate::aws::{self, Invalid};
use crate::cli::Failed;
use crate::cli::sts::action::{Action, SignedBy};
use crate::cli::sts::asker::{Asker, Mfa};
use crate::cli::sts::given::{Given, wrong};
use crate::cli::sts::page::{self, Field, Page};
use crate::cli::sts::parameter::{DURATION_SECONDS, MINIMUM_SESSION_TOKEN_SIZE, Parameter};
use crate::sts::{AssumeRoot, Issued, Sts};

const TARGET_PRINCIPAL: Parameter = Parameter::one(
    "target-principal",
    "ACCOUNT",
    "The member account, or the ARN of its root user",
);
const TASK_POLICY_ARN: Parameter = Parameter::one(
    "task-policy-arn",
    "arn=ARN",
    "AWS's policy of the task: arn=arn:aws:iam::aws:policy/root-task/…",
);

pub(super) const ACTION: Action = Action {
    name: "assume-root",
    what: "Temporary credentials of a member account's root user, for one task",
    signed_by: SignedBy::Credentials,
    required: &[&TARGET_PRINCIPAL, &TASK_POLICY_ARN],
    optional: &[&DURATION_SECONDS, &MINIMUM_SESSION_TOKEN_SIZE],
    ask: |asker| Box::pin(ask(asker)),
};

async fn ask(asker: &Asker<'_>) -> Result<Page, Failed> {
    let request = request(&asker.given)?;
    let sts = asker.sts()?;
    let signing = asker.signing(Mfa::NotTaken).await?;
    let reply = sts.assume_root(AssumeRoot {
        endpoint: &signing.endpoint,
        signer: signing.signer(),
        now: signing.now,
        request: &request,
    });
    asker.page(&reply.await, fields)
}

fn request(given: &Given<'_>) -> Result<aws::AssumeRoot, Failed> {
    let task = match given.structures(&TASK_POLICY_ARN, ["arn"])?.as_slice() {
        [[arn]] => arn.parse().map_err(|Invalid(rule)| wrong(&TASK_POLICY_ARN, &rule))?,
        _ => return Err(wrong(&TASK_POLICY_ARN, &"must be one")),
    };
    Ok(aws::AssumeRoot {
        target_principal: given.required(&TARGET_PRINCIPAL)?,
        task_policy_arn: task,
        duration: given.number(&DURATION_SECONDS)?.unwrap_or_default(),
        minimum_session_token_size: given.number(&MINIMUM_SESSION_TOKEN_SIZE)?,
    })
}

fn fields(issued: &Issued) -> Vec<Field<'_>> {
    let first = [Some(page::credentials(&issued.credentials))];
    first.into_iter().chain(page::sizes(issued)).flatten().collect()
}
