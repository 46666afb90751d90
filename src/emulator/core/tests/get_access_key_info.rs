use super::*;

fn info(sts: &mut Sts, id: &str) -> Response {
    call(sts, &ops(), &format!("Action=GetAccessKeyInfo&AccessKeyId={id}"))
}

#[test]
fn every_key_has_its_account_even_an_inactive_one() {
    let mut sts = sts();
    sts.add_user(User::iam("210987654321", "far").with_key("AKIAIOSFODNN7EXAMPLE", "s"));
    sts.set_key_active("AKIAIOSFODNN7EXAMPLE", false);
    let reply = info(&mut sts, "AKIAIOSFODNN7EXAMPLE");
    assert_eq!(element(&reply, "Account"), "210987654321");
    let session = session(&call(&mut sts, &ops(), "Action=GetSessionToken"));
    let reply = info(&mut sts, &session.access_key_id);
    assert_eq!(element(&reply, "Account"), ACCOUNT);
}

#[test]
fn a_key_of_nobody_and_one_that_cannot_be_are_refused() {
    assert_error(
        &info(&mut sts(), "AKIAIOSFODNN7EXAMPL2"),
        403,
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    );
    let at = "at 'accessKeyId' failed to satisfy constraint: Member must";
    for (id, message) in [
        (
            "AKIA",
            format!("Value 'AKIA' {at} have length greater than or equal to 16"),
        ),
        (
            "AKIA-IOSFODNN7EXAMPLE",
            format!(r"Value 'AKIA-IOSFODNN7EXAMPLE' {at} satisfy regular expression pattern: [\w]*"),
        ),
    ] {
        let message = format!("1 validation error detected: {message}");
        assert_error(&info(&mut sts(), id), 400, "ValidationError", &message);
    }
    let reply = call(&mut sts(), &ops(), "Action=GetAccessKeyInfo");
    let message = format!("1 validation error detected: Value null {at} not be null");
    assert_error(&reply, 400, "ValidationError", &message);
}
