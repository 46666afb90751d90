//! Commands that send codes of the device beside the engine.

use tokio::time::sleep;

use super::scene::{SERIAL, Say, Scene, WALL, push_job};
use super::*;
use crate::aws::{SerialNumber, TokenCode};
use crate::renew::{Reason, Refused, Reservation};

fn device() -> SerialNumber {
    SERIAL.parse().unwrap()
}

/// The step that is this many after the first of a scene.
fn step(number: i64) -> Step {
    Step::at(WALL + TimeDelta::seconds(30 * number))
}

impl Scene {
    async fn reserve(&self) -> Result<Choice, Reason> {
        let reserved = self.handle.reserve(device()).await;
        reserved
            .map(|Reservation { choice, .. }| choice)
            .map_err(|Refused { reason, .. }| reason)
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_gets_no_step_of_the_engines() {
    let scene = Scene::start(1, true, TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.codes(), ["000000"]);
    assert_eq!(scene.reserve().await, Ok(Choice::Wait(step(1).start())));
    sleep(Duration::from_secs(30)).await;
    assert_eq!(scene.reserve().await, Ok(Choice::Use(step(1))));
    assert_eq!(
        scene.reserve().await,
        Ok(Choice::Wait(step(2).start())),
        "nor does another"
    );
    let other = "arn:aws:iam::123456789012:mfa/other".parse().unwrap();
    let other = scene.handle.reserve(other).await.unwrap().choice;
    assert_eq!(other, Choice::Use(step(1)), "another device has steps of its own");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_takes_the_step_after_a_commands() {
    let scene = Scene::start(1, true, TimeDelta::zero(), vec![]);
    // A tenth of a second before the renewal, in its step.
    sleep(Duration::from_millis(u64::try_from(RENEWAL_MS - 100).unwrap())).await;
    let Ok(Choice::Use(taken)) = scene.reserve().await else {
        panic!("no step");
    };
    sleep(Duration::from_mins(1)).await;
    let after = format!("{:06}", (taken.number() + 1) % 1_000_000);
    assert_eq!(scene.codes(), ["000000".to_owned(), after]);
}

#[tokio::test(start_paused = true)]
async fn stss_time_goes_with_it() {
    let scene = Scene::start(1, false, TimeDelta::hours(2), vec![]);
    sleep(Duration::from_secs(1)).await;
    let reservation = scene.handle.reserve(device()).await.unwrap();
    assert_eq!(reservation.clock_offset.num_minutes(), 120);
    assert_eq!(reservation.choice, Choice::Use(step(240)));
}

#[tokio::test(start_paused = true)]
async fn there_is_none_while_a_persons_code_is_tried() {
    let scene = Scene::start_jobs(vec![push_job("ops", 8)], TimeDelta::zero(), vec![Say::Unreachable]);
    sleep(Duration::from_secs(1)).await;
    assert!(matches!(scene.reserve().await, Ok(Choice::Use(_))));
    let handle = scene.handle.clone();
    let code = TokenCode::try_from("123456".to_owned()).ok().unwrap();
    let submitted = tokio::spawn(async move { handle.submit(None, code).await });
    sleep(Duration::from_millis(10)).await;
    assert_eq!(scene.reserve().await, Err(Reason::Busy));
    assert!(submitted.await.unwrap().is_ok());
    sleep(Duration::from_mins(1)).await;
    assert!(scene.reserve().await.is_ok());
}
