use std::sync::Arc;

use chrono::{DateTime, Utc};
use roxmltree::Node;

use super::times::{self, Times};
use super::xml::{self, Malformed};
use super::{About, Issued, User, credentials, sanitise};
use crate::aws::{AccountId, Arn};
use crate::secret::Secret;

/// From this length on a secret of the call is looked for in what a result tells: tokens and keys, which a server may
/// echo. The six digits of a code stand in many a number by chance, and are worth nothing any more.
const TOKEN_LENGTH: usize = 16;

/// The result element of a reply, and what is known about the call.
pub(super) struct ResultElement<'r> {
    pub(super) node: Node<'r, 'r>,
    pub(super) times: Times,
    pub(super) secrets: &'r [&'r str],
    pub(super) request_id: &'r str,
}

impl ResultElement<'_> {
    /// Its credentials, and what several actions tell about theirs.
    pub(super) fn issued(&self) -> Result<Issued, Malformed> {
        let credentials = credentials::read(xml::child(self.node, "Credentials")?)?;
        Ok(Issued {
            lifetime: self.times.lifetime(credentials.expiration)?,
            credentials: Arc::new(credentials),
            account: None,
            packed_policy_size: self.number("PackedPolicySize")?,
            about: About {
                source_identity: self.optional("SourceIdentity")?,
                session_token_utilization: self.number("SessionTokenUtilization")?,
                session_token_size: self.number("SessionTokenSize")?,
                ..About::default()
            },
            request_id: self.request_id.to_owned(),
        })
    }

    /// The same, of a user: the element that names it and the one of its id.
    pub(super) fn issued_to(&self, user: &str, id: &str) -> Result<Issued, Malformed> {
        let mut issued = self.issued()?;
        if let Some(user) = xml::optional(self.node, user)? {
            let text = |name| xml::optional_text(user, name);
            issued.account = text("Arn")?.and_then(account);
            issued.about.user = Some(User {
                id: text(id)?.map(|id| self.masked(id)),
                arn: text("Arn")?.map(|arn| self.masked(arn)),
            });
        }
        Ok(issued)
    }

    /// A text that must be there.
    pub(super) fn text(&self, name: &str) -> Result<String, Malformed> {
        Ok(self.masked(xml::text(self.node, name)?))
    }

    /// A text that may be missing or empty.
    pub(super) fn optional(&self, name: &str) -> Result<Option<String>, Malformed> {
        Ok(xml::optional_text(self.node, name)?.map(|text| self.masked(text)))
    }

    /// `Account`.
    pub(super) fn account(&self) -> Result<AccountId, Malformed> {
        let account = xml::text(self.node, "Account")?.parse();
        account.map_err(|_| Malformed::new("its Account is not an account"))
    }

    /// `Expiration`.
    pub(super) fn expiration(&self) -> Result<DateTime<Utc>, Malformed> {
        times::expiration(xml::text(self.node, "Expiration")?)
    }

    /// A token that must be there.
    pub(super) fn secret(&self, name: &str) -> Result<Secret, Malformed> {
        credentials::secret(self.node, name)
    }

    /// A number that may be missing, and that servers other than AWS may write in any way.
    fn number(&self, name: &str) -> Result<Option<u32>, Malformed> {
        Ok(xml::optional_text(self.node, name)?.and_then(|number| number.parse().ok()))
    }

    /// Without what the request had of secrets, should the server echo them.
    fn masked(&self, text: &str) -> String {
        let tokens: Vec<_> = self
            .secrets
            .iter()
            .copied()
            .filter(|s| s.len() >= TOKEN_LENGTH)
            .collect();
        std::mem::take(&mut *sanitise::without_secrets(text, &tokens))
    }
}

/// The account in an ARN. Servers other than AWS leave the ARN empty or write one without an account; their credentials
/// are good all the same.
pub(super) fn account(arn: &str) -> Option<AccountId> {
    arn.parse::<Arn>().ok()?.account().parse().ok()
}
