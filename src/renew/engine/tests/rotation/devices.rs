//! Another key where there are several MFA devices.

use super::super::devices::job_of_two;
use super::*;

fn not_of_the_user(number: usize) -> Vec<Say> {
    (0..number).map(|_| Say::Refuse(Class::MfaDevice)).collect()
}

#[tokio::test(start_paused = true)]
async fn another_users_key_takes_no_device_from_the_key_in_use() {
    let source = Source::file();
    let say = [hours(1), not_of_the_user(99)].concat();
    let scene = Scene::start_jobs(vec![with(&source, job_of_two(0))], TimeDelta::zero(), say);
    sleep(Duration::from_mins(15)).await;
    source.put(Some(2));
    sleep(Duration::from_mins(12)).await;
    let (signers, calls) = (scene.signers(), scene.calls());
    let renewal = (1..calls.len())
        .find(|call| signers[*call] == "…0001")
        .map(|call| calls[call]);
    assert!(
        renewal.is_some_and(|at| (1_584_000..1_615_000).contains(&at)),
        "{signers:?} {calls:?}"
    );
    assert!(renewal > Some(calls[2]), "both devices were tried with the other one");
}

#[tokio::test(start_paused = true)]
async fn a_first_key_of_another_user_takes_none_from_the_one_that_corrects_it() {
    let source = Source::file();
    let say = not_of_the_user(16);
    let scene = Scene::start_jobs(vec![with(&source, job_of_two(0))], TimeDelta::zero(), say);
    // The next try would be 80 s later.
    sleep(Duration::from_secs(220)).await;
    assert_eq!(scene.signers().len(), 16, "{:?}", scene.calls());
    source.put(Some(2));
    sleep(Duration::from_secs(61)).await;
    assert_eq!(scene.signers()[16..], ["…0002"], "{:?}", scene.calls());
    assert!(scene.served());
}
