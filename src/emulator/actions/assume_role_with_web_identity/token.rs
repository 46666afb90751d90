//! The checks of an ID token, in the order of what they need: itself, the provider, its keys, the clock, the audience.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::emulator::errors::Error;
use crate::emulator::jwt::{Jwt, Verdict};
use crate::emulator::oidc::OidcProviders;

/// A token that is good at this moment.
pub(super) struct Checked<'a> {
    /// The provider's ARN.
    pub(super) provider: String,
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) audience: &'a str,
}

const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider,  please reference \
    AssumeRoleWithWebIdentity documentation for requirements";

pub(super) fn no_jwt() -> Error {
    Error::invalid_identity_token(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    )
}

pub(super) fn check<'a>(
    jwt: &'a Jwt<'_>,
    account: &str,
    providers: &OidcProviders,
    now: DateTime<Utc>,
) -> Result<Checked<'a>, Error> {
    let missing = |claim: &str| Error::invalid_identity_token(&format!("Missing a required claim: {claim}"));
    let issuer = jwt.text("iss").ok_or_else(|| missing("iss"))?;
    let subject = jwt.text("sub").ok_or_else(|| missing("sub"))?;
    let expiration = jwt.number("exp").ok_or_else(|| missing("exp"))?;
    let audiences = jwt.audiences();
    if audiences.is_empty() {
        return Err(missing("aud"));
    }

    let provider = providers.of_issuer(account, issuer).ok_or_else(|| {
        Error::invalid_identity_token(&format!("No OpenIDConnect provider found in your account for {issuer}"))
    })?;
    if !provider.reachable {
        return Err(Error::idp_communication());
    }
    match provider.keys.verify(jwt) {
        Verdict::Good => {}
        Verdict::Wrong => return Err(Error::invalid_identity_token("Token signature invalid")),
        Verdict::NoKey => return Err(Error::invalid_identity_token(NO_KEY)),
    }
    check_time(jwt, expiration, now.timestamp())?;
    let known = |audience: &&&str| provider.client_ids.iter().any(|id| id == **audience);
    let audience = audiences.iter().find(known);
    Ok(Checked {
        provider: provider.arn(),
        issuer,
        subject,
        audience: audience.ok_or_else(|| Error::invalid_identity_token("Incorrect token audience"))?,
    })
}

fn check_time(jwt: &Jwt<'_>, expiration: i64, now: i64) -> Result<(), Error> {
    if now >= expiration {
        return Err(Error::expired_identity(&format!(
            "Token expired: current date/time {now} must be before the expiration date/time {expiration}"
        )));
    }
    match jwt.number("nbf") {
        Some(not_before) if now < not_before => Err(Error::invalid_identity_token(&format!(
            "Token is not valid yet: current date/time {now} must not be before {not_before}"
        ))),
        _ => Ok(()),
    }
}

/// Session tags and the keys of those that are transitive.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>
pub(super) fn tags(jwt: &Jwt<'_>) -> (Vec<(String, String)>, Vec<String>) {
    let Some(claim) = jwt.claim("https://aws.amazon.com/tags") else {
        return (Vec::new(), Vec::new());
    };
    let principal = claim.get("principal_tags").and_then(Value::as_object);
    // Each value is a list of one.
    let first = |values: &Value| Some(values.as_array()?.first()?.as_str()?.to_owned());
    let tags = principal.into_iter().flatten();
    let tags = tags.filter_map(|(key, values)| Some((key.clone(), first(values)?)));
    let keys = claim.get("transitive_tag_keys").and_then(Value::as_array);
    let keys = keys.into_iter().flatten().filter_map(Value::as_str);
    (tags.collect(), keys.map(str::to_owned).collect())
}
