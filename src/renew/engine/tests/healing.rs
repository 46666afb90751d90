//! What hardly heals is tried seldom, and at once when somebody has put it right.

use super::scene::{Say, Scene, job, role_job};
use super::*;
use crate::BoxFuture;
use crate::aws::TokenCode;
use crate::mfa;
use crate::secret_file::Version;
use crate::sts::Class;

/// A seed in a file that somebody replaces.
#[derive(Default)]
struct SeedFile {
    version: Mutex<u64>,
    looks: Mutex<u32>,
}

impl SeedFile {
    fn replace(&self) {
        *self.version.lock().unwrap() += 1;
    }
}

impl mfa::Source for SeedFile {
    fn check(&self) -> BoxFuture<'_, Result<(), mfa::Error>> {
        Box::pin(async { Ok(()) })
    }

    fn code(&self, step: Step) -> BoxFuture<'_, Result<TokenCode, mfa::Error>> {
        let code = TokenCode::try_from(format!("{:06}", step.number() % 1_000_000));
        Box::pin(async { Ok(code.ok().unwrap()) })
    }

    fn version(&self) -> Option<BoxFuture<'static, Version>> {
        *self.looks.lock().unwrap() += 1;
        let version = Version::numbered(*self.version.lock().unwrap());
        Some(Box::pin(async move { version }))
    }
}

fn refused(class: Class, times: usize) -> Vec<Say> {
    (0..times).map(|_| Say::Refuse(class)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_dead_key_is_tried_every_half_hour_in_the_end() {
    let scene = Scene::start(1, false, TimeDelta::zero(), refused(Class::KeyInvalid, 99));
    sleep(Duration::from_hours(24)).await;
    let calls = scene.calls();
    let gaps: Vec<_> = calls.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps[..4], [750, 1_500, 3_000, 6_000]);
    assert!(gaps[11..].iter().all(|gap| *gap == 1_350_000), "{gaps:?}");
    assert!(calls.len() < 80, "{}", calls.len());
}

#[tokio::test(start_paused = true)]
async fn what_is_served_is_served_on_and_is_not_left_to_die_in_a_long_wait() {
    let mut say = vec![Say::Session {
        lifetime: Duration::from_hours(1),
    }];
    say.extend(refused(Class::Denied, 99));
    let scene = Scene::start(1, false, TimeDelta::zero(), say);
    sleep(Duration::from_secs(3_599)).await;
    assert!(scene.served());
    let calls = scene.calls();
    // A quarter of the life that is left at most: the last try was seconds before the end.
    assert!(calls.last().unwrap() + 2_000 > 3_599_000, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reload_tries_at_once_and_again_soon() {
    let scene = Scene::start(1, false, TimeDelta::zero(), refused(Class::Config, 15));
    sleep(Duration::from_hours(1)).await;
    let tried = scene.calls().len();
    let message = scene.table.profiles()[0]
        .snapshot()
        .trouble
        .as_ref()
        .unwrap()
        .message
        .clone();
    assert_eq!(
        message,
        "refused: config; once that is put right, valetkey reload tries at once"
    );
    scene.handle.apply(vec![job(0, false)]).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    assert!(scene.calls().len() > tried + 2, "{:?}", scene.calls());
    assert!(scene.served());
}

#[tokio::test(start_paused = true)]
async fn another_seed_is_tried_at_once() {
    let seed = Arc::new(SeedFile::default());
    let mut job = job(0, true);
    job.device.as_mut().unwrap().codes = Codes::Made(seed.clone());
    // The first three are taken for a wrong seed, then the device itself is.
    let mut say = refused(Class::MfaRejected, 3);
    say.extend(refused(Class::MfaDevice, 99));
    let scene = Scene::start_jobs(vec![job], TimeDelta::zero(), say);
    sleep(Duration::from_secs(190)).await;
    assert_eq!(scene.calls().len(), 3);
    seed.replace();
    sleep(Duration::from_secs(31)).await;
    assert!(scene.calls()[3] < 211_000, "the device does not rest any more");
    sleep(Duration::from_hours(3)).await;
    let tried = scene.calls().len();
    assert!(!scene.served() && tried < 20, "{:?}", scene.calls());
    seed.replace();
    sleep(Duration::from_secs(41)).await;
    assert!(scene.calls().len() > tried, "{:?}", scene.calls());
}

#[tokio::test(start_paused = true)]
async fn a_seed_whose_codes_are_taken_is_not_watched() {
    let seed = Arc::new(SeedFile::default());
    let mut job = job(0, true);
    job.device.as_mut().unwrap().codes = Codes::Made(seed.clone());
    let scene = Scene::start_jobs(vec![job], TimeDelta::zero(), vec![]);
    sleep(Duration::from_hours(1)).await;
    assert!(scene.served());
    assert_eq!(*seed.looks.lock().unwrap(), 1, "when the code was made");
}

#[tokio::test(start_paused = true)]
async fn a_role_is_tried_at_once_when_its_source_is_renewed() {
    let mut say = vec![Say::Session {
        lifetime: Duration::from_hours(12),
    }];
    say.extend(refused(Class::KeyInvalid, 24));
    let scene = Scene::start_jobs(vec![job(0, false), role_job("deploy", "p0")], TimeDelta::zero(), say);
    let served = || {
        scene.table.profiles()[1]
            .snapshot()
            .servable(scene.clock.boot())
            .is_some()
    };
    sleep(Duration::from_secs(19_007)).await;
    assert_eq!((scene.calls().len(), served()), (25, false));
    sleep(Duration::from_secs(2)).await;
    let renewal = 43_200 * 440;
    assert_eq!(scene.calls()[25..], [renewal, renewal]);
    assert!(served());
}
