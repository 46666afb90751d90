//! Commands that send codes of the device beside the engine.

use tokio::time::sleep;

use super::scene::{SERIAL, Say, Scene, WALL, job, push_job};
use super::*;
use crate::BoxFuture;
use crate::aws::{SerialNumber, TokenCode};
use crate::mfa;
use crate::mfa::steps::Choice;
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

/// Whoever is due has the step, though the command asks in the very moment at which it becomes free.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_waits_comes_before_a_command() {
    let scene = Scene::start(2, true, TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.codes(), ["000000"], "the second profile waits for the next step");
    // The engine has not been woken yet: it asks its machines before it obeys.
    tokio::time::advance(Duration::from_secs(29)).await;
    assert_eq!(scene.reserve().await, Ok(Choice::Wait(step(2).start())));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.codes(), ["000000", "000001"]);
}

/// A process that asks a person may print the code of the step after the one in which it was started.
#[tokio::test(start_paused = true)]
async fn the_step_in_which_a_processs_code_is_sent_is_used_too() {
    let slow = Job {
        device: Some(Device {
            serial: device(),
            codes: Codes::Made(Arc::new(Slow)),
            others: vec![],
        }),
        ..job(0, true)
    };
    let scene = Scene::start_jobs(vec![slow], TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(
        scene.reserve().await,
        Err(Reason::Busy),
        "nobody knows yet of which step its code is"
    );
    sleep(Duration::from_secs(15)).await;
    assert!(scene.served());
    assert_eq!(scene.reserve().await, Ok(Choice::Wait(step(2).start())));
}

/// A process that takes half a minute.
struct Slow;

impl mfa::Source for Slow {
    fn check(&self) -> BoxFuture<'_, Result<(), mfa::Error>> {
        Box::pin(async { Ok(()) })
    }

    fn code(&self, _: Step) -> BoxFuture<'_, Result<TokenCode, mfa::Error>> {
        Box::pin(async {
            sleep(Duration::from_secs(31)).await;
            Ok(TokenCode::try_from("123456".to_owned()).unwrap())
        })
    }

    fn has_step(&self) -> bool {
        false
    }

    fn patience(&self) -> Duration {
        Duration::from_mins(1)
    }
}

/// The step of that code is known, and the next one is a command's.
#[tokio::test(start_paused = true)]
async fn a_call_whose_step_is_known_keeps_no_command_waiting_for_its_end() {
    let scene = Scene::start(1, true, TimeDelta::zero(), vec![Say::Hang]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.reserve().await, Ok(Choice::Wait(step(1).start())));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_asked_for_a_code_of_another_device_is_nothing_to_a_command() {
    let other = Job {
        device: Some(Device {
            serial: "GAHT12345678".parse().unwrap(),
            codes: Codes::Made(Arc::new(Slow)),
            others: vec![],
        }),
        ..job(0, true)
    };
    let scene = Scene::start_jobs(vec![other], TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.reserve().await, Ok(Choice::Use(step(0))));
}
