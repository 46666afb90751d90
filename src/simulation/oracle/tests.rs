//! Each check can fail.

use bytes::Bytes;

use super::super::cast::serial;
use super::super::in_virtual_time;
use super::super::world::START;
use super::*;
use crate::renew::Document;
use std::time::Duration;

struct Trial {
    clock: PausedClock,
    truth: Arc<PausedClock>,
    oracle: Oracle,
}

impl Trial {
    fn begin() -> Self {
        let truth = Arc::new(PausedClock::new(START));
        Self {
            clock: PausedClock::new(START),
            oracle: Oracle::new(Arc::new(Belongings::new()), Arc::clone(&truth)),
            truth,
        }
    }

    /// Time passes.
    fn pass(&self, seconds: u64) {
        self.clock.suspend(Duration::from_secs(seconds));
        self.truth.suspend(Duration::from_secs(seconds));
    }

    /// The session of twelve hours of user 4 is asked for with this code, and given.
    fn renew(&self, code: &str) {
        let body = format!(
            "Action=GetSessionToken&DurationSeconds=43200&SerialNumber={}&TokenCode={code}",
            serial(4)
        );
        let mut asked = asked(&body, 4);
        let now = self.truth.wall();
        let _end = self.oracle.begin(&asked, now);
        self.oracle.arrived(&mut asked, now);
        self.give(&asked, 43_200);
    }

    fn give(&self, asked: &Asked, seconds: i64) {
        let expires = (self.truth.wall() + TimeDelta::seconds(seconds)).format("%FT%TZ");
        let body = format!("<A><AccessKeyId>{KEY}</AccessKeyId><Expiration>{expires}</Expiration></AResponse>");
        let response = Response {
            status: 200,
            headers: vec![],
            body: body.into_bytes(),
        };
        self.oracle.answered(asked, &response);
    }

    /// A consumer of this profile is given that key, which the daemon believes to live so long.
    fn serve(&self, profile: &str, seconds: u64) {
        let document = Document {
            body: Bytes::from(format!("{{\"AccessKeyId\":\"{KEY}\"}}")),
            dies: self.clock.boot() + Duration::from_secs(seconds),
        };
        let snapshot = Snapshot {
            document: Some(document),
            ..Snapshot::default()
        };
        self.oracle.ask(place(profile), &snapshot, &self.clock);
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

const KEY: &str = "ASIAIOSFODNN7EXAMPLE";

fn place(profile: &str) -> usize {
    CAST.iter().position(|member| member.name == profile).unwrap()
}

fn asked(body: &str, user: usize) -> Asked {
    Asked::read(&Request {
        headers: vec![(
            "Authorization".to_owned(),
            format!("AWS4-HMAC-SHA256 Credential=AKIA{user:02}"),
        )],
        body: body.as_bytes().to_vec(),
        ..Request::default()
    })
}

#[test]
fn two_calls_at_once_and_a_code_sent_twice_are_seen() {
    in_virtual_time(async {
        let trial = Trial::begin();
        let role = asked(&format!("Action=AssumeRole&RoleArn={}", role_arn("k3")), 3);
        let first = trial.oracle.begin(&role, START);
        drop(trial.oracle.begin(&role, START));
        drop(first);
        trial.assert_accused(&["k3 has two calls under way"]);

        let trial = Trial::begin();
        trial.renew("123456");
        trial.pass(6 * 3_600);
        trial.renew("123456");
        trial.assert_accused(&[]);
        trial.pass(6 * 3_600);
        trial.renew("654321");
        trial.oracle.state().known[place("p0")].asked = None;
        trial.renew("654321");
        trial.assert_accused(&["p0 sent the code of a step a second time"]);
    });
}

#[test]
fn renewals_at_the_wrong_time_are_seen() {
    in_virtual_time(async {
        for (share, accused) in [(39, vec!["too early"]), (44, vec![]), (50, vec!["too late"])] {
            let trial = Trial::begin();
            trial.pass(1_200);
            let mut role = asked(&format!("Action=AssumeRole&RoleArn={}", role_arn("k3")), 3);
            drop(trial.oracle.begin(&role, trial.truth.wall()));
            trial.oracle.arrived(&mut role, trial.truth.wall());
            trial.give(&role, 43_200);
            trial.pass(432 * share);
            drop(trial.oracle.begin(&role, trial.truth.wall()));
            trial.assert_accused(&accused);
        }
    });
}

#[test]
fn whoever_is_served_what_is_dead_somebody_elses_or_nobodys_is_seen() {
    in_virtual_time(async {
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
            let trial = Trial::begin();
            trial.renew("123456");
            trial.pass(passed);
            trial.serve(profile, served);
            trial.assert_accused(&accused);
        }
        let trial = Trial::begin();
        trial.serve("p0", 10);
        trial.assert_accused(&["that AWS never gave"]);
    });
}

#[test]
fn a_refusal_without_a_storm_to_blame_is_seen() {
    in_virtual_time(async {
        let trial = Trial::begin();
        let refuse = |seconds| {
            trial.pass(seconds);
            trial.oracle.ask(place("k3"), &Snapshot::default(), &trial.clock);
        };
        refuse(60);
        trial.assert_accused(&[]);
        refuse(600);
        trial.assert_accused(&["in fair weather"]);
        trial.oracle.state().known[place("k3")].is_lost = false;
        trial.oracle.state().begin_trouble(trial.truth.wall(), true);
        refuse(21_000);
        trial.assert_accused(&["in fair weather", "21000 s into a storm"]);
        refuse(1_000);
        trial.assert_accused(&["in fair weather", "21000 s into a storm"]);
    });
}
