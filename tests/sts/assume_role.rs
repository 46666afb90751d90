use std::time::Duration;

use valetkey::aws::{self, Credentials, Endpoint, ProvidedContext};
use valetkey::sts::{AssumeRole, Class, Error, Reply, Signer, Sts, StsClient};

use crate::request::{sha256, sign};
use crate::server::{Ending, Server, TEMPORARY_SECRET, http};
use crate::{PATIENT, SESSION_TOKEN, client, error_of};

/// The session that signs: nothing of it may come back.
const SOURCE_ID: &str = "ASIASOURCESESSION000";
pub(crate) const SOURCE_SECRET: &str = "sourceSecret/K7MDENG+bPxRfiCY";
pub(crate) const SOURCE_TOKEN: &str = "FwoGZXIvYXdzEBYaDsource+token/of.the_005924_session==";
const ASSERTION: &str = "eyJhbGciOiJSUzI1.assertion-of.a_provider";

const BODY: &str = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fdeploy\
                    &RoleSessionName=valetkey-deploy&DurationSeconds=3600\
                    &ProvidedContexts.member.1.ProviderArn=arn%3Aaws%3Aiam%3A%3Aaws%3AcontextProvider%2FIdentityCenter\
                    &ProvidedContexts.member.1.ContextAssertion=eyJhbGciOiJSUzI1.assertion-of.a_provider";

/// One call, signed as of 2026-01-02T03:04:05Z by temporary credentials.
pub(crate) async fn chained(client: &StsClient, url: &str) -> Reply {
    let endpoint = Endpoint {
        url: url.parse().unwrap(),
        signing_region: "eu-west-1".parse().unwrap(),
    };
    let source = Credentials {
        access_key_id: SOURCE_ID.parse().unwrap(),
        secret_access_key: SOURCE_SECRET.into(),
        session_token: SOURCE_TOKEN.into(),
        expiration: "2026-01-02T04:00:00Z".parse().unwrap(),
    };
    let context = ProvidedContext {
        provider_arn: "arn:aws:iam::aws:contextProvider/IdentityCenter".parse().unwrap(),
        context_assertion: ASSERTION.parse().unwrap(),
    };
    let request = aws::AssumeRole {
        provided_contexts: vec![context].try_into().unwrap(),
        ..aws::AssumeRole::new(
            "arn:aws:iam::123456789012:role/deploy".parse().unwrap(),
            "valetkey-deploy".parse().unwrap(),
        )
    };
    let ask = AssumeRole {
        endpoint: &endpoint,
        signer: Signer::Session(&source),
        now: "2026-01-02T03:04:05.9Z".parse().unwrap(),
        request: &request,
        mfa: None,
    };
    client.assume_role(ask).await
}

/// STS's answer to AssumeRole.
pub(crate) fn assumed() -> String {
    let credentials = format!(
        "<Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>{TEMPORARY_SECRET}\
         </SecretAccessKey><SessionToken>{SESSION_TOKEN}</SessionToken><Expiration>2026-01-02T04:04:06Z</Expiration>\
         </Credentials>"
    );
    let role = "<AssumedRoleUser><AssumedRoleId>AROA3XFRBF535PLBIFPI4:valetkey-deploy</AssumedRoleId>\
                <Arn>arn:aws:sts::123456789012:assumed-role/deploy/valetkey-deploy</Arn></AssumedRoleUser>";
    let body = format!(
        r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>{role}{credentials}<PackedPolicySize>6</PackedPolicySize></AssumeRoleResult><ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata></AssumeRoleResponse>"#
    );
    http("200 OK", &body)
}

/// The error of a call to a server with this answer. It repeats nothing of what signed.
async fn refused(answer: String) -> Error {
    let server = Server::plain(Ending::Answer(answer)).await;
    let error = error_of("AssumeRole", chained(&client(&[], PATIENT), &server.url()).await);
    let shown = format!("{error} {error:?}");
    for secret in [SOURCE_ID, SOURCE_SECRET, SOURCE_TOKEN, ASSERTION] {
        assert!(!shown.contains(secret), "{shown}");
    }
    error
}

