use data_encoding::BASE64;
use sha1::{Digest, Sha1};

use super::federation::{self, Ask, Subject};
use super::parameters::{ARN, any_text, check_arn};
use super::{Action, Run, UnsignedCall};
use crate::emulator::core::Sts;
use crate::emulator::errors::Error;
use crate::emulator::roles::VouchedFor;
use crate::emulator::saml::SamlAssertion;
use crate::emulator::validation::Text;
use crate::emulator::xml::Element;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html>
pub(super) const ACTION: Action = Action {
    name: "AssumeRoleWithSAML",
    run: Run::Unsigned(run),
};

const SAML_ASSERTION: Text = any_text(4, 100_000);

fn run(sts: &mut Sts, call: &UnsignedCall<'_>) -> Result<Vec<Element>, Error> {
    let (ask, (provider, text)) = Ask::read(call.form, |broken| {
        let (provider, assertion) = (call.form.text("PrincipalArn"), call.form.text("SAMLAssertion"));
        let provider = broken.required("principalArn", provider, &ARN);
        (provider, broken.secret("sAMLAssertion", assertion, &SAML_ASSERTION))
    })?;
    check_arn(provider)?;
    let assertion = find(sts, provider, text)?;
    if call.moment.now >= assertion.not_on_or_after {
        return Err(Error::expired_identity(
            "Token must be redeemed within 5 minutes of issuance",
        ));
    }
    if !assertion.grants(ask.role_arn, provider) {
        return Err(federation::not_authorized(ACTION.name));
    }

    let subject = Subject {
        vouched: VouchedFor {
            provider,
            subject: &assertion.subject,
            audience: &assertion.audience,
        },
        session_name: &assertion.role_session_name,
        source_identity: assertion.source_identity.as_deref(),
        tags: Vec::new(),
        transitive_tag_keys: Vec::new(),
        until: assertion.session_not_on_or_after,
    };
    let mut result = federation::assume(sts, ACTION.name, &ask, subject, call.moment)?;
    result.extend([
        Element::text("Subject", &*assertion.subject),
        Element::text("SubjectType", &*assertion.subject_type),
        Element::text("Issuer", &*assertion.issuer),
        Element::text("Audience", &*assertion.audience),
        Element::text("NameQualifier", name_qualifier(&assertion, provider)),
    ]);
    Ok(result)
}

/// An assertion that nobody registered is one whose signature is wrong, if there is a provider to check it with.
fn find(sts: &Sts, provider: &str, text: &str) -> Result<SamlAssertion, Error> {
    if !sts.saml_assertions.providers().iter().any(|known| known == provider) {
        return Err(Error::invalid_identity_token("Specified provider doesn't exist"));
    }
    let Some(assertion) = sts.saml_assertions.find(text) else {
        return Err(Error::invalid_identity_token("Response signature invalid"));
    };
    if !assertion.is_of(provider) {
        return Err(Error::invalid_identity_token(
            "Issuer not present in specified provider",
        ));
    }
    Ok(assertion.clone())
}

/// As the documentation of the result gives it.
fn name_qualifier(assertion: &SamlAssertion, provider: &str) -> String {
    let account = provider.split(':').nth(4).unwrap_or_default();
    let name = provider.rsplit('/').next().unwrap_or_default();
    BASE64.encode(&Sha1::digest(format!("{}{account}/{name}", assertion.issuer)))
}
