//! What the file of a device says: 64 slots, one for each step, found by its number.
//!
//! A change of one slot stays within 16 bytes of a disk's sector, which is written whole or not at all. So the file is
//! written in place: neither a kill nor a loss of power leaves half a change, and a full disk does not stop it.

use ring::digest::{SHA256, digest};

/// How many steps are kept: half an hour of them. A later one takes the place of that from which it is 64 away.
const SLOTS: usize = 64;

/// The form, and its version.
const MAGIC: &[u8; SLOT] = b"valetkey-steps-1";

/// The bytes of a slot: the step, its state, and a checksum of both. Zeros where there is none.
const SLOT: usize = 16;

/// The bytes of a file.
pub(super) const LENGTH: usize = SLOT * (1 + SLOTS);

/// How far ahead of a step a used one still ends it, as STS takes codes of the steps around its own. One further ahead
/// was used by a wrong clock.
const NEAR: u64 = 2;

/// What is known of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its code may have been sent: the process that reserved it has not said.
    Reserved,
    /// Its code was sent.
    Sent,
    /// Its code provably never left.
    Released,
}

/// The steps of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Steps([Option<(u64, State)>; SLOTS]);

impl Steps {
    /// None has been used.
    pub(crate) fn none() -> Self {
        Self([None; SLOTS])
    }

    /// Reads a file; nothing if it is damaged, or of another version.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (head, slots) = bytes.split_at_checked(SLOT)?;
        if head != MAGIC || bytes.len() != LENGTH {
            return None;
        }
        let mut steps = Self::none();
        for (place, slot) in slots.chunks_exact(SLOT).enumerate() {
            if slot.iter().any(|byte| *byte != 0) {
                let (step, state) = read(slot)?;
                if place_of(step) != place {
                    return None;
                }
                steps.0[place] = Some((step, state));
            }
        }
        Some(steps)
    }

    /// The bytes of the file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for slot in &self.0 {
            bytes.extend(slot.map_or([0; SLOT], |(step, state)| written(step, state)));
        }
        bytes
    }

    /// Whether the code of `step` may be sent: neither it nor one soon after it has been, since a success may end those
    /// before it.
    pub(crate) fn is_free(&self, step: u64) -> bool {
        (step..=step.saturating_add(NEAR)).all(|step| matches!(self.state(step), None | Some(State::Released)))
    }

    /// What is known of `step`.
    pub(crate) fn state(&self, step: u64) -> Option<State> {
        self.0[place_of(step)]
            .filter(|(kept, _)| *kept == step)
            .map(|(_, state)| state)
    }

    pub(crate) fn set(&mut self, step: u64, state: State) {
        self.0[place_of(step)] = Some((step, state));
    }
}

fn place_of(step: u64) -> usize {
    // 64 fits.
    usize::try_from(step % SLOTS as u64).unwrap_or_default()
}

fn read(slot: &[u8]) -> Option<(u64, State)> {
    let step = u64::from_le_bytes(slot.first_chunk().copied()?);
    let states = [State::Reserved, State::Sent, State::Released];
    let state = states
        .into_iter()
        .find(|state| slot.get(8) == Some(&(*state as u8 + 1)))?;
    (slot == written(step, state)).then_some((step, state))
}

fn written(step: u64, state: State) -> [u8; SLOT] {
    let mut slot = [0; SLOT];
    slot[..8].copy_from_slice(&step.to_le_bytes());
    slot[8] = state as u8 + 1;
    let sum = digest(&SHA256, &slot[..9]);
    slot[9..].copy_from_slice(&sum.as_ref()[..SLOT - 9]);
    slot
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: u64 = 60_000_000;

    fn of(used: &[(u64, State)]) -> Steps {
        let mut steps = Steps::none();
        for (step, state) in used {
            steps.set(*step, *state);
        }
        steps
    }

    #[test]
    fn what_is_written_is_read() {
        let steps = of(&[
            (STEP, State::Reserved),
            (STEP + 1, State::Sent),
            (STEP + 5, State::Released),
            (u64::MAX, State::Sent),
            (0, State::Sent),
        ]);
        let bytes = steps.bytes();
        assert_eq!((bytes.len(), &bytes[..16]), (1_040, &b"valetkey-steps-1"[..]));
        assert_eq!(Steps::parse(&bytes), Some(steps));
        assert_eq!(Steps::parse(&Steps::none().bytes()), Some(Steps::none()));
    }

    #[test]
    fn a_used_step_and_those_before_it_are_not_free() {
        for (state, free) in [(State::Reserved, false), (State::Sent, false), (State::Released, true)] {
            let steps = of(&[(STEP, state)]);
            for (step, free) in [(STEP - 3, true), (STEP - 2, free), (STEP, free), (STEP + 1, true)] {
                assert_eq!(steps.is_free(step), free, "{state:?} {step}");
            }
        }
    }

    #[test]
    fn a_step_is_kept_until_the_64th_after_it() {
        let mut steps = of(&[(STEP, State::Sent)]);
        for later in 1..64 {
            steps.set(STEP + later, State::Released);
        }
        assert_eq!(steps.state(STEP), Some(State::Sent));
        steps.set(STEP + 64, State::Reserved);
        assert_eq!(
            (steps.state(STEP), steps.state(STEP + 64)),
            (None, Some(State::Reserved))
        );
    }

    #[test]
    fn every_flipped_bit_and_every_other_length_is_damage() {
        let bytes = of(&[(STEP, State::Sent), (STEP + 1, State::Reserved)]).bytes();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Steps::parse(&damaged), None, "{bit}");
        }
        for length in (0..bytes.len()).step_by(8) {
            assert_eq!(Steps::parse(&bytes[..length]), None, "{length}");
        }
        assert_eq!(Steps::parse(&[&bytes[..], &[0]].concat()), None);
    }

    #[test]
    fn a_slot_in_anothers_place_is_damage() {
        let mut bytes = of(&[(STEP, State::Sent)]).bytes();
        bytes[SLOT..].rotate_right(SLOT);
        assert_eq!(Steps::parse(&bytes), None);
    }

    /// Of two changes in a row the first, the second or both may have reached a sector.
    #[test]
    fn a_torn_write_is_the_state_before_or_after() {
        let before = of(&[(STEP, State::Sent)]);
        let mut after = before.clone();
        after.set(STEP + 40, State::Reserved);
        let (old, new) = (before.bytes(), after.bytes());
        for sectors in 0..8_u8 {
            let torn: Vec<_> = (0..LENGTH)
                .map(|at| {
                    if sectors & (1 << (at / 512)) == 0 {
                        old[at]
                    } else {
                        new[at]
                    }
                })
                .collect();
            let read = Steps::parse(&torn);
            assert!(read == Some(before.clone()) || read == Some(after.clone()), "{sectors}");
        }
    }
}
