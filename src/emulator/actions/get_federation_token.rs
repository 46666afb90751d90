use super::parameters::{POLICY, SESSION_NAME, check_arn, distinct_keys, owned, policy_arns, tags};
use super::{Action, Call, Run, credentials, packed, packed_policy_size};
use crate::emulator::callers::FederatedUser;
use crate::emulator::core::{Issued, Sts};
use crate::emulator::errors::Error;
use crate::emulator::sessions::Holder;
use crate::emulator::validation::{Text, Violations};
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html>
pub(super) const ACTION: Action = Action {
    name: "GetFederationToken",
    run: Run::Signed(run),
};

const NAME: Text = Text {
    max: 32,
    ..SESSION_NAME
};
const DEFAULT_SECONDS: i32 = 43_200;
const MIN_SECONDS: i32 = 900;
const MAX_SECONDS: i32 = 129_600;
/// Longer wishes of root are cut, not refused.
const MAX_ROOT_SECONDS: i32 = 3_600;

fn run(sts: &mut Sts, call: &Call<'_>) -> Result<Vec<Element>, Error> {
    let duration_seconds = call.form.integer("DurationSeconds")?;
    let mut broken = Violations::default();
    let name = broken.required("name", call.form.text("Name"), &NAME);
    let policy = call.form.text("Policy");
    broken.text("policy", policy, &POLICY);
    let policy_arns = policy_arns(call.form, &mut broken);
    broken.integer("durationSeconds", duration_seconds, MIN_SECONDS, MAX_SECONDS);
    let tags = tags(call.form, &mut broken);
    broken.into_result()?;
    policy_arns.iter().try_for_each(|arn| check_arn(arn))?;

    let Some(user) = call.caller.user_of_key() else {
        return Err(Error::session_credentials(ACTION.name));
    };
    distinct_keys(&tags)?;
    let tags = owned(&tags);
    let packed = packed::size(policy, &policy_arns, &tags)?;

    let longest = if user.is_root() { MAX_ROOT_SECONDS } else { MAX_SECONDS };
    let seconds = duration_seconds.unwrap_or(DEFAULT_SECONDS).min(longest);
    let federated = FederatedUser {
        account: user.account().to_owned(),
        name: name.to_owned(),
    };
    let (arn, id) = (federated.arn(), federated.id());
    sts.record_issued(Issued {
        policy: policy.map(str::to_owned),
        policy_arns: policy_arns.iter().map(|arn| (*arn).to_owned()).collect(),
        tags,
        ..Issued::new(ACTION.name, &arn, &user.arn(), i64::from(seconds))
    });
    let format = sts.rules.expiration_format;
    let expiration = call.moment.expiration(seconds.into(), format);
    let session = sts
        .sessions
        .issue(&mut sts.ids, Holder::Federated(federated), false, expiration);
    let user = vec![Element::text("FederatedUserId", id), Element::text("Arn", arn)];
    let mut result = vec![credentials(&session, format), Element::parent("FederatedUser", user)];
    result.extend(packed_policy_size(packed));
    Ok(result)
}
