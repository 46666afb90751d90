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
