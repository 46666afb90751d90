use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

/// What an identity provider asserted about somebody. The emulator does not read SAML: a test registers what an
/// assertion says, and every other assertion is one whose signature is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamlAssertion {
    /// The text that stands for it, as it is sent.
    pub assertion: String,
    /// Pairs of ARNs: of a role, and of the SAML provider that vouches.
    pub roles: Vec<(String, String)>,
    /// `NameID`.
    pub subject: String,
    /// The format of `NameID`, without the prefix of SAML 2.0.
    pub subject_type: String,
    /// `Issuer`.
    pub issuer: String,
    /// `Recipient`.
    pub audience: String,
    /// The attribute `RoleSessionName`.
    pub role_session_name: String,
    /// The attribute `SourceIdentity`.
    pub source_identity: Option<String>,
    /// From this instant on the assertion is not taken any more; AWS gives five minutes.
    pub not_on_or_after: DateTime<Utc>,
    /// From this instant on no session lives (`SessionNotOnOrAfter`).
    pub session_not_on_or_after: Option<DateTime<Utc>>,
}

impl SamlAssertion {
    /// Somebody of this subject may have this role, as this provider says, until this instant. The session is named
    /// after the subject, the issuer after the provider.
    pub fn new(assertion: &str, role: &str, provider: &str, subject: &str, not_on_or_after: DateTime<Utc>) -> Self {
        let name = provider.rsplit('/').next().unwrap_or_default();
        Self {
            assertion: assertion.to_owned(),
            roles: vec![(role.to_owned(), provider.to_owned())],
            subject: subject.to_owned(),
            subject_type: "persistent".to_owned(),
            issuer: format!("https://{name}.example.com/saml"),
            audience: "https://signin.aws.amazon.com/saml".to_owned(),
            role_session_name: subject.to_owned(),
            source_identity: None,
            not_on_or_after,
            session_not_on_or_after: None,
        }
    }

    pub(super) fn is_of(&self, provider: &str) -> bool {
        self.roles.iter().any(|(_, known)| known == provider)
    }

    pub(super) fn grants(&self, role: &str, provider: &str) -> bool {
        self.roles.iter().any(|(known, by)| known == role && by == provider)
    }
}

/// Every assertion that the emulator knows.
#[derive(Default)]
pub(super) struct SamlAssertions(Vec<SamlAssertion>);

impl SamlAssertions {
    /// An assertion with the text of an older one takes its place.
    pub(super) fn add(&mut self, assertion: SamlAssertion) {
        self.0.retain(|known| known.assertion != assertion.assertion);
        self.0.push(assertion);
    }

    pub(super) fn find(&self, assertion: &str) -> Option<&SamlAssertion> {
        self.0.iter().find(|known| known.assertion == assertion)
    }

    /// The providers that the assertions name are those that there are.
    pub(super) fn providers(&self) -> Vec<String> {
        let pairs = self.0.iter().flat_map(|assertion| &assertion.roles);
        let providers: BTreeSet<String> = pairs.map(|(_, provider)| provider.clone()).collect();
        providers.into_iter().collect()
    }
}
