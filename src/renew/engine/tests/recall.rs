//! Sessions that outlive an engine.

use tokio::time::sleep;

use super::rotation::{Source, with};
use super::scene::{Say, Scene, WALL, job, push_job};
use super::store::Shared;
use super::*;
use crate::clock::PausedClock;
use crate::renew::{Failure, Outcome};
use crate::sts::Class;

fn begin(clock: &Arc<PausedClock>, jobs: Vec<Job>, say: Vec<Say>, store: &Arc<Shared>) -> Scene {
    let store = Arc::clone(store) as Arc<dyn Store>;
    Scene::with_store(clock.clone(), jobs, TimeDelta::zero(), say, Some(store))
}

/// A session of the first engine, and what a second one makes of it after `hours`.
async fn after(hours: u64, change: impl FnOnce(&mut Job)) -> (Scene, Arc<Shared>) {
    let (clock, store) = (Arc::new(PausedClock::new(WALL)), Shared::new());
    let first = begin(&clock, vec![job(0, true)], vec![], &store);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(first.codes().len(), 1);
    // The engine of before goes on in this runtime, with a store of its own.
    let store = store.copied(false);
    clock.suspend(Duration::from_hours(hours));
    let mut job = job(0, true);
    change(&mut job);
    let second = begin(&clock, vec![job], vec![], &store);
    sleep(Duration::from_millis(100)).await;
    (second, store)
}

#[tokio::test(start_paused = true)]
async fn a_session_is_taken_up_without_a_call() {
    let (scene, store) = after(1, |_| ()).await;
    assert!(scene.served() && scene.sts.calls.lock().unwrap().is_empty());
    assert_eq!(*scene.sts.questions.lock().unwrap(), 0);
    let snapshot = scene.table.profiles()[0].snapshot();
    let of = |seconds| Some(WALL + TimeDelta::seconds(seconds));
    assert_eq!((snapshot.issued, snapshot.expiration), (of(0), of(43_200)));
    assert_eq!(snapshot.renewal.map(|at| (at - WALL).num_seconds()), Some(19_008));
    assert_eq!(scene.counted(Outcome::Success), 0, "nobody renewed");
    assert_eq!(store.distrusted.lock().unwrap().len(), 0);
    assert!(
        scene
            .heard
            .0
            .lock()
            .unwrap()
            .iter()
            .all(|event| !event.starts_with("Calling"))
    );
    let heard = scene.heard.0.lock().unwrap().clone();
    assert!(heard.iter().any(|event| event.starts_with("Renewed")), "{heard:?}");
    sleep(Duration::from_hours(5)).await;
    assert_eq!(scene.codes().len(), 1, "and is renewed in time");
}

