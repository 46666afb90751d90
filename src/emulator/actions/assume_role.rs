mod ask;
mod tags;

use self::ask::Ask;
use super::{Action, Call, Run, credentials, packed, role_seconds};
use crate::emulator::core::{Assumed, Sts};
use crate::emulator::errors::Error;
use crate::emulator::roles::{Asking, Role, RoleSession};
use crate::emulator::sessions::Holder;
use crate::emulator::users::User;
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
pub(super) const ACTION: Action = Action {
    name: "AssumeRole",
    run: Run::Signed(run),
};

/// For callers with temporary credentials.
const MAX_CHAINED_SECONDS: u32 = 3_600;

/// What is wrong with the call as such is told first; a code counts as used from the moment that MFA was looked at,
/// whatever the trust policy says then.
fn run(sts: &mut Sts, call: &Call<'_>) -> Result<Vec<Element>, Error> {
    let ask = Ask::read(call.form)?;
    let caller = &call.caller.identity;
    let (tags, transitive_tags) = tags::of_session(&ask, caller)?;
    let packed_policy_size = packed::size(ask.policy, &ask.policy_arns, &tags)?;
    check_chaining(&ask, call)?;
    let in_this_call = sts.take_code(caller.user(), ask.serial_number, ask.token_code, call.moment.now)?;

    let mfa = in_this_call || call.caller.mfa;
    let role = admitting_role(sts, &ask, call, mfa)?;
    let source_identity = source_identity(&ask, call)?;
    let seconds = role_seconds(ask.duration_seconds, &role)?;

    let session = RoleSession {
        role,
        name: ask.role_session_name.to_owned(),
        transitive_tags,
        source_identity,
    };
    let (arn, id, source_identity) = (session.arn(), session.id(), session.source_identity.clone());
    sts.record(Assumed {
        arn: arn.clone(),
        caller: caller.arn(),
        seconds,
        mfa,
        external_id: ask.external_id.map(str::to_owned),
        source_identity: source_identity.clone(),
        policy: ask.policy.map(str::to_owned),
        policy_arns: ask.policy_arns.iter().map(|arn| String::from(*arn)).collect(),
        tags,
        transitive_tag_keys: session.transitive_tags.iter().map(|(key, _)| key.clone()).collect(),
    });

    let format = sts.rules.expiration_format;
    let expiration = call.moment.expiration(seconds.into(), format);
    // AWS: the credentials of a role carry no MFA, whatever it was assumed with.
    let session = sts
        .sessions
        .issue(&mut sts.ids, Holder::Role(session), false, expiration);
    let user = vec![Element::text("AssumedRoleId", id), Element::text("Arn", arn)];
    let mut result = vec![Element::parent("AssumedRoleUser", user), credentials(&session, format)];
    result.extend(super::packed_policy_size(packed_policy_size));
    result.extend(source_identity.map(|identity| Element::text("SourceIdentity", identity)));
    Ok(result)
}

fn check_chaining(ask: &Ask<'_>, call: &Call<'_>) -> Result<(), Error> {
    if call.caller.is_session()
        && ask
            .duration_seconds
            .is_some_and(|seconds| seconds > MAX_CHAINED_SECONDS)
    {
        return Err(Error::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    Ok(())
}

/// A role that does not exist is denied in the words of one that trusts somebody else.
fn admitting_role(sts: &Sts, ask: &Ask<'_>, call: &Call<'_>, mfa: bool) -> Result<Role, Error> {
    let identity = &call.caller.identity;
    if identity.user().is_some_and(User::is_root) {
        return Err(Error::access_denied("Roles may not be assumed by root accounts."));
    }
    let asking = Asking {
        identity,
        mfa,
        external_id: ask.external_id,
        source_identity: ask.source_identity.or_else(|| inherited_source_identity(call)),
    };
    let role = sts.roles.by_arn(ask.role_arn).filter(|role| role.admits(&asking));
    role.cloned().ok_or_else(|| not_authorized("sts:AssumeRole", ask, call))
}

/// Once set it stays, and no later session may have another.
fn source_identity(ask: &Ask<'_>, call: &Call<'_>) -> Result<Option<String>, Error> {
    match (inherited_source_identity(call), ask.source_identity) {
        (Some(inherited), Some(asked)) if inherited != asked => Err(not_authorized("sts:SetSourceIdentity", ask, call)),
        (inherited, asked) => Ok(inherited.or(asked).map(str::to_owned)),
    }
}

fn inherited_source_identity<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    call.caller.identity.role_session()?.source_identity.as_deref()
}

fn not_authorized(action: &str, ask: &Ask<'_>, call: &Call<'_>) -> Error {
    Error::not_authorized(&call.caller.identity, action, ask.role_arn)
}
