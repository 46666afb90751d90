use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::aws::{SerialNumber, TokenCode};
use crate::clock::BootInstant;

/// How long a code whose step nobody knows is not sent again. STS takes codes of the steps around its own: after four
/// steps of 30 s the same six digits are another code.
const REST: Duration = Duration::from_mins(2);

/// The codes of each device that STS may have seen a moment ago. A second use looks like a wrong code, and too many of
/// those look like an attack.
#[derive(Default)]
pub struct SeenCodes(HashMap<SerialNumber, VecDeque<(Arc<TokenCode>, BootInstant)>>);

impl SeenCodes {
    /// Whether STS may have seen this code of `device` within the last two minutes.
    pub fn contains(&self, device: &SerialNumber, code: &TokenCode, now: BootInstant) -> bool {
        let seen = self.0.get(device).into_iter().flatten();
        seen.filter(|(_, at)| is_fresh(*at, now))
            .any(|(seen, _)| seen.expose() == code.expose())
    }

    /// The code is about to be sent.
    pub fn add(&mut self, device: &SerialNumber, code: Arc<TokenCode>, now: BootInstant) {
        let seen = self.0.entry(device.clone()).or_default();
        seen.retain(|(_, at)| is_fresh(*at, now));
        seen.push_back((code, now));
    }

    /// The code provably never left.
    pub fn remove(&mut self, device: &SerialNumber, code: &TokenCode) {
        if let Some(seen) = self.0.get_mut(device) {
            seen.retain(|(seen, _)| seen.expose() != code.expose());
        }
    }
}

fn is_fresh(at: BootInstant, now: BootInstant) -> bool {
    now.since(at) < REST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> BootInstant {
        BootInstant::from_boot(Duration::from_secs(seconds))
    }

    fn code(text: &str) -> Arc<TokenCode> {
        Arc::new(TokenCode::try_from(text.to_owned()).ok().unwrap())
    }

    #[test]
    fn a_code_rests_for_two_minutes_on_its_device_alone() {
        let (mine, other) = ("GAHT12345678".parse().unwrap(), "GAHT87654321".parse().unwrap());
        let mut seen = SeenCodes::default();
        seen.add(&mine, code("005924"), at(10));
        assert!(seen.contains(&mine, &code("005924"), at(10)));
        assert!(seen.contains(&mine, &code("005924"), at(129)));
        assert!(!seen.contains(&mine, &code("005924"), at(130)));
        assert!(!seen.contains(&mine, &code("005925"), at(10)));
        assert!(!seen.contains(&other, &code("005924"), at(10)));
    }

    #[test]
    fn a_code_that_never_left_may_be_sent() {
        let device = "GAHT12345678".parse().unwrap();
        let mut seen = SeenCodes::default();
        seen.add(&device, code("005924"), at(10));
        seen.remove(&device, &code("005924"));
        assert!(!seen.contains(&device, &code("005924"), at(10)));
    }

    #[test]
    fn old_codes_are_forgotten() {
        let device = "GAHT12345678".parse().unwrap();
        let mut seen = SeenCodes::default();
        for second in 0..1_000 {
            seen.add(&device, code(&format!("{second:06}")), at(second));
        }
        assert_eq!(seen.0[&device].len(), 120);
    }
}
