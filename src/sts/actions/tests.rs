//! What the results of the actions give. The forms are held against another client by a suite of CI.

use std::time::Duration;

use chrono::DateTime;
use roxmltree::Document;

use super::*;
use crate::aws::{self, Endpoint, LongTermKey, SamlAssertion, WebIdentityToken};
use crate::secret::Secret;
use crate::sts::times::Times;
use crate::sts::{
    Action, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, DecodeAuthorizationMessage, GetAccessKeyInfo,
    GetCallerIdentity, GetDelegatedAccessToken, GetFederationToken, GetWebIdentityToken, Identity, Signer,
};

const CREDENTIALS: &str = "<Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>s\
    </SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-01-02T03:14:05Z</Expiration></Credentials>";
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJlIG9mIGl0";

/// What an action tells of a result with these elements.
fn told<A: Ask>(elements: &str, secrets: &[&str]) -> Result<A::Told, Malformed> {
    let now = "2026-01-02T03:04:05Z".parse().unwrap();
    let text = format!("<Result>{elements}</Result>");
    let document = Document::parse(&text).unwrap();
    A::read(&ResultElement {
        node: document.root_element(),
        times: Times {
            date: Some(now),
            now,
            asked: Duration::from_hours(1),
        },
        secrets,
        request_id: "id",
    })
}

/// The same, where it must succeed.
fn good<A: Ask>(elements: &str) -> A::Told {
    told::<A>(elements, &[]).unwrap_or_else(|problem| panic!("{elements}: {problem}"))
}

fn problem<A: Ask>(elements: &str) -> String {
    told::<A>(elements, &[]).err().map(|problem| problem.0).expect(elements)
}

