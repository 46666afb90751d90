use std::time::Duration;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

use crate::clock::BootInstant;
use crate::secret::Secret;

/// Which token belongs to which profile. How long a look-up takes tells nothing of any token: what is compared is a
/// digest, of which nobody chooses a prefix.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tokens(Box<[Entry]>);

pub(super) type Digest = [u8; SHA256_OUTPUT_LEN];

/// Ordered by the digest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    digest: Digest,
    /// The profile's.
    place: usize,
    /// The first instant at which it is not taken any more; [`NEVER`] for what is in a file.
    until: BootInstant,
}

const NEVER: BootInstant = BootInstant::from_boot(Duration::MAX);

/// How many old tokens of a profile are taken. Whoever replaces them more often than that within the grace takes the oldest
/// away.
const MOST_OLD: usize = 8;

/// Another token for the profile at a place, and whether it is in its file.
#[derive(Clone, Copy)]
pub(super) struct Successor {
    pub(super) digest: Digest,
    pub(super) place: usize,
    pub(super) written: bool,
}

impl Tokens {
    /// One token a profile, in the order of the profiles.
    pub fn new<'a>(tokens: impl IntoIterator<Item = &'a Secret>) -> Self {
        Self::current(tokens.into_iter().map(digest_of).zip(0..))
    }

    /// What is in the files.
    pub(super) fn current(tokens: impl IntoIterator<Item = (Digest, usize)>) -> Self {
        let entries = tokens.into_iter().map(|(digest, place)| Entry {
            digest,
            place,
            until: NEVER,
        });
        Self::sorted(entries.collect())
    }

    fn sorted(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable();
        Self(entries.into())
    }

    /// The place in this list of a token: the whole value of an `Authorization` header, since no SDK adds a scheme such as
    /// `Bearer`, or an id.
    pub(in crate::server) fn find(&self, shown: &[u8]) -> Option<usize> {
        let digest = sha256(shown);
        self.0.binary_search_by(|known| known.digest.cmp(&digest)).ok()
    }

    /// The place of the profile that the token at a place opens at `now`.
    pub(in crate::server) fn profile(&self, token: usize, now: BootInstant) -> Option<usize> {
        let found = self.0.get(token)?;
        (now < found.until).then_some(found.place)
    }

    /// These, and those of `older` that were replaced and whose time is not over: a reload does not end it. `place` tells
    /// where a profile of `older` is now, if it is still there.
    pub(in crate::server) fn with_replaced_of(
        self,
        older: &Self,
        now: BootInstant,
        place: impl Fn(usize) -> Option<usize>,
    ) -> Self {
        let replaced = older.0.iter().filter(|old| old.until != NEVER && now < old.until);
        let replaced = replaced.filter(|old| self.0.iter().all(|entry| entry.digest != old.digest));
        let replaced = replaced.filter_map(|old| {
            let place = place(old.place)?;
            Some(Entry { place, ..*old })
        });
        let entries = self.0.iter().copied().chain(replaced);
        Self::sorted(entries.collect())
    }

    /// These, and what is about to replace them.
    pub(super) fn with(&self, successors: &[Successor]) -> Self {
        let fresh = Self::current(successors.iter().map(|fresh| (fresh.digest, fresh.place)));
        Self::sorted([&self.0[..], &fresh.0].concat())
    }

    /// What remains once it is known which successors are in their files: those, and until `until` what they replaced.
    pub(super) fn replaced_by(&self, successors: &[Successor], until: BootInstant, now: BootInstant) -> Self {
        let mut entries = self.0.to_vec();
        for successor in successors {
            if successor.written {
                let old = entries.iter_mut().filter(|entry| entry.place == successor.place);
                for entry in old.filter(|entry| entry.digest != successor.digest && entry.until == NEVER) {
                    entry.until = until;
                }
            } else {
                entries.retain(|entry| entry.digest != successor.digest);
            }
        }
        entries.retain(|entry| now < entry.until);
        // The youngest first.
        entries.sort_unstable_by_key(|entry| (entry.place, std::cmp::Reverse(entry.until)));
        let mut kept = Vec::with_capacity(entries.len());
        for of_one in entries.chunk_by(|one, other| one.place == other.place) {
            kept.extend(of_one.iter().take(1 + MOST_OLD));
        }
        Self::sorted(kept)
    }
}

pub(super) fn digest_of(token: &Secret) -> Digest {
    sha256(token.expose().as_bytes())
}