#[tokio::test]
async fn a_role_brings_its_credentials_its_account_and_its_packed_size() {
    let server = Server::plain(Ending::Answer(assumed())).await;
    let reply = chained(&client(&[], PATIENT), &server.url()).await;
    assert!(reply.sample.is_some());
    let issued = reply.result.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(issued.credentials.session_token.expose(), SESSION_TOKEN);
    assert_eq!(issued.lifetime, Duration::from_secs(3_598));
    assert_eq!(issued.account, Some("123456789012".parse().unwrap()));
    assert_eq!(issued.packed_policy_size, Some(6));
}

#[tokio::test]
async fn a_chained_request_is_exactly_this() {
    let server = Server::plain(Ending::Answer(assumed())).await;
    let host = server.address.to_string();
    chained(&client(&[], PATIENT), &server.url()).await;
    let (connections, requests) = server.seen().await;
    assert_eq!((connections, requests.len()), (1, 1));

    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let canonical_request = format!(
        "POST\n/\n\ncontent-type:application/x-www-form-urlencoded; charset=utf-8\nhost:{host}\n\
         x-amz-date:20260102T030405Z\nx-amz-security-token:{SOURCE_TOKEN}\n\n\
         content-type;host;x-amz-date;x-amz-security-token\n{}",
        sha256(BODY)
    );
    let signature = sign(SOURCE_SECRET, &canonical_request);
    let authorization = format!(
        "authorization: AWS4-HMAC-SHA256 Credential={SOURCE_ID}/20260102/eu-west-1/sts/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature={signature}"
    );
    let token = format!("x-amz-security-token: {SOURCE_TOKEN}");
    for line in [authorization, token] {
        assert!(head.lines().any(|found| found == line), "{line}: {head}");
    }
    assert_eq!(body, BODY);
}

#[tokio::test]
async fn what_a_server_echoes_is_not_repeated() {
    let percent = |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let lower = |text: &str| text.replace('+', "%2b").replace('/', "%2f").replace('=', "%3d");
    let echoes = [SOURCE_TOKEN, SOURCE_SECRET, ASSERTION, SOURCE_ID, SESSION_TOKEN];
    let everything: Vec<String> = echoes
        .iter()
        .flat_map(|text| [(*text).to_owned(), percent(text), lower(text)])
        .collect();
    let document = |code: &str, message: &str, id: &str| {
        format!(
            "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>{id}</RequestId></ErrorResponse>"
        )
    };
    for echo in &everything {
        let error = refused(http("403 Forbidden", &document("AccessDenied", echo, echo))).await;
        assert_eq!(error.class, Class::Denied);
        for part in [echo.as_str(), &echo[..12], &echo[echo.len() - 12..]] {
            assert!(!format!("{error:?}").contains(part), "{part}: {error:?}");
        }
        refused(http("403 Forbidden", &document(echo, "no", "a-1"))).await;
        refused(http("200 OK", echo)).await;
    }
    let all = everything.join(" ");
    refused(http("400 Bad Request", &document("ValidationError", &all, "a-1"))).await;
    refused(format!("HTTP/1.1 {all}\r\n\r\n")).await;
}

#[tokio::test]
async fn another_actions_answer_is_none() {
    let error = refused(assumed().replace("AssumeRoleRes", "GetSessionTokenRes")).await;
    assert_eq!((error.class, error.sent), (Class::Malformed, true));
}

#[tokio::test]
async fn the_end_of_the_source_names_the_source() {
    let expired = "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token included in the request \
                   is expired</Message></Error></ErrorResponse>";
    let error = refused(http("403 Forbidden", expired)).await;
    assert_eq!(error.class, Class::KeyInvalid);
    assert!(error.message.contains("source_profile"), "{error}");
}