#[test]
fn credentials_of_every_action_come_with_what_is_told_about_them() {
    let user = "<AssumedRoleUser><AssumedRoleId>AROA1:s</AssumedRoleId><Arn>arn:aws:sts::012345678901:assumed-role/r/s\
                </Arn></AssumedRoleUser>";
    let sizes = "<PackedPolicySize>6</PackedPolicySize><SessionTokenUtilization>12</SessionTokenUtilization>\
                 <SessionTokenSize>1024</SessionTokenSize><SourceIdentity>jane</SourceIdentity>";
    let issued = good::<AssumeRoleWithWebIdentity<'_>>(&format!("{CREDENTIALS}{user}{sizes}"));
    assert_eq!(issued.lifetime, Duration::from_secs(599));
    assert_eq!(issued.account, "012345678901".parse().ok());
    assert_eq!(issued.packed_policy_size, Some(6));
    let about = issued.about;
    assert_eq!(about.user.unwrap().id.as_deref(), Some("AROA1:s"));
    assert_eq!(
        (about.session_token_utilization, about.session_token_size),
        (Some(12), Some(1024))
    );
    assert_eq!(about.source_identity.as_deref(), Some("jane"));
    assert_eq!(
        about.identity,
        Some(Identity::Web {
            subject: None,
            provider: None,
            audience: None,
        })
    );

    let federated = "<FederatedUser><FederatedUserId>1:bob</FederatedUserId><Arn>arn:aws:sts::123456789012:\
                     federated-user/bob</Arn></FederatedUser>";
    let issued = good::<GetFederationToken<'_>>(&format!("{CREDENTIALS}{federated}"));
    assert_eq!(issued.account, "123456789012".parse().ok());
    let principal = "<AssumedPrincipal>arn:aws:iam::210987654321:root</AssumedPrincipal>";
    let issued = good::<GetDelegatedAccessToken<'_>>(&format!("{CREDENTIALS}{principal}"));
    assert_eq!(issued.account, "210987654321".parse().ok());
    assert!(good::<AssumeRoot<'_>>(CREDENTIALS).account.is_none());
    for missing in ["", user, sizes] {
        assert_eq!(problem::<AssumeRoleWithSaml<'_>>(missing), "it has no Credentials");
        assert_eq!(problem::<AssumeRoot<'_>>(missing), "it has no Credentials");
    }
}

#[test]
fn who_signed_is_told_whole_or_not_at_all() {
    let whole = "<Arn>arn:aws:iam::012345678901:user/o</Arn><UserId>AIDA1</UserId><Account>012345678901</Account>";
    let identity = good::<GetCallerIdentity<'_>>(whole);
    assert_eq!(
        (identity.arn.as_str(), identity.account.as_str(), &*identity.user_id),
        ("arn:aws:iam::012345678901:user/o", "012345678901", "AIDA1")
    );
    for (from, to, word) in [
        ("<UserId>AIDA1</UserId>", "", "UserId"),
        ("<Account>0", "<Account>", "Account"),
        ("<Account>", "<Account/><Account>", "Account"),
        ("<Arn>arn", "<Arn>", "Arn"),
    ] {
        let problem = problem::<GetCallerIdentity<'_>>(&whole.replace(from, to));
        assert!(problem.contains(word), "{problem}");
    }
}

#[test]
fn what_is_told_to_a_person_is_told_as_it_is() {
    let info = good::<GetAccessKeyInfo<'_>>("<Account>000000000001</Account>");
    assert_eq!(info.account.as_str(), "000000000001");
    let text = "<DecodedMessage>{&quot;allowed&quot;:false,&quot;é&quot;:&quot;&lt;\n&gt;&quot;}</DecodedMessage>";
    let decoded = good::<DecodeAuthorizationMessage<'_>>(text);
    assert_eq!(decoded.message, "{\"allowed\":false,\"é\":\"<\n>\"}");
    assert!(problem::<DecodeAuthorizationMessage<'_>>("<DecodedMessage/>").contains("DecodedMessage"));
}

#[test]
fn a_token_comes_with_an_end_that_can_be() {
    let token =
        |expiration: &str| format!("<WebIdentityToken>{TOKEN}</WebIdentityToken><Expiration>{expiration}</Expiration>");
    let issued = good::<GetWebIdentityToken<'_>>(&token("2026-01-02T03:09:05.5Z"));
    assert_eq!(issued.token.expose(), TOKEN);
    assert_eq!(issued.expiration.to_rfc3339(), "2026-01-02T03:09:05+00:00");
    for (expiration, words) in [("2026-01-02T03:04:05Z", "impossible"), ("soon", "RFC 3339")] {
        assert!(problem::<GetWebIdentityToken<'_>>(&token(expiration)).contains(words));
    }
}

#[test]
fn a_token_that_a_result_echoes_is_masked() {
    let echo = format!("<Subject>{TOKEN}</Subject><Issuer>x {TOKEN}</Issuer><Audience>005924</Audience>");
    let issued = told::<AssumeRoleWithSaml<'_>>(&format!("{CREDENTIALS}{echo}"), &[TOKEN, "005924"]);
    let identity = issued.ok().unwrap().about.identity.unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        identity,
        Identity::Saml {
            subject: text("[redacted]"),
            subject_type: None,
            issuer: text("x [redacted]"),
            audience: text("005924"),
            name_qualifier: None,
        }
    );
}

#[test]
fn what_opens_must_never_be_repeated() {
    let endpoint = Endpoint::regional(&"eu-west-1".parse().unwrap());
    let now = DateTime::UNIX_EPOCH;
    let token = WebIdentityToken::try_from(Secret::from(TOKEN)).ok().unwrap();
    let ask = AssumeRoleWithWebIdentity {
        endpoint: &endpoint,
        now,
        request: &aws::AssumeRoleWithWebIdentity {
            role_arn: "arn:aws:iam::123456789012:role/deploy".parse().unwrap(),
            role_session_name: "s1".parse().unwrap(),
            duration: aws::RoleDuration::default(),
            provider_id: None,
            policies: aws::SessionPolicies::default(),
            minimum_session_token_size: None,
        },
        token: &token,
    };
    let call = ask.call();
    assert!(call.signer.is_none() && call.action == Action::AssumeRoleWithWebIdentity);
    let parts: Vec<_> = TOKEN.split('.').collect();
    assert_eq!(call.secrets, [&[TOKEN], parts.as_slice()].concat());

    let assertion = SamlAssertion::try_from(Secret::from("PHNhbWw+")).ok().unwrap();
    let ask = AssumeRoleWithSaml {
        endpoint: &endpoint,
        now,
        request: &aws::AssumeRoleWithSaml {
            role_arn: "arn:aws:iam::123456789012:role/deploy".parse().unwrap(),
            principal_arn: "arn:aws:iam::123456789012:saml-provider/ADFS".parse().unwrap(),
            duration: aws::RoleDuration::default(),
            policies: aws::SessionPolicies::default(),
            minimum_session_token_size: None,
        },
        assertion: &assertion,
    };
    assert_eq!(ask.call().secrets, ["PHNhbWw+"]);

    let key = LongTermKey {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
        secret_access_key: std::sync::Arc::new("secret".into()),
    };
    let ask = GetAccessKeyInfo {
        endpoint: &endpoint,
        signer: Signer::Key(&key),
        now,
        access_key_id: &"wJalrXUtnFEMIxK7MDENG".parse().unwrap(),
    };
    assert!(ask.call().secrets.contains(&"wJalrXUtnFEMIxK7MDENG"), "halves swapped");
}
