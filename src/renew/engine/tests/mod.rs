//! The engine in virtual time, against an STS of a script.

mod caller;
mod clocks;
mod devices;
mod healing;
mod histories;
mod people;
mod recall;
mod refusals;
mod reload;
mod replicas;
mod reserve;
mod roles;
mod rotation;
mod scene;
mod share;
mod short;
mod store;
mod vouchers;

use tokio::time::sleep;

use super::*;
use crate::renew::{CodeVerdict, Failure, Outcome};
use crate::sts::Class;
use scene::{Authenticator, NoKey, Say, Scene, SlowKey, WALL, job};

/// The fraction of the tests is a half: renewal at 0.44 of the lifetime, retries after half of their bound.
const RENEWAL_MS: u128 = 43_200 * 440;

#[tokio::test(start_paused = true)]
async fn obtains_at_start_and_renews_before_the_half() {
    let scene = Scene::start(1, false, TimeDelta::zero(), vec![]);
    sleep(Duration::from_hours(24)).await;
    assert_eq!(scene.calls(), (0..=4).map(|n| n * RENEWAL_MS).collect::<Vec<_>>());
    assert_eq!(scene.counted(Outcome::Success), 5);
    let heard = scene.heard.0.lock().unwrap().clone();
    for told in ["Calling", "Called { action: GetSessionToken"] {
        let told = heard.iter().filter(|event| event.starts_with(told));
        assert_eq!(told.count(), 5, "{heard:?}");
    }
    let snapshot = scene.table.profiles()[0].snapshot();
    assert_eq!(snapshot.issued.unwrap().timestamp(), WALL.timestamp() + 4 * 19_008);
    assert_eq!(snapshot.renewal.unwrap().timestamp(), WALL.timestamp() + 5 * 19_008);
    assert_eq!(
        snapshot.expiration.unwrap().timestamp(),
        WALL.timestamp() + 4 * 19_008 + 43_200
    );
}

#[tokio::test(start_paused = true)]
async fn serves_through_an_outage_until_the_credentials_die() {
    let mut say = vec![Say::Session {
        lifetime: Duration::from_hours(1),
    }];
    say.extend((0..200).map(|_| Say::Refuse(Class::Server)));
    let scene = Scene::start(1, false, TimeDelta::zero(), say);
    sleep(Duration::from_secs(3_599)).await;
    assert!(scene.served());
    assert!(scene.counted(Outcome::Failed(Failure::Sts(Class::Server))) > 20);
    sleep(Duration::from_secs(1)).await;
    assert!(!scene.served());
    sleep(Duration::from_millis(1)).await;
    let snapshot = scene.table.profiles()[0].snapshot();
    assert!(snapshot.document.is_none(), "the bytes are let go, not only hidden");
    assert!(snapshot.started);
    assert_eq!(snapshot.trouble.as_ref().unwrap().message, "refused: server");
    assert!(
        scene
            .heard
            .0
            .lock()
            .unwrap()
            .iter()
            .any(|event| event.starts_with("Expired"))
    );
    sleep(Duration::from_hours(3)).await;
    assert!(scene.served(), "and comes back with STS");
}

