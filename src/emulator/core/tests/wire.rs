use super::*;

#[test]
fn get_caller_identity_is_laid_out_like_sts() {
    let reply = call(&mut sts(), &ops(), "Action=GetCallerIdentity");
    let id = reply.header("x-amzn-requestid").unwrap();
    let user_id = User::iam(ACCOUNT, "ops").user_id();
    assert_eq!(
        text(&reply),
        format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  \
             <GetCallerIdentityResult>\n    <Arn>arn:aws:iam::123456789012:user/ops</Arn>\n    \
             <UserId>{user_id}</UserId>\n    <Account>123456789012</Account>\n  </GetCallerIdentityResult>\n  \
             <ResponseMetadata>\n    <RequestId>{id}</RequestId>\n  </ResponseMetadata>\n\
             </GetCallerIdentityResponse>\n"
        )
    );
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("text/xml"));
    assert_eq!(reply.header("date"), Some("Fri, 02 Jan 2026 03:04:05 GMT"));
}

#[test]
fn root_is_the_account() {
    let reply = call(&mut sts(), &root(), "Action=GetCallerIdentity");
    assert_eq!(element(&reply, "Arn"), "arn:aws:iam::123456789012:root");
    assert_eq!(element(&reply, "UserId"), "123456789012");
}

#[test]
fn request_ids_differ_and_errors_carry_theirs_twice() {
    let mut sts = sts();
    let first = call(&mut sts, &ops(), "Action=GetCallerIdentity");
    let second = call(&mut sts, &ops(), "Action=GetSessionToken&DurationSeconds=1");
    let id = second.header("x-amzn-requestid");
    assert_ne!(first.header("x-amzn-requestid"), id);
    assert_eq!(id, Some(element(&second, "RequestId").as_str()));
    assert_eq!(second.header("date"), Some("Fri, 02 Jan 2026 03:04:05 GMT"));
}

/// AWS finds the action before it looks at the signature, so these need none.
#[test]
fn unknown_actions_and_versions_are_invalid_actions() {
    for (body, message) in [
        (
            "Action=Nope&Version=2011-06-15",
            "Could not find operation Nope for version 2011-06-15",
        ),
        (
            "Action=&Version=2011-06-15",
            "Could not find operation  for version 2011-06-15",
        ),
        (
            "Action=GetCallerIdentity",
            "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED",
        ),
        (
            "Action=GetCallerIdentity&Version=",
            "Could not find operation GetCallerIdentity for version ",
        ),
        (
            "Action=GetCallerIdentity&Version=2000-01-01",
            "Could not find operation GetCallerIdentity for version 2000-01-01",
        ),
        (
            "Action=getcalleridentity&Version=2011-06-15",
            "Could not find operation getcalleridentity for version 2011-06-15",
        ),
    ] {
        let reply = answer(&mut sts(), &form(body), NOW);
        assert_eq!(reply.status, 400, "{body}");
        assert!(text(&reply).contains("<Code>InvalidAction</Code>"), "{body}");
        assert!(
            text(&reply).contains(&format!("<Message>{message}</Message>")),
            "{body}"
        );
    }
}

fn form(body: &str) -> Request {
    let content_type = (
        "content-type".to_owned(),
        "application/x-www-form-urlencoded".to_owned(),
    );
    Request {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        headers: vec![content_type],
        body: body.as_bytes().to_vec(),
        ..Request::default()
    }
}

#[test]
fn whoever_names_no_action_is_sent_elsewhere() {
    let get = |query: &str| Request {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        query: query.to_owned(),
        ..Request::default()
    };
    let mut text_plain = form("Action=GetCallerIdentity&Version=2011-06-15");
    text_plain.headers.clear();
    for (request, location) in [
        (form("Version=2011-06-15"), "https://aws.amazon.com/iam"),
        (text_plain, "https://aws.amazon.com/iam"),
        (get(""), "https://aws.amazon.com/iam"),
        (
            get("Version=2011-06-15"),
            "https://aws.amazon.com/iam?Version=2011-06-15",
        ),
    ] {
        let reply = answer(&mut sts(), &request, NOW);
        assert_eq!((reply.status, reply.header("location")), (302, Some(location)));
        assert!(reply.body.is_empty());
    }
}

#[test]
fn other_paths_and_methods_are_not_there() {
    let mut request = post(&ops(), "Action=GetCallerIdentity", NOW);
    request.path = "/sts".to_owned();
    assert_eq!(answer(&mut sts(), &request, NOW).status, 404);
    let mut request = post(&ops(), "Action=GetCallerIdentity", NOW);
    request.method = "PUT".to_owned();
    assert_eq!(answer(&mut sts(), &request, NOW).status, 405);
}

#[test]
fn the_state_counts_what_happened() {
    let mut sts = sts();
    let code = sts.token_code(SERIAL, NOW).unwrap();
    let mfa = format!("Action=GetSessionToken&SerialNumber={SERIAL}&TokenCode={code}");
    for _ in 0..2 {
        call(&mut sts, &ops(), &mfa);
    }
    call(&mut sts, &ops(), "Action=GetCallerIdentity");
    call(&mut sts, &ops(), "Action=Nope");
    let counts = |pairs: &[(&str, u64)]| -> BTreeMap<String, u64> {
        let pairs = pairs.iter();
        pairs.map(|(key, count)| (String::from(*key), *count)).collect()
    };
    assert_eq!(
        sts.state(),
        State {
            requests: counts(&[("GetCallerIdentity", 1), ("GetSessionToken", 2), ("other", 1)]),
            errors: counts(&[("AccessDenied", 1), ("InvalidAction", 1)]),
            successes: BTreeMap::from([(SERIAL.to_owned(), vec![NOW.timestamp() / 30])]),
            sessions: 1,
            roles: Vec::new(),
            assumed: Vec::new(),
            issued: Vec::new(),
            authorization_messages: Vec::new(),
            oidc_providers: Vec::new(),
            saml_providers: Vec::new(),
            faults: Faults::default(),
        }
    );
}
