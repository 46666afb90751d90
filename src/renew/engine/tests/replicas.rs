//! Replicas in different pods, with one MFA device and nothing else between them.

use super::scene::{Scene, job};
use super::*;
use crate::renew::random::Random;

/// Starts so many daemons at once, and tells how many seconds it took until all had credentials, and how many codes were refused.
async fn start(replicas: usize, seed: u64) -> (u64, usize) {
    let scene = Scene::start(0, false, TimeDelta::zero(), vec![]);
    *scene.sts.is_strict.lock().unwrap() = true;
    let mut engines = JoinSet::new();
    let tables: Vec<_> = (0..replicas as u64)
        .map(|replica| {
            let job = job(0, true);
            let table = Arc::new(Table::new(std::slice::from_ref(&job.profile)));
            let mut random = Random::new(seed * 1_000 + replica);
            let parts = Parts {
                clock: scene.clock.clone(),
                sts: scene.sts.clone(),
                table: table.clone(),
                observer: Arc::new(Vec::new()),
                store: None,
                chance: Box::new(move || Fraction::from_bits(random.next())),
            };
            let (engine, _handle) = Engine::new(parts, vec![job]);
            engines.spawn(engine.run(std::future::pending()));
            table
        })
        .collect();
    let is_ready = |table: &Arc<Table>| table.profiles()[0].snapshot().started;
    let mut seconds = 0;
    while !tables.iter().all(is_ready) {
        sleep(Duration::from_secs(1)).await;
        seconds += 1;
        assert!(seconds < 10_000, "somebody is never ready");
    }
    let refused = scene.calls().len() - replicas;
    (seconds, refused)
}

#[tokio::test(start_paused = true)]
async fn all_are_ready_in_the_end_and_refusals_are_few() {
    for (replicas, steps, refusals) in [(1, 1, 0), (2, 2, 1), (10, 35, 30), (50, 95, 250)] {
        for seed in 0..3 {
            let (seconds, refused) = start(replicas, seed).await;
            println!("{replicas} replicas: {} steps, {refused} refusals", seconds / 30);
            assert!(
                seconds <= steps * 30 + 1 && refused <= refusals,
                "{replicas} {seed}: {seconds} {refused}"
            );
        }
    }
}