fn sha256(bytes: &[u8]) -> Digest {
    let mut copy = [0; SHA256_OUTPUT_LEN];
    copy.copy_from_slice(digest(&SHA256, bytes).as_ref());
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> BootInstant {
        BootInstant::from_boot(Duration::from_secs(seconds))
    }

    fn successor(token: &str, place: usize, written: bool) -> Successor {
        Successor {
            digest: sha256(token.as_bytes()),
            place,
            written,
        }
    }

    fn two() -> Tokens {
        Tokens::new(&["a".into(), "b".into()])
    }

    fn opens(tokens: &Tokens, token: &str, seconds: u64) -> Option<usize> {
        tokens.profile(tokens.find(token.as_bytes())?, at(seconds))
    }

    #[test]
    fn a_token_opens_its_profile_alone() {
        let tokens = two();
        assert_eq!(
            (opens(&tokens, "a", 0), opens(&tokens, "b", 9_999_999)),
            (Some(0), Some(1))
        );
        for other in ["", "A", "ab", "a ", "Bearer a"] {
            assert_eq!(opens(&tokens, other, 0), None, "{other}");
        }
    }

    #[test]
    fn the_old_one_is_taken_until_its_time_is_over() {
        let both = two().with(&[successor("c", 0, false)]);
        assert_eq!(
            ["a", "b", "c"].map(|token| opens(&both, token, 0)),
            [Some(0), Some(1), Some(0)]
        );
        let replaced = both.replaced_by(&[successor("c", 0, true)], at(600), at(0));
        assert_eq!(
            (opens(&replaced, "a", 599), opens(&replaced, "a", 600)),
            (Some(0), None)
        );
        assert_eq!(
            (opens(&replaced, "c", 600), opens(&replaced, "b", 600)),
            (Some(0), Some(1))
        );
        let at_once = both.replaced_by(&[successor("c", 0, true)], at(0), at(0));
        assert_eq!((opens(&at_once, "a", 0), opens(&at_once, "c", 0)), (None, Some(0)));
    }

    #[test]
    fn what_is_not_in_a_file_opens_nothing_and_ends_nothing() {
        let fresh = [successor("c", 0, false), successor("d", 1, true)];
        let replaced = two().with(&fresh).replaced_by(&fresh, at(600), at(0));
        assert_eq!((opens(&replaced, "c", 0), opens(&replaced, "a", 700)), (None, Some(0)));
        assert_eq!((opens(&replaced, "d", 0), opens(&replaced, "b", 700)), (Some(1), None));
    }

    #[test]
    fn a_reload_leaves_an_old_one_its_time() {
        let fresh = [successor("c", 0, true), successor("d", 1, true)];
        let replaced = two().with(&fresh).replaced_by(&fresh, at(600), at(0));
        // The first profile is gone, the second has become the first and its file has the same token.
        let moved = |place: usize| place.checked_sub(1);
        let reloaded = Tokens::new(&["d".into(), "e".into()]).with_replaced_of(&replaced, at(100), moved);
        assert_eq!(["a", "c"].map(|token| opens(&reloaded, token, 100)), [None, None]);
        assert_eq!(
            ["b", "d", "e"].map(|token| opens(&reloaded, token, 599)),
            [Some(0), Some(0), Some(1)]
        );
        assert_eq!(opens(&reloaded, "b", 600), None);
        let late = Tokens::new(&["d".into()]).with_replaced_of(&replaced, at(600), moved);
        assert!(late == Tokens::new(&["d".into()]));
        // Somebody put an old one back into its file.
        let back = Tokens::new(&["b".into()]).with_replaced_of(&replaced, at(100), moved);
        assert_eq!(opens(&back, "b", 700), Some(0));
    }

    #[test]
    fn however_often_they_are_replaced_few_are_kept() {
        let mut tokens = two();
        for round in 0..50_u64 {
            let fresh = [successor(&format!("a{round}"), 0, true)];
            tokens = tokens.with(&fresh).replaced_by(&fresh, at(1_000 + round), at(round));
        }
        assert_eq!(tokens.0.len(), 2 + MOST_OLD);
        assert_eq!((opens(&tokens, "a49", 50), opens(&tokens, "b", 50)), (Some(0), Some(1)));
        assert_eq!((opens(&tokens, "a41", 50), opens(&tokens, "a40", 50)), (Some(0), None));
        let fresh = [successor("x", 0, true)];
        let later = tokens.with(&fresh).replaced_by(&fresh, at(9_600), at(9_000));
        assert_eq!(later.0.len(), 3, "what is over is forgotten");
    }
}
