//! Each check can fail.

use super::super::cast::serial;
use super::super::world::START;
use super::*;

struct Trial {
    now: DateTime<Utc>,
    oracle: Oracle,
}

const KEY: &str = "ASIAIOSFODNN7EXAMPLE";

impl Trial {
    fn begin() -> Self {
        Self {
            now: START,
            oracle: Oracle::new(START),
        }
    }

    /// Time passes.
    fn pass(&mut self, seconds: i64) {
        self.now += TimeDelta::seconds(seconds);
    }

    /// The session of twelve hours of user 4 is asked for with this code, and given.
    fn renew(&self, code: &str) {
        drop(self.oracle.begin(place("p0"), self.now));
        self.spend("p0", code, None);
        self.give("p0");
    }

    fn spend(&self, profile: &str, code: &str, step: Option<u64>) {
        let profile = place(profile);
        let device = serial(CAST[profile].root().0);
        let spending = Spending {
            device: &device,
            code,
            step,
        };
        self.oracle.spend(profile, &spending, self.now);
    }

    fn give(&self, profile: &str) {
        let profile = place(profile);
        let given = Given {
            id: KEY,
            expires: self.now + TimeDelta::seconds(CAST[profile].seconds.into()),
            asked: self.now,
            has_come: true,
            signed_by: Some(0),
        };
        self.oracle.give(profile, &given);
    }

    /// A consumer of this profile is given that key, which the daemon believes to live so long.
    fn serve(&self, profile: &str, seconds: i64) {
        let left = TimeDelta::seconds(seconds);
        self.oracle
            .ask(place(profile), Some(&Served { id: KEY, left }), self.now);
    }

    fn refuse(&self, profile: &str) {
        self.oracle.ask(place(profile), None, self.now);
    }

    #[track_caller]
    fn assert_accused(&self, of: &[&str]) {
        let violations = self.oracle.violations();
        assert_eq!(violations.len(), of.len(), "{violations:?}");
        for (violation, of) in violations.iter().zip(of) {
            assert!(violation.contains(of), "{violation}");
        }
    }
}

fn place(profile: &str) -> usize {
    CAST.iter().position(|member| member.name == profile).unwrap()
}

#[test]
fn two_calls_at_once_and_a_code_sent_twice_are_seen() {
    let trial = Trial::begin();
    let first = trial.oracle.begin(place("k3"), START);
    drop(trial.oracle.begin(place("k3"), START));
    drop(first);
    trial.assert_accused(&["k3 has two calls under way"]);

    let mut trial = Trial::begin();
    trial.renew("123456");
    trial.pass(6 * 3_600);
    trial.renew("123456");
    trial.assert_accused(&[]);
    trial.pass(6 * 3_600);
    trial.renew("654321");
    trial.oracle.state().known[place("p0")].asked = None;
    trial.renew("654321");
    trial.assert_accused(&["p0 sent the code of a step a second time"]);
}

#[test]
fn a_step_sent_twice_is_seen_unless_nobody_knows_of_it_any_more() {
    let step = u64::try_from(START.timestamp() / 30).unwrap();
    let restart = |trial: &Trial, with_store| {
        let start = Start {
            with_store,
            with_keys: true,
            in_time: true,
        };
        trial.oracle.restarted(&start, trial.now);
    };
    for (with_store, accused) in [(true, vec!["a second time"]), (false, vec![])] {
        let trial = Trial::begin();
        trial.spend("s0", "123456", Some(step));
        restart(&trial, with_store);
        trial.spend("k0", "123456", Some(step));
        trial.assert_accused(&accused);
    }
    // By a clock that is an hour ahead.
    let mut trial = Trial::begin();
    trial.spend("s0", "123456", Some(step + 120));
    trial.spend("s0", "123456", Some(step + 120));
    trial.assert_accused(&[]);
    // When its time has come it is used, and whoever waits for another is not to blame.
    let is_calm = |trial: &Trial| trial.oracle.state().is_calm(place("s0"), trial.now, trial.now);
    trial.pass(3_500);
    assert!(is_calm(&trial));
    trial.pass(100);
    assert!(!is_calm(&trial));
    assert!(trial.oracle.state().is_calm(place("s3"), trial.now, trial.now));
    trial.pass(1_200);
    assert!(is_calm(&trial));
}

#[test]
fn renewals_at_the_wrong_time_are_seen() {
    for (share, accused) in [(39, vec!["too early"]), (44, vec![]), (50, vec!["too late"])] {
        let mut trial = Trial::begin();
        trial.pass(1_200);
        drop(trial.oracle.begin(place("k3"), trial.now));
        trial.give("k3");
        trial.pass(432 * share);
        drop(trial.oracle.begin(place("k3"), trial.now));
        trial.assert_accused(&accused);
    }
    // A new key is proven at once.
    let mut trial = Trial::begin();
    trial.pass(1_200);
    trial.give("k3");
    trial.oracle.rotated(CAST[place("k3")].root().0);
    trial.pass(600);
    drop(trial.oracle.begin(place("k3"), trial.now));
    trial.give("k3");
    trial.assert_accused(&[]);
}

#[test]
fn whoever_is_served_what_is_dead_somebody_elses_or_nobodys_is_seen() {
    for (profile, served, passed, accused) in [
        ("p0", 43_000, 0, vec![]),
        ("p0", 43_300, 0, vec!["have expired, or would be"]),
        ("s0", 43_000, 0, vec!["somebody else's"]),
        (
            "p0",
            10,
            43_201,
            vec!["have expired, or would be", "left, in fair weather"],
        ),
        ("p0", 300, 42_800, vec!["left, in fair weather"]),
    ] {
        let mut trial = Trial::begin();
        trial.renew("123456");
        trial.pass(passed);
        trial.serve(profile, served);
        trial.assert_accused(&accused);
    }
    let trial = Trial::begin();
    trial.serve("p0", 10);
    trial.assert_accused(&["that AWS never gave"]);
}

#[test]
fn a_refusal_without_a_storm_to_blame_is_seen() {
    let mut trial = Trial::begin();
    trial.pass(60);
    trial.refuse("k3");
    trial.assert_accused(&[]);
    trial.pass(600);
    trial.refuse("k3");
    trial.assert_accused(&["in fair weather"]);
    trial.oracle.state().known[place("k3")].is_lost = false;
    trial.oracle.state().begin_trouble(trial.now, true);
    for seconds in [21_000, 1_000] {
        trial.pass(seconds);
        trial.refuse("k3");
        trial.assert_accused(&["in fair weather", "21000 s into a storm"]);
    }
}
