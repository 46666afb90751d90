use super::parameters::{ARN, any_text};
use super::{Action, Call, Run, credentials};
use crate::emulator::core::{Issued, Sts};
use crate::emulator::errors::Error;
use crate::emulator::sessions::Holder;
use crate::emulator::users::User;
use crate::emulator::validation::{Text, Violations};
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html>
pub(super) const ACTION: Action = Action {
    name: "AssumeRoot",
    run: Run::Signed(run),
};

const TARGET_PRINCIPAL: Text = any_text(12, 2_048);
const MAX_SECONDS: i32 = 900;
const TASK_POLICIES: &str = "arn:aws:iam::aws:policy/root-task/";
const TASKS: [&str; 5] = [
    "IAMAuditRootUserCredentials",
    "IAMCreateRootUserPassword",
    "IAMDeleteRootUserCredentials",
    "S3UnlockBucketPolicy",
    "SQSUnlockQueuePolicy",
];

fn run(sts: &mut Sts, call: &Call<'_>) -> Result<Vec<Element>, Error> {
    let duration_seconds = call.form.integer("DurationSeconds")?;
    let mut broken = Violations::default();
    let target = broken.required("targetPrincipal", call.form.text("TargetPrincipal"), &TARGET_PRINCIPAL);
    let policy = task_policy(call, &mut broken);
    broken.integer("durationSeconds", duration_seconds, 0, MAX_SECONDS);
    broken.into_result()?;
    let account = account(target).ok_or_else(|| Error::validation(format!("{target} is invalid")))?;
    check_task(policy)?;

    let identity = &call.caller.identity;
    let root = User::root(account);
    let may_not = || Error::not_authorized(identity, "sts:AssumeRoot", &root.arn());
    let is_root = identity.user().is_some_and(User::is_root);
    if is_root || !sts.organization.lets_assume_root(identity.account(), account) {
        return Err(may_not());
    }

    let seconds = duration_seconds.unwrap_or(MAX_SECONDS);
    sts.record_issued(Issued {
        policy_arns: vec![policy.to_owned()],
        ..Issued::new(ACTION.name, &root.arn(), &identity.arn(), i64::from(seconds))
    });
    let format = sts.rules.expiration_format;
    let expiration = call.moment.expiration(seconds.into(), format);
    let holder = Holder::Root(account.to_owned());
    let session = sts.sessions.issue(&mut sts.ids, holder, false, expiration);
    let source_identity = identity.role_session().and_then(|role| role.source_identity.clone());
    let mut result = vec![credentials(&session, format)];
    result.extend(source_identity.map(|identity| Element::text("SourceIdentity", identity)));
    Ok(result)
}

fn task_policy<'a>(call: &Call<'a>, broken: &mut Violations) -> &'a str {
    let arn = call.form.text("TaskPolicyArn.arn");
    if arn.is_none() {
        return broken.required("taskPolicyArn", None, &ARN);
    }
    broken.required("taskPolicyArn.arn", arn, &ARN)
}

/// The account, by its twelve digits or by the ARN of its root.
fn account(target: &str) -> Option<&str> {
    let digits = match target.strip_prefix("arn:aws:iam::") {
        Some(rest) => rest.strip_suffix(":root")?,
        None => target,
    };
    (digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// AWS names the policies in its documentation; how it refuses others has not been reported.
fn check_task(policy: &str) -> Result<(), Error> {
    let task = policy.strip_prefix(TASK_POLICIES);
    if task.is_some_and(|task| TASKS.contains(&task)) {
        return Ok(());
    }
    Err(Error::validation(format!("{policy} is not a valid task policy")))
}
