//! AssumeRole: who gets which role for how long. What is asked wrongly, and chaining, have files of their own.

mod chaining;
mod parameters;

use chrono::TimeDelta;

use super::*;

const ROLE: &str = "arn:aws:iam::123456789012:role/team/deploy";
const OTHER: &str = "arn:aws:iam::123456789012:role/admin";
const OPS: &str = "arn:aws:iam::123456789012:user/ops";

/// An STS with these roles.
fn with(roles: impl IntoIterator<Item = Role>) -> Sts {
    let mut sts = sts();
    roles.into_iter().for_each(|role| sts.add_role(role));
    sts
}

/// The role, trusting the user.
fn role() -> Role {
    Role::new(ROLE).trusting(OPS)
}

/// The parameters of a call for [`ROLE`], and more.
fn ask(more: &[(&str, &str)]) -> String {
    ask_for(ROLE, more)
}

fn ask_for(role: &str, more: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::from("Action=AssumeRole"));
    form.extend_pairs([("RoleArn", role), ("RoleSessionName", "s1")]);
    form.extend_pairs(more).finish()
}

/// The serial number and the code of now.
fn mfa(sts: &Sts) -> [(&'static str, String); 2] {
    let code = sts.token_code(SERIAL, NOW).unwrap();
    [("SerialNumber", SERIAL.to_owned()), ("TokenCode", code)]
}

fn borrowed<'a>(pairs: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    pairs.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[track_caller]
fn assert_not_authorized(response: &Response, caller: &str, action: &str, role: &str) {
    let message = format!("User: {caller} is not authorized to perform: {action} on resource: {role}");
    assert_error(response, 403, "AccessDenied", &message);
}

fn seconds(reply: &Response) -> i64 {
    let expiration: DateTime<Utc> = element(reply, "Expiration").parse().unwrap();
    (expiration - NOW).num_seconds()
}

#[test]
fn a_role_is_laid_out_like_sts() {
    let mut sts = with([role()]);
    let reply = call(&mut sts, &ops(), &ask(&[]));
    let text = text(&reply);
    let start = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <AssumeRoleResult>\n    \
                 <AssumedRoleUser>\n      <AssumedRoleId>AROA";
    assert!(text.starts_with(start), "{text}");
    assert!(element(&reply, "AssumedRoleId").ends_with(":s1"));
    let arn = "arn:aws:sts::123456789012:assumed-role/deploy/s1";
    assert_eq!(element(&reply, "Arn"), arn);
    assert!(element(&reply, "AccessKeyId").starts_with("ASIA"));
    assert!(!text.contains("PackedPolicySize") && !text.contains("SourceIdentity"));

    let who = call(&mut sts, &session(&reply), "Action=GetCallerIdentity");
    assert_eq!(element(&who, "Arn"), arn);
    assert_eq!(element(&who, "UserId"), element(&reply, "AssumedRoleId"));
    assert_eq!(element(&who, "Account"), ACCOUNT);
}

#[test]
fn a_role_lives_as_long_as_asked_up_to_its_own_maximum() {
    let lives = |role: Role, more: &[(&str, &str)]| seconds(&call(&mut with([role]), &ops(), &ask(more)));
    assert_eq!(lives(role(), &[]), 3_600);
    assert_eq!(lives(role(), &[("DurationSeconds", "900")]), 900);
    let long = role().with_max_session_duration(43_200);
    assert_eq!(lives(long.clone(), &[("DurationSeconds", "43200")]), 43_200);
    assert_eq!(lives(long, &[]), 3_600);
    assert_eq!(lives(role().with_max_session_duration(900), &[]), 900);
    assert_error(
        &call(&mut with([role()]), &ops(), &ask(&[("DurationSeconds", "3601")])),
        400,
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
}

#[test]
fn the_lifetime_can_be_shortened_by_fault() {
    let mut sts = with([role()]);
    sts.set_faults(Faults {
        lifetime_seconds: Some(5),
        ..Faults::default()
    });
    assert_eq!(seconds(&call(&mut sts, &ops(), &ask(&[]))), 5);
}

#[test]
fn a_role_of_somebody_else_and_one_that_is_not_there_are_denied_alike() {
    let mut sts = with([Role::new(ROLE).trusting("arn:aws:iam::123456789012:user/dev")]);
    let missing = "arn:aws:iam::123456789012:role/missing";
    let user = "arn:aws:iam::123456789012:user/ops";
    for arn in [ROLE, missing, user] {
        let reply = call(&mut sts, &ops(), &ask_for(arn, &[]));
        assert_not_authorized(&reply, OPS, "sts:AssumeRole", arn);
    }
    assert_eq!((sts.state().sessions, sts.state().assumed.len()), (0, 0));
}

#[test]
fn root_assumes_nothing() {
    let mut sts = with([Role::new(ROLE).trusting("arn:aws:iam::123456789012:root")]);
    let message = "Roles may not be assumed by root accounts.";
    assert_error(&call(&mut sts, &root(), &ask(&[])), 403, "AccessDenied", message);
    assert_eq!(call(&mut sts, &ops(), &ask(&[])).status, 200);
}

#[test]
fn mfa_comes_with_the_call_or_with_the_session_that_signs() {
    let roles = || [role().requiring_mfa()];
    let mut sts = with(roles());
    assert_not_authorized(&call(&mut sts, &ops(), &ask(&[])), OPS, "sts:AssumeRole", ROLE);
    let code = mfa(&sts);
    assert_eq!(call(&mut sts, &ops(), &ask(&borrowed(&code))).status, 200);

    let mut sts = with(roles());
    let plain = session(&call(&mut sts, &ops(), "Action=GetSessionToken"));
    assert_not_authorized(&call(&mut sts, &plain, &ask(&[])), OPS, "sts:AssumeRole", ROLE);
    let code = mfa(&sts);
    let form = format!("Action=GetSessionToken&SerialNumber={SERIAL}&TokenCode={}", code[1].1);
    let strong = session(&call(&mut sts, &ops(), &form));
    for _ in 0..3 {
        assert_eq!(
            call(&mut sts, &strong, &ask(&[])).status,
            200,
            "no further code is needed"
        );
    }
    assert!(sts.state().assumed.iter().all(|assumed| assumed.mfa));
}

#[test]
fn a_code_is_good_once_whichever_action_took_it() {
    let wrong = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    let session_form = |code: &str| format!("Action=GetSessionToken&SerialNumber={SERIAL}&TokenCode={code}");
    let mut sts = with([role()]);
    let code = mfa(&sts);
    let role_form = ask(&borrowed(&code));
    assert_eq!(call(&mut sts, &ops(), &role_form).status, 200);
    for form in [role_form, session_form(&code[1].1)] {
        assert_error(&call(&mut sts, &ops(), &form), 403, "AccessDenied", wrong);
    }
    let next = NOW + TimeDelta::seconds(30);
    let code = sts.token_code(SERIAL, next).unwrap();
    let request = post(&ops(), &session_form(&code), next);
    assert_eq!(answer(&mut sts, &request, next).status, 200);
    let request = post(&ops(), &ask(&[("SerialNumber", SERIAL), ("TokenCode", &code)]), next);
    assert_error(&answer(&mut sts, &request, next), 403, "AccessDenied", wrong);
}

/// The trust policy looks at whether there was MFA, so the code is taken before; a wrong parameter is told first.
#[test]
fn a_denied_call_uses_its_code_up_and_an_invalid_one_does_not() {
    let mut sts = with([]);
    let code = mfa(&sts);
    let invalid = [&borrowed(&code)[..], &[("Policy", "no JSON")]].concat();
    assert_eq!(call(&mut sts, &ops(), &ask(&invalid)).status, 400);
    assert!(sts.state().successes.is_empty());
    assert_not_authorized(
        &call(&mut sts, &ops(), &ask(&borrowed(&code))),
        OPS,
        "sts:AssumeRole",
        ROLE,
    );
    assert_eq!(sts.state().successes.len(), 1);
}

#[test]
fn half_an_mfa_and_foreign_devices_are_refused() {
    let mut sts = with([role()]);
    assert_error(
        &call(&mut sts, &ops(), &ask(&[("SerialNumber", SERIAL)])),
        403,
        "AccessDenied",
        "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
    );
    let foreign = [("SerialNumber", "GAHT12345678"), ("TokenCode", "123456")];
    assert_error(
        &call(&mut sts, &ops(), &ask(&foreign)),
        403,
        "AccessDenied",
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid \
         and associated with this user.",
    );
}

#[test]
fn an_external_id_and_a_source_identity_can_be_asked_for() {
    let mut sts = with([role().with_external_id("x-1").requiring_source_identity()]);
    for (id, identity, good) in [
        ("x-1", Some("jane"), true),
        ("x-2", Some("jane"), false),
        ("x-1", None, false),
    ] {
        let mut more = vec![("ExternalId", id)];
        more.extend(identity.map(|identity| ("SourceIdentity", identity)));
        let reply = call(&mut sts, &ops(), &ask(&more));
        if good {
            assert_eq!(element(&reply, "SourceIdentity"), "jane");
        } else {
            assert_not_authorized(&reply, OPS, "sts:AssumeRole", ROLE);
        }
    }
}

#[test]
fn an_expired_role_is_expired_and_makes_no_session() {
    let mut sts = with([role()]);
    let assumed = session(&call(&mut sts, &ops(), &ask(&[("DurationSeconds", "900")])));
    assert_error(
        &call(&mut sts, &assumed, "Action=GetSessionToken"),
        403,
        "AccessDenied",
        "Cannot call GetSessionToken with session credentials",
    );
    let over = NOW + TimeDelta::seconds(900);
    let request = post(&assumed, &ask(&[]), over);
    let message = "The security token included in the request is expired";
    assert_error(&answer(&mut sts, &request, over), 403, "ExpiredToken", message);
}

#[test]
fn the_state_tells_what_was_assumed() {
    let mut sts = with([role(), Role::new(OTHER)]);
    let policy = "{\"Version\": \"2012-10-17\"}";
    let more = [
        ("DurationSeconds", "900"),
        ("Policy", policy),
        ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ("Tags.member.1.Key", "Team"),
        ("Tags.member.1.Value", "a"),
        ("Tags.member.2.Key", "Stage"),
        ("Tags.member.2.Value", ""),
        ("TransitiveTagKeys.member.1", "team"),
        ("ExternalId", "x-1"),
        ("SourceIdentity", "jane"),
    ];
    call(&mut sts, &ops(), &ask(&more));
    let state = sts.state();
    assert_eq!(state.roles, [ROLE, OTHER]);
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let expected = Assumed {
        arn: "arn:aws:sts::123456789012:assumed-role/deploy/s1".to_owned(),
        caller: OPS.to_owned(),
        seconds: 900,
        mfa: false,
        external_id: Some("x-1".to_owned()),
        source_identity: Some("jane".to_owned()),
        policy: Some(policy.to_owned()),
        policy_arns: vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()],
        tags: vec![tag("Team", "a"), tag("Stage", "")],
        transitive_tag_keys: vec!["Team".to_owned()],
    };
    assert_eq!(state.assumed, [expected]);
    for _ in 0..150 {
        call(&mut sts, &ops(), &ask(&[]));
    }
    assert_eq!((sts.state().assumed.len(), sts.state().sessions), (100, 151));
}
