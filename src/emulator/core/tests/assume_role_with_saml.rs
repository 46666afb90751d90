use super::*;
use chrono::TimeDelta;

const ROLE: &str = "arn:aws:iam::123456789012:role/team/deploy";
const CORP: &str = "arn:aws:iam::123456789012:saml-provider/Corp";
const ACTION: &str = "AssumeRoleWithSAML";

fn assertion() -> SamlAssertion {
    SamlAssertion::new("PHNhbWw+", ROLE, CORP, "jane@corp", NOW + TimeDelta::minutes(5))
}

fn with(role: Role, assertion: SamlAssertion) -> Sts {
    let mut sts = sts();
    sts.add_role(role);
    sts.add_saml_assertion(assertion);
    sts
}

fn trusting() -> Role {
    Role::new(ROLE).trusting(CORP)
}

fn form(more: &[(&str, &str)]) -> String {
    let defaults = [("RoleArn", ROLE), ("PrincipalArn", CORP), ("SAMLAssertion", "PHNhbWw+")];
    let given = |name: &str| more.iter().any(|(other, _)| *other == name);
    let mut form = url::form_urlencoded::Serializer::new(format!("Action={ACTION}"));
    form.extend_pairs(defaults.iter().filter(|(name, _)| !given(name)));
    form.extend_pairs(more).finish()
}

fn ask_at(sts: &mut Sts, more: &[(&str, &str)], now: DateTime<Utc>) -> Response {
    answer(sts, &unsigned(&form(more)), now)
}

fn refused(sts: &mut Sts, more: &[(&str, &str)]) -> (u16, String, String) {
    error(&ask_at(sts, more, NOW))
}

#[test]
fn an_assertion_is_worth_a_role_without_a_signature() {
    let mut sts = with(trusting(), assertion());
    let reply = ask_at(&mut sts, &[], NOW);
    let arn = "arn:aws:sts::123456789012:assumed-role/deploy/jane@corp";
    for (name, value) in [
        ("Arn", arn),
        ("Subject", "jane@corp"),
        ("SubjectType", "persistent"),
        ("Issuer", "https://Corp.example.com/saml"),
        ("Audience", "https://signin.aws.amazon.com/saml"),
        // printf %s https://Corp.example.com/saml123456789012/Corp | openssl sha1 -binary | base64
        ("NameQualifier", "nBIro39wfsEhICO4OnxVWzIAaA8="),
    ] {
        assert_eq!(element(&reply, name), value);
    }
    let who = call(&mut sts, &session(&reply), "Action=GetCallerIdentity");
    assert_eq!(element(&who, "Arn"), arn);
    let issued = &sts.state().issued[0];
    assert_eq!(
        (issued.action, issued.by.as_str(), issued.seconds),
        (ACTION, "jane@corp", 3_600)
    );
    assert_eq!(sts.state().saml_providers, [CORP]);
}

#[test]
fn a_session_ends_with_the_providers_own() {
    let until = |seconds| SamlAssertion {
        session_not_on_or_after: Some(NOW + TimeDelta::seconds(seconds)),
        source_identity: Some("jane".to_owned()),
        ..assertion()
    };
    for (until, asked, lives) in [(until(600), "900", 600), (until(7_200), "900", 900)] {
        let reply = ask_at(&mut with(trusting(), until), &[("DurationSeconds", asked)], NOW);
        let expiration: DateTime<Utc> = element(&reply, "Expiration").parse().unwrap();
        assert_eq!((expiration - NOW).num_seconds(), lives);
        assert_eq!(element(&reply, "SourceIdentity"), "jane");
    }
}

#[test]
fn a_late_assertion_is_expired() {
    let reply = ask_at(&mut with(trusting(), assertion()), &[], NOW + TimeDelta::minutes(5));
    let message = "Token must be redeemed within 5 minutes of issuance";
    assert_error(&reply, 400, "ExpiredTokenException", message);
}

#[test]
fn what_nobody_vouched_for_is_refused() {
    let corp2 = "arn:aws:iam::123456789012:saml-provider/Corp2";
    let other = "arn:aws:iam::123456789012:role/other";
    let invalid = |message: &str| (400, "InvalidIdentityToken".to_owned(), message.to_owned());
    let denied = || {
        (
            403,
            "AccessDenied".to_owned(),
            format!("Not authorized to perform sts:{ACTION}"),
        )
    };
    let mut sts = with(trusting(), assertion());
    sts.add_role(Role::new(other).trusting(CORP));
    sts.add_saml_assertion(SamlAssertion::new("b3RoZXI=", other, corp2, "joe", NOW));
    let unknown = "arn:aws:iam::123456789012:saml-provider/Nobody";
    let mut refused_with = |more: &[(&str, &str)]| refused(&mut sts, more);
    assert_eq!(
        refused_with(&[("PrincipalArn", unknown)]),
        invalid("Specified provider doesn't exist")
    );
    assert_eq!(
        refused_with(&[("SAMLAssertion", "bWFkZS11cA==")]),
        invalid("Response signature invalid")
    );
    let wrong = "Issuer not present in specified provider";
    assert_eq!(refused_with(&[("PrincipalArn", corp2)]), invalid(wrong));
    assert_eq!(refused_with(&[("RoleArn", other)]), denied());
    assert_eq!(refused(&mut with(Role::new(ROLE), assertion()), &[]), denied());
    assert_eq!(
        refused(&mut with(trusting().with_subject("joe"), assertion()), &[]),
        denied()
    );
    assert_eq!(refused(&mut with(Role::new(other), assertion()), &[]), denied());
}

#[test]
fn parameters_have_their_bounds_and_the_assertion_is_not_echoed() {
    let mut sts = with(trusting(), assertion());
    let must = "failed to satisfy constraint: Member must";
    let (status, code, message) = refused(&mut sts, &[("SAMLAssertion", "abc")]);
    assert_eq!((status, code.as_str()), (400, "ValidationError"));
    assert_eq!(
        message,
        format!("1 validation error detected: Value at 'sAMLAssertion' {must} have length greater than or equal to 4")
    );
    let reply = answer(&mut sts, &unsigned(&format!("Action={ACTION}")), NOW);
    assert_eq!(
        error(&reply).2,
        format!(
            "3 validation errors detected: Value null at 'roleArn' {must} not be null; \
             Value null at 'principalArn' {must} not be null; Value null at 'sAMLAssertion' {must} not be null"
        )
    );
    let too_long = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    assert_eq!(refused(&mut sts, &[("DurationSeconds", "3601")]).2, too_long);
    assert_eq!(refused(&mut sts, &[("Policy", "no JSON")]).1, "MalformedPolicyDocument");
}
