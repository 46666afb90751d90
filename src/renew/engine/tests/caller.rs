//! Whose the credentials are.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::time::sleep;

use super::scene::{Say, Scene, WALL, job, job_of, role_job};
use super::*;
use crate::BoxFuture;
use crate::aws::LongTermKey;
use crate::keys;
use crate::renew::KeyReload;
use crate::secret::Secret;
use crate::sts::Class;

const OURS: &str = "123456789012";
const THEIRS: &str = "210987654321";

fn expecting(account: &str) -> Job {
    let mut profile = job(0, true).profile;
    profile.expected_account_id = Some(account.parse().unwrap());
    job_of(profile)
}

fn start(job: Job, accounts: &[Result<&'static str, Class>]) -> Scene {
    let scene = Scene::start_jobs(vec![job], TimeDelta::zero(), vec![]);
    scene.sts.accounts.lock().unwrap().extend(accounts.iter().copied());
    scene
}

fn account_id(scene: &Scene) -> Option<String> {
    let snapshot = scene.table.profiles()[0].snapshot();
    let body: serde_json::Value = serde_json::from_slice(&snapshot.document.as_ref()?.body).unwrap();
    body["AccountId"].as_str().map(str::to_owned)
}

fn questions(scene: &Scene) -> u32 {
    *scene.sts.questions.lock().unwrap()
}

#[tokio::test(start_paused = true)]
async fn is_asked_after_the_first_success_and_never_again() {
    let scene = start(job(0, true), &[Ok(OURS)]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(account_id(&scene).as_deref(), Some(OURS));
    let snapshot = scene.table.profiles()[0].snapshot().clone();
    let caller = snapshot.caller.as_ref().unwrap();
    assert_eq!(caller.arn.as_deref(), Some("arn:aws:iam::123456789012:user/ops"));
    assert!(
        scene
            .heard
            .0
            .lock()
            .unwrap()
            .iter()
            .any(|event| event.starts_with("Called") && event.contains("GetCallerIdentity"))
    );
    sleep(Duration::from_hours(24)).await;
    assert_eq!((scene.calls().len(), questions(&scene)), (5, 1));
    assert_eq!(
        account_id(&scene).as_deref(),
        Some(OURS),
        "renewed documents name it, too"
    );
}

#[tokio::test(start_paused = true)]
async fn is_not_asked_where_the_reply_tells() {
    let jobs = vec![role_job("deploy", "p1"), job(1, false)];
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(account_id(&scene).as_deref(), Some(OURS));
    assert_eq!(questions(&scene), 1, "for the session alone");
}

#[tokio::test(start_paused = true)]
async fn an_sts_that_does_not_tell_is_fine_and_is_asked_at_the_next_renewal() {
    let scene = start(job(0, false), &[Err(Class::Config), Ok(OURS)]);
    sleep(Duration::from_secs(1)).await;
    assert!(scene.served() && account_id(&scene).is_none());
    assert_eq!(questions(&scene), 1);
    sleep(Duration::from_hours(6)).await;
    assert_eq!(account_id(&scene).as_deref(), Some(OURS));
}

/// Another key after every second reading.
struct Rotating(AtomicU32);

impl keys::Source for Rotating {
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, keys::Error>> {
        let reads = self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            Ok(LongTermKey {
                access_key_id: format!("AKIAIOSFODNN7EXAMP{:02}", reads / 2).parse().unwrap(),
                secret_access_key: Arc::new(Secret::from("secret")),
            })
        })
    }
}

