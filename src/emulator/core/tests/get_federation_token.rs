use super::*;
use chrono::TimeDelta;

fn ask(more: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::from("Action=GetFederationToken"));
    form.append_pair("Name", "bob").extend_pairs(more).finish()
}

fn seconds(reply: &Response) -> i64 {
    let expiration: DateTime<Utc> = element(reply, "Expiration").parse().unwrap();
    (expiration - NOW).num_seconds()
}

#[test]
fn a_federated_user_is_itself_until_it_expires() {
    let mut sts = sts();
    let reply = call(&mut sts, &ops(), &ask(&[]));
    let arn = "arn:aws:sts::123456789012:federated-user/bob";
    assert_eq!(element(&reply, "Arn"), arn);
    assert_eq!(element(&reply, "FederatedUserId"), "123456789012:bob");
    assert!(!text(&reply).contains("PackedPolicySize"));
    assert_eq!(seconds(&reply), 43_200);

    let bob = session(&reply);
    let who = call(&mut sts, &bob, "Action=GetCallerIdentity");
    assert_eq!(
        (element(&who, "Arn").as_str(), element(&who, "UserId").as_str()),
        (arn, "123456789012:bob")
    );
    assert_eq!(element(&who, "Account"), ACCOUNT);
    let over = NOW + TimeDelta::seconds(43_200);
    let reply = answer(&mut sts, &post(&bob, "Action=GetCallerIdentity", over), over);
    let message = "The security token included in the request is expired";
    assert_error(&reply, 403, "ExpiredToken", message);
}

#[test]
fn it_lives_as_long_as_asked_and_roots_an_hour() {
    let longest = ask(&[("DurationSeconds", "129600")]);
    assert_eq!(seconds(&call(&mut sts(), &ops(), &longest)), 129_600);
    assert_eq!(seconds(&call(&mut sts(), &root(), &longest)), 3_600);
    assert_eq!(
        seconds(&call(&mut sts(), &root(), &ask(&[("DurationSeconds", "900")]))),
        900
    );
}

#[test]
fn what_was_asked_is_in_the_state() {
    let mut sts = sts();
    let arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let more = [
        ("Policy", "{\"a\": 1}"),
        ("PolicyArns.member.1.arn", arn),
        ("Tags.member.1.Key", "Team"),
        ("Tags.member.1.Value", "a"),
        ("DurationSeconds", "900"),
    ];
    let reply = call(&mut sts, &ops(), &ask(&more));
    assert_eq!(element(&reply, "PackedPolicySize"), "2");
    let issued = Issued {
        policy: Some("{\"a\": 1}".to_owned()),
        policy_arns: vec![arn.to_owned()],
        tags: vec![("Team".to_owned(), "a".to_owned())],
        ..Issued::new(
            "GetFederationToken",
            "arn:aws:sts::123456789012:federated-user/bob",
            "arn:aws:iam::123456789012:user/ops",
            900,
        )
    };
    assert_eq!(sts.state().issued, [issued]);
}

#[test]
fn it_is_refused_in_the_words_of_sts() {
    let refused = |form: &str| error(&call(&mut sts(), &ops(), form));
    let validation = |message: &str| {
        let message = format!("1 validation error detected: {message}");
        (400, "ValidationError".to_owned(), message)
    };
    let must = "failed to satisfy constraint: Member must";
    assert_eq!(
        refused("Action=GetFederationToken"),
        validation(&format!("Value null at 'name' {must} not be null"))
    );
    let name = "x".repeat(33);
    assert_eq!(
        refused(&format!("Action=GetFederationToken&Name={name}")),
        validation(&format!(
            "Value '{name}' at 'name' {must} have length less than or equal to 32"
        ))
    );
    assert_eq!(
        refused(&ask(&[("DurationSeconds", "129601")])),
        validation(&format!(
            "Value '129601' at 'durationSeconds' {must} have value less than or equal to 129600"
        ))
    );
    let long = "x".repeat(2_049);
    assert_eq!(
        refused(&ask(&[("Policy", &long)])),
        validation(&format!(
            "Value '{long}' at 'policy' {must} have length less than or equal to 2048"
        ))
    );
    let (status, code, _) = refused(&ask(&[("Policy", "no JSON")]));
    assert_eq!((status, code.as_str()), (400, "MalformedPolicyDocument"));
    let policy = format!("{{\"a\": \"{}\"}}", "x".repeat(2_030));
    let more = [
        ("Policy", &*policy),
        ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnly"),
    ];
    let (status, code, _) = refused(&ask(&more));
    assert_eq!((status, code.as_str()), (400, "PackedPolicyTooLarge"));
    let twice = [
        ("Tags.member.1.Key", "a"),
        ("Tags.member.1.Value", ""),
        ("Tags.member.2.Key", "A"),
        ("Tags.member.2.Value", ""),
    ];
    assert_eq!(refused(&ask(&twice)).1, "InvalidParameterValue");
}
