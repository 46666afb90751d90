//! Which long-term key signs a profile's calls: the one that brought credentials, until another one has. Pure.

use std::time::Duration;

use super::schedule::Fraction;
use crate::aws::LongTermKey;
use crate::clock::BootInstant;

/// The last moment at which another key is proven after it was found: a fleet that shares a Secret finds it at once.
const SPREAD: Duration = Duration::from_secs(10);

/// The bound of the first wait after another key brought nothing, and of all later ones. IAM lets a key wait for seconds
/// after it was made; who put a wrong one there takes longer.
const RETRY: (Duration, Duration) = (Duration::from_secs(30), Duration::from_mins(15));

/// How long a source is left alone that could not be read for a call: one that hangs would take up each call's MFA step.
const REST: Duration = Duration::from_mins(5);

/// The keys of a profile. Before the first credentials there are none, and the source is read for each call.
#[derive(Default)]
pub(super) struct Keyring {
    /// The key that last brought credentials.
    proven: Option<LongTermKey>,
    /// Another one that is in the source, and has brought none yet.
    other: Option<Other>,
    /// The key that was tried in vain while none has brought any.
    tried: Option<LongTermKey>,
    /// Until when the source, which could not be read, is left alone.
    rest: Option<BootInstant>,
}

struct Other {
    key: LongTermKey,
    next: Next,
    /// How often it brought nothing.
    failures: u32,
}

/// When the other key is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// By a call of its own, then; the first time also by one that comes before.
    At(BootInstant),
    /// By the next call.
    AtCall,
}

/// What a call may be signed with.
#[derive(Clone)]
pub(super) struct Choice {
    /// The key that last brought credentials.
    pub(super) proven: Option<LongTermKey>,
    /// Whether the source is read, and what is in it comes first.
    pub(super) reads: bool,
}

/// What the key is that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The one in use, or one of which that is not known.
    Usual,
    /// The one in use, as it was not the last time.
    Back,
    /// One that has not been seen before.
    Another,
    /// One that is known and has not brought credentials.
    Known,
    /// Another one than brought nothing, or one where there was none; no key has brought credentials yet.
    Corrected,
}

impl Keyring {
    /// Whether another key would be news: there is one that has brought credentials, or one that was tried in vain.
    pub(super) fn is_watched(&self) -> bool {
        self.proven.is_some() || self.tried.is_some() || self.rest.is_some()
    }

    /// Whether this is another key than the one in use.
    pub(super) fn is_another(&self, key: &LongTermKey) -> bool {
        self.proven.as_ref().is_some_and(|proven| !proven.is_same(key))
    }

    /// What a call that begins now may be signed with. Where a `person` gives the codes, another key is tried once, by a
    /// call that takes place anyway: each try takes a code of his.
    pub(super) fn choose(&self, now: BootInstant, person: bool) -> Choice {
        let rests = self.rest.is_some_and(|until| now < until);
        let is_wanted = self.other.as_ref().is_none_or(|other| match other.next {
            Next::AtCall => true,
            Next::At(at) => !person && (other.failures == 0 || at <= now),
        });
        Choice {
            proven: self.proven.clone(),
            reads: self.proven.is_none() || is_wanted && !rests,
        }
    }

    /// Takes in the key that is in the source.
    pub(super) fn found(&mut self, key: &LongTermKey, now: BootInstant, person: bool, chance: Fraction) -> Found {
        let was_unreadable = self.rest.take().is_some();
        if self.proven.is_none() {
            let is_corrected = self.tried.take_if(|tried| !tried.is_same(key)).is_some() || was_unreadable;
            return if is_corrected { Found::Corrected } else { Found::Usual };
        }
        if !self.is_another(key) {
            let was_other = self.other.take().is_some();
            return if was_other || was_unreadable {
                Found::Back
            } else {
                Found::Usual
            };
        }
        if self.other.as_ref().is_some_and(|other| other.key.is_same(key)) {
            return Found::Known;
        }
        self.other = Some(Other {
            key: key.clone(),
            next: if person {
                Next::AtCall
            } else {
                Next::At(now + chance.of(SPREAD))
            },
            failures: 0,
        });
        Found::Another
    }

