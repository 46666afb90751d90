//! Roles that are made from another profile's credentials.

use tokio::time::sleep;

use super::devices::job_of_two;
use super::scene::{Say, Scene, job, role_job};
use super::*;
use crate::sts::Class;

#[tokio::test(start_paused = true)]
async fn a_role_waits_for_its_source_and_is_signed_by_it() {
    // The source stands behind what is made from it, and fails at first.
    let jobs = vec![role_job("deploy", "p0"), job(0, false)];
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), vec![Say::Refuse(Class::Server)]);
    sleep(Duration::from_mins(1)).await;
    let calls = scene.sts.calls.lock().unwrap().clone();
    let told: Vec<_> = calls.iter().map(|call| (call.action, call.signer.as_str())).collect();
    let key = "…MPLE";
    assert_eq!(
        told,
        [
            ("GetSessionToken", key),
            ("GetSessionToken", key),
            ("AssumeRole", "…0002")
        ]
    );
    assert_eq!(calls[2].code, None, "the MFA of the session carries over");
    assert!(scene.served(), "the role");
}

#[tokio::test(start_paused = true)]
async fn a_renewed_source_does_not_disturb_what_was_made_from_it() {
    let jobs = vec![job(0, false), role_job("deploy", "p0")];
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), vec![]);
    sleep(Duration::from_hours(24)).await;
    let calls = scene.sts.calls.lock().unwrap().clone();
    let roles: Vec<_> = calls.iter().filter(|call| call.action == "AssumeRole").collect();
    // An hour's role is renewed after 0.44 of it, whenever its source was.
    let gaps: Vec<_> = roles
        .windows(2)
        .map(|pair| pair[1].at.since(pair[0].at).as_secs())
        .collect();
    assert!(gaps.len() > 50 && gaps.iter().all(|gap| *gap == 1_584), "{gaps:?}");
    let signers: Vec<_> = roles.iter().map(|call| call.signer.clone()).collect();
    let mut distinct = signers.clone();
    distinct.dedup();
    assert_eq!(distinct.len(), 5, "each is signed by the source as it is then");
}

#[tokio::test(start_paused = true)]
async fn without_its_source_a_role_is_served_until_it_dies_and_asks_for_nothing() {
    // It dies in the very moment at which the role's renewal is due.
    let mut say = vec![
        Say::Session {
            lifetime: Duration::from_secs(1_584),
        },
        Say::Session {
            lifetime: Duration::from_hours(1),
        },
    ];
    say.extend((0..1_000).map(|_| Say::Refuse(Class::KeyInvalid)));
    let jobs = vec![job(0, false), role_job("deploy", "p0")];
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), say);
    sleep(Duration::from_secs(3_599)).await;
    let role = scene.table.named("deploy").unwrap();
    assert!(role.snapshot().servable(scene.clock.boot()).is_some());
    sleep(Duration::from_secs(2)).await;
    assert!(role.snapshot().document.is_none());
    let calls = scene.sts.calls.lock().unwrap();
    let asked = |action| calls.iter().filter(|call| call.action == action).count();
    assert!(asked("GetSessionToken") > 30);
    assert_eq!(asked("AssumeRole"), 1, "dead credentials sign nothing");
}

#[tokio::test(start_paused = true)]
async fn one_session_feeds_many_roles_with_one_code() {
    let roles = (0..20).map(|n| role_job(&format!("role{n}"), "p0"));
    let jobs = std::iter::once(job(0, true)).chain(roles).collect();
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    let calls = scene.sts.calls.lock().unwrap();
    assert_eq!(
        (calls.len(), calls.iter().filter(|call| call.code.is_some()).count()),
        (21, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn no_more_than_so_many_calls_are_under_way_and_each_has_its_turn() {
    let count = 3 * MOST_CALLS;
    let say = (0..MOST_CALLS).map(|_| Say::Hang).collect();
    let jobs = (0..count).map(|index| job(index, false)).collect();
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), say);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(scene.calls().len(), MOST_CALLS, "the rest waits");

    let say = (0..MOST_CALLS).map(|_| Say::Refuse(Class::Server)).collect();
    let jobs = (0..count).map(|index| job(index, false)).collect();
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), say);
    sleep(Duration::from_mins(5)).await;
    let profiles = scene.table.profiles();
    assert!(profiles.iter().all(|profile| profile.snapshot().started));
}

/// It has another device, with which it could go on at once.
#[tokio::test(start_paused = true)]
async fn whoever_had_the_last_room_and_is_due_again_comes_after_those_that_wait() {
    let others = (1..MOST_CALLS).map(|index| job(index, false));
    let jobs = others.chain([job_of_two(0), job(MOST_CALLS, false)]).collect();
    let hang = (1..MOST_CALLS).map(|_| Say::Hang);
    let say = hang.chain([Say::Refuse(Class::MfaDevice)]).collect();
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), say);
    sleep(Duration::from_secs(1)).await;
    let calls = scene.sts.calls.lock().unwrap();
    let with_code = calls[MOST_CALLS - 1..].iter().map(|call| call.code.is_some());
    assert_eq!(with_code.collect::<Vec<_>>(), [true, false, true]);
}
