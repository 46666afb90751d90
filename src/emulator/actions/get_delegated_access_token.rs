use super::{Action, Call, Run, credentials};
use crate::emulator::core::{Issued, Sts};
use crate::emulator::errors::Error;
use crate::emulator::roles::RoleSession;
use crate::emulator::sessions::Holder;
use crate::emulator::validation::Violations;
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetDelegatedAccessToken.html>
pub(super) const ACTION: Action = Action {
    name: "GetDelegatedAccessToken",
    run: Run::Signed(run),
};

/// AWS does not say what it calls the session of a role.
const SESSION_NAME: &str = "delegated";

fn run(sts: &mut Sts, call: &Call<'_>) -> Result<Vec<Element>, Error> {
    let mut broken = Violations::default();
    let token = broken.secret(
        "tradeInToken",
        call.form.text("TradeInToken"),
        &super::parameters::any_text(0, usize::MAX),
    );
    broken.into_result()?;
    // How AWS refuses a token that it never made has not been reported.
    let invalid = || Error::validation("The trade-in token is invalid");
    let trade_in = sts.trade_ins.find(token).cloned().ok_or_else(invalid)?;
    if call.moment.now >= trade_in.expiration {
        return Err(Error::expired_trade_in_token());
    }
    let holder = holder(sts, &trade_in.principal).ok_or_else(invalid)?;

    let (principal, seconds) = (&trade_in.principal, i64::from(trade_in.seconds));
    let by = call.caller.identity.arn();
    sts.record_issued(Issued::new(ACTION.name, principal, &by, seconds));
    let format = sts.rules.expiration_format;
    let expiration = call.moment.expiration(seconds, format);
    let session = sts.sessions.issue(&mut sts.ids, holder, false, expiration);
    Ok(vec![
        credentials(&session, format),
        Element::text("AssumedPrincipal", principal.as_str()),
    ])
}

fn holder(sts: &Sts, principal: &str) -> Option<Holder> {
    if sts.users.by_arn(principal).is_some() {
        return Some(Holder::User(principal.to_owned()));
    }
    let role = sts.roles.by_arn(principal)?.clone();
    Some(Holder::Role(RoleSession {
        role,
        name: SESSION_NAME.to_owned(),
        transitive_tags: Vec::new(),
        source_identity: None,
    }))
}
