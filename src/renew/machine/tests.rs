use super::*;
use crate::sts::Class;

const STEP: Step = Step::new(7);

const fn at(seconds: u64) -> BootInstant {
    BootInstant::from_boot(Duration::from_secs(seconds))
}

fn fail(machine: &mut Machine, now: BootInstant, backoff: Backoff, chance: Fraction) -> Duration {
    machine.failed(now, Failure::Key, backoff, chance).wait
}

fn none() -> Fraction {
    Fraction::from_bits(0)
}

fn half() -> Fraction {
    Fraction::from_bits(1 << 63)
}

/// A machine that got 1000 s of life at second 0, to be renewed at 400 s.
fn served() -> Machine {
    let mut machine = Machine::new(at(0));
    assert_eq!(machine.decide(at(0), Means::Complete), Decision::Call(None));
    machine.succeeded(at(1000), at(400), at(700));
    machine
}

#[test]
fn calls_at_start() {
    assert_eq!(Machine::new(at(5)).decide(at(5), Means::Complete), Decision::Call(None));
    assert_eq!(
        Machine::new(at(5)).decide(at(5), Means::Step(STEP)),
        Decision::Call(Some(STEP))
    );
}

#[test]
fn waits_for_a_free_step() {
    let mut machine = Machine::new(at(5));
    assert_eq!(
        machine.decide(at(5), Means::NotBefore(at(20))),
        Decision::Wait(Some(at(20)))
    );
    assert_eq!(
        machine.decide(at(20), Means::NotBefore(at(20))),
        Decision::Wait(Some(at(20)))
    );
    assert_eq!(machine.decide(at(20), Means::Step(STEP)), Decision::Call(Some(STEP)));
}

#[test]
fn never_makes_a_second_call_beside_the_first() {
    let mut machine = Machine::new(at(0));
    assert_eq!(machine.decide(at(0), Means::Complete), Decision::Call(None));
    assert_eq!(machine.decide(at(9), Means::Complete), Decision::Wait(None));
    fail(&mut machine, at(10), Backoff::Minute, none());
    assert_eq!(machine.decide(at(10), Means::Complete), Decision::Call(None));
}

#[test]
fn renews_when_due_and_not_before() {
    let mut machine = served();
    assert_eq!(machine.decide(at(399), Means::Complete), Decision::Wait(Some(at(400))));
    assert_eq!(machine.decide(at(400), Means::Complete), Decision::Call(None));
}

#[test]
fn failures_keep_what_is_held_until_it_dies() {
    let mut machine = served();
    assert_eq!(machine.decide(at(400), Means::Complete), Decision::Call(None));
    assert_eq!(
        fail(&mut machine, at(999), Backoff::Minute, half()),
        Duration::from_millis(500)
    );
    let retry = at(999) + Duration::from_millis(500);
    assert_eq!(machine.decide(at(999), Means::Complete), Decision::Wait(Some(retry)));
    assert_eq!(machine.decide(at(1000), Means::Complete), Decision::Withdraw);
    assert_eq!(machine.decide(at(1000), Means::Complete), Decision::Call(None));
    assert_eq!(machine.decide(at(1001), Means::Complete), Decision::Wait(None));
}

#[test]
fn what_dies_during_a_call_is_withdrawn_in_time() {
    let mut machine = served();
    assert_eq!(machine.decide(at(995), Means::Complete), Decision::Call(None));
    assert_eq!(machine.decide(at(996), Means::Complete), Decision::Wait(Some(at(1000))));
    assert_eq!(machine.decide(at(1000), Means::Complete), Decision::Withdraw);
    assert_eq!(machine.decide(at(1000), Means::Complete), Decision::Wait(None));
}

#[test]
fn wakes_for_the_death_when_the_step_comes_later() {
    let mut machine = served();
    assert_eq!(
        machine.decide(at(990), Means::NotBefore(at(1020))),
        Decision::Wait(Some(at(1000)))
    );
}

#[test]
fn what_is_missing_is_awaited_without_a_time() {
    let mut machine = Machine::new(at(0));
    assert_eq!(machine.decide(at(0), Means::Missing), Decision::Wait(None));
    assert_eq!(machine.decide(at(9), Means::Complete), Decision::Call(None));
    let mut machine = served();
    assert_eq!(machine.decide(at(300), Means::Missing), Decision::Wait(Some(at(400))));
    assert_eq!(machine.decide(at(400), Means::Missing), Decision::Wait(Some(at(1000))));
    assert_eq!(machine.decide(at(1000), Means::Missing), Decision::Withdraw);
    assert_eq!(machine.decide(at(1000), Means::Missing), Decision::Wait(None));
}

