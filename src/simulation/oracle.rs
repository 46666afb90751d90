//! What must hold whatever the weather, judged by what AWS is asked and what consumers get: it knows no rule of whoever renews.

mod spent;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use chrono::{DateTime, TimeDelta, Utc};

use super::cast::{CAST, Made, Mfa, serial};
use super::storms::Storms;
use spent::Spent;

/// What a call and the wait for an MFA step, of which five profiles share one device, may take.
const SLACK: TimeDelta = TimeDelta::seconds(180);

/// How long everybody has to recover once a trouble is over: the longest backoff, a few MFA steps of a shared device, a chain.
const RECOVERY: TimeDelta = TimeDelta::minutes(10);

/// The same where a person must be reminded, and come.
const OF_PERSON: TimeDelta = TimeDelta::minutes(25);

pub(super) struct Oracle(Mutex<State>);

pub(super) struct State {
    known: Vec<Known>,
    /// By key id: whose, and when AWS stops taking it.
    given: HashMap<String, (usize, DateTime<Utc>)>,
    spent: Spent,
    /// What is wrong for all, and what for those who wait for a person, who needs longer.
    weather: Storms,
    people: Storms,
    /// When the daemon was last started.
    started: DateTime<Utc>,
    /// At which part of the lifetime undisturbed renewals began.
    pub(super) fractions: Vec<f64>,
    pub(super) counts: Counts,
    violations: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) calls: u64,
    pub(super) answers: u64,
    pub(super) refusals: u64,
}

/// A profile as the oracle sees it.
#[derive(Default)]
struct Known {
    is_called: bool,
    /// When its last credentials were asked for that came, unless a call has followed or nobody knows of them any more.
    asked: Option<DateTime<Utc>>,
    /// Nothing is served, and nobody is to blame before the storm is over.
    is_lost: bool,
    /// Whether what is kept was sealed with the present key.
    is_kept: bool,
    /// The newest key of its user, and the newest that brought something: another one is proven when it is found, and not when a renewal is due.
    newest_key: u64,
    proven_key: u64,
}

/// A code that goes to AWS, and its step if that is known.
pub(super) struct Spending<'a> {
    pub(super) device: &'a str,
    pub(super) code: &'a str,
    pub(super) step: Option<u64>,
}

/// Credentials that AWS has given.
pub(super) struct Given<'a> {
    pub(super) id: &'a str,
    pub(super) expires: DateTime<Utc>,
    /// When they were asked for.
    pub(super) asked: DateTime<Utc>,
    /// Whether whoever asked has them whole.
    pub(super) has_come: bool,
    /// Which of the user's keys signed, if one did: the first is 0.
    pub(super) signed_by: Option<u64>,
}

/// What a consumer gets.
pub(super) struct Served<'a> {
    pub(super) id: &'a str,
    /// How long the daemon would serve them.
    pub(super) left: TimeDelta,
}

/// A daemon begins.
pub(super) struct Start {
    /// What was kept is there.
    pub(super) with_store: bool,
    pub(super) with_keys: bool,
    /// The host's clock is right.
    pub(super) in_time: bool,
}

impl Oracle {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        let lost = || Known {
            is_lost: true,
            ..Known::default()
        };
        Self(Mutex::new(State {
            known: CAST.iter().map(|_| lost()).collect(),
            given: HashMap::new(),
            spent: Spent::default(),
            weather: Storms::new(now, RECOVERY),
            people: Storms::new(now, OF_PERSON),
            started: now,
            fractions: Vec::new(),
            counts: Counts::default(),
            violations: Vec::new(),
        }))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A call begins, for whatever.
    pub(super) fn count(&self) {
        self.state().counts.calls += 1;
    }

    /// It is for credentials; it ends when what is returned is dropped.
    pub(super) fn begin(&self, profile: usize, now: DateTime<Utc>) -> End<'_> {
        let mut state = self.state();
        if std::mem::replace(&mut state.known[profile].is_called, true) {
            state.accuse(now, profile, "has two calls under way");
        }
        state.judge_start(profile, now);
        End(self, profile)
    }

    /// A code has reached AWS, or what is there in its place.
    pub(super) fn spend(&self, profile: usize, spending: &Spending<'_>, now: DateTime<Utc>) {
        let mut state = self.state();
        if !state.spent.spend(spending, now) {
            state.accuse(now, profile, "sent the code of a step a second time");
        }
    }

    pub(super) fn give(&self, profile: usize, given: &Given<'_>) {
        let mut state = self.state();
        state.given.insert(given.id.to_owned(), (profile, given.expires));
        if given.has_come {
            let known = &mut state.known[profile];
            known.asked = Some(given.asked);
            known.is_kept = true;
            known.proven_key = given
                .signed_by
                .map_or(known.proven_key, |key| key.max(known.proven_key));
        }
    }

    /// A consumer asks for a profile.
    pub(super) fn ask(&self, profile: usize, served: Option<&Served<'_>>, now: DateTime<Utc>) {
        let mut state = self.state();
        let Some(served) = served else {
            state.counts.refusals += 1;
            return state.judge_refusal(profile, now);
        };
        state.counts.answers += 1;
        state.known[profile].is_lost = false;
        let Some((whose, expires)) = state.given.get(served.id).copied() else {
            return state.accuse(now, profile, "is served with a key that AWS never gave");
        };
        if whose != profile {
            state.accuse(now, profile, "is served with somebody else's credentials");
        }
        if expires <= now || now + served.left > expires {
            let what = "is served with credentials that have expired, or would be";
            state.accuse(now, profile, what);
        }
        state.judge_life(profile, expires - now, now);
    }

    pub(super) fn restarted(&self, start: &Start, now: DateTime<Utc>) {
        let mut state = self.state();
        state.started = now;
        if !start.with_store {
            state.spent.forget();
        } else if !start.in_time {
            // What is kept of a process's code is its step by STS's time, which a daemon does not know at its start.
            state.spent.forget_codes();
        }
        for (known, member) in state.known.iter_mut().zip(&CAST) {
            if !(start.with_store && start.with_keys && member.is_keyed() && known.is_kept) {
                known.is_lost = true;
                known.asked = None;
            }
        }
        state.begin_trouble(now, true);
        state.end_trouble(now, true);
    }

    /// A user has another key: what was sealed with the one before cannot be opened.
    pub(super) fn rotated(&self, user: usize) {
        let mut state = self.state();
        for (known, member) in state.known.iter_mut().zip(&CAST) {
            if member.root().0 == user {
                known.is_kept = false;
                known.newest_key += 1;
            }
        }
    }

    pub(super) fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }
}

