//! Another configuration for an engine that runs.

use tokio::time::sleep;

use super::scene::{Say, Scene, job, job_of, push_job, role_job};
use super::*;
use crate::aws::{SessionDuration, TokenCode};
use crate::config::{KeySource, Kind, MfaCode};
use crate::renew::{Applied, Reason};
use crate::sts::Class;

fn names(names: &[&str]) -> Vec<crate::aws::ProfileName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_did_not_change_is_not_touched() {
    let scene = Scene::start(3, false, TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    let before = scene.table.named("p1").unwrap();
    let body = before.snapshot().document.clone().unwrap().body;

    let mut changed = job(2, false).profile;
    if let Kind::Session(session) = &mut changed.kind {
        session.key = KeySource::Directory("/another".into());
    }
    let jobs = vec![job(1, false), job_of(changed), job(9, false)];
    let gone = scene.table.named("p0").unwrap();
    let applied = scene.handle.apply(jobs).await.unwrap();
    let expected = Applied {
        added: names(&["p9"]),
        changed: names(&["p2"]),
        adjusted: vec![],
        removed: names(&["p0"]),
    };
    assert_eq!(applied, expected);
    sleep(Duration::from_secs(1)).await;
    let after = scene.table.named("p1").unwrap();
    assert!(Arc::ptr_eq(&before, &after));
    assert_eq!(after.snapshot().document.clone().unwrap().body, body);
    assert!(
        gone.snapshot().document.is_none(),
        "nothing is served to who still asks"
    );
    assert!(scene.table.named("p0").is_none());
    assert_eq!(scene.calls().len(), 5, "three, and the changed and the added one");
    let order: Vec<_> = scene
        .table
        .profiles()
        .iter()
        .map(|face| face.name.to_string())
        .collect();
    assert_eq!(order, ["p1", "p2", "p9"]);
}

#[tokio::test(start_paused = true)]
async fn another_manner_takes_hold_at_the_next_renewal() {
    let scene = Scene::start(1, false, TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    let mut profile = job(0, false).profile;
    profile.required = false;
    if let Kind::Session(session) = &mut profile.kind {
        session.duration = SessionDuration::try_from(900).unwrap();
    }
    let applied = scene.handle.apply(vec![job_of(profile)]).await.unwrap();
    assert_eq!(applied.adjusted, names(&["p0"]));
    assert!(scene.served() && !scene.table.profiles()[0].is_required());
    sleep(Duration::from_hours(5)).await;
    assert_eq!(scene.calls().len(), 1);
    sleep(Duration::from_hours(1)).await;
    assert_eq!(scene.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_under_way_for_a_profile_that_is_gone_settles_its_step_alone() {
    let scene = Scene::start(1, true, TimeDelta::zero(), vec![Say::Refuse(Class::Timeout)]);
    // In the same instant the call is under way.
    scene.handle.apply(vec![job(1, true)]).await.unwrap();
    sleep(Duration::from_mins(1)).await;
    assert_eq!(
        scene.codes(),
        ["000000", "000001"],
        "no step is sent twice, whoever sent it"
    );
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn a_role_finds_its_source_in_its_new_place() {
    let scene = Scene::start_jobs(vec![job(0, false), role_job("deploy", "p0")], TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    let jobs = vec![role_job("deploy", "p0"), job(5, false), job(0, false)];
    scene.handle.apply(jobs).await.unwrap();
    sleep(Duration::from_hours(1)).await;
    let calls = scene.sts.calls.lock().unwrap();
    let roles = calls.iter().filter(|call| call.action == "AssumeRole");
    assert!(roles.clone().count() > 1);
    assert!(roles.into_iter().all(|call| call.signer == "…0001"));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_verdict_on_a_profile_that_goes_is_told() {
    let say = (0..9).map(|_| Say::Unreachable).collect();
    let scene = Scene::start_jobs(vec![push_job("ops", 8)], TimeDelta::zero(), say);
    sleep(Duration::from_secs(1)).await;
    let code = TokenCode::try_from(String::from("000001")).ok().unwrap();
    let apply = async {
        sleep(Duration::from_secs(5)).await;
        scene.handle.apply(vec![job(0, false)]).await.unwrap()
    };
    let (verdict, applied) = tokio::join!(scene.handle.submit(None, code), apply);
    assert_eq!(verdict.unwrap_err().reason, Reason::Failed);
    assert_eq!(applied.removed, names(&["ops"]));
}

#[tokio::test(start_paused = true)]
async fn codes_from_a_file_end_the_request_to_people() {
    let scene = Scene::start_jobs(vec![push_job("ops", 12)], TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    assert!(scene.table.profiles()[0].snapshot().code_wanted.is_some());
    let mut profile = push_job("ops", 12).profile;
    if let Kind::Session(session) = &mut profile.kind {
        session.mfa.as_mut().unwrap().code = MfaCode::TotpSeedFile("/seed".into());
    }
    let applied = scene.handle.apply(vec![job_of(profile)]).await.unwrap();
    assert_eq!(applied.adjusted, names(&["ops"]));
    sleep(Duration::from_secs(1)).await;
    assert!(scene.served());
    assert!(scene.table.profiles()[0].snapshot().code_wanted.is_none());
}
