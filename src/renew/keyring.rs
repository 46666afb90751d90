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
    /// The key that was tried in vain, which is of use while none has brought any.
    tried: Option<LongTermKey>,
    /// Until when the source, which could not be read, is left alone.
    rest: Option<BootInstant>,
}

struct Other {
    key: LongTermKey,
    next: Next,
    /// How often it brought nothing.
    failures: u32,
    /// Whether that ever was its own fault.
    is_refused: bool,
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

/// What another key leads to that brought nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failing {
    /// Whether people are warned: they do not know of it yet.
    pub(super) is_news: bool,
    /// When it is tried again by a call of its own.
    pub(super) next_try: Option<BootInstant>,
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

    /// What a call that begins now may be signed with. Where a `person` gives the codes, another key is tried until it is refused,
    /// by calls that take place anyway: each try takes a code of his.
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

    /// The other key, if the call that begins now is to prove it.
    pub(super) fn to_be_proven(&self, choice: &Choice) -> Option<LongTermKey> {
        let other = self.other.as_ref().filter(|_| choice.reads)?;
        Some(other.key.clone())
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
            is_refused: false,
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

    /// Whether the next call proves the other key, or the present one does.
    pub(super) fn is_proving(&self) -> bool {
        self.other.as_ref().is_some_and(|other| other.next == Next::AtCall)
    }

    /// Whether this is the other key.
    pub(super) fn has_other(&self, key: &LongTermKey) -> bool {
        self.other.as_ref().is_some_and(|other| other.key.is_same(key))
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

    /// Another key brought nothing, as it `is_refused` or for another reason: the one in use signs on. Where a `person` gives the
    /// codes, his next one proves it still unless it is refused. None if yet another one is there by now.
    pub(super) fn failed(
        &mut self,
        key: &LongTermKey,
        now: BootInstant,
        is_refused: bool,
        person: bool,
        chance: Fraction,
    ) -> Option<Failing> {
        let other = self.other.get_or_insert_with(|| Other {
            key: key.clone(),
            next: Next::AtCall,
            failures: 0,
            is_refused: false,
        });
        if !other.key.is_same(key) {
            return None;
        }
        other.failures = other.failures.saturating_add(1);
        let is_news = other.failures == 1 || is_refused && !other.is_refused;
        other.is_refused |= is_refused;
        other.next = if person && !is_refused {
            Next::AtCall
        } else {
            Next::At(now + retry(other.failures, chance))
        };
        Some(Failing {
            is_news,
            next_try: self.due().filter(|_| !person),
        })
    }

    /// Somebody says that he has put something right: the other key is tried at once, or by the `person`'s next code.
    pub(super) fn wake(&mut self, now: BootInstant, person: bool) {
        if let Some(other) = &mut self.other {
            other.next = if person { Next::AtCall } else { Next::At(now) };
        }
    }

    /// The only key that there is, or the one in use, brought nothing.
    pub(super) fn tried(&mut self, key: &LongTermKey) {
        self.tried = Some(key.clone());
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
mod tests;