impl State {
    /// Something goes wrong, for all or for those alone who wait for a person.
    pub(super) fn begin_trouble(&mut self, now: DateTime<Utc>, for_all: bool) {
        self.people.begin(now);
        if for_all {
            self.weather.begin(now);
        }
    }

    pub(super) fn end_trouble(&mut self, now: DateTime<Utc>, for_all: bool) {
        self.people.end(now);
        if for_all {
            self.weather.end(now);
        }
    }

    fn storms(&self, profile: usize) -> &Storms {
        match CAST[profile].root().1 {
            Mfa::Person => &self.people,
            _ => &self.weather,
        }
    }

    fn accuse(&mut self, now: DateTime<Utc>, profile: usize, what: &str) {
        let name = CAST.get(profile).map_or("?", |member| member.name);
        self.violations
            .push(format!("{now}: {name} {what}; {:?} {:?}", self.weather, self.people));
    }

    /// Whether all has been well for this profile since then.
    fn is_calm(&self, profile: usize, since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let (user, _) = CAST[profile].root();
        self.storms(profile).is_calm(since) && !self.spent.lacks_steps(&serial(user), since - RECOVERY, now)
    }

    /// A renewal begins between 0.40 and 0.48 of the lifetime; where a person gives the codes not before the half.
    fn judge_start(&mut self, profile: usize, now: DateTime<Utc>) {
        let Some(asked) = self.known[profile].asked.take() else {
            return;
        };
        let lifetime = TimeDelta::seconds(CAST[profile].seconds.into());
        let fraction = (now - asked).as_seconds_f64() / lifetime.as_seconds_f64();
        let is_person = matches!(CAST[profile].made, Made::Session(_, Mfa::Person));
        let earliest = if is_person { 0.5 } else { 0.4 };
        // Times are cut to seconds on both sides.
        if fraction < earliest - 2.0 / lifetime.as_seconds_f64() {
            let known = &self.known[profile];
            if CAST[profile].is_keyed() && known.newest_key > known.proven_key {
                return;
            }
            self.accuse(
                now,
                profile,
                &format!("was renewed too early, at {fraction:.4} of its life"),
            );
        }
        if is_person || !self.is_calm(profile, asked + lifetime * 2 / 5, now) {
            return;
        }
        self.fractions.push(fraction);
        if now > asked + lifetime * 48 / 100 + SLACK {
            self.accuse(
                now,
                profile,
                &format!("was renewed too late, at {fraction:.4} of its life"),
            );
        }
    }

    /// While all is well, what is served lives for long enough.
    fn judge_life(&mut self, profile: usize, left: TimeDelta, now: DateTime<Utc>) {
        let lifetime = TimeDelta::seconds(CAST[profile].seconds.into());
        let is_person = matches!(CAST[profile].made, Made::Session(_, Mfa::Person));
        let least = if is_person {
            TimeDelta::minutes(15)
        } else {
            lifetime * 52 / 100 - SLACK
        };
        if self.is_calm(profile, now, now) && left < least {
            self.accuse(
                now,
                profile,
                &format!("has {} s left, in fair weather", left.num_seconds()),
            );
        }
    }

    /// Whoever is refused has a storm to blame that is older than half of the lifetime, or had nothing when it began.
    fn judge_refusal(&mut self, profile: usize, now: DateTime<Utc>) {
        if now - self.started < TimeDelta::seconds(5) {
            return;
        }
        if self.is_calm(profile, now, now) {
            return self.accuse(now, profile, "is not served, in fair weather");
        }
        let age = self.storms(profile).age(now).unwrap_or_default();
        if age < budget(profile) && !self.known[profile].is_lost {
            self.accuse(
                now,
                profile,
                &format!("is not served {} s into a storm", age.num_seconds()),
            );
        }
    }
}

/// How long a storm must leave a profile served: half of its lifetime, and of those that it is made from.
fn budget(profile: usize) -> TimeDelta {
    // A person is asked an hour before the end.
    let half = match CAST[profile].root().1 {
        Mfa::Person => OF_PERSON,
        _ => TimeDelta::seconds(i64::from(CAST[profile].seconds) / 2),
    };
    match CAST[profile].made {
        Made::Chained(source) => half.min(budget(source)),
        _ => half,
    }
}

/// Ends a call, however it ends.
pub(super) struct End<'a>(&'a Oracle, usize);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.state().known[self.1].is_called = false;
    }
}
