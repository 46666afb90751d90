use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, Guard};

use super::recognised::Recognised;
use super::tokens::Tokens;
use crate::aws::ProfileName;
use crate::renew::{Published, Table};

/// Who may have what: which token opens which profile. A reload replaces it as a whole, so that no request sees the
/// tokens of one configuration beside the profiles of another.
pub struct Consumers {
    known: ArcSwap<Known>,
    imds: Option<ProfileName>,
    replaced: AtomicU64,
}

pub(super) struct Known {
    /// From 1 on, another one at each reload.
    number: u64,
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
            known: ArcSwap::from_pointee(Known::new(1, tokens, table, imds.as_ref())),
            imds,
            replaced: AtomicU64::new(1),
        }
    }

    /// Lets those of another configuration in, and nobody else from now on.
    pub fn replace(&self, tokens: Tokens, table: &Table) {
        let number = self.replaced.fetch_add(1, Ordering::Relaxed) + 1;
        self.known
            .store(Arc::new(Known::new(number, tokens, table, self.imds.as_ref())));
    }

    pub(super) fn load(&self) -> Guard<Arc<Known>> {
        self.known.load()
    }
}

impl Known {
    fn new(number: u64, tokens: Tokens, table: &Table, imds: Option<&ProfileName>) -> Self {
        let profiles = table.profiles();
        let place = |name: &ProfileName| profiles.iter().position(|profile| profile.name == *name);
        Self {
            number,
            tokens,
            imds: imds.and_then(place),
            profiles,
        }
    }

    /// The profile whose token this is.
    pub(super) fn profile(&self, authorization: &[u8], recognised: &mut Recognised) -> Option<&Published> {
        let place = self.tokens.profile(self.token(authorization, recognised)?)?;
        self.profiles.get(place).map(|profile| &**profile)
    }

    /// The place of this token in the list.
    fn token(&self, authorization: &[u8], recognised: &mut Recognised) -> Option<usize> {
        if let Some(token) = recognised.place(self.number, authorization) {
            return Some(token);
        }
        let token = self.tokens.find(authorization)?;
        recognised.remember(self.number, authorization, token);
        Some(token)
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
