//! The MFA code of a command, which no renewal of the daemon's uses.

use std::io::IsTerminal;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::reserve::{self, Reserved, Said};
use super::tell;
use crate::BoxFuture;
use crate::aws::{SerialNumber, TokenCode};
use crate::cli::control::refused;
use crate::cli::mfa::prompt::{self, PromptError};
use crate::cli::{Exit, Failed};
use crate::clock::{Clock, SystemClock};
use crate::config;
use crate::control::client::{self, AskError, Command};
use crate::mfa::steps::Choice;
use crate::mfa::{self, Source, Step};

/// A device and its code.
pub(super) struct Code {
    pub(super) device: SerialNumber,
    pub(super) digits: TokenCode,
    /// STS's time minus the host's, as far as the daemon knows it.
    pub(super) clock_offset: TimeDelta,
}

/// The code of a profile's device: made of a step that the daemon gives away, or a person's.
pub(super) async fn of(device: &config::Mfa, socket: &Path) -> Result<Code, Failed> {
    match mfa::open(&device.code) {
        Some(source) => made(&*source, &device.serial, socket).await,
        None => of_person(device.serial.clone(), socket).await,
    }
}

/// A code that a person types. The daemon knows no step of it; what it could collide with is a code that the daemon was
/// handed and tries.
pub(super) async fn of_person(device: SerialNumber, socket: &Path) -> Result<Code, Failed> {
    let line = if std::io::stdin().is_terminal() {
        prompt::ask(&format!("Code of {device}: ")).await
    } else {
        prompt::read().await
    };
    let digits = prompt::code(&line.map_err(PromptError::into_failed)?)?;
    let clock_offset = match ask(socket, &device).await? {
        Said::Choice(_, clock_offset) => clock_offset,
        Said::NoDaemon => TimeDelta::zero(),
    };
    Ok(Code {
        device,
        digits,
        clock_offset,
    })
}

async fn made(source: &dyn Source, device: &SerialNumber, socket: &Path) -> Result<Code, Failed> {
    let ask = || -> BoxFuture<'_, _> { Box::pin(ask(socket, device)) };
    let Reserved { step, clock_offset } = reserve::step(device, &SystemClock, &ask, &tell).await?;
    let code = tokio::time::timeout(source.patience(), source.code(step)).await;
    let code = code.unwrap_or(Err(mfa::Error::Slow));
    let code = code.map_err(|error| Failed::new(Exit::Configuration, &error))?;
    if source.has_step() && !step.is_usable(SystemClock.wall() + clock_offset) {
        return Err(Failed::new(Exit::TryAgain, &mfa::Error::Slow));
    }
    Ok(Code {
        device: device.clone(),
        digits: code,
        clock_offset,
    })
}

async fn ask(socket: &Path, device: &SerialNumber) -> Result<Said, Failed> {
    match client::ask(socket, Command::MfaReserve { device }).await {
        Ok(answer) => said(&answer.document).ok_or_else(|| {
            Failed::new(
                Exit::Unavailable,
                &"the daemon's answer names no step; use the valetkey command of its version",
            )
        }),
        Err(AskError::Absent { path, .. }) => {
            tell(&format!(
                "no daemon runs at {}, so that none was asked whether it uses this step of the MFA device",
                path.display()
            ));
            Ok(Said::NoDaemon)
        }
        Err(error) => Err(refused(error)),
    }
}

fn said(answer: &Value) -> Option<Said> {
    let offset = TimeDelta::try_milliseconds(answer["clock_offset_milliseconds"].as_i64()?)?;
    let choice = match answer["step"].as_u64() {
        Some(step) => Choice::Use(Step::new(step)),
        None => Choice::Wait(time(&answer["not_before"])?),
    };
    Some(Said::Choice(choice, offset))
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(time.to_utc())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_daemons_answer_is_a_step_or_a_time() {
        let offset = TimeDelta::milliseconds(-1500);
        assert_eq!(
            said(&json!({"step": 59, "clock_offset_milliseconds": -1500})),
            Some(Said::Choice(Choice::Use(Step::new(59)), offset))
        );
        let from = DateTime::from_timestamp(1_767_323_070, 0).unwrap();
        assert_eq!(
            said(&json!({"not_before": "2026-01-02T03:04:30Z", "clock_offset_milliseconds": -1500})),
            Some(Said::Choice(Choice::Wait(from), offset))
        );
        for other in [
            json!({}),
            json!({"step": 59}),
            json!({"step": "59", "clock_offset_milliseconds": 0}),
            json!({"not_before": "soon", "clock_offset_milliseconds": 0}),
            json!({"step": 59, "clock_offset_milliseconds": i64::MIN}),
        ] {
            assert_eq!(said(&other), None, "{other}");
        }
    }
}
