//! The control API: what tests and people set and see over HTTP, in JSON, beside STS itself.

mod faults;
mod identities;
mod read;
mod roles;

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::core::{Assumed, Issued, Outcome, State, Sts};
use super::faults::Faults;
use super::jwt::key_set;
use super::message::{Request, Response};

/// What there is, and by which methods.
const RESOURCES: [(&str, &str); 11] = [
    ("state", "GET"),
    ("faults", "POST, DELETE"),
    ("roles", "POST"),
    ("oidc-providers", "POST"),
    ("saml-assertions", "POST"),
    ("trade-in-tokens", "POST"),
    ("organization", "POST"),
    ("outbound-federation", "POST"),
    ("authorization-messages", "POST"),
    // For whoever checks the tokens of GetWebIdentityToken by OpenID Connect Discovery.
    ("issuer/.well-known/openid-configuration", "GET"),
    ("issuer/.well-known/jwks.json", "GET"),
];

/// Answers a request to the control API; `None` when it is none.
pub(super) fn handle(sts: &mut Sts, request: &Request) -> Option<Outcome> {
    let path = request.path.strip_prefix("/_emulator/")?;
    let response = match (request.method.as_str(), path) {
        ("GET", "state") => reply(200, &state_json(&sts.state())),
        ("GET", "issuer/.well-known/openid-configuration") => reply(200, &discovery(request)),
        ("GET", "issuer/.well-known/jwks.json") => reply(200, &key_set()),
        ("DELETE", "faults") => {
            sts.set_faults(Faults::default());
            reply(200, &json!({}))
        }
        ("POST", resource) if allowed(resource).is_some_and(|allowed| allowed.starts_with("POST")) => {
            match set(sts, resource, &request.body) {
                Ok(document) => reply(200, &document),
                Err(message) => reply(400, &json!({ "message": message })),
            }
        }
        (_, resource) => not_so(resource),
    };
    Some(Outcome {
        delay: Duration::ZERO,
        response: Some(response),
    })
}

/// Sets what the body says; gives what there is then, or what is wrong with the body.
fn set(sts: &mut Sts, resource: &str, body: &[u8]) -> Result<Value, String> {
    match resource {
        "faults" => {
            let faults = faults::parse(body)?;
            let document = faults::json(&faults);
            sts.set_faults(faults);
            return Ok(document);
        }
        "roles" => sts.add_role(roles::parse(body)?),
        "oidc-providers" => sts.add_oidc_provider(identities::oidc_provider(body)?),
        "saml-assertions" => sts.add_saml_assertion(identities::saml_assertion(body)?),
        "trade-in-tokens" => sts.add_trade_in(identities::trade_in(body)?),
        "organization" => sts.set_organization(identities::organization(body)?),
        "outbound-federation" => sts.set_outbound_federation(identities::outbound_federation(body)?),
        _ => return Ok(json!({ "encoded_message": sts.encode(identities::denial(body)?) })),
    }
    let state = sts.state();
    Ok(match resource {
        "roles" => json!({ "roles": state.roles }),
        "oidc-providers" => json!({ "oidc_providers": state.oidc_providers }),
        "saml-assertions" => json!({ "saml_providers": state.saml_providers }),
        _ => json!({}),
    })
}

fn allowed(resource: &str) -> Option<&'static str> {
    let found = RESOURCES.iter().find(|(name, _)| *name == resource);
    found.map(|(_, allowed)| *allowed)
}

fn not_so(resource: &str) -> Response {
    if let Some(allowed) = allowed(resource) {
        return Response::empty(405).with("allow", allowed);
    }
    let resources = RESOURCES.map(|(name, _)| format!("/_emulator/{name}"));
    let message = format!("there are {}", resources.join(", "));
    reply(404, &json!({ "message": message }))
}

fn reply(status: u16, body: &Value) -> Response {
    Response::new(status, "application/json", format!("{body}\n"))
}

fn discovery(request: &Request) -> Value {
    let issuer = format!("http://{}/_emulator/issuer", request.header("host").unwrap_or_default());
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES384"],
    })
}

fn state_json(state: &State) -> Value {
    json!({
        "requests": state.requests,
        "errors": state.errors,
        "successes": state.successes,
        "sessions": state.sessions,
        "roles": state.roles,
        "assumed": state.assumed.iter().map(assumed_json).collect::<Vec<_>>(),
        "issued": state.issued.iter().map(issued_json).collect::<Vec<_>>(),
        "authorization_messages": state.authorization_messages,
        "oidc_providers": state.oidc_providers,
        "saml_providers": state.saml_providers,
        "faults": faults::json(&state.faults),
    })
}

fn assumed_json(assumed: &Assumed) -> Value {
    json!({
        "arn": assumed.arn,
        "caller": assumed.caller,
        "seconds": assumed.seconds,
        "mfa": assumed.mfa,
        "external_id": assumed.external_id,
        "source_identity": assumed.source_identity,
        "policy": assumed.policy,
        "policy_arns": assumed.policy_arns,
        "tags": tags_json(&assumed.tags),
        "transitive_tag_keys": assumed.transitive_tag_keys,
    })
}

fn issued_json(issued: &Issued) -> Value {
    json!({
        "action": issued.action,
        "arn": issued.arn,
        "by": issued.by,
        "seconds": issued.seconds,
        "policy": issued.policy,
        "policy_arns": issued.policy_arns,
        "tags": tags_json(&issued.tags),
    })
}

fn tags_json(tags: &[(String, String)]) -> Map<String, Value> {
    let pair = |(key, value): &(String, String)| (key.clone(), Value::from(value.as_str()));
    tags.iter().map(pair).collect()
}
