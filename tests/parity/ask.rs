//! The call of a case, and what came of it in the shape of AWS's JSON.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use valetkey::aws::{self, AccessKeyId, Credentials, EncodedMessage, Endpoint, Invalid, LongTermKey};
use valetkey::sts::{
    AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, DecodeAuthorizationMessage, Error,
    GetAccessKeyInfo, GetCallerIdentity, GetDelegatedAccessToken, GetFederationToken, GetSessionToken,
    GetWebIdentityToken, Signer, Sts, StsClient,
};

use crate::given::Given;
use crate::told;

/// Where, when and by whom a call is made.
struct Caller {
    endpoint: Endpoint,
    now: DateTime<Utc>,
    key: LongTermKey,
    session: Option<Credentials>,
}

impl Caller {
    fn of(case: &Value) -> Self {
        let text = |value: &Value, or: &str| value.as_str().unwrap_or(or).to_owned();
        let signer = &case["signer"];
        let id: AccessKeyId = text(&signer["id"], "AKIAIOSFODNN7EXAMPLE").parse().unwrap();
        let secret = text(&signer["secret"], "unused");
        let now = text(&case["now"], "2026-01-02T03:04:05Z").parse().unwrap();
        Self {
            endpoint: Endpoint {
                url: text(&case["endpoint"], "http://sts.example/").parse().unwrap(),
                signing_region: text(&case["region"], "eu-west-1").parse().unwrap(),
            },
            now,
            session: signer["token"].as_str().map(|token| Credentials {
                access_key_id: id.clone(),
                secret_access_key: secret.as_str().into(),
                session_token: token.into(),
                expiration: now,
            }),
            key: LongTermKey {
                access_key_id: id,
                secret_access_key: Arc::new(secret.into()),
            },
        }
    }

    fn signer(&self) -> Signer<'_> {
        match &self.session {
            Some(session) => Signer::Session(session),
            None => Signer::Key(&self.key),
        }
    }
}

/// The outer error is that of a request that cannot be built.
pub(crate) async fn ask(client: &StsClient, case: &Value, given: &Given<'_>) -> Result<Result<Value, Error>, Invalid> {
    let caller = Caller::of(case);
    match case["action"].as_str().unwrap() {
        "AssumeRole" | "AssumeRoot" | "GetFederationToken" | "GetSessionToken" => {
            signed(client, case, given, &caller).await
        }
        "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity" => unsigned(client, case, given, &caller).await,
        _ => informative(client, case, given, &caller).await,
    }
}

async fn signed(
    client: &StsClient,
    case: &Value,
    given: &Given<'_>,
    caller: &Caller,
) -> Result<Result<Value, Error>, Invalid> {
    let (endpoint, now, signer, key) = (&caller.endpoint, caller.now, caller.signer(), &caller.key);
    let mfa = given.mfa()?;
    let mfa = mfa.as_ref().map(|(serial, code)| (serial, code));
    let reply = match case["action"].as_str().unwrap() {
        "AssumeRole" => {
            let request = &given.assume_role()?;
            let call = AssumeRole {
                endpoint,
                signer,
                now,
                request,
                mfa,
            };
            client.assume_role(call).await
        }
        "AssumeRoot" => {
            let request = &aws::AssumeRoot {
                target_principal: given.required("TargetPrincipal")?,
                task_policy_arn: Given(&given.0["TaskPolicyArn"]).required("arn")?,
                duration: given.duration()?,
                minimum_session_token_size: given.token_size()?,
            };
            client
                .assume_root(AssumeRoot {
                    endpoint,
                    signer,
                    now,
                    request,
                })
                .await
        }
        "GetFederationToken" => {
            let request = &aws::GetFederationToken {
                name: given.required("Name")?,
                policies: given.policies()?,
                duration: given.duration()?,
                tags: given.tags()?.try_into()?,
                minimum_session_token_size: given.token_size()?,
            };
            let call = GetFederationToken {
                endpoint,
                key,
                now,
                request,
            };
            client.get_federation_token(call).await
        }
        _ => {
            let call = GetSessionToken {
                endpoint,
                key,
                now,
                duration: given.duration()?,
                mfa,
                minimum_session_token_size: given.token_size()?,
            };
            client.get_session_token(call).await
        }
    };
    Ok(reply.result.map(|issued| told::issued(&issued)))
}

