//! Which step of an MFA device a command may use: the one that the daemon gives away.

use chrono::{DateTime, TimeDelta, Utc};

use crate::BoxFuture;
use crate::aws::SerialNumber;
use crate::cli::{Exit, Failed};
use crate::clock::Clock;
use crate::mfa::Step;
use crate::mfa::steps::{Choice, Ledger};

/// What the daemon says of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// The step, or from when on there may be one, and STS's time minus the host's.
    Choice(Choice, TimeDelta),
    /// There is no daemon.
    NoDaemon,
}

/// A step that nobody else uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reserved {
    pub(super) step: Step,
    /// STS's time minus the host's.
    pub(super) clock_offset: TimeDelta,
}

/// How often a step is waited for that somebody else then has.
const TRIES: u32 = 4;

/// How long after a step begins it is asked for: a renewal of the daemon's that waits for it has it first.
const COURTESY: TimeDelta = TimeDelta::seconds(1);

/// Asks for a step until there is one. Where there is no daemon that could give one away, it is the step of the present.
pub(super) async fn step<'a>(
    device: &SerialNumber,
    clock: &dyn Clock,
    ask: &(dyn Fn() -> BoxFuture<'a, Result<Said, Failed>> + Sync),
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Reserved, Failed> {
    for _ in 0..TRIES {
        let (choice, clock_offset) = match ask().await? {
            Said::Choice(choice, clock_offset) => (choice, clock_offset),
            Said::NoDaemon => return Ok(alone(device, clock, tell).await),
        };
        match choice {
            Choice::Use(step) => return Ok(Reserved { step, clock_offset }),
            Choice::Wait(from) => wait(from, clock_offset, clock, tell).await,
        }
    }
    Err(Failed::new(
        Exit::TryAgain,
        &"the steps of the MFA device are taken by others, one after the other; nothing was sent; try again later",
    ))
}

/// Looks whether the present step is nobody else's, for a code that is there now and of which nobody knows the step. `said`
/// is what was said before the code was there. Tells STS's time minus the host's.
pub(super) async fn present<'a>(
    said: Said,
    clock: &dyn Clock,
    ask: &(dyn Fn() -> BoxFuture<'a, Result<Said, Failed>> + Sync),
    used: &str,
) -> Result<TimeDelta, Failed> {
    let Said::Choice(choice, clock_offset) = said else {
        return Ok(TimeDelta::zero());
    };
    let present = Choice::Use(Step::at(clock.wall() + clock_offset));
    if choice == present {
        return Ok(clock_offset);
    }
    match ask().await? {
        Said::NoDaemon => Ok(clock_offset),
        Said::Choice(choice, clock_offset) if choice == present => Ok(clock_offset),
        Said::Choice(..) => Err(Failed::new(Exit::TryAgain, &used)),
    }
}

async fn alone(device: &SerialNumber, clock: &dyn Clock, tell: &(dyn Fn(&str) + Sync)) -> Reserved {
    let (nobodys, clock_offset) = (Ledger::default(), TimeDelta::zero());
    loop {
        match nobodys.choose(device, clock.wall()) {
            Choice::Use(step) => return Reserved { step, clock_offset },
            Choice::Wait(from) => wait(from, clock_offset, clock, tell).await,
        }
    }
}

async fn wait(from: DateTime<Utc>, clock_offset: TimeDelta, clock: &dyn Clock, tell: &(dyn Fn(&str) + Sync)) {
    let left = from + COURTESY - (clock.wall() + clock_offset);
    let left = left.to_std().unwrap_or_default();
    tell(&format!(
        "no step of the MFA device is free; waiting {} s for the next",
        left.as_secs() + 1
    ));
    clock.sleep_until(clock.boot() + left).await;
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::clock::PausedClock;

    /// Ten seconds into a step.
    const NOW: DateTime<Utc> = DateTime::from_timestamp(1_800_000_010, 0).unwrap();

    async fn asked(clock: &PausedClock, answers: Vec<Said>) -> (Result<Reserved, Failed>, Vec<String>) {
        let (answers, told) = (Mutex::new(answers.into_iter()), Mutex::new(Vec::new()));
        let ask = || -> BoxFuture<'static, _> {
            let answer = answers.lock().unwrap().next().unwrap();
            Box::pin(async move { Ok(answer) })
        };
        let tell = |text: &str| told.lock().unwrap().push(text.to_owned());
        let device = "arn:aws:iam::123456789012:mfa/ops".parse().unwrap();
        let reserved = step(&device, clock, &ask, &tell).await;
        (reserved, told.into_inner().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_daemons_step_is_used_as_it_is() {
        let clock = PausedClock::new(NOW);
        let offset = TimeDelta::hours(2);
        let given = Said::Choice(Choice::Use(Step::new(7)), offset);
        let (reserved, told) = asked(&clock, vec![given]).await;
        let expected = Reserved {
            step: Step::new(7),
            clock_offset: offset,
        };
        assert_eq!((reserved.unwrap(), told), (expected, vec![]));
        assert_eq!(clock.wall(), NOW);
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_to_come_is_waited_for_by_stss_time() {
        let clock = PausedClock::new(NOW);
        let offset = TimeDelta::seconds(5);
        let next = Step::at(NOW + TimeDelta::seconds(30));
        let wait = Said::Choice(Choice::Wait(next.start()), offset);
        let (reserved, told) = asked(&clock, vec![wait, Said::Choice(Choice::Use(next), offset)]).await;
        assert_eq!(reserved.unwrap().step, next);
        assert_eq!(told, ["no step of the MFA device is free; waiting 17 s for the next"]);
        assert_eq!(clock.wall() + offset, next.start() + COURTESY);
    }

    #[tokio::test(start_paused = true)]
    async fn one_does_not_wait_for_ever() {
        let clock = PausedClock::new(NOW);
        let wait = Said::Choice(Choice::Wait(NOW), TimeDelta::zero());
        let (reserved, told) = asked(&clock, vec![wait; 4]).await;
        assert_eq!(reserved.unwrap_err().exit, Exit::TryAgain);
        assert_eq!(told.len(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_of_an_unknown_step_needs_the_present_one() {
        let (now, next) = (Step::at(NOW), Step::at(NOW + TimeDelta::seconds(30)));
        let offset = TimeDelta::seconds(5);
        let of = |choice| Said::Choice(choice, offset);
        let wait = of(Choice::Wait(next.start()));
        for (said, later, expected) in [
            (Said::NoDaemon, None, Ok(TimeDelta::zero())),
            (of(Choice::Use(now)), None, Ok(offset)),
            // The step of before is over, or was somebody's.
            (of(Choice::Use(Step::new(7))), Some(of(Choice::Use(now))), Ok(offset)),
            (wait, Some(of(Choice::Use(now))), Ok(offset)),
            (wait, Some(Said::NoDaemon), Ok(offset)),
            (wait, Some(wait), Err(Exit::TryAgain)),
            (of(Choice::Use(Step::new(7))), Some(wait), Err(Exit::TryAgain)),
            (wait, Some(of(Choice::Use(next))), Err(Exit::TryAgain)),
        ] {
            let later = Mutex::new(later);
            let ask = || -> BoxFuture<'static, _> {
                let answer = later.lock().unwrap().take().unwrap();
                Box::pin(async move { Ok(answer) })
            };
            let found = present(said, &PausedClock::new(NOW), &ask, "used").await;
            assert_eq!(found.map_err(|failed| failed.exit), expected, "{said:?}");
            assert!(later.into_inner().unwrap().is_none(), "{said:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_daemon_it_is_the_present_step_or_the_next_at_its_end() {
        let clock = PausedClock::new(NOW);
        let (reserved, _) = asked(&clock, vec![Said::NoDaemon]).await;
        assert_eq!(reserved.unwrap().step, Step::at(NOW));
        let late = PausedClock::new(NOW + TimeDelta::seconds(18));
        let (reserved, told) = asked(&late, vec![Said::NoDaemon]).await;
        assert_eq!(reserved.unwrap().step, Step::at(NOW + TimeDelta::seconds(30)));
        assert_eq!(told.len(), 1);
    }
}