    /// The source could not be read. Tells whether it could the last time.
    pub(super) fn unreadable(&mut self, now: BootInstant) -> bool {
        self.other = None;
        let was_readable = self.rest.replace(now + REST).is_none();
        self.proven.is_some() && was_readable
    }

    /// When the other key is proven by a call of its own.
    pub(super) fn due(&self) -> Option<BootInstant> {
        match self.other.as_ref()?.next {
            Next::At(at) => Some(at),
            Next::AtCall => None,
        }
    }

    /// That call comes next.
    pub(super) fn begin(&mut self) {
        if let Some(other) = &mut self.other {
            other.next = Next::AtCall;
        }
    }

    /// The key brought credentials, and signs from now on. Tells whether another one did before.
    pub(super) fn proved(&mut self, key: &LongTermKey) -> bool {
        let is_another = self.is_another(key);
        self.proven = Some(key.clone());
        self.tried = None;
        self.other.take_if(|other| other.key.is_same(key));
        is_another
    }

    /// Another key brought nothing: the one in use signs on. Tells how often that was, and when it is tried again.
    pub(super) fn failed(&mut self, key: &LongTermKey, now: BootInstant, chance: Fraction) -> (u32, BootInstant) {
        let failures = match &self.other {
            Some(other) if other.key.is_same(key) => other.failures.saturating_add(1),
            _ => 1,
        };
        let at = now + retry(failures, chance);
        self.other = Some(Other {
            key: key.clone(),
            next: Next::At(at),
            failures,
        });
        (failures, at)
    }

    /// The only key that there is brought nothing.
    pub(super) fn tried(&mut self, key: &LongTermKey) {
        if self.proven.is_none() {
            self.tried = Some(key.clone());
        }
    }

    /// The key in use is no longer accepted: whatever else there is comes next.
    pub(super) fn refused(&mut self) {
        self.rest = None;
        self.begin();
    }
}

