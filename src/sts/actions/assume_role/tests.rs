use std::time::Duration;

use roxmltree::Document;

use super::*;
use crate::aws::{Credentials, LongTermKey, ProvidedContext, SessionPolicies, Tag, Tags};
use crate::sts::times::Times;

fn key() -> LongTermKey {
    LongTermKey {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
        secret_access_key: std::sync::Arc::new("wJalrXUtnFEMI".into()),
    }
}

fn session() -> Credentials {
    Credentials {
        access_key_id: "ASIAIOSFODNN7EXAMPLE".parse().unwrap(),
        secret_access_key: "sessionSecret".into(),
        session_token: "IQoJb3JpZ2lu".into(),
        expiration: DateTime::UNIX_EPOCH,
    }
}

fn request() -> aws::AssumeRole {
    aws::AssumeRole {
        duration: 900.try_into().unwrap(),
        ..aws::AssumeRole::new(
            "arn:aws:iam::123456789012:role/path/deploy".parse().unwrap(),
            "valetkey-deploy".parse().unwrap(),
        )
    }
}

/// A request with every parameter, lists with two members where there can be two.
fn whole_request() -> aws::AssumeRole {
    let tag = |key: &str, value: &str| Tag {
        key: key.parse().unwrap(),
        value: value.parse().unwrap(),
    };
    let transitive: Vec<TagKey> = vec!["Team".parse().unwrap(), "Cost Center".parse().unwrap()];
    let context = |name: &str, assertion: &str| ProvidedContext {
        provider_arn: format!("arn:aws:iam::aws:contextProvider/{name}").parse().unwrap(),
        context_assertion: assertion.parse().unwrap(),
    };
    let policy = "{\"Version\": \"2012-10-17\",\n\t\"ÿ\": []}";
    let arns = vec![
        "arn:aws:iam::aws:policy/ReadOnlyAccess".parse().unwrap(),
        "arn:aws:iam::123456789012:policy/mine".parse().unwrap(),
    ];
    let contexts = vec![context("One", "eyJhbGciOi.one"), context("Two", "eyJhbGciOi+two")];
    aws::AssumeRole {
        external_id: Some("a:b/c,d=e+f.g@h-i_j".parse().unwrap()),
        source_identity: Some("jane@example".parse().unwrap()),
        policies: SessionPolicies::new(policy.parse().ok(), arns).unwrap(),
        tags: Tags::new(vec![tag("Team", "Zürich"), tag("Cost Center", "")], transitive).unwrap(),
        provided_contexts: contexts.try_into().unwrap(),
        minimum_session_token_size: Some(4_096.try_into().unwrap()),
        ..request()
    }
}

fn of<T>(signer: Signer<'_>, request: &aws::AssumeRole, mfa: bool, get: impl Fn(&Call<'_>) -> T) -> T {
    let endpoint = Endpoint::regional(&"eu-west-1".parse().unwrap());
    let serial: SerialNumber = "arn:aws:iam::123456789012:mfa/ops".parse().unwrap();
    let code = TokenCode::try_from("005924".to_owned()).unwrap();
    let ask = AssumeRole {
        endpoint: &endpoint,
        signer,
        now: DateTime::UNIX_EPOCH,
        request,
        mfa: mfa.then_some((&serial, &code)),
    };
    get(&ask.call())
}

fn form(call: &Call<'_>) -> String {
    String::from_utf8(call.form.to_vec()).unwrap()
}

#[test]
fn asks_for_a_role_and_nothing_else() {
    let form = of(Signer::Session(&session()), &request(), false, form);
    assert_eq!(
        form,
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpath%2Fdeploy\
         &RoleSessionName=valetkey-deploy&DurationSeconds=900"
    );
}

#[test]
fn asks_with_every_parameter_in_the_order_of_the_model() {
    let form = of(Signer::Key(&key()), &whole_request(), true, form);
    assert_eq!(
        form,
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpath%2Fdeploy\
         &RoleSessionName=valetkey-deploy\
         &PolicyArns.member.1.arn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FReadOnlyAccess\
         &PolicyArns.member.2.arn=arn%3Aaws%3Aiam%3A%3A123456789012%3Apolicy%2Fmine\
         &Policy=%7B%22Version%22%3A+%222012-10-17%22%2C%0A%09%22%C3%BF%22%3A+%5B%5D%7D\
         &DurationSeconds=900\
         &Tags.member.1.Key=Team&Tags.member.1.Value=Z%C3%BCrich\
         &Tags.member.2.Key=Cost+Center&Tags.member.2.Value=\
         &TransitiveTagKeys.member.1=Team&TransitiveTagKeys.member.2=Cost+Center\
         &ExternalId=a%3Ab%2Fc%2Cd%3De%2Bf.g%40h-i_j\
         &SerialNumber=arn%3Aaws%3Aiam%3A%3A123456789012%3Amfa%2Fops&TokenCode=005924\
         &SourceIdentity=jane%40example\
         &ProvidedContexts.member.1.ProviderArn=arn%3Aaws%3Aiam%3A%3Aaws%3AcontextProvider%2FOne\
         &ProvidedContexts.member.1.ContextAssertion=eyJhbGciOi.one\
         &ProvidedContexts.member.2.ProviderArn=arn%3Aaws%3Aiam%3A%3Aaws%3AcontextProvider%2FTwo\
         &ProvidedContexts.member.2.ContextAssertion=eyJhbGciOi%2Btwo\
         &MinimumSessionTokenSize=4096"
    );
}