#[tokio::test(start_paused = true)]
async fn an_old_session_is_served_while_it_is_renewed() {
    let (clock, store) = (Arc::new(PausedClock::new(WALL)), Shared::new());
    let first = begin(&clock, vec![job(0, false)], vec![], &store);
    sleep(Duration::from_secs(1)).await;
    assert!(first.served());
    let same = store.copied(false);
    clock.suspend(Duration::from_hours(11));
    let second = begin(&clock, vec![job(0, false)], vec![Say::Refuse(Class::Server)], &same);
    sleep(Duration::from_millis(1)).await;
    assert!(second.served(), "though STS answers nothing");
    assert_eq!(
        second.sts.calls.lock().unwrap().len(),
        1,
        "whose renewal is due at once"
    );
    sleep(Duration::from_mins(2)).await;
    assert_eq!(second.counted(Outcome::Failed(Failure::Sts(Class::Server))), 1);
    assert_eq!(second.counted(Outcome::Success), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dead_session_is_none() {
    let (clock, store) = (Arc::new(PausedClock::new(WALL)), Shared::new());
    let first = begin(&clock, vec![job(0, false)], vec![], &store);
    sleep(Duration::from_secs(1)).await;
    assert!(first.served());
    let same = store.copied(false);
    clock.suspend(Duration::from_secs(43_150));
    let second = begin(&clock, vec![job(0, false)], vec![Say::Hang], &same);
    sleep(Duration::from_millis(1)).await;
    assert!(!second.served(), "less than a minute is left");
}

#[tokio::test(start_paused = true)]
async fn a_session_of_another_is_not_taken() {
    let (scene, store) = after(0, |job| {
        job.profile.region = "eu-west-2".parse().unwrap();
    })
    .await;
    assert!(!scene.served());
    assert!(store.distrusted.lock().unwrap()[0].ends_with("or for a profile that was somebody else"));
    // A step is free half a minute later.
    sleep(Duration::from_secs(31)).await;
    assert!(scene.served() && scene.codes().len() == 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_of_another_account_than_is_expected_is_not_taken() {
    let (scene, store) = after(0, |job| {
        job.profile.expected_account_id = Some("210987654321".parse().unwrap());
    })
    .await;
    assert!(!scene.served());
    assert!(store.distrusted.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn whose_a_session_is_was_kept_with_it() {
    for (expected, is_taken) in [("123456789012", true), ("210987654321", false)] {
        let (clock, store) = (Arc::new(PausedClock::new(WALL)), Shared::new());
        let first = begin(&clock, vec![job(0, true)], vec![], &store);
        first.sts.accounts.lock().unwrap().push_back(Ok("123456789012"));
        sleep(Duration::from_secs(1)).await;
        assert!(first.served());
        let mut expecting = job(0, true);
        expecting.profile.expected_account_id = Some(expected.parse().unwrap());
        let second = begin(&clock, vec![expecting], vec![Say::Hang], &store.copied(false));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(second.served(), is_taken, "{expected}");
        assert_eq!(*second.sts.questions.lock().unwrap(), 0, "{expected}");
    }
}

/// The account is held against what is expected when the look ends, not when it began.
#[tokio::test(start_paused = true)]
async fn a_reload_during_the_look_may_expect_another_account() {
    for (expected, is_taken) in [(None, true), (Some("210987654321"), false)] {
        let (clock, store) = (Arc::new(PausedClock::new(WALL)), Shared::new());
        let first = begin(&clock, vec![job(0, true)], vec![], &store);
        sleep(Duration::from_secs(1)).await;
        assert!(first.served());
        let store = store.copied(false);
        *store.takes.lock().unwrap() = Duration::from_secs(2);
        let second = begin(&clock, vec![job(0, true)], vec![], &store);
        sleep(Duration::from_secs(1)).await;
        let mut expecting = job(0, true);
        expecting.profile.expected_account_id = expected.map(|account| account.parse().unwrap());
        second.handle.apply(vec![expecting]).await.unwrap();
        sleep(Duration::from_millis(1_500)).await;
        assert_eq!(second.served(), is_taken, "{expected:?}");
        assert!(second.codes().is_empty(), "{expected:?}");
    }
}

/// A person gave a code for the session, and is not asked for another one at a start.
#[tokio::test(start_paused = true)]
async fn nobody_is_asked_for_a_code_for_what_is_kept() {
    let (clock, store) = (Arc::new(PausedClock::new(WALL)), Shared::new());
    let first = begin(&clock, vec![push_job("p0", 12)], vec![], &store);
    sleep(Duration::from_secs(1)).await;
    let code = crate::aws::TokenCode::try_from("123456".to_owned()).ok().unwrap();
    assert!(first.handle.submit(None, code).await.is_ok());
    sleep(Duration::from_secs(1)).await;
    let second = begin(&clock, vec![push_job("p0", 12)], vec![], &store);
    sleep(Duration::from_secs(1)).await;
    let snapshot = second.table.profiles()[0].snapshot();
    assert!(second.served() && snapshot.code_wanted.is_none() && snapshot.code_accepted_from.is_some());
    let asked = |scene: &Scene| {
        let heard = scene.heard.0.lock().unwrap();
        heard.iter().filter(|event| event.starts_with("CodeWanted")).count()
    };
    assert_eq!((asked(&first), asked(&second)), (1, 0));
}

/// Boot instants say nothing of another start of the host, nor does a wall clock that may be wrong.
#[tokio::test(start_paused = true)]
async fn after_a_boot_sts_is_asked_before_anything_is_served() {
    for (answer, wrong, served) in [
        (Some(Ok("123456789012")), 0, true),
        (Some(Ok("123456789012")), -7, true),
        (Some(Err(Class::KeyInvalid)), 0, false),
        (None, 0, false),
    ] {
        let (clock, store) = (Arc::new(PausedClock::new(WALL)), Shared::new());
        let first = begin(&clock, vec![job(0, true)], vec![], &store);
        sleep(Duration::from_secs(1)).await;
        assert!(first.served());
        let kept = store.copied(true);
        clock.suspend(Duration::from_hours(3));
        // STS goes on, and this host's clock is wrong.
        clock.jump_wall(TimeDelta::hours(wrong));
        let store = Arc::clone(&kept) as Arc<dyn Store>;
        let scene = Scene::with_store(
            clock.clone(),
            vec![job(0, true)],
            TimeDelta::hours(-wrong),
            vec![Say::Hang],
            Some(store),
        );
        scene.sts.accounts.lock().unwrap().extend(answer);
        *scene.sts.is_silent.lock().unwrap() = answer.is_none();
        sleep(Duration::from_secs(10)).await;
        assert_eq!(scene.served(), served, "{answer:?}");
        assert_eq!(*scene.sts.questions.lock().unwrap(), 1);
        let heard = scene.heard.0.lock().unwrap().clone();
        let called = |event: &String| event.starts_with("Called") && event.contains("GetCallerIdentity");
        assert!(heard.iter().any(called), "{heard:?}");
        assert_eq!(
            scene.sts.calls.lock().unwrap().is_empty(),
            served,
            "else an ordinary call"
        );
        if served {
            let dies = scene.table.profiles()[0].snapshot().document.as_ref().unwrap().dies;
            let left = dies.since(clock.boot()).as_secs();
            // Never longer than it really does.
            assert!((32_370..=32_389).contains(&left), "{left}");
        }
    }
}

/// A sibling renewed: his session is taken instead of a step.
#[tokio::test(start_paused = true)]
async fn a_siblings_fresh_session_saves_a_code() {
    let (clock, store) = (Arc::new(PausedClock::new(WALL)), Shared::new());
    let one = begin(&clock, vec![job(0, true)], vec![], &store);
    let two = begin(&clock, vec![job(0, true)], vec![], &store);
    sleep(Duration::from_secs(4)).await;
    let calls = || one.sts.calls.lock().unwrap().len() + two.sts.calls.lock().unwrap().len();
    assert!(one.served() && two.served());
    assert_eq!(calls(), 1, "one of them");
    sleep(Duration::from_hours(24)).await;
    assert!(one.served() && two.served());
    assert_eq!(calls(), 5, "as often as one alone would");
}

/// The look needs no code, and no verdict of STS's on it.
#[tokio::test(start_paused = true)]
async fn a_code_that_comes_during_the_look_is_not_needed_any_more() {
    let (clock, store) = (Arc::new(PausedClock::new(WALL)), Shared::new());
    let submit = async |scene: &Scene, digits: &str| {
        let code = crate::aws::TokenCode::try_from(digits.to_owned()).ok().unwrap();
        scene.handle.submit(None, code).await
    };
    let first = begin(&clock, vec![push_job("p0", 12)], vec![], &store);
    sleep(Duration::from_secs(1)).await;
    assert!(submit(&first, "123456").await.is_ok());
    sleep(Duration::from_secs(1)).await;
    *store.takes.lock().unwrap() = Duration::from_secs(2);
    let second = begin(&clock, vec![push_job("p0", 12)], vec![], &store);
    sleep(Duration::from_secs(1)).await;
    let accepted = submit(&second, "654321").await.unwrap();
    assert_eq!(accepted.profile.as_str(), "p0");
    assert!(second.served() && second.calls().is_empty());
}

/// Whom a code is wanted for does not wait for what is kept of another profile.
#[tokio::test(start_paused = true)]
async fn a_look_for_another_profile_keeps_nobody_from_being_asked() {
    let (clock, store) = (Arc::new(PausedClock::new(WALL)), Shared::new());
    *store.takes.lock().unwrap() = Duration::from_secs(2);
    let scene = begin(&clock, vec![push_job("ops", 12)], vec![], &store);
    let is_asked = || scene.table.profiles()[0].snapshot().code_wanted.is_some();
    sleep(Duration::from_secs(1)).await;
    let jobs = vec![push_job("ops", 12), job(1, false)];
    scene.handle.apply(jobs).await.unwrap();
    assert!(!is_asked(), "its own look may do without a code");
    sleep(Duration::from_millis(1_100)).await;
    assert!(is_asked());
}

#[tokio::test(start_paused = true)]
async fn a_look_that_came_to_no_end_is_made_anew_before_anybody_is_asked() {
    let (clock, store, source) = (Arc::new(PausedClock::new(WALL)), Shared::new(), Source::file());
    let pushed = || with(&source, push_job("p0", 12));
    let first = begin(&clock, vec![pushed()], vec![], &store);
    sleep(Duration::from_secs(1)).await;
    let code = crate::aws::TokenCode::try_from("123456".to_owned()).ok().unwrap();
    assert!(first.handle.submit(None, code).await.is_ok());
    sleep(Duration::from_secs(1)).await;
    source.put(None);
    let second = begin(&clock, vec![pushed()], vec![], &store.copied(false));
    sleep(Duration::from_secs(10)).await;
    assert!(!second.served());
    source.put(Some(1));
    sleep(Duration::from_mins(1)).await;
    assert!(second.served() && second.calls().is_empty());
}
