use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use super::tokens::Tokens;
use crate::aws::ProfileName;
use crate::renew::{Published, Table};

/// Who may have what: which token opens which profile. A reload replaces it as a whole, so that no request sees the
/// tokens of one configuration beside the profiles of another.
pub struct Consumers {
    known: ArcSwap<Known>,
    imds: Option<ProfileName>,
}

pub(super) struct Known {
    tokens: Tokens,
    profiles: Arc<Vec<Arc<Published>>>,
    /// The place of the profile that the IMDS form serves.
    imds: Option<usize>,
}

impl Consumers {
    /// `tokens` are those of the profiles of `table`, in their order.
    pub fn new(tokens: Tokens, table: &Table) -> Self {
        Self::with_imds(tokens, table, None)
    }

    /// The same where one profile needs no token of these: whoever asks in the IMDS form may have it.
    pub fn with_imds(tokens: Tokens, table: &Table, imds: Option<ProfileName>) -> Self {
        Self {
            known: ArcSwap::from_pointee(Known::new(tokens, table, imds.as_ref())),
            imds,
        }
    }

    /// Lets those of another configuration in, and nobody else from now on.
    pub fn replace(&self, tokens: Tokens, table: &Table) {
        self.known
            .store(Arc::new(Known::new(tokens, table, self.imds.as_ref())));
    }

    pub(super) fn load(&self) -> Guard<Arc<Known>> {
        self.known.load()
    }
}

impl Known {
    fn new(tokens: Tokens, table: &Table, imds: Option<&ProfileName>) -> Self {
        let profiles = table.profiles();
        let place = |name: &ProfileName| profiles.iter().position(|profile| profile.name == *name);
        Self {
            tokens,
            imds: imds.and_then(place),
            profiles,
        }
    }

    /// The profile whose token this is.
    pub(super) fn profile(&self, authorization: &[u8]) -> Option<&Published> {
        let place = self.tokens.profile(authorization)?;
        self.profiles.get(place).map(|profile| &**profile)
    }

    /// The profile that the IMDS form serves; none after a reload that removed it.
    pub(super) fn imds(&self) -> Option<&Published> {
        self.profiles.get(self.imds?).map(|profile| &**profile)
    }

    /// All of them.
    pub(super) fn profiles(&self) -> &[Arc<Published>] {
        &self.profiles
    }

    /// Whether there is one profile alone, which then needs no name in the path.
    pub(super) fn is_one(&self) -> bool {
        self.profiles.len() == 1
    }
}
