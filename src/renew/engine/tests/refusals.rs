//! Refused codes: what they are taken for, and when the device is tried again.

use super::scene::{SERIAL, Say, Scene, job, push_job};
use super::*;
use crate::mfa::steps::Choice;
use crate::renew::{Failure, Outcome, Refusal};
use crate::sts::Class;

fn refused(times: usize) -> Vec<Say> {
    (0..times).map(|_| Say::Refuse(Class::MfaRejected)).collect()
}

fn counted(scene: &Scene) -> [u64; 4] {
    Refusal::ALL.map(|refusal| scene.counted(Outcome::Failed(Failure::Mfa(refusal))))
}

fn trouble(scene: &Scene) -> String {
    let snapshot = scene.table.profiles()[0].snapshot();
    snapshot.trouble.as_ref().unwrap().message.clone()
}

#[tokio::test(start_paused = true)]
async fn a_device_that_never_worked_is_suspected_at_the_third_refusal() {
    let scene = Scene::start(1, true, TimeDelta::zero(), refused(3));
    sleep(Duration::from_secs(31)).await;
    assert_eq!(counted(&scene), [0, 2, 0, 0]);
    assert!(
        trouble(&scene).starts_with("refused: mfa_rejected; the step was fresh"),
        "{}",
        trouble(&scene)
    );
    sleep(Duration::from_mins(2)).await;
    assert_eq!(counted(&scene), [0, 2, 0, 1]);
    assert!(trouble(&scene).contains("3 codes in a row"), "{}", trouble(&scene));
    // Six of twelve steps are skipped: others may hold the device all the same.
    sleep(Duration::from_secs(210)).await;
    assert_eq!(scene.calls(), [0, 30_000, 150_000, 360_000]);
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn a_device_that_worked_is_suspected_at_the_sixth() {
    let mut say = vec![Say::Session {
        lifetime: Duration::from_hours(12),
    }];
    say.extend(refused(6));
    let scene = Scene::start(1, true, TimeDelta::zero(), say);
    sleep(Duration::from_hours(7)).await;
    assert_eq!(counted(&scene), [0, 5, 1, 0]);
    assert_eq!(
        scene.counted(Outcome::Success),
        2,
        "and once it is taken, all is forgotten"
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_of_another_step_than_that_of_sts_is_no_collision_and_the_next_one_is_sent_soon() {
    let scene = Scene::start(1, true, TimeDelta::minutes(4), refused(1));
    sleep(Duration::from_secs(1)).await;
    // Half a second later, by STS's time: four minutes are eight steps.
    assert_eq!(scene.codes(), ["000000", "000008"]);
    assert_eq!(counted(&scene), [1, 0, 0, 0]);
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn all_profiles_of_a_device_rest_with_it() {
    let scene = Scene::start(3, true, TimeDelta::zero(), refused(2));
    sleep(Duration::from_mins(5)).await;
    assert_eq!(scene.calls(), [0, 30_000, 150_000, 180_000, 210_000]);
}

#[tokio::test(start_paused = true)]
async fn a_reload_ends_the_rest() {
    let scene = Scene::start(1, true, TimeDelta::zero(), refused(4));
    sleep(Duration::from_secs(200)).await;
    assert_eq!(scene.calls(), [0, 30_000, 150_000]);
    scene.handle.apply(vec![job(0, true)]).await.unwrap();
    sleep(Duration::from_secs(11)).await;
    assert_eq!(scene.calls(), [0, 30_000, 150_000, 200_000]);
}

#[tokio::test(start_paused = true)]
async fn a_device_of_which_nothing_is_ever_taken_is_tried_every_half_hour() {
    let scene = Scene::start(1, true, TimeDelta::zero(), refused(99));
    sleep(Duration::from_hours(12)).await;
    let calls = scene.calls();
    let gaps: Vec<_> = calls.windows(2).map(|pair| (pair[1] - pair[0]) / 1_000).collect();
    // Steps until the sixteenth, then three quarters of half an hour and what is left of the step.
    assert_eq!(gaps[..4], [30, 120, 210, 390]);
    assert!(gaps[4..15].iter().all(|gap| *gap == 390), "{gaps:?}");
    assert!(gaps[15..].iter().all(|gap| (1_350..=1_380).contains(gap)), "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_persons_code_does_not_wait_for_the_rest_and_its_success_ends_it() {
    let jobs = vec![job(0, true), push_job("person", 12)];
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), refused(2));
    sleep(Duration::from_secs(31)).await;
    let code = crate::aws::TokenCode::try_from("123456".to_owned()).ok().unwrap();
    assert!(scene.handle.submit(None, code).await.is_ok());
    sleep(Duration::from_mins(5)).await;
    assert_eq!(scene.calls(), [0, 30_000, 31_000, 60_000]);
}

#[tokio::test(start_paused = true)]
async fn a_command_does_not_wait_for_the_rest() {
    let scene = Scene::start(1, true, TimeDelta::zero(), refused(2));
    sleep(Duration::from_secs(61)).await;
    let reservation = scene.handle.reserve(SERIAL.parse().unwrap()).await.unwrap();
    assert!(matches!(reservation.choice, Choice::Use(_)), "{reservation:?}");
}
