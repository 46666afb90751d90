use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::parameters::{any_text, distinct_keys, tags};
use super::{Action, Call, Run};
use crate::emulator::core::Sts;
use crate::emulator::errors::Error;
use crate::emulator::jwt::{Algorithm, sign};
use crate::emulator::validation::{Text, Violations};
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html>
pub(super) const ACTION: Action = Action {
    name: "GetWebIdentityToken",
    run: Run::Signed(run),
};

const AUDIENCE: Text = any_text(1, 1_000);
const MAX_AUDIENCES: usize = 10;
const SIGNING_ALGORITHM: Text = any_text(5, 5);
const DEFAULT_SECONDS: i32 = 300;
const MIN_SECONDS: i32 = 60;
const MAX_SECONDS: i32 = 3_600;
/// AWS has a limit and does not tell it.
const MAX_PAYLOAD: usize = 8_192;

fn run(sts: &mut Sts, call: &Call<'_>) -> Result<Vec<Element>, Error> {
    let duration_seconds = call.form.integer("DurationSeconds")?;
    let mut broken = Violations::default();
    let audiences = audiences(call, &mut broken);
    broken.integer("durationSeconds", duration_seconds, MIN_SECONDS, MAX_SECONDS);
    let name = broken.required(
        "signingAlgorithm",
        call.form.text("SigningAlgorithm"),
        &SIGNING_ALGORITHM,
    );
    let algorithm = Algorithm::named(name);
    if algorithm.is_none() && name.len() == 5 {
        broken.not_of("signingAlgorithm", name, "[ES384, RS256]");
    }
    let tags = tags(call.form, &mut broken);
    broken.into_result()?;
    // Whatever is none of the two broke a constraint.
    let algorithm = algorithm.unwrap_or(Algorithm::Rs256);
    distinct_keys(&tags)?;
    if !sts.outbound_federation {
        return Err(Error::outbound_federation_disabled());
    }

    let seconds = duration_seconds.unwrap_or(DEFAULT_SECONDS);
    let format = sts.rules.expiration_format;
    let expiration = call.moment.expiration(seconds.into(), format);
    if call.caller.expiration.is_some_and(|end| expiration > end) {
        return Err(Error::session_duration_escalation());
    }
    let claims = claims(sts, call, &audiences, &tags, expiration);
    if claims.to_string().len() > MAX_PAYLOAD {
        return Err(Error::jwt_payload_too_large());
    }
    Ok(vec![
        Element::text("WebIdentityToken", sign(algorithm, &claims)),
        Element::text("Expiration", format.write(expiration)),
    ])
}

fn audiences<'a>(call: &Call<'a>, broken: &mut Violations) -> Vec<&'a str> {
    let members = call.form.members("Audience");
    if members.is_empty() {
        broken.required("audience", None, &AUDIENCE);
    }
    let audiences: Vec<&str> = members
        .iter()
        .map(|n| {
            let audience = call.form.text(&format!("Audience.member.{n}"));
            broken.required(&format!("audience.{n}.member"), audience, &AUDIENCE)
        })
        .collect();
    broken.length("audience", &audiences, MAX_AUDIENCES);
    audiences
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html>. The issuer is a
/// place of the emulator, so that its keys can be fetched as OIDC says.
fn claims(
    sts: &mut Sts,
    call: &Call<'_>,
    audiences: &[&str],
    tags: &[(&str, &str)],
    expiration: DateTime<Utc>,
) -> Value {
    let identity = &call.caller.identity;
    let audience = match audiences {
        [one] => Value::from(*one),
        several => Value::from(several.to_vec()),
    };
    let mut own = Map::new();
    own.insert("aws_account".to_owned(), identity.account().into());
    own.insert("source_region".to_owned(), sts.rules.region.as_str().into());
    if !tags.is_empty() {
        let tags: Map<String, Value> = tags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).into()))
            .collect();
        own.insert("request_tags".to_owned(), tags.into());
    }
    json!({
        "iss": format!("http://{}/_emulator/issuer", call.host),
        "aud": audience,
        "sub": identity.principal_arn(),
        "iat": call.moment.now.timestamp(),
        "exp": expiration.timestamp(),
        "jti": sts.ids.request_id(),
        "https://sts.amazonaws.com/": own,
    })
}
