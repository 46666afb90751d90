//! Identity providers, assertions, trade-in tokens, organisations and denials in JSON.

use serde_json::Value;

use super::read::{account, flag, instant, is_iam_arn, object, text, texts};
use crate::emulator::authorization_messages::Denial;
use crate::emulator::oidc::OidcProvider;
use crate::emulator::organization::Organization;
use crate::emulator::saml::SamlAssertion;
use crate::emulator::trade_ins::TradeIn;

/// The provider in the body of a request, or what is wrong with it.
pub(super) fn oidc_provider(body: &[u8]) -> Result<OidcProvider, String> {
    let example =
        "{\"issuer\": \"https://id.example.com\", \"client_ids\": [\"sts.amazonaws.com\"], \"jwks\": {\"keys\": []}}";
    let json = object(body, example)?;
    let (mut owner, mut issuer, mut client_ids) = ("123456789012", None, Vec::new());
    let (mut jwks, mut unreachable) = (None, false);
    for (key, value) in &json {
        match key.as_str() {
            "account" => owner = account(key, value)?,
            "issuer" => issuer = Some(text(key, value)?),
            "client_ids" => client_ids = texts(key, value)?,
            "jwks" => jwks = Some(value),
            "unreachable" => unreachable = flag(key, value)?,
            _ => return Err(format!("an OIDC provider has no {key:?}")),
        }
    }
    let issuer = issuer.ok_or("an OIDC provider needs its issuer")?;
    let jwks = jwks.ok_or("an OIDC provider needs its jwks")?;
    let provider = OidcProvider::new(owner, issuer, &client_ids, jwks)?;
    Ok(if unreachable { provider.unreachable() } else { provider })
}

/// The assertion in the body of a request, or what is wrong with it.
pub(super) fn saml_assertion(body: &[u8]) -> Result<SamlAssertion, String> {
    let example = "{\"assertion\": \"PHNhbWw+\", \"roles\": [[\"arn of role\", \"arn of provider\"]], \"subject\": \"jane\", \
                   \"not_on_or_after\": \"2026-01-02T03:04:05Z\"}";
    let json = object(body, example)?;
    let need = |key: &str| json.get(key).ok_or_else(|| format!("an assertion needs its {key}"));
    let roles = roles(need("roles")?)?;
    let (role, provider) = roles.first().ok_or("roles must not be empty")?;
    let mut assertion = SamlAssertion::new(
        text("assertion", need("assertion")?)?,
        role,
        provider,
        text("subject", need("subject")?)?,
        instant("not_on_or_after", need("not_on_or_after")?)?,
    );
    assertion.roles = roles;
    for (key, value) in &json {
        match key.as_str() {
            "assertion" | "roles" | "subject" | "not_on_or_after" => {}
            "subject_type" => text(key, value)?.clone_into(&mut assertion.subject_type),
            "issuer" => text(key, value)?.clone_into(&mut assertion.issuer),
            "audience" => text(key, value)?.clone_into(&mut assertion.audience),
            "role_session_name" => text(key, value)?.clone_into(&mut assertion.role_session_name),
            "source_identity" => assertion.source_identity = Some(text(key, value)?.to_owned()),
            "session_not_on_or_after" => assertion.session_not_on_or_after = Some(instant(key, value)?),
            _ => return Err(format!("an assertion has no {key:?}")),
        }
    }
    Ok(assertion)
}

fn roles(value: &Value) -> Result<Vec<(String, String)>, String> {
    let pair = |pair: &Value| match texts("roles", pair).as_deref() {
        Ok([role, provider]) if is_iam_arn(role, "role") && is_iam_arn(provider, "saml-provider") => {
            Some(((*role).to_owned(), (*provider).to_owned()))
        }
        _ => None,
    };
    let pairs = value.as_array().and_then(|pairs| pairs.iter().map(pair).collect());
    pairs.ok_or_else(|| "roles must be a list of pairs of ARNs: of a role and of a SAML provider".to_owned())
}

/// The token in the body of a request, or what is wrong with it.
pub(super) fn trade_in(body: &[u8]) -> Result<TradeIn, String> {
    let example =
        "{\"token\": \"t\", \"principal\": \"arn of role or user\", \"expiration\": \"2026-01-02T03:04:05Z\"}";
    let json = object(body, example)?;
    let need = |key: &str| json.get(key).ok_or_else(|| format!("a trade-in token needs its {key}"));
    if let Some(key) = json
        .keys()
        .find(|key| !["token", "principal", "expiration", "seconds"].contains(&key.as_str()))
    {
        return Err(format!("a trade-in token has no {key:?}"));
    }
    let seconds = json.get("seconds").map_or(Some(3_600), Value::as_u64);
    Ok(TradeIn {
        token: text("token", need("token")?)?.to_owned(),
        principal: text("principal", need("principal")?)?.to_owned(),
        expiration: instant("expiration", need("expiration")?)?,
        seconds: seconds
            .and_then(|seconds| u32::try_from(seconds).ok())
            .filter(|seconds| (1..=129_600).contains(seconds))
            .ok_or("seconds must be a whole number from 1 to 129600")?,
    })
}

