//! Steps that others use, too.

use tokio::time::sleep;

use super::scene::{SERIAL, Say, Scene, WALL, job, push_job};
use super::store::Shared;
use super::*;
use crate::aws::TokenCode;
use crate::mfa::steps::Choice;
use crate::renew::Reason;

/// The step that is this many after the first of a scene.
fn step(number: i64) -> Step {
    Step::at(WALL + TimeDelta::seconds(30 * number))
}

fn start(jobs: Vec<Job>, say: Vec<Say>, store: &Arc<Shared>) -> Scene {
    let clock = Arc::new(crate::clock::PausedClock::new(WALL));
    let store = Arc::clone(store) as Arc<dyn Store>;
    Scene::with_store(clock, jobs, TimeDelta::zero(), say, Some(store))
}

#[tokio::test(start_paused = true)]
async fn a_step_is_reserved_before_the_call_and_noted_as_sent_after_it() {
    let store = Shared::new();
    let scene = start(vec![job(0, true)], vec![], &store);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.codes(), ["000000"]);
    assert_eq!(store.asked(), ["reserve 0", "Sent 0"]);
}

#[tokio::test(start_paused = true)]
async fn a_step_of_anothers_is_no_failure_and_the_next_one_is_used() {
    let store = Shared::used_by_others(&[step(0), step(1)]);
    let scene = start(vec![job(0, true)], vec![], &store);
    sleep(Duration::from_secs(59)).await;
    let snapshot = scene.table.profiles()[0].snapshot();
    assert!(snapshot.trouble.is_none() && snapshot.consecutive_failures == 0);
    assert_eq!(snapshot.renewal, Some(step(2).start()));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(scene.codes(), ["000002"]);
    assert_eq!(scene.calls(), [60_000]);
    assert_eq!(scene.counted(Outcome::Success), 1);
    assert!(Outcome::all().skip(1).all(|outcome| scene.counted(outcome) == 0));
}

#[tokio::test(start_paused = true)]
async fn what_never_left_is_given_back_before_the_next_try() {
    let store = Shared::new();
    let scene = start(vec![job(0, true)], vec![Say::Unreachable], &store);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(scene.codes(), ["000000", "000000"]);
    assert_eq!(store.asked(), ["reserve 0", "Released 0", "reserve 0", "Sent 0"]);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_can_be_kept_memory_has_to_do() {
    let store = Arc::new(Shared {
        is_broken: true,
        ..Shared::default()
    });
    let scene = start(vec![job(0, true), job(1, true)], vec![], &store);
    sleep(Duration::from_secs(31)).await;
    assert_eq!(scene.codes(), ["000000", "000001"]);
}

#[tokio::test(start_paused = true)]
async fn a_command_gets_no_step_of_anothers() {
    let store = Shared::used_by_others(&[step(0)]);
    let scene = start(vec![job(0, false)], vec![], &store);
    let reserved = scene.handle.reserve(SERIAL.parse().unwrap()).await.unwrap();
    assert_eq!(reserved.choice, Choice::Wait(step(1).start()));
    sleep(Duration::from_secs(31)).await;
    let reserved = scene.handle.reserve(SERIAL.parse().unwrap()).await.unwrap();
    assert_eq!(reserved.choice, Choice::Use(step(1)));
    assert!(store.used.lock().unwrap().contains(&step(1).number()));
}

#[tokio::test(start_paused = true)]
async fn a_persons_code_of_a_step_of_anothers_is_not_sent() {
    let store = Shared::used_by_others(&[step(0)]);
    let scene = start(vec![push_job("p0", 12)], vec![], &store);
    sleep(Duration::from_secs(1)).await;
    let submit = |code: &str| {
        scene
            .handle
            .submit(None, TokenCode::try_from(code.to_owned()).ok().unwrap())
    };
    let refused = submit("123456").await.unwrap_err();
    assert_eq!(refused.reason, Reason::Repeated);
    assert!(refused.message.contains("another process"), "{}", refused.message);
    assert!(scene.sts.calls.lock().unwrap().is_empty());
    sleep(Duration::from_secs(31)).await;
    assert!(submit("654321").await.is_ok());
    assert_eq!(store.asked(), ["reserve 0", "reserve 1", "Sent 1"]);
}

/// A process takes until the next step; the code may be of either.
#[tokio::test(start_paused = true)]
async fn a_code_of_no_known_step_needs_the_one_in_which_it_is_sent() {
    let clock = Arc::new(crate::clock::PausedClock::new(WALL));
    let store = Shared::new();
    let mut job = job(0, true);
    if let Some(device) = &mut job.device {
        device.codes = Codes::Made(Arc::new(Authenticator {
            clock: clock.clone(),
            runs: Mutex::default(),
        }));
    }
    job.key = Some(Arc::new(SlowKey(Duration::from_secs(5))));
    clock.suspend(Duration::from_secs(26));
    let kept = Arc::clone(&store) as Arc<dyn Store>;
    let scene = Scene::with_store(clock, vec![job], TimeDelta::zero(), vec![], Some(kept));
    sleep(Duration::from_secs(6)).await;
    assert_eq!(scene.sts.calls.lock().unwrap().len(), 1);
    assert_eq!(store.asked(), ["reserve 0", "reserve 1", "Sent 0", "Sent 1"]);
}

/// He whose step it was has a session two seconds later, which is as good.
#[tokio::test(start_paused = true)]
async fn the_session_of_whoever_used_the_step_is_taken_once_it_is_there() {
    let first = Shared::new();
    let _scene = start(vec![job(0, true)], vec![], &first);
    sleep(Duration::from_millis(1)).await;
    let second = Shared::used_by_others(&[step(0)]);
    let scene = start(vec![job(0, true)], vec![], &second);
    sleep(Duration::from_secs(1)).await;
    assert!(!scene.served());
    second.kept.lock().unwrap().clone_from(&first.kept.lock().unwrap());
    sleep(Duration::from_secs(2)).await;
    assert!(scene.served() && scene.calls().is_empty());
}

/// It is not known whether a success ends the steps before it, too.
#[tokio::test(start_paused = true)]
async fn no_step_before_one_that_was_taken_is_used_though_sts_is_behind() {
    let scene = Scene::start(2, true, TimeDelta::minutes(-1), vec![]);
    sleep(Duration::from_mins(3)).await;
    assert_eq!(scene.codes(), ["000000", "000001"]);
    // Its seconds are cut: half of one is what it is behind less.
    assert_eq!(scene.calls(), [0, 89_500]);
}
