//! A long-term key that is exchanged under a running daemon.

mod devices;
mod looks;
mod proofs;
mod source;

use std::sync::Mutex;

use tokio::time::sleep;

use super::scene::{Say, Scene, WALL, job, push_job};
use super::store::Shared;
use super::*;
use crate::BoxFuture;
use crate::aws::TokenCode;
use crate::clock::PausedClock;
use crate::renew::{KeyReload, KeyState};
pub(super) use source::{Source, with};

/// A profile without MFA; STS says these in turn.
async fn start(source: &Arc<Source>, say: Vec<Say>) -> Scene {
    let scene = Scene::start_jobs(vec![with(source, job(0, false))], TimeDelta::zero(), say);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(scene.signers(), ["…0001"]);
    scene
}

/// So many sessions of an hour, whose renewals are due after 1,584 s.
fn hours(number: usize) -> Vec<Say> {
    let hour = |_| Say::Session {
        lifetime: Duration::from_hours(1),
    };
    (0..number).map(hour).collect()
}

fn refused(number: usize) -> Vec<Say> {
    (0..number).map(|_| Say::Refuse(Class::KeyInvalid)).collect()
}

impl Scene {
    fn signers(&self) -> Vec<String> {
        self.sts
            .calls
            .lock()
            .unwrap()
            .iter()
            .map(|call| call.signer.clone())
            .collect()
    }

    /// How many other keys were adopted, failed, and could not be read.
    fn reloads(&self) -> [u64; 3] {
        let face = &self.table.profiles()[0];
        KeyReload::ALL.map(|reload| face.key_reloads(reload))
    }

    fn trouble(&self) -> Option<KeyState> {
        let snapshot = self.table.profiles()[0].snapshot();
        snapshot.key_trouble.as_ref().map(|trouble| trouble.state)
    }

    fn failures(&self) -> u64 {
        let face = &self.table.profiles()[0];
        let all = Outcome::all().filter(|outcome| *outcome != Outcome::Success);
        all.map(|outcome| face.renewals(outcome)).sum()
    }
}