fn rotating(job: Job) -> Job {
    Job {
        key: Some(Arc::new(Rotating(AtomicU32::new(0)))),
        ..job
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_of_another_account_changes_nothing_that_is_served() {
    let scene = start(rotating(expecting(OURS)), &[Ok(OURS), Ok(THEIRS)]);
    sleep(Duration::from_hours(10)).await;
    let face = scene.table.profiles()[0].clone();
    assert_eq!(
        (scene.counted(Outcome::Success), face.key_reloads(KeyReload::Failed)),
        (2, 0)
    );
    // The third reading, after another 0.44 of 12 hours, finds the other key.
    sleep(Duration::from_hours(2)).await;
    assert!(face.key_reloads(KeyReload::Failed) > 0);
    let told = face.snapshot().key_trouble.as_ref().unwrap().message.clone();
    assert!(
        told.contains("expected_account_id is 123456789012: they are not served"),
        "{told}"
    );
    sleep(Duration::from_hours(60)).await;
    assert_eq!((scene.served(), account_id(&scene).as_deref()), (true, Some(OURS)));
    assert_eq!(face.key_reloads(KeyReload::Adopted), 0, "the old key signs on");
}

#[tokio::test(start_paused = true)]
async fn the_only_key_being_of_another_account_there_is_nothing_to_serve() {
    let scene = start(expecting(OURS), &[Ok(THEIRS)]);
    sleep(Duration::from_secs(1)).await;
    assert!(scene.counted(Outcome::Failed(Failure::Account)) > 0 && !scene.served());
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_makes_nobody_forget_whose_the_key_is() {
    let hours = Say::Session {
        lifetime: Duration::from_hours(12),
    };
    let say = vec![hours, Say::Refuse(Class::Server)];
    let scene = Scene::start_jobs(vec![expecting(OURS)], TimeDelta::zero(), say);
    scene.sts.accounts.lock().unwrap().push_back(Ok(OURS));
    sleep(Duration::from_hours(6)).await;
    assert_eq!((scene.counted(Outcome::Success), questions(&scene)), (2, 1));
}

/// Roles are made from whom they were made from: what a source may not be, a role of it may not be served for.
#[tokio::test(start_paused = true)]
async fn a_reload_withdraws_what_is_made_from_another_account_than_is_expected_now() {
    let jobs = |expected: Option<&str>| {
        let mut source = job(1, false).profile;
        source.expected_account_id = expected.map(|account| account.parse().unwrap());
        vec![role_job("deploy", "p1"), job_of(source)]
    };
    let scene = Scene::start_jobs(jobs(None), TimeDelta::zero(), vec![]);
    scene.sts.accounts.lock().unwrap().push_back(Ok(OURS));
    sleep(Duration::from_secs(1)).await;
    assert!(scene.served(), "the role");
    let applied = scene.handle.apply(jobs(Some(OURS))).await.unwrap();
    assert!(applied.changed.is_empty() && scene.served());
    let applied = scene.handle.apply(jobs(Some(THEIRS))).await.unwrap();
    assert_eq!(applied.changed.len(), 2);
    assert!(!scene.served());
}

#[tokio::test(start_paused = true)]
async fn an_sts_that_is_silent_delays_the_first_credentials_by_seconds() {
    let scene = start(job(0, false), &[]);
    *scene.sts.is_silent.lock().unwrap() = true;
    sleep(Duration::from_millis(4_999)).await;
    assert!(!scene.served());
    sleep(Duration::from_millis(2)).await;
    assert!(scene.served() && account_id(&scene).is_none());
}

/// The first reply has told the time by then.
#[tokio::test(start_paused = true)]
async fn the_question_is_signed_with_the_time_of_the_reply_before_it() {
    let scene = Scene::start_jobs(vec![job(0, false)], TimeDelta::hours(2), vec![]);
    sleep(Duration::from_secs(1)).await;
    let signed = scene.sts.signed_at.lock().unwrap().unwrap();
    assert_eq!((signed - WALL).num_minutes(), 120);
}

#[tokio::test(start_paused = true)]
async fn another_key_is_another_question() {
    let scene = start(rotating(job(0, false)), &[Ok(OURS), Ok(OURS)]);
    sleep(Duration::from_hours(6)).await;
    assert_eq!((scene.calls().len(), questions(&scene)), (2, 1));
    sleep(Duration::from_hours(6)).await;
    assert_eq!((scene.calls().len(), questions(&scene)), (3, 2));
    assert_eq!(account_id(&scene).as_deref(), Some(OURS));
}

#[tokio::test(start_paused = true)]
async fn credentials_of_another_account_are_never_served() {
    let scene = start(expecting(OURS), &[Ok(THEIRS); 100]);
    for _ in 0..600 {
        sleep(Duration::from_secs(1)).await;
        assert!(!scene.served());
    }
    assert_eq!(scene.counted(Outcome::Success), 0);
    assert!(scene.counted(Outcome::Failed(Failure::Account)) > 5);
    let snapshot = scene.table.profiles()[0].snapshot().clone();
    let trouble = snapshot.trouble.as_ref().unwrap();
    assert!(
        trouble.message.contains(THEIRS) && trouble.message.contains(OURS),
        "{}",
        trouble.message
    );
}

#[tokio::test(start_paused = true)]
async fn a_reload_withdraws_what_is_of_another_account_than_is_expected_now() {
    let scene = start(expecting(OURS), &[Ok(OURS)]);
    sleep(Duration::from_secs(1)).await;
    let jobs = |account: &str| vec![expecting(account)];
    // What is served is of the account that was expected, and is not of another.
    assert!(scene.handle.apply(jobs(OURS)).await.unwrap().changed.is_empty());
    assert!(scene.served());
    assert_eq!(scene.handle.apply(jobs(THEIRS)).await.unwrap().changed.len(), 1);
    assert!(!scene.served());
}

#[tokio::test(start_paused = true)]
async fn an_account_may_be_expected_of_what_is_served_already() {
    let scene = start(job(0, true), &[Ok(OURS)]);
    sleep(Duration::from_secs(1)).await;
    let applied = scene.handle.apply(vec![expecting(OURS)]).await.unwrap();
    assert_eq!((applied.changed.len(), applied.adjusted.len()), (0, 1));
    assert!(scene.served());
}

/// The code is used by then, so that the question is put again rather than the whole call made.
#[tokio::test(start_paused = true)]
async fn where_an_account_is_expected_an_answer_is_asked_for_three_times() {
    let scene = start(expecting(OURS), &[Err(Class::Timeout), Err(Class::Network), Ok(OURS)]);
    sleep(Duration::from_millis(1_999)).await;
    assert_eq!(questions(&scene), 2, "a second lies between them");
    sleep(Duration::from_secs(3)).await;
    assert!(scene.served());
    assert_eq!((scene.calls().len(), questions(&scene)), (1, 3));

    let scene = start(expecting(OURS), &[Err(Class::Timeout); 4]);
    sleep(Duration::from_secs(5)).await;
    assert!(!scene.served(), "what is not known is not served");
    assert_eq!((scene.calls().len(), questions(&scene)), (1, 3));
    assert_eq!(scene.counted(Outcome::Failed(Failure::Sts(Class::Timeout))), 1);

    let scene = start(expecting(OURS), &[]);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(
        questions(&scene),
        1,
        "an STS that has no such action will have none a second later"
    );
}

/// What was begun before the reload is held against what is expected after it.
#[tokio::test(start_paused = true)]
async fn a_call_under_way_is_held_against_what_is_expected_at_its_end() {
    let scene = Scene::start_jobs(vec![job(0, false)], TimeDelta::zero(), vec![Say::Late]);
    scene.sts.accounts.lock().unwrap().push_back(Ok(THEIRS));
    sleep(Duration::from_secs(1)).await;
    let mut profile = job(0, false).profile;
    profile.expected_account_id = Some(OURS.parse().unwrap());
    assert_eq!(
        scene.handle.apply(vec![job_of(profile)]).await.unwrap().adjusted.len(),
        1
    );
    sleep(Duration::from_secs(10)).await;
    assert!(scene.counted(Outcome::Failed(Failure::Account)) > 0);
    assert!(!scene.served());
}