/// How long another key waits that brought nothing so many times: between half of a bound and the whole of it.
fn retry(failures: u32, chance: Fraction) -> Duration {
    let (first, most) = RETRY;
    let bound = (first * (1 << failures.saturating_sub(1).min(16))).min(most);
    bound / 2 + chance.of(bound / 2)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::secret::Secret;

    const HALF: Fraction = Fraction::from_bits(1 << 63);

    fn key(id: &str, secret: &str) -> LongTermKey {
        LongTermKey {
            access_key_id: format!("AKIAIOSFODNN7{id}").parse().unwrap(),
            secret_access_key: Arc::new(Secret::from(secret)),
        }
    }

    fn old() -> LongTermKey {
        key("OLDOLD1", "old")
    }

    fn new() -> LongTermKey {
        key("NEWNEW1", "new")
    }

    const fn at(seconds: u64) -> BootInstant {
        BootInstant::from_boot(Duration::from_secs(seconds))
    }

    /// The old key has brought credentials.
    fn ring() -> Keyring {
        let mut ring = Keyring::default();
        assert!(!ring.proved(&old()));
        ring
    }

    fn reads(ring: &Keyring, now: u64) -> bool {
        ring.choose(at(now), false).reads
    }

    #[test]
    fn without_credentials_the_source_is_read_each_time() {
        let mut ring = Keyring::default();
        assert!(!ring.is_watched());
        assert_eq!(ring.found(&new(), at(0), false, HALF), Found::Usual);
        assert_eq!(ring.due(), None);
        assert!(reads(&ring, 0) && ring.choose(at(0), true).proven.is_none());
    }

    #[test]
    fn a_first_key_that_is_wrong_or_missing_is_watched_until_it_is_corrected() {
        let mut ring = Keyring::default();
        ring.tried(&old());
        assert!(ring.is_watched());
        assert_eq!(ring.found(&old(), at(0), false, HALF), Found::Usual);
        assert!(!ring.unreadable(at(0)) && ring.is_watched() && reads(&ring, 0));
        assert_eq!(ring.found(&old(), at(1), false, HALF), Found::Corrected);
        assert_eq!(ring.found(&new(), at(1), false, HALF), Found::Corrected);
        assert_eq!(ring.found(&new(), at(1), false, HALF), Found::Usual);
        assert!(!ring.proved(&new()), "nothing was used before");
    }

    #[test]
    fn another_half_makes_another_key() {
        let ring = ring();
        assert!(!ring.is_another(&old()));
        assert!(ring.is_another(&key("OLDOLD1", "new")) && ring.is_another(&key("NEWNEW1", "old")));
    }

    #[test]
    fn another_key_is_proven_soon_or_by_a_call_that_comes_before() {
        let mut ring = ring();
        assert_eq!(ring.found(&old(), at(0), false, HALF), Found::Usual);
        assert_eq!(ring.found(&new(), at(10), false, HALF), Found::Another);
        assert_eq!(ring.found(&new(), at(12), false, HALF), Found::Known);
        assert_eq!(ring.due(), Some(at(15)));
        assert!(reads(&ring, 11));
        ring.begin();
        assert!(ring.due().is_none() && reads(&ring, 15));
        assert!(ring.proved(&new()) && !ring.proved(&new()));
        assert_eq!(ring.found(&new(), at(20), false, HALF), Found::Usual);
        assert_eq!(ring.found(&old(), at(20), false, HALF), Found::Another);
    }

    #[test]
    fn a_refused_key_is_tried_slowly_and_the_old_one_signs_meanwhile() {
        let mut ring = ring();
        ring.found(&new(), at(0), false, HALF);
        let mut now = at(5);
        let mut waits = Vec::new();
        for failures in 1..=8 {
            ring.begin();
            let (count, next) = ring.failed(&new(), now, HALF);
            assert_eq!(count, failures);
            assert!(!ring.choose(now, false).reads && ring.choose(next, false).reads);
            assert_eq!(ring.found(&new(), now, false, HALF), Found::Known, "its wait goes on");
            waits.push(next.since(now).as_millis());
            now = next;
        }
        assert_eq!(
            waits,
            [22_500, 45_000, 90_000, 180_000, 360_000, 675_000, 675_000, 675_000]
        );
        assert!(!ring.proved(&old()), "a renewal by the old one");
        assert_eq!(ring.due(), Some(now), "changes nothing of that");
        assert_eq!(
            ring.found(&key("THIRD11", "x"), now, false, HALF),
            Found::Another,
            "one more has its own turn"
        );
        assert_eq!(ring.found(&old(), now, false, HALF), Found::Back);
        assert!(ring.due().is_none() && reads(&ring, 0));
    }

    #[test]
    fn a_process_may_give_another_key_at_a_renewal() {
        let mut ring = ring();
        assert_eq!(ring.failed(&new(), at(0), HALF).0, 1);
        assert!(!reads(&ring, 22) && reads(&ring, 23));
    }

    #[test]
    fn a_person_is_asked_for_one_code_a_key() {
        let mut ring = ring();
        assert_eq!(ring.found(&new(), at(0), true, HALF), Found::Another);
        assert_eq!(ring.due(), None, "by the next renewal");
        assert!(ring.choose(at(0), true).reads);
        ring.failed(&new(), at(0), HALF);
        assert!(!ring.choose(at(1_000_000), true).reads);
        ring.refused();
        assert!(ring.choose(at(0), true).reads, "there is nothing else left");
    }

    #[test]
    fn the_old_key_is_kept_while_the_source_cannot_be_read() {
        let mut ring = ring();
        ring.found(&new(), at(0), false, HALF);
        assert!(ring.unreadable(at(1)), "news");
        assert!(!ring.unreadable(at(2)));
        assert!(ring.due().is_none() && !reads(&ring, 301) && reads(&ring, 302));
        assert!(ring.choose(at(2), false).proven.is_some());
        assert_eq!(ring.found(&old(), at(3), false, HALF), Found::Back);
        assert!(ring.unreadable(at(4)));
        assert_eq!(ring.found(&new(), at(5), false, HALF), Found::Another);
        assert!(reads(&ring, 5));
        ring.unreadable(at(6));
        ring.refused();
        assert!(reads(&ring, 6));
    }
}
