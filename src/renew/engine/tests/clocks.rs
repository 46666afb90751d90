//! Hosts whose clocks are wrong, are set, or stand still: no renewal, no code and no death depends on them.

use tokio::time::sleep;

use super::scene::{Say, Scene, WALL};
use super::*;
use crate::renew::Outcome;

/// How far clocks are off, in minutes.
const WRONG: [i64; 6] = [-480, -120, -10, 10, 120, 480];

const HOUR: Say = Say::Session {
    lifetime: Duration::from_hours(1),
};

fn down() -> impl Iterator<Item = Say> {
    (0..300).map(|_| Say::Refuse(Class::Server))
}

impl Scene {
    /// Somebody sets the host's clock. That of STS stays what it was.
    fn set_clock(&self, minutes: i64) {
        self.clock.jump_wall(TimeDelta::minutes(minutes));
        *self.sts.ahead.lock().unwrap() = TimeDelta::minutes(-minutes);
    }

    fn told(&self, event: &str) -> Vec<String> {
        let heard = self.heard.0.lock().unwrap();
        heard.iter().filter(|told| told.starts_with(event)).cloned().collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_wrong_from_the_start_has_credentials_by_the_second_call() {
    for minutes in WRONG {
        for class in [Class::ClockSkew, Class::MfaRejected] {
            let scene = Scene::start(1, true, TimeDelta::minutes(minutes), vec![Say::Refuse(class)]);
            sleep(Duration::from_secs(61)).await;
            let codes = scene.codes();
            assert_eq!((scene.served(), codes.len()), (true, 2), "{minutes} {class:?}");
            let step = |code: &str| code.parse::<i64>().unwrap();
            // Steps are cut to six digits, and scenes begin where those are zero.
            let ahead = (step(&codes[1]) + 500_000 - step(&codes[0])) % 1_000_000 - 500_000;
            assert!((ahead - minutes * 2).abs() <= 1, "{minutes}: {codes:?}");
            let snapshot = scene.table.profiles()[0].snapshot().clone();
            let lives = snapshot.expiration.unwrap() - snapshot.issued.unwrap();
            assert!((lives.num_seconds() - 43_200).abs() <= 1, "{minutes}: {lives}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_moves_no_death() {
    for minutes in WRONG {
        let say = std::iter::once(HOUR).chain(down()).collect();
        let scene = Scene::start(1, false, TimeDelta::zero(), say);
        sleep(Duration::from_mins(1)).await;
        scene.set_clock(minutes);
        sleep(Duration::from_secs(3_539)).await;
        assert!(scene.served(), "{minutes}");
        sleep(Duration::from_secs(1)).await;
        assert!(!scene.served(), "{minutes}");
        let offset = format!("ClockOffset(TimeDelta {{ secs: {}, nanos: 0 }})", -60 * minutes);
        assert_eq!(scene.told("ClockJumped").len(), 1);
        assert_eq!(scene.told("ClockOffset").last(), Some(&offset));
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_moves_no_renewal_and_no_code() {
    for minutes in WRONG {
        let say = vec![Say::Session {
            lifetime: Duration::from_mins(15),
        }];
        let scene = Scene::start(1, true, TimeDelta::zero(), say);
        sleep(Duration::from_mins(1)).await;
        scene.set_clock(minutes);
        sleep(Duration::from_secs(400)).await;
        // After 0.44 of 900 s, in the fourteenth step.
        assert_eq!(
            (scene.calls(), scene.codes()),
            (vec![0, 396_000], vec!["000000".into(), "000013".into()])
        );
        let snapshot = scene.table.profiles()[0].snapshot().clone();
        assert_eq!(snapshot.issued, Some(WALL + TimeDelta::seconds(396)), "{minutes}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_time_that_somebody_sets_the_clock_counts_and_a_suspend_does_not() {
    let scene = Scene::start(1, false, TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(31)).await;
    scene.clock.suspend(Duration::from_hours(1));
    sleep(Duration::from_secs(31)).await;
    assert_eq!(scene.told("ClockJumped").len(), 0);
    for (minutes, count) in [(120, 1), (-120, 2), (480, 3), (-490, 4)] {
        scene.clock.jump_wall(TimeDelta::minutes(minutes));
        sleep(Duration::from_secs(31)).await;
        assert_eq!(scene.told("ClockJumped").len(), count);
        // Two replies at the start told the first ones.
        assert_eq!(scene.told("ClockOffset").len(), 2 + count);
    }
    scene.clock.jump_wall(TimeDelta::milliseconds(900));
    sleep(Duration::from_secs(31)).await;
    assert_eq!(scene.told("ClockJumped").len(), 4, "a time service slews");
    scene.clock.jump_wall(TimeDelta::milliseconds(100));
    sleep(Duration::from_secs(31)).await;
    assert_eq!(scene.told("ClockJumped").len(), 5, "until it is a second");
}

#[tokio::test(start_paused = true)]
async fn whatever_became_due_in_suspend_is_done_within_fifteen_seconds() {
    for with_mfa in [false, true] {
        for (asleep, is_due) in [(20, false), (60, true), (480, true), (43_200, true)] {
            // At every place in the engine's own sleep.
            for awake in 1..=10 {
                let scene = Scene::start(1, with_mfa, TimeDelta::zero(), vec![HOUR]);
                sleep(Duration::from_secs(30 + awake)).await;
                scene.clock.suspend(Duration::from_mins(asleep));
                assert_eq!(
                    scene.served(),
                    asleep < 60,
                    "what died in suspend is not served, noticed or not"
                );
                sleep(Duration::from_secs(15)).await;
                let case = format!("{with_mfa} {asleep} {awake}");
                assert_eq!((scene.calls().len() == 2, scene.served()), (is_due, true), "{case}");
            }
        }
    }
}

/// Its wait is counted in boot time, too.
#[tokio::test(start_paused = true)]
async fn a_profile_in_trouble_is_tried_anew_within_fifteen_seconds_of_a_resume() {
    let say = (0..60).map(|_| Say::Refuse(Class::Network)).collect();
    let scene = Scene::start(1, false, TimeDelta::zero(), say);
    sleep(Duration::from_mins(4)).await;
    let before = scene.calls().len();
    scene.clock.suspend(Duration::from_mins(1));
    sleep(Duration::from_secs(15)).await;
    assert!(scene.calls().len() > before);
}

/// The answer is to a question of hours ago: what it brings is dead, or lives on for what is left.
#[tokio::test(start_paused = true)]
async fn a_reply_that_slept_is_as_old_as_its_request() {
    for (hours, is_served) in [(8, true), (13, false)] {
        let scene = Scene::start(1, false, TimeDelta::zero(), vec![Say::Late, Say::Refuse(Class::Server)]);
        sleep(Duration::from_secs(5)).await;
        scene.clock.suspend(Duration::from_hours(hours));
        sleep(Duration::from_secs(5)).await;
        sleep(Duration::from_millis(1)).await;
        assert_eq!(scene.served(), is_served, "{hours}");
        sleep(Duration::from_secs(15)).await;
        assert!(
            scene.served() && scene.calls().len() == 3,
            "{hours}: {:?}",
            scene.calls()
        );
        assert_eq!(scene.counted(Outcome::Success), 1 + u64::from(is_served));
    }
}