async fn unsigned(
    client: &StsClient,
    case: &Value,
    given: &Given<'_>,
    caller: &Caller,
) -> Result<Result<Value, Error>, Invalid> {
    let (endpoint, now) = (&caller.endpoint, caller.now);
    let reply = if case["action"] == "AssumeRoleWithSAML" {
        let request = &aws::AssumeRoleWithSaml {
            role_arn: given.required("RoleArn")?,
            principal_arn: given.required("PrincipalArn")?,
            duration: given.duration()?,
            policies: given.policies()?,
            minimum_session_token_size: given.token_size()?,
        };
        let assertion = &given.secret("SAMLAssertion")?;
        let call = AssumeRoleWithSaml {
            endpoint,
            now,
            request,
            assertion,
        };
        client.assume_role_with_saml(call).await
    } else {
        let request = &aws::AssumeRoleWithWebIdentity {
            role_arn: given.required("RoleArn")?,
            role_session_name: given.required("RoleSessionName")?,
            duration: given.duration()?,
            provider_id: given.optional("ProviderId")?,
            policies: given.policies()?,
            minimum_session_token_size: given.token_size()?,
        };
        let token = &given.secret("WebIdentityToken")?;
        let call = AssumeRoleWithWebIdentity {
            endpoint,
            now,
            request,
            token,
        };
        client.assume_role_with_web_identity(call).await
    };
    Ok(reply.result.map(|issued| told::issued(&issued)))
}

async fn informative(
    client: &StsClient,
    case: &Value,
    given: &Given<'_>,
    caller: &Caller,
) -> Result<Result<Value, Error>, Invalid> {
    let (endpoint, now, signer) = (&caller.endpoint, caller.now, caller.signer());
    Ok(match case["action"].as_str().unwrap() {
        "DecodeAuthorizationMessage" => {
            let message: &EncodedMessage = &given.required("EncodedMessage")?;
            let call = DecodeAuthorizationMessage {
                endpoint,
                signer,
                now,
                message,
            };
            let reply = client.decode_authorization_message(call).await;
            reply.result.map(|decoded| told::decoded(&decoded))
        }
        "GetAccessKeyInfo" => {
            let access_key_id = &given.required("AccessKeyId")?;
            let call = GetAccessKeyInfo {
                endpoint,
                signer,
                now,
                access_key_id,
            };
            let reply = client.get_access_key_info(call).await;
            reply.result.map(|info| told::key_info(&info))
        }
        "GetCallerIdentity" => {
            let reply = client
                .get_caller_identity(GetCallerIdentity { endpoint, signer, now })
                .await;
            reply.result.map(|identity| told::caller(&identity))
        }
        "GetDelegatedAccessToken" => {
            let trade_in_token = &given.secret("TradeInToken")?;
            let call = GetDelegatedAccessToken {
                endpoint,
                signer,
                now,
                trade_in_token,
            };
            let reply = client.get_delegated_access_token(call).await;
            reply.result.map(|issued| told::issued(&issued))
        }
        "GetWebIdentityToken" => {
            let request = &aws::GetWebIdentityToken {
                audiences: given.texts("Audience", |text| Ok(text.to_owned()))?.try_into()?,
                duration: given.duration()?,
                signing_algorithm: given.required("SigningAlgorithm")?,
                tags: given.tags()?.try_into()?,
            };
            let call = GetWebIdentityToken {
                endpoint,
                signer,
                now,
                request,
            };
            let reply = client.get_web_identity_token(call).await;
            reply.result.map(|issued| told::token(&issued))
        }
        other => panic!("{other}"),
    })
}
