//! The MFA code of a command, which no renewal of the daemon's uses.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::reserve::{self, Reserved, Said};
use super::{advice, tell};
use crate::BoxFuture;
use crate::aws::{SerialNumber, TokenCode};
use crate::cli::control::refused;
use crate::cli::mfa::prompt::{self, PromptError};
use crate::cli::{Exit, Failed};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Server};
use crate::control::client::{self, AskError, Command};
use crate::mfa::steps::{Choice, Ledger};
use crate::mfa::{self, Source, Step};
use crate::state::{Claim, StateDir, Store};

/// A device and its code.
pub(super) struct Code {
    pub(super) device: SerialNumber,
    pub(super) digits: TokenCode,
    /// STS's time minus the host's, as far as the daemon knows it.
    pub(super) clock_offset: TimeDelta,
}

/// The code of a profile's device: made of a step that the daemon gives away, or a person's.
pub(super) async fn of(device: &config::Mfa, server: &Server) -> Result<Code, Failed> {
    match mfa::open(&device.code) {
        Some(source) => {
            let steps = Steps::of(server);
            let ask = || -> BoxFuture<'_, _> { Box::pin(steps.ask(&device.serial)) };
            made(&*source, &device.serial, &SystemClock, &ask).await
        }
        None => of_person(device.serial.clone(), server).await,
    }
}

/// A code that a person types. Nobody knows of which step it is; it is taken to be of the step in which it is typed, which
/// must be nobody else's. The daemon is asked before as well, so that nobody types a code that cannot be sent.
pub(super) async fn of_person(device: SerialNumber, server: &Server) -> Result<Code, Failed> {
    let steps = Steps::of(server);
    let ask = || -> BoxFuture<'_, _> { Box::pin(steps.ask(&device)) };
    let said = ask().await?;
    if matches!(said, Said::Choice(Choice::Wait(_), _)) {
        tell("the code that the device shows now is used already, or nearly over; wait for the next one");
    }
    let line = if std::io::stdin().is_terminal() {
        prompt::ask(&format!("Code of {device}: ")).await
    } else {
        prompt::read().await
    };
    let digits = prompt::code(&line.map_err(PromptError::into_failed)?)?;
    let clock_offset = reserve::present(said, &SystemClock, &ask, USED_TYPED).await?;
    Ok(Code {
        device: device.clone(),
        digits,
        clock_offset,
    })
}

const USED_TYPED: &str =
    "the code of this step is used already, or nearly over; nothing was sent; type the next one that the device shows";

const USED_MADE: &str =
    "MFA code: making it took so long that its step is used already, or nearly over; nothing was sent; try again";

const OVER: &str = "MFA code: its step was over before it could be sent, for which the clock of this host may have been \
                    set, or the host slept; nothing was sent; try again";

/// A step is not taken from the daemon for a source that is known to have no code.
async fn made<'a>(
    source: &dyn Source,
    device: &SerialNumber,
    clock: &dyn Clock,
    ask: &(dyn Fn() -> BoxFuture<'a, Result<Said, Failed>> + Sync),
) -> Result<Code, Failed> {
    patiently(source, source.check()).await?;
    let Reserved { step, clock_offset } = reserve::step(device, clock, ask, &tell).await?;
    let digits = patiently(source, source.code(step)).await?;
    let clock_offset = if source.has_step() {
        if !step.is_usable(clock.wall() + clock_offset) {
            return Err(Failed::new(Exit::TryAgain, &OVER));
        }
        clock_offset
    } else {
        let reserved = Said::Choice(Choice::Use(step), clock_offset);
        reserve::present(reserved, clock, ask, USED_MADE).await?
    };
    Ok(Code {
        device: device.clone(),
        digits,
        clock_offset,
    })
}

async fn patiently<T>(source: &dyn Source, asked: BoxFuture<'_, Result<T, mfa::Error>>) -> Result<T, Failed> {
    let answer = tokio::time::timeout(source.patience(), asked).await;
    let answer = answer.unwrap_or(Err(mfa::Error::Slow));
    answer.map_err(|error| {
        let file = match &error {
            mfa::Error::File(error) => Some(error),
            _ => None,
        };
        Failed::new(Exit::Configuration, &format_args!("{error}{}", advice(file)))
    })
}

