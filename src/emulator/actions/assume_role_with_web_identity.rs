mod token;

use super::federation::{self, Ask, Subject};
use super::parameters::{SESSION_NAME, any_text};
use super::{Action, Run, UnsignedCall};
use crate::emulator::core::Sts;
use crate::emulator::errors::Error;
use crate::emulator::jwt::Jwt;
use crate::emulator::roles::VouchedFor;
use crate::emulator::validation::Text;
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>. ID tokens of OIDC are
/// known, the access tokens of Amazon and Facebook (which `ProviderId` stands for) are not.
pub(super) const ACTION: Action = Action {
    name: "AssumeRoleWithWebIdentity",
    run: Run::Unsigned(run),
};

const WEB_IDENTITY_TOKEN: Text = any_text(4, 20_000);
const PROVIDER_ID: Text = any_text(4, 2_048);

fn run(sts: &mut Sts, call: &UnsignedCall<'_>) -> Result<Vec<Element>, Error> {
    let (ask, (session_name, text, provider_id)) = Ask::read(call.form, |broken| {
        let name = call.form.text("RoleSessionName");
        let token = call.form.text("WebIdentityToken");
        let provider_id = call.form.text("ProviderId");
        let name = broken.required("roleSessionName", name, &SESSION_NAME);
        let token = broken.secret("webIdentityToken", token, &WEB_IDENTITY_TOKEN);
        broken.text("providerId", provider_id, &PROVIDER_ID);
        (name, token, provider_id)
    })?;
    if provider_id.is_some() {
        return Err(Error::invalid_identity_token(
            "Provided Token is not a Login With Amazon token",
        ));
    }
    let jwt = Jwt::parse(text).ok_or_else(token::no_jwt)?;
    let account = ask.role_arn.split(':').nth(4).unwrap_or_default();
    let checked = token::check(&jwt, account, &sts.oidc_providers, call.moment.now)?;

    let (tags, transitive_tag_keys) = token::tags(&jwt);
    let subject = Subject {
        vouched: VouchedFor {
            provider: &checked.provider,
            subject: checked.subject,
            audience: checked.audience,
        },
        session_name,
        source_identity: jwt.text("https://aws.amazon.com/source_identity"),
        tags,
        transitive_tag_keys,
        until: None,
    };
    let mut result = federation::assume(sts, ACTION.name, &ask, subject, call.moment)?;
    result.extend([
        Element::text("SubjectFromWebIdentityToken", checked.subject),
        Element::text("Provider", checked.issuer),
        Element::text("Audience", checked.audience),
    ]);
    Ok(result)
}
