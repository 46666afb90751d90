use std::collections::{BTreeMap, BTreeSet};

use super::errors::Error;
use super::rules::{CodeUse, Rules};
use super::totp;
use super::users::User;

/// The steps in which a device has had a success: AWS takes one a device and step.
#[derive(Default)]
pub(super) struct UsedSteps(BTreeMap<String, BTreeSet<i64>>);

/// A device's clock may be one step off.
const WINDOW: i64 = 1;

const BOTH: &str = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.";
const DEVICE: &str = "MultiFactorAuthentication failed, unable to validate MFA code.  \
    Please verify your MFA serial number is valid and associated with this user.";
const CODE: &str = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";

impl UsedSteps {
    /// Takes the code, if the caller gave one; from then on it is used. Says whether there was one: no serial number and
    /// no code is no MFA, which is no error, since AWS denies later, where a policy asks for MFA. A caller that is no
    /// user has no device.
    pub(super) fn take(
        &mut self,
        user: Option<&User>,
        serial_number: Option<&str>,
        token_code: Option<&str>,
        rules: &Rules,
        unix_seconds: i64,
    ) -> Result<bool, Error> {
        let (serial_number, token_code) = match (serial_number, token_code) {
            (None, None) => return Ok(false),
            (Some(serial_number), Some(token_code)) => (serial_number, token_code),
            _ => return Err(Error::access_denied(BOTH)),
        };
        let Some(device) = user.and_then(|user| user.device(serial_number)) else {
            return Err(Error::access_denied(DEVICE));
        };
        let now = rules.step(unix_seconds);
        let steps = self.0.entry(serial_number.to_owned()).or_default();
        let step = (now - WINDOW..=now + WINDOW)
            .filter(|step| totp::code(&device.seed, *step) == token_code)
            .find(|step| !is_used(steps, *step, rules.code_use))
            .ok_or_else(|| Error::access_denied(CODE))?;
        steps.insert(step);
        Ok(true)
    }

    /// Per device, its steps in order.
    pub(super) fn successes(&self) -> BTreeMap<String, Vec<i64>> {
        let used = self.0.iter().filter(|(_, steps)| !steps.is_empty());
        used.map(|(serial, steps)| (serial.clone(), steps.iter().copied().collect()))
            .collect()
    }
}

fn is_used(used: &BTreeSet<i64>, step: i64, code_use: CodeUse) -> bool {
    match code_use {
        CodeUse::OnlyThatStep => used.contains(&step),
        CodeUse::ThatAndEarlier => used.last().is_some_and(|last| step <= *last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIAL: &str = "arn:aws:iam::123456789012:mfa/ops";
    const SEED: &[u8] = b"12345678901234567890";
    const NOW: i64 = 1_111_111_111;
    const STEP: i64 = NOW / 30;

    fn user() -> User {
        User::iam("123456789012", "ops")
            .with_device(SERIAL, SEED)
            .with_device("GAHT12345678", b"another seed")
    }

    fn rules(code_use: CodeUse) -> Rules {
        Rules {
            code_use,
            ..Rules::default()
        }
    }

    /// What comes of the codes of these steps, in this order, at `NOW`.
    fn accepted(code_use: CodeUse, steps: &[i64]) -> Vec<bool> {
        let mut used = UsedSteps::default();
        let mut take = |step: &i64| {
            let code = totp::code(SEED, STEP + step);
            let verdict = used.take(Some(&user()), Some(SERIAL), Some(&code), &rules(code_use), NOW);
            assert!(verdict.is_ok() || verdict == Err(Error::access_denied(CODE)));
            verdict.is_ok()
        };
        steps.iter().map(&mut take).collect()
    }

    #[test]
    fn a_code_is_good_for_its_step_and_one_step_either_way() {
        for (step, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            assert_eq!(accepted(CodeUse::OnlyThatStep, &[step]), [good], "{step}");
        }
    }

    #[test]
    fn a_step_has_one_success_in_both_readings() {
        for code_use in [CodeUse::OnlyThatStep, CodeUse::ThatAndEarlier] {
            assert_eq!(accepted(code_use, &[0, 0, 1, 1]), [true, false, true, false]);
        }
    }

    #[test]
    fn whether_a_success_uses_up_earlier_steps_is_a_rule() {
        assert_eq!(accepted(CodeUse::OnlyThatStep, &[1, 0, -1]), [true, true, true]);
        assert_eq!(accepted(CodeUse::ThatAndEarlier, &[1, 0, -1]), [true, false, false]);
    }

    #[test]
    fn a_refused_code_uses_nothing_up() {
        assert_eq!(accepted(CodeUse::ThatAndEarlier, &[5, 0]), [false, true]);
    }

    #[test]
    fn steps_can_be_shorter() {
        let rules = Rules {
            step_seconds: 2,
            ..Rules::default()
        };
        let code = totp::code(SEED, NOW / 2);
        let mut used = UsedSteps::default();
        assert_eq!(
            used.take(Some(&user()), Some(SERIAL), Some(&code), &rules, NOW),
            Ok(true)
        );
        assert_eq!(used.successes(), BTreeMap::from([(SERIAL.to_owned(), vec![NOW / 2])]));
    }

    #[test]
    fn devices_do_not_share_steps() {
        let mut used = UsedSteps::default();
        for (serial, seed) in [(SERIAL, SEED), ("GAHT12345678", b"another seed".as_slice())] {
            let code = totp::code(seed, STEP);
            let verdict = used.take(Some(&user()), Some(serial), Some(&code), &Rules::default(), NOW);
            assert_eq!(verdict, Ok(true), "{serial}");
        }
        assert_eq!(used.successes().len(), 2);
    }

    #[test]
    fn half_an_mfa_and_foreign_devices_have_texts_of_their_own() {
        let mut used = UsedSteps::default();
        let code = totp::code(SEED, STEP);
        let mut take = |serial, code| used.take(Some(&user()), serial, code, &Rules::default(), NOW);
        assert_eq!(take(None, None), Ok(false));
        assert_eq!(take(Some(SERIAL), None), Err(Error::access_denied(BOTH)));
        assert_eq!(take(None, Some("123456")), Err(Error::access_denied(BOTH)));
        let foreign = "arn:aws:iam::123456789012:mfa/dev";
        assert_eq!(take(Some(foreign), Some(&code)), Err(Error::access_denied(DEVICE)));
        assert_eq!(take(Some(SERIAL), Some(&code)), Ok(true));
        let by_role = used.take(None, Some(SERIAL), Some(&code), &Rules::default(), NOW);
        assert_eq!(by_role, Err(Error::access_denied(DEVICE)));
    }
}
