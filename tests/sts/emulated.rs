//! The client against the emulator, which signs, parses and judges by itself.

use std::sync::Arc;

use valetkey::aws::{self, Credentials, Endpoint, LongTermKey, ProvidedContext, SessionPolicies, Tag, Tags, TokenCode};
use valetkey::clock::{Clock, SystemClock};
use valetkey::emulator::{Assumed, Emulator, Options, Role, Running};
use valetkey::sts::{AssumeRole, Class, Error, Issued, Signer, Sts};

use crate::{PATIENT, client};

const ROLE: &str = "arn:aws:iam::123456789012:role/team/deploy";
const SECOND: &str = "arn:aws:iam::123456789012:role/second";

async fn emulator() -> Running {
    let emulator = Emulator::bind(Options::default(), Arc::new(SystemClock)).await.unwrap();
    let role = Role::new(ROLE).trusting("arn:aws:iam::123456789012:user/demo");
    emulator.handle().add_role(role.requiring_mfa());
    emulator.handle().add_role(Role::new(SECOND).trusting(ROLE));
    emulator.spawn()
}

fn key(emulator: &Running) -> LongTermKey {
    LongTermKey {
        access_key_id: emulator.access.access_key_id.parse().unwrap(),
        secret_access_key: Arc::new(emulator.access.secret_access_key.as_str().into()),
    }
}

fn request(role: &str, seconds: i64) -> aws::AssumeRole {
    aws::AssumeRole {
        duration: seconds.try_into().unwrap(),
        ..aws::AssumeRole::new(role.parse().unwrap(), "s1".parse().unwrap())
    }
}

async fn assume(
    emulator: &Running,
    signer: Signer<'_>,
    request: &aws::AssumeRole,
    code: Option<TokenCode>,
) -> Result<Issued, Error> {
    let endpoint = Endpoint {
        url: emulator.access.url.parse().unwrap(),
        signing_region: emulator.access.region.parse().unwrap(),
    };
    let serial = emulator.access.mfa_serial.parse().unwrap();
    let ask = AssumeRole {
        endpoint: &endpoint,
        signer,
        now: SystemClock.wall(),
        request,
        mfa: code.as_ref().map(|code| (&serial, code)),
    };
    client(&[], PATIENT).assume_role(ask).await.result
}

fn code(emulator: &Running) -> TokenCode {
    let code = emulator
        .handle
        .token_code(&emulator.access.mfa_serial, SystemClock.wall());
    TokenCode::try_from(code.unwrap()).unwrap()
}

fn granted(result: Result<Issued, Error>) -> Arc<Credentials> {
    result.unwrap_or_else(|error| panic!("{error}")).credentials
}

#[tokio::test]
async fn every_parameter_arrives_as_it_was_asked() {
    let emulator = emulator().await;
    let policy = "{\"Version\": \"2012-10-17\", \"é\": \"&<+ %\"}";
    let tag = |key: &str, value: &str| Tag {
        key: key.parse().unwrap(),
        value: value.parse().unwrap(),
    };
    let tags = vec![tag("Cost Center", "Zürich=1+1"), tag("Stage", "")];
    let read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess".parse().unwrap();
    let context = ProvidedContext {
        provider_arn: "arn:aws:iam::aws:contextProvider/X".parse().unwrap(),
        context_assertion: "assertion".parse().unwrap(),
    };
    let request = aws::AssumeRole {
        external_id: Some("a:b/c,d=e+f.g@h-i_j".parse().unwrap()),
        source_identity: Some("jane@example".parse().unwrap()),
        policies: SessionPolicies::new(Some(policy.parse().unwrap()), vec![read_only]).unwrap(),
        tags: Tags::new(tags, vec!["cost center".parse().unwrap()]).unwrap(),
        provided_contexts: vec![context].try_into().unwrap(),
        ..request(ROLE, 900)
    };
    let key = key(&emulator);
    let issued = assume(&emulator, Signer::Key(&key), &request, Some(code(&emulator))).await;
    let issued = issued.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(issued.account, Some("123456789012".parse().unwrap()));
    assert!(issued.packed_policy_size.is_some_and(|percent| percent > 0));
    assert!((890..=900).contains(&issued.lifetime.as_secs()));
    let owned = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let expected = Assumed {
        arn: "arn:aws:sts::123456789012:assumed-role/deploy/s1".to_owned(),
        caller: "arn:aws:iam::123456789012:user/demo".to_owned(),
        seconds: 900,
        mfa: true,
        external_id: Some("a:b/c,d=e+f.g@h-i_j".to_owned()),
        source_identity: Some("jane@example".to_owned()),
        policy: Some(policy.to_owned()),
        policy_arns: vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()],
        tags: vec![owned("Cost Center", "Zürich=1+1"), owned("Stage", "")],
        transitive_tag_keys: vec!["Cost Center".to_owned()],
    };
    assert_eq!(emulator.handle.state().assumed, [expected]);
}

#[tokio::test]
async fn a_role_signs_for_the_next_and_refusals_name_their_remedy() {
    let emulator = emulator().await;
    let key = key(&emulator);
    let without_code = assume(&emulator, Signer::Key(&key), &request(ROLE, 900), None).await;
    let denied = without_code.err().unwrap();
    assert!(
        denied.class == Class::Denied && denied.message.contains("MFA"),
        "{denied}"
    );

    let first = granted(assume(&emulator, Signer::Key(&key), &request(ROLE, 900), Some(code(&emulator))).await);
    let by_first = Signer::Session(&first);
    granted(assume(&emulator, by_first, &request(SECOND, 3_600), None).await);
    assert!(
        emulator.handle.state().assumed[1]
            .caller
            .ends_with(":assumed-role/deploy/s1")
    );

    let too_long = assume(&emulator, by_first, &request(SECOND, 3_601), None)
        .await
        .err()
        .unwrap();
    assert!(
        too_long.message.contains("set duration_seconds to 3600 or less"),
        "{too_long}"
    );
    let forged = Credentials {
        session_token: "made-up".into(),
        ..Arc::into_inner(first).unwrap()
    };
    let unknown = assume(&emulator, Signer::Session(&forged), &request(SECOND, 900), None).await;
    let unknown = unknown.err().unwrap();
    assert!(
        unknown.class == Class::KeyInvalid && unknown.message.contains("source_profile"),
        "{unknown}"
    );
}
