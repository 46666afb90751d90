//! Several MFA devices of one user, in turn.

use super::scene::{SERIAL, Say, Scene, device, job, times};
use super::*;
use crate::config::{Kind, Mfa, MfaCode};
use crate::sts::Class;

const OTHER: &str = "GAHT12345678";

/// A profile with two devices.
fn job_of_two(index: usize) -> Job {
    let mut job = job(index, true);
    if let Kind::Session(session) = &mut job.profile.kind {
        let mfa = session.mfa.as_mut().unwrap();
        let other = Mfa::new(OTHER.parse().unwrap(), MfaCode::TotpSeedFile("/other".into()));
        mfa.others.push(other);
        job.device = Some(device(mfa));
    }
    job
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
async fn a_device_that_is_not_the_users_is_left_alone_for_half_an_hour() {
    let mut say = vec![Say::Refuse(Class::MfaDevice)];
    say.extend((0..200).map(|_| Say::Refuse(Class::Timeout)));
    let scene = Scene::start_jobs(vec![job_of_two(0)], TimeDelta::zero(), say);
    sleep(Duration::from_mins(40)).await;
    let used = used(&scene);
    assert_eq!(used[..2], [(0, true), (0, false)]);
    let again = used[1..].iter().find(|(_, first)| *first).unwrap().0;
    assert!((1_830_000..1_900_000).contains(&again), "{used:?}");
}

#[tokio::test(start_paused = true)]
async fn it_is_tried_again_when_the_other_is_refused_too_and_somebody_reloads() {
    let say = (0..2).map(|_| Say::Refuse(Class::MfaDevice)).collect();
    let scene = Scene::start_jobs(vec![job_of_two(0)], TimeDelta::zero(), say);
    sleep(Duration::from_mins(29)).await;
    assert_eq!(used(&scene), [(0, true), (0, false)]);
    scene.handle.apply(vec![job_of_two(0)]).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert!(scene.served());
}
