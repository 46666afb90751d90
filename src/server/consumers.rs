use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use super::tokens::Tokens;
use crate::renew::{Published, Table};

/// Who may have what: which token opens which profile. A reload replaces it as a whole, so that no request sees the
/// tokens of one configuration beside the profiles of another.
pub struct Consumers(ArcSwap<Known>);

pub(super) struct Known {
    tokens: Tokens,
    profiles: Arc<Vec<Arc<Published>>>,
}

impl Consumers {
    /// `tokens` are those of the profiles of `table`, in their order.
    pub fn new(tokens: Tokens, table: &Table) -> Self {
        Self(ArcSwap::from_pointee(Known::new(tokens, table)))
    }

    /// Lets those of another configuration in, and nobody else from now on.
    pub fn replace(&self, tokens: Tokens, table: &Table) {
        self.0.store(Arc::new(Known::new(tokens, table)));
    }

    pub(super) fn load(&self) -> Guard<Arc<Known>> {
        self.0.load()
    }
}

impl Known {
    fn new(tokens: Tokens, table: &Table) -> Self {
        Self {
            tokens,
            profiles: table.profiles(),
        }
    }

    /// The profile whose token this is.
    pub(super) fn profile(&self, authorization: &[u8]) -> Option<&Published> {
        let place = self.tokens.profile(authorization)?;
        self.profiles.get(place).map(|profile| &**profile)
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
