//! Short lives are renewed while what SDKs want is left.

use super::scene::{Say, Scene, job};
use super::*;

async fn calls_of_half_an_hour(imds_profile: Option<&str>) -> Vec<u128> {
    let lifetime = Duration::from_mins(30);
    let say = (0..20).map(|_| Say::Session { lifetime }).collect();
    let scene = Scene::start(0, false, TimeDelta::zero(), say);
    let job = job(0, false);
    let parts = Parts {
        clock: scene.clock.clone(),
        sts: scene.sts.clone(),
        table: Arc::new(Table::new(std::slice::from_ref(&job.profile))),
        observer: Arc::new(Vec::new()),
        store: None,
        chance: Box::new(|| Fraction::from_bits(1 << 63)),
    };
    let (engine, _handle) = Engine::new(parts, vec![job]);
    let engine = engine.with_imds(imds_profile.map(|name| name.parse().unwrap()));
    engine.run(sleep(Duration::from_mins(14))).await;
    scene.calls()
}

#[tokio::test(start_paused = true)]
async fn what_an_instance_is_said_to_have_is_renewed_earlier() {
    assert_eq!(calls_of_half_an_hour(None).await, [0, 792_000]);
    assert_eq!(calls_of_half_an_hour(Some("another")).await, [0, 792_000]);
    assert_eq!(calls_of_half_an_hour(Some("p0")).await, [0, 275_000, 550_000, 825_000]);
}

#[tokio::test(start_paused = true)]
async fn five_seconds_are_worth_serving_and_less_is_not() {
    for (seconds, is_served) in [(5, true), (4, false)] {
        let lifetime = Duration::from_secs(seconds);
        let scene = Scene::start(1, false, TimeDelta::zero(), vec![Say::Session { lifetime }, Say::Hang]);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(scene.served(), is_served, "{seconds}");
    }
}

/// Two times in whole seconds are no reason to refuse a renewal.
#[tokio::test(start_paused = true)]
async fn credentials_that_die_ten_seconds_before_those_that_are_served_are_as_good() {
    for (seconds, renewals) in [(2_006, 2), (2_005, 1)] {
        // Of an hour, 2,016 s are left at the renewal.
        let say = [3_600, seconds].map(|seconds| Say::Session {
            lifetime: Duration::from_secs(seconds),
        });
        let scene = Scene::start(1, false, TimeDelta::zero(), say.into());
        sleep(Duration::from_millis(1_584_001)).await;
        assert_eq!((scene.calls().len(), scene.counted(Outcome::Success)), (2, renewals));
    }
}