/// Who knows which steps are used: the daemon, else the files that it keeps.
struct Steps<'s> {
    socket: &'s Path,
    store: Option<StateDir>,
}

impl<'s> Steps<'s> {
    fn of(server: &'s Server) -> Self {
        let dir = server.state_dir.clone();
        Self {
            socket: &server.control_socket,
            store: dir.map(|dir| StateDir::new(dir, Arc::new(SystemClock))),
        }
    }

    async fn ask(&self, device: &SerialNumber) -> Result<Said, Failed> {
        let unavailable = |problem: &str| {
            let place = self.socket.display();
            Failed::new(Exit::Unavailable, &format_args!("{place}: {problem}"))
        };
        match client::ask(self.socket, Command::MfaReserve { device }).await {
            Ok(answer) => said(&answer.document, SystemClock.wall()).ok_or_else(|| unavailable(SENSELESS)),
            Err(AskError::Absent { path, .. }) => {
                if let Some(store) = &self.store {
                    return Ok(kept(store, device, SystemClock.wall()).await);
                }
                tell(&format!(
                    "no daemon runs at {}, so that none was asked whether it uses this step of the MFA device",
                    path.display()
                ));
                Ok(Said::NoDaemon)
            }
            Err(AskError::Refused { reason, .. }) if reason == "unknown_command" => Err(unavailable(OLDER)),
            Err(error) => Err(refused(error)),
        }
    }
}

/// Reserves the present step in the daemon's files, as that would.
async fn kept(store: &dyn Store, device: &SerialNumber, now: DateTime<Utc>) -> Said {
    let choice = Ledger::default().choose(device, now);
    let Choice::Use(step) = choice else {
        return Said::Choice(choice, TimeDelta::zero());
    };
    match store.reserve(device, step.number()).await {
        Claim::Ours => Said::Choice(choice, TimeDelta::zero()),
        Claim::Taken => Said::Choice(Choice::Wait(step.next().start()), TimeDelta::zero()),
        Claim::Unkept(error) => {
            tell(&format!(
                "no daemon runs, and it is not known whether this step of the MFA device was used: state_dir: {error}"
            ));
            Said::NoDaemon
        }
    }
}

const SENSELESS: &str = "the daemon's answer names no step, or a time that cannot be; use the valetkey command of its \
                         version, and look whether this host's clock is right";

const OLDER: &str = "the daemon is older than this command, and gives no step of the MFA device away; start it again in \
                     this version, or use the valetkey command of its version";

/// A host whose clock is further off reaches nobody by TLS.
const LARGEST_OFFSET: TimeDelta = TimeDelta::days(1);

/// A wait is for the next steps of the device, which take half a minute each.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(5);