#[test]
fn a_fresh_code_ends_the_wait_after_a_failure() {
    let mut machine = served();
    assert_eq!(machine.decide(at(400), Means::Complete), Decision::Call(None));
    machine.hasten(at(400));
    assert_eq!(machine.decide(at(400), Means::Complete), Decision::Wait(Some(at(1000))));
    for _ in 0..9 {
        fail(&mut machine, at(400), Backoff::Minute, half());
    }
    assert_eq!(machine.due(), Some(at(430)));
    machine.hasten(at(401));
    assert_eq!(machine.decide(at(401), Means::Complete), Decision::Call(None));
    assert_eq!((machine.due(), machine.dies()), (None, Some(at(1000))));
}

#[test]
fn a_call_that_was_not_made_is_no_failure_and_is_made_when_it_was_put_off_to() {
    let mut machine = served();
    assert_eq!(machine.decide(at(400), Means::Complete), Decision::Call(None));
    machine.postponed(at(420));
    assert_eq!((machine.due(), machine.failures()), (Some(at(420)), 0));
    assert_eq!(machine.decide(at(419), Means::Complete), Decision::Wait(Some(at(420))));
    assert_eq!(machine.decide(at(420), Means::Complete), Decision::Call(None));
}

#[test]
fn what_is_served_has_the_life_left_that_it_had_less_the_time_that_passed() {
    assert_eq!(Machine::new(at(0)).left(at(0)), None);
    let left = [0, 400, 999, 1_000, 1_001].map(|now| served().left(at(now)).map(|left| left.as_secs()));
    assert_eq!(left, [Some(1_000), Some(600), Some(1), Some(0), Some(0)]);
}

#[test]
fn a_success_forgets_the_failures() {
    let mut machine = Machine::new(at(0));
    for _ in 0..7 {
        fail(&mut machine, at(0), Backoff::Minute, half());
    }
    assert_eq!(machine.failures(), 7);
    assert_eq!(
        fail(&mut machine, at(0), Backoff::Minute, half()),
        Duration::from_secs(30)
    );
    machine.succeeded(at(1000), at(400), at(700));
    assert_eq!(machine.failures(), 0);
    assert_eq!(
        fail(&mut machine, at(0), Backoff::Minute, half()),
        Duration::from_millis(500)
    );
}

#[test]
fn what_hardly_heals_waits_until_somebody_has_mended_it() {
    let mut machine = Machine::new(at(0));
    for _ in 0..20 {
        assert_eq!(machine.decide(at(9_000), Means::Complete), Decision::Call(None));
        fail(&mut machine, at(0), Backoff::HalfHour, half());
    }
    assert_eq!(machine.due(), Some(at(1_350)));
    machine.mended(at(10));
    assert_eq!(machine.decide(at(10), Means::Complete), Decision::Call(None));
    machine.mended(at(10));
    assert_eq!(machine.decide(at(10), Means::Complete), Decision::Wait(None));
    assert_eq!(
        fail(&mut machine, at(10), Backoff::HalfHour, half()),
        Duration::from_millis(750)
    );
    assert_eq!(machine.failures(), 21);
    // What heals by itself is not hastened: a thousand profiles would ask at once.
    fail(&mut machine, at(10), Backoff::Minute, half());
    let due = machine.due();
    machine.mended(at(10));
    assert_eq!(machine.due(), due);
}

#[test]
fn a_success_is_not_mended() {
    let mut machine = Machine::new(at(0));
    fail(&mut machine, at(0), Backoff::HalfHour, half());
    machine.succeeded(at(1000), at(400), at(700));
    machine.mended(at(10));
    assert_eq!(machine.due(), Some(at(400)));
}

#[test]
fn a_person_is_asked_at_once_at_a_start_and_ahead_of_the_end_later() {
    let mut machine = Machine::new(at(5));
    assert_eq!(machine.asks(), at(5));
    machine.succeeded(at(1000), at(400), at(700));
    assert_eq!(machine.asks(), at(700));
    fail(&mut machine, at(800), Backoff::Minute, half());
    assert_eq!(machine.asks(), at(700));
}

#[test]
fn a_failure_is_news_once_and_again_when_nothing_is_served_any_more() {
    let mut machine = served();
    let mut is_news = |now, failure| {
        machine.decide(at(now), Means::Missing);
        machine.failed(at(now), failure, Backoff::Minute, half()).is_news
    };
    let (key, server) = (Failure::Key, Failure::Sts(Class::Server));
    assert_eq!(
        [is_news(900, key), is_news(901, key), is_news(902, server)],
        [true, false, true]
    );
    assert_eq!([is_news(999, server), is_news(1000, server)], [false, true]);
    machine.succeeded(at(3000), at(2000), at(2500));
    assert!(machine.failed(at(2000), server, Backoff::Minute, half()).is_news);
}
