use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, Cache, Guard};

use super::peer::{Peer, Uid};
use super::recognised::Recognised;
use super::tokens::{Fresh, Issued, RELATIVE, Tokens, Written};
use crate::aws::ProfileName;
use crate::clock::BootInstant;
use crate::config::{Profile, RelativeUri};
use crate::renew::{Published, Table};

/// Who may have what: which token opens which profile, and for whom. A reload replaces it as a whole, so that no request
/// sees the tokens of one configuration beside the profiles of another.
pub struct Consumers {
    known: Arc<ArcSwap<Known>>,
    imds: Option<ProfileName>,
    replaced: AtomicU64,
    relative_uri: Option<RelativeUri>,
}

/// What opens the profiles of a table, in their order.
pub struct Access {
    issued: Issued,
    /// The UIDs that a profile is for. None, or no entry: for all.
    allowed_uids: Vec<Option<Box<[u32]>>>,
}

impl Access {
    /// What was given out for these profiles, for whom they are meant.
    pub fn new(issued: Issued, profiles: &[Profile]) -> Self {
        let uids = profiles.iter().map(|profile| profile.allowed_uids.as_deref());
        Self {
            issued,
            allowed_uids: uids.map(|uids| uids.map(Box::from)).collect(),
        }
    }
}

/// Tokens alone, for whoever has them.
impl From<Tokens> for Access {
    fn from(tokens: Tokens) -> Self {
        Self {
            issued: Issued::new(tokens, Tokens::default()),
            allowed_uids: Vec::new(),
        }
    }
}

/// What a connection keeps of it. It holds on to what it saw last, and so must end with the connection.
pub(super) type Watch = Cache<Arc<ArcSwap<Known>>, Arc<Known>>;

pub(super) struct Known {
    /// From 1 on, another one at each change.
    number: u64,
    access: Access,
    profiles: Arc<Vec<Arc<Published>>>,
    /// The place of the profile that the IMDS form serves.
    imds: Option<usize>,
    relative_uri: Option<RelativeUri>,
    asks_for_uids: bool,
}

/// A profile, and whose processes may have it.
#[derive(Clone, Copy)]
pub(super) struct Granted<'k> {
    pub(super) profile: &'k Published,
    /// Everybody's, where there is no list.
    pub(super) allowed_uids: Option<&'k [u32]>,
}

/// Whether whoever is at the other end may have a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Granted,
    /// The kernel is being asked.
    Sought,
    /// Nobody asked the kernel: no profile was for certain users when the connection was made, or there was no time.
    Unasked,
    /// The user is another one, or the kernel does not tell.
    Refused,
}

impl Granted<'_> {
    /// What is decided at `now` on the peer of a connection.
    pub(super) fn admits(self, peer: Option<&Arc<Peer>>, now: BootInstant) -> Admission {
        let Some(allowed) = self.allowed_uids else {
            return Admission::Granted;
        };
        let Some(peer) = peer else {
            return Admission::Unasked;
        };
        match peer.uid(now) {
            Uid::Told(uid) if allowed.contains(&uid) => Admission::Granted,
            Uid::Sought => Admission::Sought,
            Uid::Unasked => Admission::Unasked,
            uid @ (Uid::Told(_) | Uid::Untold) => {
                tracing::debug!(profile = %self.profile.name, ?uid, "not in allowed_uids");
                Admission::Refused
            }
        }
    }
}

impl Consumers {
    /// `access` is to the profiles of `table`, in their order.
    pub fn new(access: impl Into<Access>, table: &Table) -> Self {
        Self::with_imds(access, table, None)
    }

    /// The same where one profile needs no token of these: whoever asks in the IMDS form may have it.
    pub fn with_imds(access: impl Into<Access>, table: &Table, imds: Option<ProfileName>) -> Self {
        Self::with_forms(access, table, imds, None)
    }

    /// The same where profiles may be asked for by relative URIs as well.
    pub fn with_forms(
        access: impl Into<Access>,
        table: &Table,
        imds: Option<ProfileName>,
        relative_uri: Option<RelativeUri>,
    ) -> Self {
        let known = Known::new(1, access.into(), table.profiles(), imds.as_ref(), relative_uri);
        Self {
            known: Arc::new(ArcSwap::from_pointee(known)),
            imds,
            relative_uri,
            replaced: AtomicU64::new(1),
        }
    }