#[test]
fn what_must_not_be_repeated_is_all_that_opens_something() {
    let secrets = |call: &Call<'_>| call.secrets.iter().map(|s| String::from(*s)).collect::<Vec<_>>();
    assert_eq!(
        of(Signer::Session(&session()), &request(), false, secrets),
        ["IQoJb3JpZ2lu", "sessionSecret", "ASIAIOSFODNN7EXAMPLE"]
    );
    assert_eq!(
        of(Signer::Key(&key()), &whole_request(), true, secrets),
        [
            "eyJhbGciOi.one",
            "eyJhbGciOi+two",
            "wJalrXUtnFEMI",
            "AKIAIOSFODNN7EXAMPLE",
            "005924"
        ]
    );
}

const CREDENTIALS: &str = "<Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>s\
    </SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-01-02T04:04:05Z</Expiration></Credentials>";

fn granted(more: &str) -> Result<Issued, Malformed> {
    let now: DateTime<Utc> = "2026-01-02T03:04:05Z".parse().unwrap();
    let times = Times {
        date: Some(now),
        now,
        asked: Duration::from_hours(1),
    };
    let text = format!("<AssumeRoleResult>{CREDENTIALS}{more}</AssumeRoleResult>");
    let document = Document::parse(&text).unwrap();
    AssumeRole::read(&ResultElement {
        node: document.root_element(),
        times,
        secrets: &[],
        request_id: "id",
    })
}

fn account_and_size(more: &str) -> (Option<String>, Option<u32>) {
    let granted = granted(more).unwrap_or_else(|problem| panic!("{more}: {problem}"));
    assert_eq!(granted.lifetime, Duration::from_secs(3_599), "{more}");
    let account = granted.account.as_ref().map(ToString::to_string);
    (account, granted.packed_policy_size)
}

#[test]
fn the_result_tells_the_account_and_the_packed_size() {
    let whole = "<AssumedRoleUser><AssumedRoleId>AROA1:session</AssumedRoleId>\
                 <Arn>arn:aws:sts::012345678901:assumed-role/deploy/session</Arn></AssumedRoleUser>\
                 <PackedPolicySize>16</PackedPolicySize><SourceIdentity>jane</SourceIdentity>";
    assert_eq!(account_and_size(whole), (Some("012345678901".to_owned()), Some(16)));
}

#[test]
fn servers_other_than_aws_may_leave_out_what_is_no_credential() {
    for less in [
        "",
        "<AssumedRoleUser/>",
        "<AssumedRoleUser><Arn></Arn></AssumedRoleUser><PackedPolicySize></PackedPolicySize>",
        "<AssumedRoleUser><Arn>arn:aws:sts::tenant:assumed-role/deploy/session</Arn></AssumedRoleUser>",
        "<AssumedRoleUser><Arn>arn:aws:sts:::assumed-role/deploy/session</Arn></AssumedRoleUser>",
        "<PackedPolicySize>many</PackedPolicySize>",
        "<PackedPolicySize>-1</PackedPolicySize>",
    ] {
        assert_eq!(account_and_size(less), (None, None), "{less}");
    }
}

#[test]
fn what_stands_twice_or_is_no_text_is_refused() {
    let arn = "<Arn>arn:aws:sts::012345678901:assumed-role/deploy/session</Arn>";
    for (more, name) in [
        ("<AssumedRoleUser/>".repeat(2), "AssumedRoleUser"),
        (format!("<AssumedRoleUser>{arn}{arn}</AssumedRoleUser>"), "Arn"),
        ("<AssumedRoleUser><Arn><b/></Arn></AssumedRoleUser>".to_owned(), "Arn"),
        ("<PackedPolicySize>1</PackedPolicySize>".repeat(2), "PackedPolicySize"),
        (CREDENTIALS.to_owned(), "Credentials"),
    ] {
        let problem = granted(&more).err().unwrap_or_else(|| panic!("{more}"));
        assert!(problem.0.contains(name), "{more}: {problem}");
    }
}
