//! Another configuration for an engine that runs.

use tokio::time::sleep;

use super::scene::{Say, Scene, SlowKey, WALL, job, job_of, push_job, role_job, with_another_device};
use super::*;
use crate::aws::{SessionDuration, TokenCode};
use crate::config::{KeySource, Kind, MfaCode, Profile};
use crate::process::Command;
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

    let jobs = vec![job(1, false), rekeyed(job(2, false).profile), job(9, false)];
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
    // Credentials of 15 minutes replace those of 12 hours, of which more than six are left: they are what was asked for.
    assert_eq!(scene.counted(Outcome::Success), 8);
    assert_eq!(scene.calls().len(), 8);
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
async fn the_verdict_on_a_code_is_for_whoever_gave_that_code() {
    let scene = Scene::start_jobs(vec![push_job("ops", 8)], TimeDelta::zero(), vec![Say::Late]);
    sleep(Duration::from_secs(1)).await;
    let code = |digits: &str| TokenCode::try_from(digits.to_owned()).ok().unwrap();
    let reload = async {
        sleep(Duration::from_secs(1)).await;
        let mut profile = push_job("ops", 8).profile;
        if let Kind::Session(session) = &mut profile.kind {
            let command = crate::process::Command::new(vec!["/bin/true".into()], vec![]).unwrap();
            session.mfa.as_mut().unwrap().code = MfaCode::Push { notify: Some(command) };
        }
        scene.handle.apply(vec![job_of(profile)]).await.unwrap();
        scene.handle.submit(None, code("000002")).await
    };
    let (first, second) = tokio::join!(scene.handle.submit(None, code("000001")), reload);
    assert_eq!(first.unwrap().profile.as_str(), "ops");
    assert_eq!(second.unwrap_err().reason, Reason::Busy);
    assert_eq!(scene.codes(), ["000001"]);
}

