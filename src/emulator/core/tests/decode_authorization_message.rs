use super::*;

fn decode(sts: &mut Sts, message: &str) -> Response {
    let mut form = url::form_urlencoded::Serializer::new(String::from("Action=DecodeAuthorizationMessage"));
    let form = form.append_pair("EncodedMessage", message).finish();
    call(sts, &ops(), &form)
}

#[test]
fn a_denial_can_be_decoded() {
    let mut sts = sts();
    let role = "arn:aws:iam::123456789012:role/none";
    let assume = format!("Action=AssumeRole&RoleArn={role}&RoleSessionName=s1");
    assert_eq!(call(&mut sts, &ops(), &assume).status, 403);
    let encoded = sts.state().authorization_messages.remove(0);
    let decoded = element(&decode(&mut sts, &encoded), "DecodedMessage");
    let decoded: serde_json::Value = serde_json::from_str(&decoded).unwrap();
    assert_eq!(
        (&decoded["allowed"], &decoded["explicitDeny"]),
        (&false.into(), &false.into())
    );
    let context = &decoded["context"];
    assert_eq!(context["action"], "sts:AssumeRole");
    assert_eq!(context["resource"], role);
    assert_eq!(context["principal"]["arn"], "arn:aws:iam::123456789012:user/ops");
    assert_eq!(context["principal"]["name"], "ops");
}

#[test]
fn whatever_else_is_not_valid() {
    let mut sts = sts();
    call(
        &mut sts,
        &ops(),
        "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/x&RoleSessionName=s1",
    );
    let encoded = sts.state().authorization_messages.remove(0);
    for message in ["made-up", &format!("{encoded}\n"), &encoded[1..]] {
        let code = "InvalidAuthorizationMessageException";
        assert_error(&decode(&mut sts, message), 400, code, "Message is not valid");
    }
    let (_, code, message) = error(&decode(&mut sts, ""));
    assert!(
        code == "ValidationError" && message.ends_with("greater than or equal to 1"),
        "{message}"
    );
    let (_, _, message) = error(&decode(&mut sts, &"x".repeat(10_241)));
    assert!(message.ends_with("less than or equal to 10240"));
}