#[tokio::test(start_paused = true)]
async fn retries_with_a_backoff_that_doubles_to_a_minute() {
    let say = (0..9).map(|_| Say::Refuse(Class::Throttled)).collect();
    let scene = Scene::start(1, false, TimeDelta::zero(), say);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(
        scene.calls(),
        [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500, 61_500, 91_500, 121_500]
    );
    assert_eq!(scene.table.profiles()[0].snapshot().consecutive_failures, 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_code_is_not_sent_again_and_some_steps_are_skipped() {
    let say = vec![Say::Refuse(Class::MfaRejected), Say::Refuse(Class::MfaRejected)];
    let scene = Scene::start(1, true, TimeDelta::zero(), say);
    sleep(Duration::from_mins(5)).await;
    // None is skipped at first, then three of six.
    assert_eq!(scene.calls(), [0, 30_000, 150_000]);
    assert_eq!(scene.codes(), ["000000", "000001", "000005"]);
    let face = &scene.table.profiles()[0];
    assert_eq!(
        (face.codes(CodeVerdict::Rejected), face.codes(CodeVerdict::Accepted)),
        (2, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_without_a_verdict_counts_as_used_and_one_that_never_left_does_not() {
    let say = vec![Say::Unreachable, Say::Refuse(Class::Timeout)];
    let scene = Scene::start(1, true, TimeDelta::zero(), say);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(scene.calls(), [0, 500, 30_000]);
    assert_eq!(scene.codes(), ["000000", "000000", "000001"]);
    assert_eq!(scene.table.profiles()[0].codes(CodeVerdict::Unknown), 1);
}

#[tokio::test(start_paused = true)]
async fn profiles_of_one_device_take_turns() {
    let scene = Scene::start(4, true, TimeDelta::zero(), vec![]);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(scene.calls(), [0, 30_000, 60_000, 90_000]);
    let mut codes = scene.codes();
    codes.dedup();
    assert_eq!(codes.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_host_with_a_wrong_clock_learns_the_time_from_the_refusal() {
    let scene = Scene::start(1, true, TimeDelta::hours(2), vec![Say::Refuse(Class::ClockSkew)]);
    sleep(Duration::from_mins(1)).await;
    // Two hours are 240 steps: the second code is of STS's time, and its step was never used.
    assert_eq!(scene.codes(), ["000000", "000240"]);
    assert!(scene.served());
    assert!(
        scene
            .heard
            .0
            .lock()
            .unwrap()
            .iter()
            .any(|event| event.starts_with("ClockOffset"))
    );
}

#[tokio::test(start_paused = true)]
async fn setting_the_wall_clock_moves_nothing_and_is_told() {
    let scene = Scene::start(1, false, TimeDelta::zero(), vec![]);
    sleep(Duration::from_mins(1)).await;
    scene.clock.jump_wall(TimeDelta::days(-3));
    sleep(Duration::from_hours(6)).await;
    assert_eq!(scene.calls(), [0, RENEWAL_MS]);
    let heard = scene.heard.0.lock().unwrap();
    assert_eq!(heard.iter().filter(|event| event.starts_with("ClockJumped")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_resume_is_noticed_within_ten_seconds() {
    let scene = Scene::start(
        1,
        false,
        TimeDelta::zero(),
        vec![Say::Session {
            lifetime: Duration::from_hours(1),
        }],
    );
    sleep(Duration::from_secs(1)).await;
    scene.clock.suspend(Duration::from_hours(8));
    assert!(!scene.served(), "what died in suspend is not served, noticed or not");
    sleep(LONGEST_SLEEP).await;
    assert_eq!(scene.calls().len(), 2);
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn one_call_at_a_time_even_when_it_hangs() {
    let scene = Scene::start(1, false, TimeDelta::zero(), vec![Say::Hang]);
    sleep(Duration::from_hours(1)).await;
    assert_eq!(scene.calls(), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_call_is_a_failure_like_another() {
    let scene = Scene::start(2, false, TimeDelta::zero(), vec![Say::Panic]);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(scene.counted(Outcome::Failed(Failure::Internal)), 1);
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_nearly_dead_do_not_make_a_storm_of_calls() {
    let say = (0..20)
        .map(|_| Say::Session {
            lifetime: Duration::ZERO,
        })
        .collect();
    let scene = Scene::start(1, false, TimeDelta::zero(), say);
    sleep(Duration::from_mins(1)).await;
    assert!(scene.calls().len() < 10, "{:?}", scene.calls());
    assert!(!scene.served());
}

#[tokio::test(start_paused = true)]
async fn without_a_key_sts_is_not_asked_and_the_code_is_not_spent() {
    let job = Job {
        key: Some(Arc::new(NoKey)),
        ..job(0, true)
    };
    let scene = Scene::start_jobs(vec![job], TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(scene.calls(), [] as [u128; 0]);
    // Three tries within one step: it was given back each time.
    assert!(scene.counted(Outcome::Failed(Failure::Key)) >= 3);
}

#[tokio::test(start_paused = true)]
async fn stops_when_told() {
    let scene = Scene::start(1, false, TimeDelta::zero(), vec![]);
    let parts = Parts {
        clock: scene.clock.clone(),
        sts: scene.sts.clone(),
        table: scene.table.clone(),
        observer: Arc::new(Vec::new()),
        store: None,
        chance: Box::new(|| Fraction::from_bits(0)),
    };
    let (engine, _handle) = Engine::new(parts, vec![job(0, false)]);
    engine.run(sleep(Duration::from_hours(1))).await;
}

#[tokio::test(start_paused = true)]
async fn credentials_that_die_sooner_do_not_replace_those_that_live_longer() {
    let say = vec![
        Say::Session {
            lifetime: Duration::from_hours(12),
        },
        Say::Session {
            lifetime: Duration::from_secs(6),
        },
    ];
    let scene = Scene::start(1, false, TimeDelta::zero(), say);
    sleep(Duration::from_secs(19_008)).await;
    sleep(Duration::from_millis(1)).await;
    let malformed = Outcome::Failed(Failure::Sts(Class::Malformed));
    assert_eq!((scene.calls().len(), scene.counted(malformed)), (2, 1));
    assert!(scene.served());
    sleep(Duration::from_secs(10)).await;
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_is_a_failure_after_ten_seconds() {
    let job = Job {
        key: Some(Arc::new(SlowKey(Duration::from_hours(9)))),
        ..job(0, false)
    };
    let scene = Scene::start_jobs(vec![job], TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(9)).await;
    assert_eq!(scene.counted(Outcome::Failed(Failure::Key)), 0);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(scene.counted(Outcome::Failed(Failure::Key)), 1);
}

#[tokio::test(start_paused = true)]
async fn a_code_that_was_made_too_late_is_not_sent() {
    // 24 s into a step, a key that takes 4 s to read leaves 2 s of it.
    let job = Job {
        key: Some(Arc::new(SlowKey(Duration::from_secs(4)))),
        ..job(0, true)
    };
    let scene = Scene::start_at(WALL + TimeDelta::seconds(24), vec![job]);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(scene.codes(), ["000001"], "the code of step 0 was made and not sent");
    assert_eq!(scene.counted(Outcome::Failed(Failure::Code)), 1);
}

#[tokio::test(start_paused = true)]
async fn the_next_try_is_told_with_the_wait_for_a_step() {
    let scene = Scene::start(1, true, TimeDelta::zero(), vec![Say::Refuse(Class::MfaRejected)]);
    sleep(Duration::from_millis(1)).await;
    let heard = scene.heard.0.lock().unwrap().join("\n");
    assert!(heard.contains("retry_in: Some(30s)"), "{heard}");
    let snapshot = scene.table.profiles()[0].snapshot();
    assert_eq!(snapshot.renewal.unwrap().timestamp(), WALL.timestamp() + 30);
}

#[tokio::test(start_paused = true)]
async fn the_next_try_is_told_with_the_wait_for_it() {
    let scene = Scene::start(1, false, TimeDelta::zero(), vec![Say::Refuse(Class::Server)]);
    sleep(Duration::from_millis(1)).await;
    let heard = scene.heard.0.lock().unwrap().join("\n");
    assert!(heard.contains("retry_in: Some(500ms)"), "{heard}");
    let snapshot = scene.table.profiles()[0].snapshot();
    assert_eq!(snapshot.renewal, Some(WALL + TimeDelta::milliseconds(500)));
}

#[tokio::test(start_paused = true)]
async fn the_code_of_a_process_is_not_sent_twice_and_the_process_is_run_once_a_step() {
    let clock = Arc::new(crate::clock::PausedClock::new(WALL));
    let authenticator = Arc::new(Authenticator {
        clock: clock.clone(),
        runs: Mutex::default(),
    });
    let mut job = job(0, true);
    job.device.as_mut().unwrap().codes = Codes::Made(authenticator.clone());
    let say = vec![Say::Refuse(Class::MfaRejected), Say::Unreachable];
    let scene = Scene::with_clock(clock, vec![job], TimeDelta::zero(), say);
    sleep(Duration::from_mins(5)).await;
    // Boot time begins at 1000 s. The first code was refused, was printed again in the next two steps and was not sent; the
    // second never left, and so it was sent again.
    assert_eq!(scene.codes(), ["000011", "000012", "000012"]);
    assert_eq!(scene.counted(Outcome::Failed(Failure::Code)), 2);
    assert_eq!(*authenticator.runs.lock().unwrap(), 5);
    assert!(scene.served());
}
