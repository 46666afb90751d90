use std::collections::HashMap;

use super::Step;
use crate::aws::SerialNumber;

/// What STS refused of each device since it last took a code, and which devices rest after that. What is about the codes is shared by
/// all profiles. In memory.
#[derive(Debug, Default)]
pub struct Refusals(HashMap<SerialNumber, Device>);

/// What is known of a device whose code was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// How often it was refused since a code was last taken.
    pub in_a_row: u32,
    /// Whether one was ever taken.
    pub was_taken: bool,
}

#[derive(Debug, Default)]
struct Device {
    in_a_row: u32,
    was_taken: bool,
    /// The first step that may be tried again.
    rests_until: Option<Step>,
}

/// How far ahead a rest may lie. One that lies further is of a clock that has since been corrected.
const LONGEST_REST: u64 = 64;

impl Refusals {
    /// The device was refused, and neither the step nor the clock was the reason.
    pub fn refuse(&mut self, device: &SerialNumber) -> Record {
        let device = self.0.entry(device.clone()).or_default();
        device.in_a_row = device.in_a_row.saturating_add(1);
        Record {
            in_a_row: device.in_a_row,
            was_taken: device.was_taken,
        }
    }

    /// No step before this one is tried.
    pub fn rest(&mut self, device: &SerialNumber, until: Step) {
        self.0.entry(device.clone()).or_default().rests_until = Some(until);
    }

    /// A code was taken.
    pub fn accept(&mut self, device: &SerialNumber) {
        let accepted = Device {
            was_taken: true,
            ..Device::default()
        };
        self.0.insert(device.clone(), accepted);
    }

    /// The device's codes are made of something else now.
    pub fn forget(&mut self, device: &SerialNumber) {
        self.0.remove(device);
    }

    /// The devices may be tried at once: somebody has put something right.
    pub fn wake(&mut self) {
        for device in self.0.values_mut() {
            device.rests_until = None;
        }
    }

    /// From when on the device may be tried, if that is later than the step `now`.
    pub fn rest_of(&self, device: &SerialNumber, now: Step) -> Option<Step> {
        let until = self.0.get(device)?.rests_until?;
        (until > now && until.number() - now.number() <= LONGEST_REST).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices() -> [SerialNumber; 2] {
        ["GAHT12345678", "GAHT87654321"].map(|serial| serial.parse().unwrap())
    }

    #[test]
    fn refusals_are_counted_for_a_device_until_a_code_is_taken() {
        let [mine, other] = devices();
        let mut refusals = Refusals::default();
        let record = |in_a_row, was_taken| Record { in_a_row, was_taken };
        assert_eq!(refusals.refuse(&mine), record(1, false));
        assert_eq!(refusals.refuse(&mine), record(2, false));
        assert_eq!(refusals.refuse(&other), record(1, false));
        refusals.accept(&mine);
        assert_eq!(refusals.refuse(&mine), record(1, true));
        refusals.forget(&mine);
        assert_eq!(refusals.refuse(&mine), record(1, false));
        assert_eq!(refusals.refuse(&other), record(2, false));
    }

    #[test]
    fn a_device_rests_until_its_step_or_until_it_is_woken() {
        let [mine, other] = devices();
        let step = Step::new;
        let mut refusals = Refusals::default();
        assert_eq!(refusals.rest_of(&mine, step(100)), None);
        refusals.rest(&mine, step(103));
        assert_eq!(refusals.rest_of(&mine, step(100)), Some(step(103)));
        assert_eq!(refusals.rest_of(&mine, step(102)), Some(step(103)));
        assert_eq!(refusals.rest_of(&mine, step(103)), None);
        assert_eq!(refusals.rest_of(&other, step(100)), None);
        // A rest by a clock that was hours ahead does not hold the right time.
        assert_eq!(refusals.rest_of(&mine, step(39)), Some(step(103)));
        assert_eq!(refusals.rest_of(&mine, step(38)), None);
        refusals.wake();
        assert_eq!(refusals.rest_of(&mine, step(100)), None);
        refusals.rest(&mine, step(103));
        refusals.accept(&mine);
        assert_eq!(refusals.rest_of(&mine, step(100)), None);
    }
}
