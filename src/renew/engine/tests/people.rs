//! A person's day: codes that come late, wrong, twice, early, from two people at once.

use chrono::DateTime;
use tokio::time::sleep;

use super::scene::{Say, Scene, WALL, job, push_job, role_job, with_another_device};
use super::*;
use crate::aws::TokenCode;
use crate::renew::{Accepted, CodeVerdict, Reason, Refused};
use crate::sts::Class;

fn code(digits: &str) -> TokenCode {
    TokenCode::try_from(digits.to_owned()).ok().unwrap()
}

impl Scene {
    async fn submit(&self, digits: &str) -> Result<Accepted, Reason> {
        let verdict = self.handle.submit(None, code(digits)).await;
        verdict.map_err(|Refused { reason, .. }| reason)
    }

    fn wanted(&self) -> Vec<String> {
        let profiles = self.table.profiles();
        let wanted = profiles
            .iter()
            .filter(|profile| profile.snapshot().code_wanted.is_some());
        wanted.map(|profile| profile.name.to_string()).collect()
    }

    /// How often people were asked or reminded.
    fn asked(&self) -> usize {
        let heard = self.heard.0.lock().unwrap();
        heard.iter().filter(|event| event.starts_with("CodeWanted")).count()
    }

    fn hours(&self) -> f64 {
        self.clock
            .boot()
            .since(BootInstant::from_boot(Duration::from_secs(1_000)))
            .as_secs_f64()
            / 3_600.0
    }
}

async fn until(scene: &Scene, hours: f64) {
    sleep(Duration::from_secs_f64((hours - scene.hours()) * 3_600.0)).await;
}

fn session() -> Say {
    Say::Session {
        lifetime: Duration::from_hours(8),
    }
}

#[tokio::test(start_paused = true)]
async fn a_day() {
    let say = vec![session(), Say::Refuse(Class::MfaRejected), session()];
    let scene = Scene::start_jobs(vec![push_job("ops", 8)], TimeDelta::zero(), say);
    sleep(Duration::from_secs(1)).await;

    // At the start nothing is held: a code is wanted at once, and consumers are told so without waiting.
    assert_eq!((scene.wanted(), scene.asked()), (vec![String::from("ops")], 1));
    assert!(!scene.served() && scene.calls().is_empty());
    until(&scene, 0.26).await;
    assert_eq!(scene.asked(), 2, "again after 15 minutes");

    let accepted = scene.submit("000001").await.unwrap();
    assert_eq!(accepted.profile.as_str(), "ops");
    assert!(scene.served() && scene.wanted().is_empty());
    let start = scene.hours();

    // Too early for the next one: it is not sent.
    until(&scene, start + 3.9).await;
    assert_eq!(scene.submit("000002").await, Err(Reason::TooEarly));
    assert_eq!((scene.calls().len(), scene.asked()), (1, 2));

    // An hour before the end the next one is asked for; a quarter of an hour later, again.
    until(&scene, start + 6.99).await;
    assert!(scene.wanted().is_empty());
    until(&scene, start + 7.01).await;
    assert_eq!((scene.wanted().len(), scene.asked()), (1, 3));
    until(&scene, start + 7.27).await;
    assert_eq!(scene.asked(), 4);

    // A wrong one is refused; it is not sent a second time, and what is served is served on.
    assert_eq!(scene.submit("000003").await, Err(Reason::Rejected));
    assert_eq!(scene.submit("000003").await, Err(Reason::Repeated));
    assert_eq!(scene.calls().len(), 2);
    assert!(scene.served());

    // A right one at last.
    let accepted = scene.submit("000004").await.unwrap();
    assert_eq!((accepted.expiration - WALL).num_hours(), 15);
    assert!(scene.served() && scene.wanted().is_empty());

    let face = &scene.table.profiles()[0];
    let verdicts = CodeVerdict::ALL.map(|verdict| face.codes(verdict));
    assert_eq!(verdicts, [2, 1, 0]);
    assert_eq!(scene.counted(Outcome::Success), 2);
    assert_eq!(face.snapshot().trouble, None);
}

