//! Several MFA devices of one user, in turn.

use super::scene::{SERIAL, Say, Scene, device, job, times};
use super::*;
use crate::config::{Kind, Mfa, MfaCode};
use crate::sts::Class;

const OTHER: &str = "GAHT12345678";

/// A profile with two devices.
pub(super) fn job_of_two(index: usize) -> Job {
    let mut job = job(index, true);
    if let Kind::Session(session) = &mut job.profile.kind {
        let mfa = session.mfa.as_mut().unwrap();
        let other = Mfa::new(OTHER.parse().unwrap(), MfaCode::TotpSeedFile("/other".into()));
        mfa.others.push(other);
        job.device = Some(device(mfa));
    }
    job
}

fn not_of_the_user(number: usize) -> Vec<Say> {
    (0..number).map(|_| Say::Refuse(Class::MfaDevice)).collect()
}

/// When which device was used, in milliseconds.
fn used(scene: &Scene) -> Vec<(u128, bool)> {
    let calls = scene.sts.calls.lock().unwrap();
    let first = calls.iter().map(|call| call.device.as_deref() == Some(SERIAL));
    times(&calls).into_iter().zip(first).collect()
}

#[tokio::test(start_paused = true)]
async fn two_devices_serve_two_profiles_a_step() {
    let jobs = (0..4).map(job_of_two).collect();
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), vec![]);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(used(&scene), [(0, true), (0, false), (30_000, true), (30_000, false)]);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_was_lost_is_made_up_for_by_the_other_device() {
    let say = vec![Say::Refuse(Class::Timeout), Say::Refuse(Class::MfaRejected)];
    let scene = Scene::start_jobs(vec![job_of_two(0)], TimeDelta::zero(), say);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(used(&scene), [(0, true), (500, false), (30_000, true)]);
}

#[tokio::test(start_paused = true)]
async fn a_collision_on_one_device_is_no_wait_for_the_other() {
    let scene = Scene::start_jobs(
        vec![job_of_two(0)],
        TimeDelta::zero(),
        vec![Say::Refuse(Class::MfaRejected)],
    );
    sleep(Duration::from_secs(1)).await;
    assert_eq!(used(&scene), [(0, true), (0, false)]);
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn once_a_code_of_it_is_taken_it_is_the_users_as_ever() {
    let hour = Say::Session {
        lifetime: Duration::from_hours(1),
    };
    let say = [not_of_the_user(12), vec![hour], not_of_the_user(2)].concat();
    let scene = Scene::start_jobs(vec![job_of_two(0)], TimeDelta::zero(), say);
    sleep(Duration::from_mins(40)).await;
    assert_eq!(scene.counted(Outcome::Success), 2);
    let waits = waits_of_the_first(&scene);
    assert!(waits.last().is_some_and(|wait| *wait <= 30), "{waits:?}");
}

/// The waits of the first device, in seconds.
fn waits_of_the_first(scene: &Scene) -> Vec<u128> {
    let of_first: Vec<_> = used(scene).into_iter().filter(|(_, first)| *first).collect();
    let waits = of_first.windows(2).map(|pair| (pair[1].0 - pair[0].0) / 1_000);
    waits.collect()
}

#[tokio::test(start_paused = true)]
async fn devices_that_iam_does_not_know_yet_are_tried_again_in_the_next_step() {
    let scene = Scene::start_jobs(vec![job_of_two(0)], TimeDelta::zero(), not_of_the_user(2));
    sleep(Duration::from_secs(31)).await;
    assert_eq!(used(&scene), [(0, true), (0, false), (30_000, true)]);
    assert!(scene.served());
    let heard = scene.heard.0.lock().unwrap();
    let failed: Vec<_> = heard.iter().filter(|event| event.starts_with("Failed")).collect();
    let hint = "refused: mfa_device; once that is put right, valetkey reload tries at once";
    assert!(failed.iter().all(|event| event.contains(hint)), "{failed:?}");
    assert!(failed[0].contains("retry_in: Some(0ns)"), "by the other: {failed:?}");
    assert!(failed[1].contains("retry_in: Some(30s)"), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_not_the_users_is_tried_ever_more_seldom_down_to_once_in_half_an_hour() {
    let scene = Scene::start_jobs(vec![job_of_two(0)], TimeDelta::zero(), not_of_the_user(99));
    sleep(Duration::from_hours(5)).await;
    let waits = waits_of_the_first(&scene);
    assert_eq!(waits[..7], [30, 30, 30, 30, 30, 30, 30]);
    assert!(waits.windows(2).all(|pair| pair[0] <= pair[1] + 30), "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= 1_800), "{waits:?}");
    assert!(waits.last().is_some_and(|wait| *wait >= 1_300), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn it_is_no_wait_for_the_other_one_nor_for_another_profile_of_it() {
    let jobs = vec![job_of_two(0), job(1, true)];
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), not_of_the_user(1));
    sleep(Duration::from_mins(5)).await;
    assert_eq!(used(&scene), [(0, true), (0, false), (30_000, true)]);
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn it_rests_for_a_quarter_of_the_life_that_is_left_at_most() {
    let mut say = vec![Say::Session {
        lifetime: Duration::from_mins(20),
    }];
    say.extend(not_of_the_user(99));
    let scene = Scene::start_jobs(vec![job_of_two(0)], TimeDelta::zero(), say);
    sleep(Duration::from_mins(20)).await;
    let used = used(&scene);
    let late = used.iter().filter(|(at, _)| (1_080_000..1_200_000).contains(at));
    assert!(late.count() >= 4, "{used:?}");
}

#[tokio::test(start_paused = true)]
async fn it_is_tried_again_when_the_other_is_refused_too_and_somebody_reloads() {
    let scene = Scene::start_jobs(vec![job_of_two(0)], TimeDelta::zero(), not_of_the_user(18));
    // The next try would be 80 s later.
    sleep(Duration::from_secs(400)).await;
    let before = used(&scene).len();
    assert_eq!(before, 18);
    scene.handle.apply(vec![job_of_two(0)]).await.unwrap();
    sleep(Duration::from_secs(11)).await;
    assert_eq!(used(&scene).len(), before + 1);
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn devices_of_which_no_code_is_ever_taken_rest_as_long_and_a_reload_is_advised() {
    let say = (0..99).map(|_| Say::Refuse(Class::MfaRejected)).collect();
    let scene = Scene::start_jobs(vec![job_of_two(0)], TimeDelta::zero(), say);
    sleep(Duration::from_hours(6)).await;
    let waits = waits_of_the_first(&scene);
    assert!(
        waits[15..].iter().all(|wait| (1_320..=1_800).contains(wait)),
        "{waits:?}"
    );
    let snapshot = scene.table.profiles()[0].snapshot();
    let message = &snapshot.trouble.as_ref().unwrap().message;
    assert!(message.ends_with("valetkey reload tries at once"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_spare_device_or_another_order_takes_nothing_from_what_is_served() {
    let spared = || {
        let mut job = job_of_two(0);
        if let Kind::Session(session) = &mut job.profile.kind {
            let mfa = session.mfa.as_mut().unwrap();
            std::mem::swap(&mut mfa.serial, &mut mfa.others[0].serial);
        }
        job
    };
    let scene = Scene::start_jobs(vec![job(0, true)], TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    for job in [job_of_two(0), spared(), job(0, true)] {
        let applied = scene.handle.apply(vec![job]).await.unwrap();
        assert_eq!((applied.changed.len(), applied.adjusted.len()), (0, 1));
        assert!(scene.served());
    }
    sleep(Duration::from_mins(2)).await;
    assert_eq!(scene.calls(), [0]);
}
