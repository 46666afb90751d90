//! A proof that comes to nothing for another reason than the key.

use super::*;

const OURS: &str = "123456789012";
const THEIRS: &str = "210987654321";

fn eight_hours() -> Say {
    Say::Session {
        lifetime: Duration::from_hours(8),
    }
}

async fn submit(scene: &Scene, digits: &str) -> bool {
    let code = TokenCode::try_from(digits.to_owned()).ok().unwrap();
    scene.handle.submit(None, code).await.is_ok()
}

fn pushed(source: &Arc<Source>) -> Job {
    with(source, push_job("ops", 8))
}

/// A person's profile, whose next code proves another key; STS says these then.
async fn start_pushed(source: &Arc<Source>, say: Vec<Say>) -> Scene {
    let say = [vec![eight_hours()], say].concat();
    let scene = Scene::start_jobs(vec![pushed(source)], TimeDelta::zero(), say);
    sleep(Duration::from_secs(1)).await;
    assert!(submit(&scene, "000001").await);
    source.put(Some(2));
    sleep(Duration::from_hours(5)).await;
    scene
}

#[tokio::test(start_paused = true)]
async fn a_persons_code_that_cannot_leave_is_sent_again_with_pauses() {
    let source = Source::file();
    let unreachable = (0..1_000).map(|_| Say::Unreachable).collect();
    let scene = start_pushed(&source, unreachable).await;
    assert!(!submit(&scene, "000002").await, "it is too old after a minute");
    let tries = scene.calls().len() - 1;
    assert!((3..=8).contains(&tries), "{tries}");
    assert_eq!((scene.reloads(), scene.failures()), ([0, 0, 0], 0));
}

#[tokio::test(start_paused = true)]
async fn a_mistyped_code_is_not_the_end_of_a_persons_new_key() {
    let source = Source::file();
    let scene = start_pushed(&source, vec![Say::Refuse(Class::MfaRejected)]).await;
    assert!(!submit(&scene, "000002").await);
    assert!(submit(&scene, "000003").await);
    assert_eq!(scene.signers(), ["…0001", "…0002", "…0002"]);
    assert_eq!((scene.reloads(), scene.trouble()), ([1, 0, 0], None));
}

#[tokio::test(start_paused = true)]
async fn a_reload_lets_a_persons_next_code_prove_a_refused_key_again() {
    let source = Source::file();
    let scene = start_pushed(&source, vec![Say::Refuse(Class::KeyInvalid)]).await;
    assert!(!submit(&scene, "000002").await);
    scene.handle.apply(vec![pushed(&source)]).await.unwrap();
    assert!(submit(&scene, "000003").await);
    assert_eq!(scene.signers(), ["…0001", "…0002", "…0002"]);
}

#[tokio::test(start_paused = true)]
async fn a_reload_tries_a_refused_key_at_once() {
    let source = Source::file();
    let scene = start(&source, [hours(1), refused(6)].concat()).await;
    source.put(Some(2));
    sleep(Duration::from_mins(15)).await;
    let before = scene.signers().len();
    scene.handle.apply(vec![with(&source, job(0, false))]).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!((scene.signers().len(), scene.reloads()), (before + 1, [1, 6, 0]));
}

