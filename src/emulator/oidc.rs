use serde_json::Value;

use super::jwt::KeySet;

/// An identity provider that speaks OIDC, as IAM knows it, with the keys that AWS would fetch from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcProvider {
    account: String,
    issuer: String,
    pub(super) client_ids: Vec<String>,
    pub(super) keys: KeySet,
    pub(super) reachable: bool,
}

impl OidcProvider {
    /// A provider of this account (12 digits) whose tokens have this `iss` (`https://…`), for these audiences, with
    /// these keys (a JWKS of RSA, P-256 and P-384). Otherwise what is wrong with the keys.
    pub fn new(account: &str, issuer: &str, client_ids: &[&str], jwks: &Value) -> Result<Self, String> {
        Ok(Self {
            account: account.to_owned(),
            issuer: issuer.to_owned(),
            client_ids: client_ids.iter().map(|id| (*id).to_owned()).collect(),
            keys: KeySet::parse(jwks)?,
            reachable: true,
        })
    }

    /// The same provider, out of AWS's reach: its tokens cannot be checked for now.
    #[must_use]
    pub fn unreachable(self) -> Self {
        Self {
            reachable: false,
            ..self
        }
    }

    /// `arn:aws:iam::<account>:oidc-provider/<issuer without scheme>`
    pub fn arn(&self) -> String {
        let (_, name) = self.issuer.split_once("://").unwrap_or(("", &self.issuer));
        format!("arn:aws:iam::{}:oidc-provider/{name}", self.account)
    }
}

/// Every provider that the emulator knows.
#[derive(Default)]
pub(super) struct OidcProviders(Vec<OidcProvider>);

impl OidcProviders {
    /// A provider with the ARN of an older one takes its place.
    pub(super) fn add(&mut self, provider: OidcProvider) {
        self.0.retain(|known| known.arn() != provider.arn());
        self.0.push(provider);
    }

    pub(super) fn of_issuer(&self, account: &str, issuer: &str) -> Option<&OidcProvider> {
        self.0
            .iter()
            .find(|known| known.account == account && known.issuer == issuer)
    }

    pub(super) fn arns(&self) -> Vec<String> {
        self.0.iter().map(OidcProvider::arn).collect()
    }
}