#[tokio::test(start_paused = true)]
async fn nobody_answers_over_night() {
    let scene = Scene::start_jobs(vec![push_job("ops", 8)], TimeDelta::zero(), vec![session()]);
    sleep(Duration::from_secs(1)).await;
    scene.submit("000001").await.unwrap();
    until(&scene, 8.0).await;
    assert!(scene.served(), "until the last second");
    sleep(Duration::from_secs(2)).await;
    assert!(!scene.served());
    until(&scene, 16.0).await;
    // One at the start; then one every 15 minutes from the seventh hour on, and nothing else.
    assert_eq!(
        (scene.asked(), scene.wanted().len(), scene.calls().len()),
        (1 + 9 * 4, 1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_is_taken_from_the_half_on_without_being_asked_for() {
    let say = vec![session(), session()];
    let scene = Scene::start_jobs(vec![push_job("ops", 8)], TimeDelta::zero(), say);
    sleep(Duration::from_secs(1)).await;
    scene.submit("000001").await.unwrap();
    let from = scene.table.profiles()[0].snapshot().code_accepted_from.unwrap();
    assert_eq!((from - WALL).num_hours(), 4);
    until(&scene, 4.1).await;
    scene.submit("000002").await.unwrap();
    assert_eq!(scene.asked(), 1, "at the start alone");
    until(&scene, 11.0).await;
    assert_eq!(scene.asked(), 1);
    until(&scene, 11.2).await;
    assert_eq!(scene.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn of_two_people_at_once_one_is_heard() {
    let scene = Scene::start_jobs(vec![push_job("ops", 8)], TimeDelta::zero(), vec![Say::Unreachable]);
    sleep(Duration::from_secs(1)).await;
    let (first, second) = tokio::join!(scene.submit("000001"), scene.submit("000002"));
    assert_eq!(
        first.map(|accepted| accepted.profile.to_string()),
        Ok(String::from("ops"))
    );
    assert_eq!(second, Err(Reason::Busy));
    assert_eq!(
        scene.codes(),
        ["000001", "000001"],
        "the first never left and was sent again"
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_that_cannot_be_sent_grows_too_old() {
    let say = (0..100).map(|_| Say::Unreachable).collect();
    let scene = Scene::start_jobs(vec![push_job("ops", 8)], TimeDelta::zero(), say);
    sleep(Duration::from_secs(1)).await;
    let begun = scene.clock.boot();
    let verdict = scene.handle.submit(None, code("000001")).await;
    assert_eq!(scene.clock.boot().since(begun).as_secs(), 60);
    let refused = verdict.unwrap_err();
    assert_eq!(
        (refused.reason, refused.message.as_str()),
        (
            Reason::Expired,
            "the code was not used and is too old now: refused: network; submit a fresh one"
        )
    );
    let tries = scene.calls().len();
    assert!((3..=7).contains(&tries), "{tries}");
    sleep(Duration::from_hours(1)).await;
    assert_eq!(scene.calls().len(), tries);
    // It was never seen by STS.
    assert_ne!(scene.submit("000001").await, Err(Reason::Repeated));
}

#[tokio::test(start_paused = true)]
async fn a_code_without_a_verdict_may_have_been_seen() {
    let scene = Scene::start_jobs(
        vec![push_job("ops", 8)],
        TimeDelta::zero(),
        vec![Say::Refuse(Class::Timeout)],
    );
    sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.submit("000001").await, Err(Reason::Failed));
    sleep(Duration::from_secs(119)).await;
    assert_eq!(scene.submit("000001").await, Err(Reason::Repeated));
    sleep(Duration::from_secs(1)).await;
    assert!(scene.submit("000001").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_device_has_one_request_outstanding_and_the_one_in_need_comes_first() {
    let jobs = vec![push_job("late", 8), push_job("ops", 8), job(7, false)];
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!((scene.wanted(), scene.asked()), (vec![String::from("late")], 1));
    assert_eq!(scene.submit("000001").await.unwrap().profile.as_str(), "late");
    sleep(Duration::from_millis(1)).await;
    assert_eq!((scene.wanted(), scene.asked()), (vec![String::from("ops")], 2));
    let repeated = scene.submit("000001").await;
    assert_eq!(repeated, Err(Reason::Repeated), "one code, one session");
    assert_eq!(scene.submit("000002").await.unwrap().profile.as_str(), "ops");
    assert!(scene.wanted().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_code_goes_to_the_named_profile_or_to_none() {
    let jobs = vec![push_job("a", 8), push_job("b", 8), job(7, true)];
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    let named = |name: &str| Some(name.parse().unwrap());
    assert_eq!(
        scene
            .handle
            .submit(named("b"), code("000001"))
            .await
            .unwrap()
            .profile
            .as_str(),
        "b"
    );
    for name in ["p7", "nobody"] {
        let refused = scene.handle.submit(named(name), code("000002")).await.unwrap_err();
        let expected = "that profile takes no codes from a person; these do: a, b";
        assert_eq!(
            (refused.reason, refused.message.as_str()),
            (Reason::NoSuchProfile, expected)
        );
    }
    assert_eq!(
        scene.submit("000003").await.unwrap().profile.as_str(),
        "a",
        "the one that was asked for"
    );
    let refused = scene.handle.submit(None, code("000004")).await.unwrap_err();
    let expected = "several profiles take codes: name one of a, b (--profile)";
    assert_eq!(
        (refused.reason, refused.message.as_str()),
        (Reason::Ambiguous, expected)
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_profile_that_takes_codes_one_is_refused() {
    let scene = Scene::start_jobs(vec![job(0, true)], TimeDelta::zero(), vec![]);
    assert_eq!(scene.submit("000001").await, Err(Reason::NoSuchProfile));
}

#[tokio::test(start_paused = true)]
async fn a_role_waits_for_the_person_too() {
    let jobs = vec![role_job("deploy", "ops"), push_job("ops", 8)];
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), vec![]);
    sleep(Duration::from_hours(1)).await;
    assert!(scene.calls().is_empty());
    scene.submit("000001").await.unwrap();
    sleep(Duration::from_millis(1)).await;
    assert!(scene.served(), "the role");
}

#[tokio::test(start_paused = true)]
async fn a_person_may_go_before_the_verdict() {
    let scene = Scene::start_jobs(vec![push_job("ops", 8)], TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    let gone = tokio::time::timeout(Duration::ZERO, scene.submit("000001")).await;
    assert!(gone.is_err());
    sleep(Duration::from_secs(1)).await;
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn what_a_request_says_of_the_time() {
    let say = vec![session(), Say::Refuse(Class::MfaRejected)];
    let scene = Scene::start_jobs(vec![push_job("ops", 8)], TimeDelta::zero(), say);
    sleep(Duration::from_mins(20)).await;
    assert_eq!(scene.asked(), 2);
    let since = scene.table.profiles()[0].snapshot().code_wanted;
    assert_eq!(
        since.map(|at| at.timestamp()),
        Some(WALL.timestamp()),
        "since the first time"
    );
    scene.submit("000001").await.unwrap();
    let snapshot = scene.table.profiles()[0].snapshot();
    let asked: DateTime<Utc> = snapshot.renewal.unwrap();
    assert_eq!(
        (snapshot.expiration.unwrap() - asked).num_minutes(),
        60,
        "renewal: when it is asked for"
    );
    until(&scene, 5.0).await;
    assert_eq!(scene.submit("000002").await, Err(Reason::Rejected));
    assert_eq!(scene.table.profiles()[0].snapshot().renewal, Some(asked), "still");
}

#[tokio::test(start_paused = true)]
async fn a_profile_whose_codes_bring_nothing_does_not_keep_another_of_its_device_from_being_asked_for() {
    let jobs = vec![push_job("broken", 8), push_job("ops", 8)];
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), vec![Say::Refuse(Class::KeyInvalid)]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.submit("000001").await, Err(Reason::Failed));
    sleep(Duration::from_mins(14)).await;
    assert_eq!((scene.wanted(), scene.asked()), (vec![String::from("broken")], 1));
    sleep(Duration::from_mins(1)).await;
    assert_eq!((scene.wanted(), scene.asked()), (vec![String::from("ops")], 2));
    assert_eq!(scene.submit("000002").await.unwrap().profile.as_str(), "ops");
    sleep(Duration::from_millis(1)).await;
    assert_eq!((scene.wanted(), scene.asked()), (vec![String::from("broken")], 3));
}

#[tokio::test(start_paused = true)]
async fn a_code_of_one_device_is_tried_beside_that_of_another() {
    let scene = Scene::start_jobs(
        vec![push_job("ops", 8), with_another_device("other", 8)],
        TimeDelta::zero(),
        vec![Say::Late],
    );
    sleep(Duration::from_secs(1)).await;
    let give = |name: &str, digits| scene.handle.submit(Some(name.parse().unwrap()), code(digits));
    let (first, second) = tokio::join!(give("ops", "000001"), async {
        sleep(Duration::from_secs(1)).await;
        give("other", "000002").await
    });
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
}

#[tokio::test(start_paused = true)]
async fn a_fresh_code_waits_for_no_backoff() {
    let say = vec![Say::Refuse(Class::Denied); 6];
    let scene = Scene::start_jobs(vec![push_job("ops", 8)], TimeDelta::zero(), say);
    sleep(Duration::from_secs(1)).await;
    let begun = scene.clock.boot();
    for digits in 1..=6 {
        assert_eq!(scene.submit(&format!("{digits:06}")).await, Err(Reason::Failed));
    }
    assert!(scene.submit("000007").await.is_ok());
    assert_eq!(scene.clock.boot().since(begun).as_secs(), 0);
}
