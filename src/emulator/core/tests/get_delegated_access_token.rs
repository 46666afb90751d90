use super::*;
use chrono::TimeDelta;

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

fn with_token(principal: &str) -> Sts {
    let mut sts = sts();
    sts.add_role(Role::new(ROLE));
    sts.add_trade_in(TradeIn {
        token: "trade-me".to_owned(),
        principal: principal.to_owned(),
        expiration: NOW + TimeDelta::seconds(60),
        seconds: 1_800,
    });
    sts
}

fn ask(token: &str) -> String {
    format!("Action=GetDelegatedAccessToken&TradeInToken={token}")
}

#[test]
fn a_token_is_traded_for_its_principal() {
    for (principal, arn) in [
        (ROLE, "arn:aws:sts::123456789012:assumed-role/deploy/delegated"),
        (
            "arn:aws:iam::123456789012:user/ops",
            "arn:aws:iam::123456789012:user/ops",
        ),
    ] {
        let mut sts = with_token(principal);
        let reply = call(&mut sts, &ops(), &ask("trade-me"));
        assert_eq!(element(&reply, "AssumedPrincipal"), principal);
        let expiration: DateTime<Utc> = element(&reply, "Expiration").parse().unwrap();
        assert_eq!(expiration - NOW, TimeDelta::seconds(1_800));
        let who = call(&mut sts, &session(&reply), "Action=GetCallerIdentity");
        assert_eq!(element(&who, "Arn"), arn);
    }
}

#[test]
fn an_expired_token_an_unknown_one_and_none_are_refused() {
    let mut sts = with_token(ROLE);
    let over = NOW + TimeDelta::seconds(60);
    let reply = answer(&mut sts, &post(&ops(), &ask("trade-me"), over), over);
    let message = "The trade-in token provided in the request has expired";
    assert_error(&reply, 400, "ExpiredTradeInTokenException", message);
    let message = "The trade-in token is invalid";
    assert_error(
        &call(&mut sts, &ops(), &ask("made-up")),
        400,
        "ValidationError",
        message,
    );
    let message = "1 validation error detected: Value null at 'tradeInToken' failed to satisfy constraint: Member must \
                   not be null";
    let reply = call(&mut sts, &ops(), "Action=GetDelegatedAccessToken");
    assert_error(&reply, 400, "ValidationError", message);
    let mut lost = with_token("arn:aws:iam::123456789012:role/gone");
    assert_eq!(call(&mut lost, &ops(), &ask("trade-me")).status, 400);
}
