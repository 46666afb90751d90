//! How often sources of keys are looked at.

use super::*;

/// Whether a source can be looked at is asked of it as seldom, however often the engine wakes up for another profile.
#[tokio::test(start_paused = true)]
async fn a_source_that_cannot_be_looked_at_is_asked_every_half_minute() {
    let source = Source::process();
    let outage = (0..1_000).map(|_| Say::Refuse(Class::Server)).collect();
    let jobs = vec![with(&source, job(0, false)), job(1, false)];
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), [hours(1), outage].concat());
    sleep(Duration::from_mins(10)).await;
    assert!(scene.served());
    let looks = *source.looks.lock().unwrap();
    assert!((15..=20).contains(&looks), "{looks}");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_takes_long_is_not_made_again_for_five_minutes() {
    let source = Source::file();
    let _scene = start(&source, vec![]).await;
    source.put(Some(2));
    *source.hangs.lock().unwrap() = true;
    let before = *source.reads.lock().unwrap();
    sleep(Duration::from_mins(20)).await;
    let reads = *source.reads.lock().unwrap() - before;
    assert!((3..=4).contains(&reads), "{reads}");
}

/// The renewal has read the one before it.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_found_during_a_renewal_is_not_forgotten_with_it() {
    let source = Source::file();
    let lifetime = Duration::from_secs(3_675);
    let scene = start(&source, vec![Say::Session { lifetime }, Say::Late]).await;
    // The renewal takes from 1,617 s to 1,627 s, and a look comes after 1,620 s.
    sleep(Duration::from_secs(1_558)).await;
    source.put(Some(2));
    sleep(Duration::from_secs(41)).await;
    assert_eq!(scene.signers(), ["…0001", "…0001", "…0002"], "{:?}", scene.calls());
}

/// What the call read is older than what the look saw meanwhile.
#[tokio::test(start_paused = true)]
async fn a_third_key_that_comes_during_a_proof_is_found_after_it() {
    let source = Source::file();
    let scene = start(&source, [hours(1), refused(1), vec![Say::Late]].concat()).await;
    source.put(Some(2));
    // The second proof takes from 87.5 s to 97.5 s, and a look comes after 90 s.
    sleep(Duration::from_secs(29)).await;
    assert_eq!(scene.signers()[1..], ["…0002"; 2], "{:?}", scene.calls());
    source.put(Some(3));
    sleep(Duration::from_secs(41)).await;
    assert_eq!(scene.signers()[3..], ["…0003"], "{:?}", scene.calls());
    assert_eq!(scene.reloads(), [2, 1, 0]);
}

/// That one has chosen its key.
#[tokio::test(start_paused = true)]
async fn a_try_of_another_key_that_is_due_during_a_renewal_comes_after_it() {
    let source = Source::file();
    let lifetime = Duration::from_secs(4_795);
    let say = [vec![Say::Session { lifetime }], refused(7), vec![Say::Late]].concat();
    let scene = start(&source, say).await;
    source.put(Some(2));
    // The renewal takes from 2,109.8 s to 2,119.8 s, and the eighth try is due after 2,112.5 s.
    sleep(Duration::from_secs(2_061)).await;
    assert_eq!(scene.signers()[7..], ["…0002", "…0001", "…0002"], "{:?}", scene.calls());
}

#[tokio::test(start_paused = true)]
async fn a_first_key_that_comes_is_used_when_it_is_seen() {
    let source = Source::file();
    source.put(None);
    let scene = Scene::start_jobs(vec![with(&source, job(0, false))], TimeDelta::zero(), vec![]);
    // It is tried every half minute, too, next after 91.5 s.
    sleep(Duration::from_secs(80)).await;
    source.put(Some(1));
    sleep(Duration::from_secs(11)).await;
    assert!(scene.served(), "{:?}", scene.calls());
}

#[tokio::test(start_paused = true)]
async fn what_proves_another_key_is_told() {
    for (job, told) in [
        (job(0, false), "a renewal proves it now"),
        (push_job("p0", 8), "takes a person's code"),
    ] {
        let source = Source::file();
        let scene = Scene::start_jobs(vec![with(&source, job)], TimeDelta::zero(), vec![]);
        sleep(Duration::from_secs(1)).await;
        let code = TokenCode::try_from("000001".to_owned()).ok().unwrap();
        let _ = scene.handle.submit(None, code).await;
        source.put(Some(2));
        sleep(Duration::from_secs(31)).await;
        let trouble = scene.table.profiles()[0].snapshot().key_trouble.clone().unwrap();
        assert!(trouble.message.contains(told), "{trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn whose_an_adopted_key_is_is_asked_once() {
    let source = Source::file();
    let scene = Scene::start_jobs(vec![with(&source, job(0, false))], TimeDelta::zero(), vec![]);
    scene.sts.accounts.lock().unwrap().extend([Ok("123456789012"); 9]);
    sleep(Duration::from_mins(1)).await;
    source.put(Some(2));
    sleep(Duration::from_hours(24)).await;
    assert_eq!(scene.reloads(), [1, 0, 0]);
    assert!(scene.calls().len() > 4);
    assert_eq!(*scene.sts.questions.lock().unwrap(), 2);
}