    /// Lets those of another configuration in, and nobody else from now on, but for tokens that were replaced a short while
    /// ago.
    pub fn replace(&self, access: impl Into<Access>, table: &Table, now: BootInstant) {
        let (old, profiles, mut access) = (self.known.load(), table.profiles(), access.into());
        let place = |of_old: usize| {
            let name = &old.profiles.get(of_old)?.name;
            profiles.iter().position(|profile| profile.name == *name)
        };
        let Issued { tokens, ids } = access.issued;
        access.issued = Issued::new(
            tokens.with_replaced_of(&old.access.issued.tokens, now, place),
            ids.with_replaced_of(&old.access.issued.ids, now, place),
        );
        self.exchange(access, Arc::clone(&profiles));
    }

    /// Lets in whoever has one of these as well: to be called before anybody can.
    pub fn expect(&self, fresh: &Fresh) {
        self.reissue(|issued| issued.with(fresh));
    }

    /// Lets in whoever has one of those that were written, until `until` whoever has what they replaced, and nobody who has
    /// one that was not.
    pub fn settle(&self, written: &Written, until: BootInstant, now: BootInstant) {
        self.reissue(|issued| issued.replaced_by(written, until, now));
    }

    fn reissue(&self, issued: impl FnOnce(&Issued) -> Issued) {
        let old = self.known.load();
        let access = Access {
            issued: issued(&old.access.issued),
            allowed_uids: old.access.allowed_uids.clone(),
        };
        self.exchange(access, Arc::clone(&old.profiles));
    }

    fn exchange(&self, access: Access, profiles: Arc<Vec<Arc<Published>>>) {
        let number = self.replaced.fetch_add(1, Ordering::Relaxed) + 1;
        let known = Known::new(number, access, profiles, self.imds.as_ref(), self.relative_uri);
        self.known.store(Arc::new(known));
    }

    pub(super) fn load(&self) -> Guard<Arc<Known>> {
        self.known.load()
    }

    /// The same for who looks again and again: what was known last is at hand until it is replaced.
    pub(super) fn watch(&self) -> Watch {
        Cache::new(Arc::clone(&self.known))
    }
}

impl Known {
    fn new(
        number: u64,
        access: Access,
        profiles: Arc<Vec<Arc<Published>>>,
        imds: Option<&ProfileName>,
        relative_uri: Option<RelativeUri>,
    ) -> Self {
        let place = |name: &ProfileName| profiles.iter().position(|profile| profile.name == *name);
        Self {
            number,
            asks_for_uids: access.allowed_uids.iter().any(Option::is_some),
            imds: imds.and_then(place),
            access,
            profiles,
            relative_uri,
        }
    }

    /// The profile whose token this is at `now`.
    pub(super) fn by_token(&self, shown: &[u8], recognised: &mut Recognised, now: BootInstant) -> Option<Granted<'_>> {
        let tokens = &self.access.issued.tokens;
        self.granted(tokens.profile(self.token(shown, recognised)?, now)?)
    }

    /// The profile whose id this is at `now`.
    pub(super) fn by_id(&self, id: &str, now: BootInstant) -> Option<Granted<'_>> {
        let ids = &self.access.issued.ids;
        self.granted(ids.profile(ids.find(id.as_bytes())?, now)?)
    }

    /// The place of this token in the list.
    fn token(&self, authorization: &[u8], recognised: &mut Recognised) -> Option<usize> {
        if let Some(token) = recognised.place(self.number, authorization) {
            return Some(token);
        }
        let token = self.access.issued.tokens.find(authorization)?;
        recognised.remember(self.number, authorization, token);
        Some(token)
    }

    /// The profile that the IMDS form serves; none after a reload that removed it.
    pub(super) fn imds(&self) -> Option<Granted<'_>> {
        self.granted(self.imds?)
    }

    fn granted(&self, place: usize) -> Option<Granted<'_>> {
        Some(Granted {
            profile: self.profiles.get(place)?,
            allowed_uids: self.access.allowed_uids.get(place).and_then(Option::as_deref),
        })
    }

    /// What stands in a path in the form of a relative URI, where that is a secret.
    pub(super) fn id<'p>(&self, path: &'p str) -> Option<&'p str> {
        match self.relative_uri {
            Some(RelativeUri::Id) => relative(path),
            Some(RelativeUri::Token) | None => None,
        }
    }

    /// What stands there where it is the name of a profile.
    pub(super) fn relative_name<'p>(&self, path: &'p str) -> Option<&'p str> {
        match self.relative_uri {
            Some(RelativeUri::Token) => relative(path),
            Some(RelativeUri::Id) | None => None,
        }
    }

    /// Whether it is of use to know who is at the other end.
    pub(super) fn asks_for_uids(&self) -> bool {
        self.asks_for_uids
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

/// What follows `/v2/credentials/`, without a slash at the end.
fn relative(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(RELATIVE)?;
    Some(rest.strip_suffix('/').unwrap_or(rest)).filter(|rest| !rest.is_empty())
}