#[tokio::test(start_paused = true)]
async fn codes_from_a_file_end_the_request_to_people() {
    let scene = Scene::start_jobs(vec![push_job("ops", 12)], TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    assert!(scene.table.profiles()[0].snapshot().code_wanted.is_some());
    let code = MfaCode::TotpSeedFile("/seed".into());
    let job = recoded(push_job("ops", 12).profile, code);
    let applied = scene.handle.apply(vec![job]).await.unwrap();
    assert_eq!(applied.adjusted, names(&["ops"]));
    sleep(Duration::from_secs(1)).await;
    assert!(scene.served());
    assert!(scene.table.profiles()[0].snapshot().code_wanted.is_none());
}

/// `profile` with another long-term key.
fn rekeyed(mut profile: Profile) -> Job {
    if let Kind::Session(session) = &mut profile.kind {
        session.key = KeySource::Directory("/another".into());
    }
    job_of(profile)
}

/// `profile` with codes from there.
fn recoded(mut profile: Profile, code: MfaCode) -> Job {
    if let Kind::Session(session) = &mut profile.kind {
        session.mfa.as_mut().unwrap().code = code;
    }
    job_of(profile)
}

#[tokio::test(start_paused = true)]
async fn a_role_of_a_source_that_is_somebody_else_now_is_somebody_else_too() {
    let chain = |source| {
        vec![
            role_job("outer", "inner"),
            source,
            role_job("inner", "p0"),
            role_job("kept", "p1"),
        ]
    };
    let jobs = |source| chain(source).into_iter().chain([job(1, false)]).collect();
    let scene = Scene::start_jobs(jobs(job(0, false)), TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    let before = scene.table.profiles();
    let applied = scene.handle.apply(jobs(rekeyed(job(0, false).profile))).await.unwrap();
    assert_eq!(applied.changed, names(&["outer", "p0", "inner"]));
    let withdrawn = before.iter().map(|face| face.snapshot().document.is_none());
    assert_eq!(withdrawn.collect::<Vec<_>>(), [true, true, true, false, false]);
    sleep(Duration::from_secs(1)).await;
    assert!(scene.served(), "and is obtained anew");
    assert_eq!(scene.calls().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_is_somebody_else_now_waits_for_the_end_of_the_call_of_who_it_was() {
    let slow = |profile| Job {
        key: Some(Arc::new(SlowKey(Duration::from_secs(5)))),
        ..rekeyed(profile)
    };
    let scene = Scene::start_jobs(vec![slow(job(0, false).profile)], TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    scene.handle.apply(vec![job(0, false)]).await.unwrap();
    sleep(Duration::from_secs(3)).await;
    assert_eq!(scene.calls(), [] as [u128; 0]);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(scene.calls(), [5_000, 5_000]);
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn a_code_on_its_way_has_its_own_verdict_whoever_is_asked_from_now_on() {
    let first = Job {
        key: Some(Arc::new(SlowKey(Duration::from_secs(5)))),
        ..push_job("ops", 8)
    };
    let scene = Scene::start_jobs(vec![first], TimeDelta::zero(), vec![Say::Refuse(Class::MfaRejected)]);
    sleep(Duration::from_secs(1)).await;
    let code = |digits: &str| TokenCode::try_from(digits.to_owned()).ok().unwrap();
    let later = async {
        sleep(Duration::from_secs(1)).await;
        let command = Command::new(vec![String::from("/bin/true")], vec![]).unwrap();
        let notified = MfaCode::Push { notify: Some(command) };
        let profile = push_job("ops", 8).profile;
        scene
            .handle
            .apply(vec![recoded(profile.clone(), notified)])
            .await
            .unwrap();
        let second = scene.handle.submit(None, code("000002")).await;
        scene
            .handle
            .apply(vec![recoded(profile, MfaCode::TotpSeedFile("/seed".into()))])
            .await
            .unwrap();
        second
    };
    let (first, second) = tokio::join!(scene.handle.submit(None, code("000001")), later);
    assert_eq!(first.unwrap_err().reason, Reason::Rejected);
    assert_eq!(second.unwrap_err().reason, Reason::Busy);
    sleep(Duration::from_mins(1)).await;
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_any_more_once_codes_come_from_a_file_even_if_sts_is_away() {
    let say = (0..100).map(|_| Say::Refuse(Class::Server)).collect();
    let scene = Scene::start_jobs(vec![push_job("ops", 12)], TimeDelta::zero(), say);
    sleep(Duration::from_secs(1)).await;
    let code = MfaCode::TotpSeedFile("/seed".into());
    scene
        .handle
        .apply(vec![recoded(push_job("ops", 12).profile, code)])
        .await
        .unwrap();
    sleep(Duration::from_secs(1)).await;
    assert!(!scene.served());
    assert_eq!(scene.table.profiles()[0].snapshot().code_wanted, None);
}

#[tokio::test(start_paused = true)]
async fn another_source_of_codes_moves_the_time_that_is_told() {
    let hours = |scene: &Scene| {
        let snapshot = scene.table.profiles()[0].snapshot();
        let accepted = snapshot.code_accepted_from.map(|at| (at - WALL).num_minutes());
        ((snapshot.renewal.unwrap() - WALL).num_minutes(), accepted)
    };
    let (push, seed) = (MfaCode::Push { notify: None }, MfaCode::TotpSeedFile("/seed".into()));
    let scene = Scene::start(1, true, TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(hours(&scene), (316, None));
    // A person is asked a tenth before the end; a code is taken whenever a renewal could start.
    scene
        .handle
        .apply(vec![recoded(job(0, true).profile, push)])
        .await
        .unwrap();
    assert_eq!(hours(&scene), (648, Some(316)));
    scene
        .handle
        .apply(vec![recoded(job(0, true).profile, seed)])
        .await
        .unwrap();
    assert_eq!(hours(&scene), (316, None));
    sleep(Duration::from_hours(6)).await;
    assert_eq!(scene.calls(), [0, RENEWAL_MS]);
}

#[tokio::test(start_paused = true)]
async fn a_code_of_a_call_that_a_reload_orphaned_is_not_sent_again() {
    let slow = Job {
        key: Some(Arc::new(SlowKey(Duration::from_secs(5)))),
        ..push_job("a", 8)
    };
    let scene = Scene::start_jobs(vec![slow, push_job("b", 8)], TimeDelta::zero(), vec![]);
    let give = |name: &str| {
        let code = TokenCode::try_from(String::from("000001")).ok().unwrap();
        scene.handle.submit(Some(name.parse().unwrap()), code)
    };
    let later = async {
        sleep(Duration::from_secs(1)).await;
        let jobs = vec![rekeyed(push_job("a", 8).profile), push_job("b", 8)];
        scene.handle.apply(jobs).await.unwrap();
        give("b").await
    };
    let (first, second) = tokio::join!(give("a"), later);
    assert_eq!(first.unwrap_err().reason, Reason::Failed);
    assert_eq!(second.unwrap_err().reason, Reason::Busy, "the call is still under way");
    sleep(Duration::from_mins(1)).await;
    assert_eq!(give("b").await.unwrap_err().reason, Reason::Repeated);
    assert_eq!(scene.codes(), ["000001"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_is_told_in_order() {
    let scene = Scene::start(9, false, TimeDelta::zero(), vec![]);
    let applied = scene.handle.apply(vec![]).await.unwrap();
    let all = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"];
    assert_eq!(applied.removed, names(&all));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_verdict_where_codes_come_from_a_file_now_is_told() {
    let say = (0..9).map(|_| Say::Unreachable).collect();
    let scene = Scene::start_jobs(vec![push_job("ops", 12)], TimeDelta::zero(), say);
    sleep(Duration::from_secs(1)).await;
    let begun = scene.clock.boot();
    let code = TokenCode::try_from(String::from("000001")).ok().unwrap();
    let apply = async {
        sleep(Duration::from_secs(5)).await;
        let job = recoded(push_job("ops", 12).profile, MfaCode::TotpSeedFile("/seed".into()));
        scene.handle.apply(vec![job]).await.unwrap()
    };
    let (verdict, applied) = tokio::join!(scene.handle.submit(None, code), apply);
    assert_eq!(applied.adjusted, names(&["ops"]));
    assert_eq!(verdict.unwrap_err().reason, Reason::Failed);
    assert_eq!(scene.clock.boot().since(begun).as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_goes_takes_no_code_of_another_with_it() {
    let scene = Scene::start_jobs(
        vec![push_job("ops", 8), with_another_device("other", 8)],
        TimeDelta::zero(),
        vec![Say::Late],
    );
    sleep(Duration::from_secs(1)).await;
    let code = TokenCode::try_from(String::from("000001")).ok().unwrap();
    let apply = async {
        sleep(Duration::from_secs(1)).await;
        scene.handle.apply(vec![push_job("ops", 8)]).await.unwrap();
    };
    let (verdict, ()) = tokio::join!(scene.handle.submit(Some("ops".parse().unwrap()), code), apply);
    assert!(verdict.is_ok(), "{verdict:?}");
}