/// The one in use has its own backoff, whatever is tried meanwhile.
#[tokio::test(start_paused = true)]
async fn a_proof_during_an_outage_lets_the_old_key_wait_on() {
    let source = Source::file();
    let outage = (0..1_000).map(|_| Say::Refuse(Class::Server)).collect();
    let scene = start(&source, [hours(1), outage].concat()).await;
    source.put(Some(2));
    sleep(Duration::from_mins(40)).await;
    let calls = scene.sts.calls.lock().unwrap().clone();
    let late = calls
        .iter()
        .filter(|call| call.at.since_boot().as_secs() > 1_000 + 1_700);
    let (old, new): (Vec<_>, Vec<_>) = late.partition(|call| call.signer == "…0001");
    assert!(!new.is_empty());
    let gaps: Vec<_> = old
        .windows(2)
        .map(|pair| pair[1].at.since(pair[0].at).as_secs())
        .collect();
    assert!(gaps.iter().all(|gap| *gap == 30), "{gaps:?}");
    assert_eq!(scene.reloads(), [0, 0, 0], "nothing of that is about the key");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_panics_is_no_failed_renewal_either() {
    let source = Source::file();
    let scene = start(&source, [hours(1), vec![Say::Panic]].concat()).await;
    source.put(Some(2));
    sleep(Duration::from_secs(20)).await;
    assert_eq!((scene.failures(), scene.trouble()), (0, Some(KeyState::Failed)));
    sleep(Duration::from_secs(23)).await;
    assert_eq!(
        (scene.reloads(), scene.signers().len(), scene.failures()),
        ([1, 0, 0], 3, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_of_another_account_is_not_adopted_unless_that_account_is_expected() {
    let source = Source::file();
    let scene = Scene::start_jobs(vec![with(&source, job(0, false))], TimeDelta::zero(), vec![]);
    let accounts = std::iter::once(OURS).chain([THEIRS; 99]).map(Ok);
    scene.sts.accounts.lock().unwrap().extend(accounts);
    sleep(Duration::from_secs(1)).await;
    source.put(Some(2));
    sleep(Duration::from_mins(5)).await;
    let account = || {
        let snapshot = scene.table.profiles()[0].snapshot().clone();
        snapshot.caller.as_ref().unwrap().account.as_str().to_owned()
    };
    assert_eq!((account().as_str(), scene.trouble()), (OURS, Some(KeyState::Failed)));
    assert!(scene.served() && scene.reloads()[0] == 0 && scene.reloads()[1] > 0);
    let told = scene.table.profiles()[0].snapshot().key_trouble.clone().unwrap();
    assert!(told.message.contains(OURS) && told.message.contains(THEIRS), "{told:?}");
    let mut job = with(&source, job(0, false));
    job.profile.expected_account_id = Some(THEIRS.parse().unwrap());
    scene.handle.apply(vec![job]).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!((account().as_str(), scene.trouble()), (THEIRS, None));
}

/// What is wrong with the other key of each profile.
fn states(scene: &Scene) -> Vec<Option<KeyState>> {
    let state = |face: &Arc<Published>| face.snapshot().key_trouble.as_ref().map(|trouble| trouble.state);
    scene.table.profiles().iter().map(state).collect()
}

/// Four profiles with one device and one key, each with its session.
async fn start_four(source: &Arc<Source>, say: Vec<Say>) -> Scene {
    let twelve_hours = || Say::Session {
        lifetime: Duration::from_hours(12),
    };
    let say = [(0..4).map(|_| twelve_hours()).collect(), say].concat();
    let jobs = (0..4).map(|index| with(source, job(index, true)));
    let scene = Scene::start_jobs(jobs.collect(), TimeDelta::zero(), say);
    sleep(Duration::from_mins(3)).await;
    assert_eq!(scene.calls().len(), 4);
    source.put(Some(2));
    scene
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_of_several_profiles_takes_a_step_of_their_device_a_try() {
    let source = Source::file();
    let scene = start_four(&source, refused(99)).await;
    sleep(Duration::from_mins(10)).await;
    let tries = scene.calls().len() - 4;
    assert!((4..=6).contains(&tries), "{:?}", scene.calls());
    for face in scene.table.profiles().iter() {
        let snapshot = face.snapshot();
        assert_eq!(
            snapshot.key_trouble.as_ref().map(|trouble| trouble.state),
            Some(KeyState::Failed)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_right_key_of_several_profiles_is_adopted_by_one_after_the_other() {
    let source = Source::file();
    let scene = start_four(&source, refused(1)).await;
    sleep(Duration::from_mins(4)).await;
    let adopted = |face: &Arc<Published>| face.key_reloads(KeyReload::Adopted);
    assert_eq!(scene.table.profiles().iter().map(adopted).collect::<Vec<_>>(), [1; 4]);
    assert_eq!(scene.calls().len(), 4 + 1 + 4);
}

#[tokio::test(start_paused = true)]
async fn what_sts_says_of_a_key_is_nothing_to_a_profile_that_uses_it() {
    let source = Source::file();
    let twelve_hours = || Say::Session {
        lifetime: Duration::from_hours(12),
    };
    let say = vec![twelve_hours(), twelve_hours(), Say::Refuse(Class::KeyInvalid)];
    let scene = start_four(&source, say).await;
    sleep(Duration::from_secs(61)).await;
    assert_eq!(scene.calls().len(), 7, "two use it, and it is refused to another");
    let failed = Some(KeyState::Failed);
    assert_eq!(states(&scene), [None, None, failed, failed]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_says_nothing_of_a_key_to_others() {
    let source = Source::file();
    let scene = start_four(&source, vec![Say::Refuse(Class::Server)]).await;
    sleep(Duration::from_secs(7)).await;
    assert_eq!(scene.calls().len(), 5);
    let unproven = Some(KeyState::Unproven);
    assert_eq!(states(&scene), [Some(KeyState::Failed), unproven, unproven, unproven]);
}

/// Only where it is no longer accepted does another one have its turn at once.
#[tokio::test(start_paused = true)]
async fn an_outage_is_no_turn_for_a_key_that_was_refused() {
    let source = Source::file();
    let outage = vec![Say::Refuse(Class::Server); 2];
    let scene = start(&source, [hours(1), refused(7), outage].concat()).await;
    source.put(Some(2));
    sleep(Duration::from_secs(1_530)).await;
    assert_eq!(
        scene.signers()[7..],
        ["…0002", "…0001", "…0001", "…0001"],
        "{:?}",
        scene.calls()
    );
}

/// A failed proof is no failed renewal, but the step is gone.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_another_key_has_taken_the_step_of_is_told_with_the_next_one() {
    let source = Source::process();
    let job = with(&source, job(0, true));
    let scene = Scene::start_jobs(vec![job], TimeDelta::zero(), [hours(1), refused(1)].concat());
    sleep(Duration::from_secs(1)).await;
    source.put(Some(2));
    sleep(Duration::from_secs(1_584)).await;
    assert_eq!(scene.signers(), ["…0001", "…0002"]);
    let renewal = scene.table.profiles()[0].snapshot().renewal.unwrap();
    assert_eq!((renewal - WALL).num_seconds(), 1_590);
}

/// A call that was begun before says nothing of the key.
#[tokio::test(start_paused = true)]
async fn a_call_of_another_profile_that_hangs_keeps_no_key_from_being_proven() {
    let source = Source::file();
    let jobs = (0..2).map(|index| with(&source, job(index, true)));
    let say = [hours(1), vec![Say::Hang]].concat();
    let scene = Scene::start_jobs(jobs.collect(), TimeDelta::zero(), say);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(scene.calls().len(), 2);
    source.put(Some(2));
    sleep(Duration::from_secs(90)).await;
    assert_eq!(scene.reloads(), [1, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_one_sts_says_of_a_key_is_nothing_to_another_one() {
    let source = Source::file();
    let mut other = job(1, true);
    other.profile.endpoint = crate::aws::Endpoint::regional(&"eu-west-2".parse().unwrap());
    let jobs = vec![with(&source, job(0, true)), with(&source, other)];
    let say = [hours(2), refused(1)].concat();
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), say);
    sleep(Duration::from_secs(59)).await;
    source.put(Some(2));
    sleep(Duration::from_secs(11)).await;
    assert_eq!(scene.calls().len(), 3, "one of them was refused: {:?}", scene.calls());
    let states = states(&scene);
    let (failed, unproven) = (Some(KeyState::Failed), Some(KeyState::Unproven));
    assert!(
        states == [failed, unproven] || states == [unproven, failed],
        "{states:?}"
    );
}
