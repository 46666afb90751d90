//! What a reply told us, in the shape of AWS's JSON, against what it told the other client.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use valetkey::sts::{AccessKeyInfo, CallerIdentity, DecodedMessage, Error, Identity, Issued, IssuedToken};

pub(crate) fn same(ours: &Result<Value, Error>, theirs: &Value) -> Result<(), String> {
    match (ours, theirs.get("Error")) {
        (Ok(ours), None) => crate::same("the result", ours, theirs),
        (Ok(_), Some(error)) => Err(format!("an error is a success: {error}")),
        (Err(error), None) => Err(format!("a success is an error: {error}")),
        (Err(error), Some(theirs_error)) => {
            let code = json!(error.code);
            crate::same("the error's code", &code, &theirs_error["Code"])?;
            crate::same("the request id", &json!(error.request_id), &theirs["RequestId"])?;
            let text = theirs_error["Message"].as_str().unwrap_or_default();
            // Our message holds theirs and says more.
            let holds = error.message.contains(text);
            holds
                .then_some(())
                .ok_or_else(|| format!("{error} does not say {text}"))
        }
    }
}

pub(crate) fn issued(issued: &Issued) -> Value {
    let (credentials, about) = (&issued.credentials, &issued.about);
    let mut told = json!({
        "Credentials": {
            "AccessKeyId": credentials.access_key_id.as_str(),
            "SecretAccessKey": credentials.secret_access_key.expose(),
            "SessionToken": credentials.session_token.expose(),
            "Expiration": time(credentials.expiration),
        },
        "PackedPolicySize": issued.packed_policy_size,
        "AssumedPrincipal": about.assumed_principal,
        "SourceIdentity": about.source_identity,
        "SessionTokenUtilization": about.session_token_utilization,
        "SessionTokenSize": about.session_token_size,
        "RequestId": issued.request_id,
    });
    if let Some(user) = &about.user {
        let federated = user.arn.as_ref().is_some_and(|arn| arn.contains(":federated-user/"));
        let (element, id) = if federated {
            ("FederatedUser", "FederatedUserId")
        } else {
            ("AssumedRoleUser", "AssumedRoleId")
        };
        told[element] = json!({ id: user.id, "Arn": user.arn });
    }
    let mut tell = |name: &str, text: &Option<String>| told[name] = json!(text);
    match &about.identity {
        Some(Identity::Saml {
            subject,
            subject_type,
            issuer,
            audience,
            name_qualifier,
        }) => {
            tell("Subject", subject);
            tell("SubjectType", subject_type);
            tell("Issuer", issuer);
            tell("Audience", audience);
            tell("NameQualifier", name_qualifier);
        }
        Some(Identity::Web {
            subject,
            provider,
            audience,
        }) => {
            tell("SubjectFromWebIdentityToken", subject);
            tell("Provider", provider);
            tell("Audience", audience);
        }
        None => {}
    }
    without_null(told)
}

pub(crate) fn decoded(decoded: &DecodedMessage) -> Value {
    json!({ "DecodedMessage": decoded.message })
}

pub(crate) fn key_info(info: &AccessKeyInfo) -> Value {
    json!({ "Account": info.account.as_str() })
}

pub(crate) fn caller(identity: &CallerIdentity) -> Value {
    json!({
        "UserId": identity.user_id,
        "Account": identity.account.as_str(),
        "Arn": identity.arn.as_str(),
    })
}

pub(crate) fn token(issued: &IssuedToken) -> Value {
    json!({ "WebIdentityToken": issued.token.expose(), "Expiration": time(issued.expiration) })
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn without_null(value: Value) -> Value {
    let Value::Object(members) = value else {
        return value;
    };
    let told: Map<_, _> = members.into_iter().filter(|(_, value)| !value.is_null()).collect();
    told.into()
}