/// The organisation in the body of a request, or what is wrong with it.
pub(super) fn organization(body: &[u8]) -> Result<Organization, String> {
    let json = object(
        body,
        "{\"management\": \"123456789012\", \"members\": [\"210987654321\"]}",
    )?;
    let accounts = |key: &str, value: &Value| -> Result<Vec<String>, String> {
        texts(key, value)?;
        let list = value.as_array().into_iter().flatten();
        list.map(|one| account(key, one).map(str::to_owned)).collect()
    };
    let mut organization = Organization::default();
    for (key, value) in &json {
        match key.as_str() {
            "management" => account(key, value)?.clone_into(&mut organization.management),
            "delegated_administrators" => organization.delegated_administrators = accounts(key, value)?,
            "members" => organization.members = accounts(key, value)?,
            _ => return Err(format!("an organization has no {key:?}")),
        }
    }
    Ok(organization)
}

/// Whether there is outbound federation, or what is wrong with the body of the request.
pub(super) fn outbound_federation(body: &[u8]) -> Result<bool, String> {
    let json = object(body, "{\"enabled\": false}")?;
    match json.get("enabled") {
        Some(value) if json.len() == 1 => flag("enabled", value),
        _ => Err("outbound federation has enabled and nothing else".to_owned()),
    }
}

/// The denial in the body of a request, or what is wrong with it.
pub(super) fn denial(body: &[u8]) -> Result<Denial, String> {
    let example = "{\"principal\": \"arn of a user\", \"action\": \"ec2:RunInstances\", \"resource\": \"*\"}";
    let json = object(body, example)?;
    let need = |key: &str| text(key, json.get(key).ok_or_else(|| format!("a denial needs its {key}"))?);
    if let Some(key) = json
        .keys()
        .find(|key| !["principal", "action", "resource", "explicit"].contains(&key.as_str()))
    {
        return Err(format!("a denial has no {key:?}"));
    }
    Ok(Denial {
        principal_id: "AIDAEXAMPLEEXAMPLEEXA".to_owned(),
        principal_arn: need("principal")?.to_owned(),
        action: need("action")?.to_owned(),
        resource: need("resource")?.to_owned(),
        explicit: json
            .get("explicit")
            .map_or(Ok(false), |value| flag("explicit", value))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with these documents.
    fn messages<T>(parse: fn(&[u8]) -> Result<T, String>, bodies: &[&str]) -> Vec<String> {
        let message = |body: &&str| parse(body.as_bytes()).err().unwrap_or_else(|| panic!("{body} is good"));
        bodies.iter().map(message).collect()
    }

    #[test]
    fn a_provider_has_an_arn() {
        let body = br#"{"account": "210987654321", "issuer": "https://id.example.com/a", "jwks": {"keys": []}}"#;
        let provider = oidc_provider(body).unwrap();
        assert_eq!(
            provider.arn(),
            "arn:aws:iam::210987654321:oidc-provider/id.example.com/a"
        );
        assert!(provider.reachable);
        let body = br#"{"issuer": "https://x", "client_ids": ["a"], "jwks": {"keys": []}, "unreachable": true}"#;
        let provider = oidc_provider(body).unwrap();
        assert!(!provider.reachable && provider.client_ids == ["a"]);
    }

    #[test]
    fn an_assertion_is_named_after_its_subject_unless_it_says_more() {
        let roles = r#"[["arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:saml-provider/Corp"]]"#;
        let body = format!(
            r#"{{"assertion": "abcd", "roles": {roles}, "subject": "jane", "not_on_or_after": "2026-01-02T03:04:05Z",
                "issuer": "https://corp", "source_identity": "j", "session_not_on_or_after": "2026-01-02T04:00:00Z"}}"#
        );
        let assertion = saml_assertion(body.as_bytes()).unwrap();
        let named = (assertion.role_session_name.as_str(), assertion.issuer.as_str());
        assert_eq!(named, ("jane", "https://corp"));
        assert!(assertion.source_identity.is_some() && assertion.session_not_on_or_after.is_some());
    }

    #[test]
    fn mistakes_are_named() {
        let found = [
            messages(
                oidc_provider,
                &["", "{}", r#"{"issuer": "x"}"#, r#"{"account": "1"}"#, r#"{"a": 1}"#],
            ),
            messages(
                saml_assertion,
                &["[]", "{}", r#"{"roles": [["a", "b"]]}"#, r#"{"roles": []}"#],
            ),
            messages(
                trade_in,
                &[
                    "1",
                    "{}",
                    r#"{"x": 1}"#,
                    r#"{"token": "t", "principal": "p", "expiration": 1}"#,
                ],
            ),
            messages(
                organization,
                &["1", r#"{"management": "1"}"#, r#"{"members": [1]}"#, r#"{"x": 1}"#],
            ),
            messages(outbound_federation, &["1", "{}", r#"{"enabled": 1}"#]),
            messages(denial, &["1", "{}", r#"{"x": 1}"#]),
        ]
        .concat();
        let expected = [
            "the body must be",
            "an OIDC provider needs its issuer",
            "an OIDC provider needs its jwks",
            "account must be the twelve digits",
            "an OIDC provider has no \"a\"",
            "the body must be",
            "an assertion needs its roles",
            "roles must be a list of pairs",
            "roles must not be empty",
            "the body must be",
            "a trade-in token needs its token",
            "a trade-in token has no \"x\"",
            "expiration must be an instant",
            "the body must be",
            "management must be the twelve digits",
            "members must be a list of texts",
            "an organization has no \"x\"",
            "the body must be",
            "outbound federation has enabled",
            "enabled must be true or false",
            "the body must be",
            "a denial needs its principal",
            "a denial has no \"x\"",
        ];
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}");
        }
    }
}
