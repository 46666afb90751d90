use super::*;
use crate::emulator::jwt::{Jwt, KeySet, Verdict, key_set};
use chrono::TimeDelta;

fn ask(algorithm: &str, more: &str) -> String {
    format!("Action=GetWebIdentityToken&Audience.member.1=app&SigningAlgorithm={algorithm}{more}")
}

#[test]
fn a_token_tells_who_asked_and_can_be_checked() {
    for algorithm in ["RS256", "ES384"] {
        let more = "&Tags.member.1.Key=job&Tags.member.1.Value=7";
        let reply = call(&mut sts(), &ops(), &ask(algorithm, more));
        let token = element(&reply, "WebIdentityToken");
        let jwt = Jwt::parse(&token).unwrap();
        assert_eq!(KeySet::parse(&key_set()).unwrap().verify(&jwt), Verdict::Good);
        assert_eq!(jwt.algorithm(), algorithm);
        assert_eq!(jwt.text("iss"), Some("http://127.0.0.1:7413/_emulator/issuer"));
        assert_eq!(jwt.text("sub"), Some("arn:aws:iam::123456789012:user/ops"));
        assert_eq!(jwt.text("aud"), Some("app"));
        assert_eq!(jwt.number("iat"), Some(NOW.timestamp()));
        assert_eq!(jwt.number("exp"), Some(NOW.timestamp() + 300));
        let own = jwt.claim("https://sts.amazonaws.com/").unwrap();
        assert_eq!(
            (&own["aws_account"], &own["request_tags"]["job"]),
            (&ACCOUNT.into(), &"7".into())
        );
        let expiration: DateTime<Utc> = element(&reply, "Expiration").parse().unwrap();
        assert_eq!(expiration - NOW, TimeDelta::seconds(300));
    }
}

#[test]
fn several_audiences_are_a_list_and_a_role_is_the_subject() {
    let mut sts = sts();
    let role = "arn:aws:iam::123456789012:role/deploy";
    sts.add_role(Role::new(role).trusting("arn:aws:iam::123456789012:user/ops"));
    let assume = format!("Action=AssumeRole&RoleArn={role}&RoleSessionName=s1&DurationSeconds=900");
    let assumed = session(&call(&mut sts, &ops(), &assume));
    let reply = call(
        &mut sts,
        &assumed,
        &ask("RS256", "&Audience.member.2=b&DurationSeconds=900"),
    );
    let token = element(&reply, "WebIdentityToken");
    let jwt = Jwt::parse(&token).unwrap();
    assert_eq!((jwt.audiences(), jwt.text("sub")), (vec!["app", "b"], Some(role)));

    let message = "The requested token duration would extend the session beyond its original expiration time";
    let reply = call(&mut sts, &assumed, &ask("RS256", "&DurationSeconds=901"));
    assert_error(&reply, 403, "SessionDurationEscalationException", message);
}

#[test]
fn it_is_refused_in_its_bounds() {
    let refused = |form: &str| error(&call(&mut sts(), &ops(), form));
    for (form, end) in [
        (
            "Action=GetWebIdentityToken&SigningAlgorithm=RS256",
            "'audience' failed to satisfy constraint: Member must not be null",
        ),
        (
            &ask("RS256", "&DurationSeconds=59"),
            "value greater than or equal to 60",
        ),
        (
            &ask("RS256", "&DurationSeconds=3601"),
            "value less than or equal to 3600",
        ),
        (&ask("HS256", ""), "Member must satisfy enum value set: [ES384, RS256]"),
        (&ask("RS1", ""), "length greater than or equal to 5"),
        (
            "Action=GetWebIdentityToken&Audience.member.1=a",
            "'signingAlgorithm' failed to satisfy constraint: Member must not be null",
        ),
        (
            &ask("RS256", "&Audience.member.2="),
            "length greater than or equal to 1",
        ),
        (
            &ask("RS256", &format!("&Audience.member.2={}", "x".repeat(1_001))),
            "length less than or equal to 1000",
        ),
        (
            &ask(
                "RS256",
                &(2..=11)
                    .map(|n| format!("&Audience.member.{n}=a"))
                    .collect::<Vec<_>>()
                    .concat(),
            ),
            "length less than or equal to 10",
        ),
    ] {
        let (status, code, message) = refused(form);
        assert_eq!((status, code.as_str()), (400, "ValidationError"), "{form}");
        assert!(
            message.starts_with("1 validation error") && message.ends_with(end),
            "{form}: {message}"
        );
    }
    let tag = |n: usize| format!("&Tags.member.{n}.Key=k{n}&Tags.member.{n}.Value={}", "v".repeat(256));
    let many = (1..=50).map(tag).collect::<Vec<_>>().concat();
    assert_eq!(refused(&ask("RS256", &many)).1, "JWTPayloadSizeExceededException");
}

#[test]
fn the_account_must_have_it_and_the_global_endpoint_has_not() {
    let mut sts = sts();
    sts.set_outbound_federation(false);
    let message = "The outbound web identity federation feature is not enabled for this account";
    let code = "OutboundWebIdentityFederationDisabledException";
    assert_error(&call(&mut sts, &ops(), &ask("RS256", "")), 403, code, message);
    let mut request = post(&ops(), &ask("RS256", ""), NOW);
    let host = request.headers.iter_mut().find(|(name, _)| name == "host").unwrap();
    host.1 = "sts.amazonaws.com".to_owned();
    assert_error(
        &answer(&mut sts, &request, NOW),
        400,
        "InvalidAction",
        "Unknown Operation",
    );
}