/// Nothing if the answer names no step and no time, or one that is not near `now` of this host's time.
fn said(answer: &Value, now: DateTime<Utc>) -> Option<Said> {
    let offset = TimeDelta::try_milliseconds(answer["clock_offset_milliseconds"].as_i64()?)?;
    if offset.abs() > LARGEST_OFFSET {
        return None;
    }
    let choice = match answer["step"].as_u64() {
        Some(step) => Choice::Use(Step::new(step)),
        None => Choice::Wait(time(&answer["not_before"])?),
    };
    let is_soon = match choice {
        Choice::Wait(from) => from - (now + offset) <= LONGEST_WAIT,
        Choice::Use(_) => true,
    };
    is_soon.then_some(Said::Choice(choice, offset))
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(time.to_utc())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::clock::PausedClock;

    /// Ten seconds into a step.
    const NOW: DateTime<Utc> = DateTime::from_timestamp(1_800_000_010, 0).unwrap();

    #[test]
    fn the_daemons_answer_is_a_step_or_a_time() {
        let offset = TimeDelta::milliseconds(-1500);
        assert_eq!(
            said(&json!({"step": 59, "clock_offset_milliseconds": -1500}), NOW),
            Some(Said::Choice(Choice::Use(Step::new(59)), offset))
        );
        let from = DateTime::from_timestamp(1_800_000_030, 0).unwrap();
        assert_eq!(
            said(
                &json!({"not_before": "2027-01-15T08:00:30Z", "clock_offset_milliseconds": -1500}),
                NOW
            ),
            Some(Said::Choice(Choice::Wait(from), offset))
        );
        for other in [
            json!({}),
            json!({"step": 59}),
            json!({"step": "59", "clock_offset_milliseconds": 0}),
            json!({"not_before": "soon", "clock_offset_milliseconds": 0}),
            json!({"not_before": "2027-01-15T08:06:00Z", "clock_offset_milliseconds": 0}),
            json!({"not_before": "9999-12-31T23:59:60Z", "clock_offset_milliseconds": 0}),
            json!({"step": 59, "clock_offset_milliseconds": i64::MIN}),
            json!({"step": 59, "clock_offset_milliseconds": i64::MAX}),
            json!({"step": 59, "clock_offset_milliseconds": -i64::MAX}),
            json!({"step": 59, "clock_offset_milliseconds": 86_400_001}),
        ] {
            assert_eq!(said(&other, NOW), None, "{other}");
        }
    }

    /// A source that takes its time.
    struct Slow {
        seconds: u64,
        has_step: bool,
        check: fn() -> Result<(), mfa::Error>,
    }

    impl Source for Slow {
        fn check(&self) -> BoxFuture<'_, Result<(), mfa::Error>> {
            Box::pin(async { (self.check)() })
        }

        fn code(&self, _: Step) -> BoxFuture<'_, Result<TokenCode, mfa::Error>> {
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(self.seconds)).await;
                Ok(TokenCode::try_from("005924".to_owned()).unwrap())
            })
        }

        fn has_step(&self) -> bool {
            self.has_step
        }

        fn patience(&self) -> Duration {
            Duration::from_mins(1)
        }
    }

    /// What comes of it beside a daemon that gives these steps away, one after the other, and how often that was asked.
    async fn made_by(source: Slow, choices: &[Choice]) -> (Result<(), Failed>, usize) {
        let asked = Mutex::new(0);
        let ask = || -> BoxFuture<'static, _> {
            let mut asked = asked.lock().unwrap();
            let choice = choices[*asked];
            *asked += 1;
            Box::pin(async move { Ok(Said::Choice(choice, TimeDelta::zero())) })
        };
        let device = "arn:aws:iam::123456789012:mfa/ops".parse().unwrap();
        let made = made(&source, &device, &PausedClock::new(NOW), &ask).await;
        (made.map(|_| ()), asked.into_inner().unwrap())
    }

    fn slow(seconds: u64, has_step: bool) -> Slow {
        let check = || Ok(());
        Slow {
            seconds,
            has_step,
            check,
        }
    }

    fn step(after: u64) -> Choice {
        Choice::Use(Step::new(Step::at(NOW).number() + after))
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_that_comes_in_a_later_step_needs_that_one_too() {
        let wait = Choice::Wait(NOW + TimeDelta::seconds(50));
        for (seconds, choices, exit, asked) in [
            (5, &[step(0)][..], None, 1),
            (25, &[step(0), step(1)], None, 2),
            (25, &[step(0), wait], Some(Exit::TryAgain), 2),
            (25, &[step(0), step(2)], Some(Exit::TryAgain), 2),
        ] {
            let (made, times) = made_by(slow(seconds, false), choices).await;
            let failed = made.err();
            assert!(failed.as_ref().is_none_or(|failed| failed.message == USED_MADE));
            assert_eq!((failed.map(|failed| failed.exit), times), (exit, asked), "{choices:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_that_is_over_is_told_as_what_it_is() {
        let (made, _) = made_by(slow(25, true), &[step(0)]).await;
        let failed = made.unwrap_err();
        assert_eq!((failed.exit, failed.message.as_str()), (Exit::TryAgain, OVER));
    }

    #[tokio::test(start_paused = true)]
    async fn no_step_is_reserved_for_a_source_that_has_no_code() {
        let broken = Slow {
            check: || Err(mfa::Error::Internal),
            ..slow(0, true)
        };
        let (made, asked) = made_by(broken, &[]).await;
        assert_eq!((made.unwrap_err().exit, asked), (Exit::Configuration, 0));
    }
}