#[tokio::test(start_paused = true)]
async fn another_key_is_noticed_proven_and_adopted_within_a_minute() {
    let source = Source::file();
    let scene = start(&source, vec![]).await;
    source.put(Some(2));
    sleep(Duration::from_secs(41)).await;
    assert_eq!(scene.signers(), ["…0001", "…0002"]);
    assert_eq!((scene.reloads(), scene.trouble()), ([1, 0, 0], None));
    assert_eq!(scene.counted(Outcome::Success), 2);
    sleep(Duration::from_hours(5)).await;
    assert_eq!(scene.calls().len(), 2, "the renewal is due after the last one");
    sleep(Duration::from_hours(1)).await;
    assert_eq!(scene.signers(), ["…0001", "…0002", "…0002"]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_key_that_never_worked_is_replaced_within_seconds_as_well() {
    let source = Source::file();
    let job = with(&source, job(0, false));
    let scene = Scene::start_jobs(vec![job], TimeDelta::zero(), refused(99));
    // By now it is tried every half hour.
    sleep(Duration::from_hours(3)).await;
    let before = scene.signers().len();
    source.put(Some(2));
    sleep(Duration::from_secs(31)).await;
    assert_eq!(scene.signers()[before], "…0002");
    assert!(scene.signers().len() > before + 3, "and again soon");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_sts_refuses_leaves_the_old_one_in_use_and_is_tried_slowly() {
    let source = Source::file();
    // 22.5 s, 45 s … up to 675 s between them: seven until the renewal, which the old key signs.
    let say = [hours(1), refused(7), hours(1), refused(1), hours(1)].concat();
    let scene = start(&source, say).await;
    source.put(Some(2));
    sleep(Duration::from_secs(20)).await;
    assert_eq!((scene.reloads(), scene.trouble()), ([0, 1, 0], Some(KeyState::Failed)));
    let snapshot = scene.table.profiles()[0].snapshot().clone();
    let trouble = snapshot.key_trouble.as_ref().unwrap();
    assert!(
        trouble
            .message
            .contains("(…0002) brought no credentials, and the one in use is kept: refused: key_invalid")
            && trouble.next_try.is_some(),
        "{trouble:?}"
    );
    assert_eq!((snapshot.consecutive_failures, &snapshot.trouble), (0, &None));
    assert_eq!(snapshot.renewal.map(|at| (at - WALL).num_seconds()), Some(1_584));
    for _ in 0..1_505 {
        sleep(Duration::from_secs(1)).await;
        assert!(scene.served());
    }
    assert_eq!(scene.signers()[1..8], ["…0002"; 7]);
    assert_eq!(scene.signers()[8..], ["…0001"], "{:?}", scene.calls());
    assert_eq!(scene.counted(Outcome::Success), 2);
    // IAM has learnt of it meanwhile.
    sleep(Duration::from_mins(25)).await;
    assert_eq!(scene.signers()[9..], ["…0002", "…0002"]);
    assert_eq!(
        (scene.reloads(), scene.trouble(), scene.failures()),
        ([1, 8, 0], None, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_first_key_that_is_corrected_is_tried_within_half_a_minute() {
    let source = Source::file();
    let scene = Scene::start_jobs(vec![with(&source, job(0, false))], TimeDelta::zero(), refused(8));
    sleep(Duration::from_secs(100)).await;
    let tries = scene.calls();
    source.put(Some(2));
    // The next try would be a minute and a half later.
    sleep(Duration::from_secs(31)).await;
    assert_eq!(scene.calls().len(), tries.len() + 1, "{:?}", scene.calls());
    assert!(scene.served() && scene.reloads() == [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_put_back_or_corrected_needs_no_waiting() {
    let source = Source::file();
    let scene = start(&source, [hours(1), refused(4)].concat()).await;
    source.put(Some(2));
    sleep(Duration::from_mins(3)).await;
    let tries = scene.signers().len();
    source.put(Some(1));
    sleep(Duration::from_secs(31)).await;
    assert_eq!(scene.trouble(), None);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(scene.signers().len(), tries, "nobody tries it any more");
    source.put(Some(3));
    sleep(Duration::from_secs(41)).await;
    assert_eq!(scene.signers()[tries..], ["…0003"], "{:?}", scene.calls());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_gone_keeps_the_old_key_and_is_told_once() {
    let source = Source::file();
    let scene = start(&source, hours(9)).await;
    source.put(None);
    sleep(Duration::from_secs(31)).await;
    assert_eq!(scene.trouble(), Some(KeyState::Unreadable));
    sleep(Duration::from_hours(2)).await;
    assert!(scene.served());
    assert_eq!(
        (scene.signers(), scene.reloads(), scene.failures()),
        (vec!["…0001".to_owned(); 5], [0, 0, 1], 0)
    );
    source.put(Some(1));
    sleep(Duration::from_secs(31)).await;
    assert_eq!((scene.trouble(), scene.signers().len()), (None, 5));
    source.put(None);
    sleep(Duration::from_secs(31)).await;
    source.put(Some(2));
    sleep(Duration::from_secs(41)).await;
    assert_eq!((scene.reloads(), scene.trouble()), ([1, 0, 2], None));
}

#[tokio::test(start_paused = true)]
async fn a_process_is_not_run_for_a_look_and_its_refused_key_costs_no_renewal() {
    let source = Source::process();
    let say = [hours(1), refused(1), hours(1), refused(1), hours(2)].concat();
    let scene = start(&source, say).await;
    source.put(Some(2));
    sleep(Duration::from_mins(25)).await;
    assert_eq!((*source.reads.lock().unwrap(), scene.calls().len()), (1, 1));
    sleep(Duration::from_mins(1)).await;
    assert_eq!(
        scene.signers(),
        ["…0001", "…0002", "…0001", "…0002"],
        "{:?}",
        scene.calls()
    );
    let gap = scene.calls()[2] - scene.calls()[1];
    assert_eq!(gap, 0, "the old key renews at once");
    sleep(Duration::from_mins(1)).await;
    assert_eq!(scene.signers()[4..], ["…0002"]);
    assert_eq!((scene.reloads(), scene.failures()), ([1, 2, 0], 0));
}

/// A proof is a call like any other: it waits for its own step.
#[tokio::test(start_paused = true)]
async fn a_proof_sends_no_code_twice() {
    let source = Source::file();
    let say = [hours(1), refused(2)].concat();
    let scene = Scene::start_jobs(vec![with(&source, job(0, true))], TimeDelta::zero(), say);
    sleep(Duration::from_secs(1)).await;
    source.put(Some(2));
    sleep(Duration::from_mins(3)).await;
    assert_eq!(scene.signers(), ["…0001", "…0002", "…0002", "…0002"]);
    let mut codes = scene.codes();
    codes.dedup();
    assert_eq!(codes.len(), 4, "{codes:?}");
    assert_eq!(scene.reloads(), [1, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_person_is_not_asked_for_a_proof_but_his_next_code_makes_it() {
    let source = Source::file();
    let eight = || Say::Session {
        lifetime: Duration::from_hours(8),
    };
    let say = vec![eight(), Say::Refuse(Class::KeyInvalid), eight(), eight()];
    let scene = Scene::start_jobs(vec![with(&source, push_job("ops", 8))], TimeDelta::zero(), say);
    let submit = async |digits: &str| {
        let code = TokenCode::try_from(digits.to_owned()).ok().unwrap();
        scene.handle.submit(None, code).await.is_ok()
    };
    sleep(Duration::from_secs(1)).await;
    assert!(submit("000001").await);
    source.put(Some(2));
    sleep(Duration::from_hours(5)).await;
    assert_eq!((scene.calls().len(), scene.trouble()), (1, Some(KeyState::Unproven)));
    assert!(scene.table.profiles()[0].snapshot().code_wanted.is_none());
    assert!(!submit("000002").await, "the new key is refused");
    assert_eq!(scene.trouble(), Some(KeyState::Failed));
    assert!(submit("000003").await, "so that the old one takes the next code");
    sleep(Duration::from_hours(5)).await;
    assert!(submit("000004").await);
    assert_eq!(scene.signers(), ["…0001", "…0002", "…0001", "…0001"]);
    source.put(Some(3));
    sleep(Duration::from_hours(5)).await;
    assert!(submit("000005").await);
    assert_eq!((scene.signers()[4].as_str(), scene.reloads()), ("…0003", [1, 1, 0]));
}

/// Both are refused: each has its turn, and STS its rest.
#[tokio::test(start_paused = true)]
async fn an_old_key_that_is_deleted_makes_way_for_the_one_that_was_refused() {
    let source = Source::file();
    let scene = start(&source, [hours(1), refused(14)].concat()).await;
    source.put(Some(2));
    sleep(Duration::from_secs(1_520)).await;
    let before = scene.signers().len();
    sleep(Duration::from_mins(10)).await;
    assert_eq!(
        scene.signers()[before..before + 4],
        ["…0001", "…0002", "…0001", "…0002"]
    );
    assert!(scene.served() && scene.reloads()[0] == 1, "{:?}", scene.calls());
    let calls = scene.calls();
    assert!(calls.len() < 20, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_proof_whose_code_cannot_be_made_is_no_failed_renewal() {
    struct NoCode(Mutex<bool>);
    impl crate::mfa::Source for NoCode {
        fn check(&self) -> BoxFuture<'_, Result<(), crate::mfa::Error>> {
            Box::pin(async { Ok(()) })
        }

        fn code(&self, step: Step) -> BoxFuture<'_, Result<TokenCode, crate::mfa::Error>> {
            let is_gone = *self.0.lock().unwrap();
            Box::pin(async move {
                if is_gone {
                    return Err(crate::mfa::Error::Slow);
                }
                Ok(TokenCode::try_from(format!("{:06}", step.number() % 1_000_000)).unwrap())
            })
        }
    }
    let (source, codes) = (Source::file(), Arc::new(NoCode(Mutex::new(false))));
    let mut job = with(&source, job(0, true));
    job.device.as_mut().unwrap().codes = Codes::Made(codes.clone());
    let scene = Scene::start_jobs(vec![job], TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(31)).await;
    *codes.0.lock().unwrap() = true;
    source.put(Some(2));
    sleep(Duration::from_mins(5)).await;
    assert!(scene.served() && scene.trouble() == Some(KeyState::Failed));
    assert_eq!(
        (scene.failures(), scene.calls().len(), scene.reloads()),
        (0, 1, [0, 0, 0])
    );
    assert_eq!(scene.table.profiles()[0].snapshot().consecutive_failures, 0);
    *codes.0.lock().unwrap() = false;
    sleep(Duration::from_mins(2)).await;
    assert_eq!(scene.reloads(), [1, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_costs_one_try_and_no_renewal() {
    let source = Source::process();
    let scene = Scene::start_jobs(vec![with(&source, job(0, true))], TimeDelta::zero(), hours(9));
    sleep(Duration::from_secs(1)).await;
    *source.hangs.lock().unwrap() = true;
    sleep(Duration::from_hours(3)).await;
    assert!(scene.served() && scene.trouble() == Some(KeyState::Unreadable));
    assert_eq!((scene.counted(Outcome::Success), scene.reloads()), (7, [0, 0, 1]));
}

#[tokio::test(start_paused = true)]
async fn a_look_that_hangs_is_given_up_and_others_are_made_seldom() {
    let source = Source::file();
    let scene = start(&source, vec![]).await;
    *source.looks_hang.lock().unwrap() = true;
    let before = *source.looks.lock().unwrap();
    sleep(Duration::from_mins(20)).await;
    let looks = *source.looks.lock().unwrap() - before;
    assert!((4..6).contains(&looks), "{looks}");
    *source.looks_hang.lock().unwrap() = false;
    source.put(Some(2));
    sleep(Duration::from_mins(6)).await;
    assert_eq!((scene.reloads(), scene.trouble()), ([1, 0, 0], None));
}

#[tokio::test(start_paused = true)]
async fn profiles_of_one_source_share_a_look() {
    let source = Source::file();
    let jobs = (0..40).map(|index| with(&source, job(index, false)));
    let scene = Scene::start_jobs(jobs.collect(), TimeDelta::zero(), vec![]);
    sleep(Duration::from_mins(1)).await;
    let (looks, reads) = (*source.looks.lock().unwrap(), *source.reads.lock().unwrap());
    assert!(looks < 10 && reads < 45, "{looks} {reads}");
    source.put(Some(2));
    sleep(Duration::from_secs(41)).await;
    let adopted = |face: &Arc<Published>| face.key_reloads(KeyReload::Adopted);
    assert_eq!(scene.table.profiles().iter().map(adopted).sum::<u64>(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_sealed_anew_when_a_key_is_adopted() {
    let (clock, store, source) = (Arc::new(PausedClock::new(WALL)), Shared::new(), Source::file());
    let begin = |store: &Arc<Shared>| {
        let job = with(&source, job(0, true));
        Scene::with_store(clock.clone(), vec![job], TimeDelta::zero(), vec![], Some(store.clone()))
    };
    let first = begin(&store);
    sleep(Duration::from_secs(31)).await;
    source.put(Some(2));
    sleep(Duration::from_secs(61)).await;
    assert_eq!(first.reloads(), [1, 0, 0]);
    assert!(
        store.distrusted.lock().unwrap().is_empty(),
        "what the old key sealed is no news"
    );
    let second = begin(&store.copied(false));
    sleep(Duration::from_secs(1)).await;
    assert!(second.served() && second.calls().is_empty());
}

/// Two daemons with one store: what the other has proven is taken from there, without a code.
#[tokio::test(start_paused = true)]
async fn a_key_that_another_daemon_has_proven_is_adopted_without_a_call() {
    let (clock, store) = (Arc::new(PausedClock::new(WALL)), Shared::new());
    let sources = [Source::file(), Source::file()];
    let begin = |source: &Arc<Source>| {
        let job = with(source, job(0, true));
        Scene::with_store(clock.clone(), vec![job], TimeDelta::zero(), vec![], Some(store.clone()))
    };
    let first = begin(&sources[0]);
    sleep(Duration::from_secs(10)).await;
    let second = begin(&sources[1]);
    sleep(Duration::from_mins(10)).await;
    assert!(first.served() && second.served() && second.calls().is_empty());
    sources[0].put(Some(2));
    sleep(Duration::from_mins(2)).await;
    assert_eq!(first.reloads(), [1, 0, 0]);
    sources[1].put(Some(2));
    sleep(Duration::from_mins(2)).await;
    assert_eq!((second.reloads(), second.calls().len()), ([1, 0, 0], 0));
}
