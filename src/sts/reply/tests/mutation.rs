//! Replies that were damaged on the way.

// The integration tests have it, too, and so it is under tests/, as a module of each that uses it.
#[allow(clippy::duplicate_mod, reason = "the crate has no place for what tests alone share")]
#[path = "../../../../tests/common/mutate.rs"]
mod mutate;

use super::samples::Sample;
use crate::sts::Class;
use mutate::{Random, mutate};

const TELLING: &[u8] = b"<>/!?[]-&#;:='\" \r\n\t0Zx\0\x7f\xff\xc3\xef\xbb\xbf";

#[test]
fn cut_anywhere_they_tell_nothing() {
    for sample in Sample::of_every_action() {
        for length in 0..sample.body.len() {
            let error = sample.with(&sample.body.as_bytes()[..length]).unwrap_err();
            assert_eq!(error.class, Class::Malformed, "{length}");
        }
    }
}

#[test]
fn with_a_byte_changed_they_tell_nothing_or_something_whole() {
    let mut random = Random(1);
    let (mut whole, mut refused) = (0, 0);
    for sample in Sample::of_every_action().into_iter().chain(Sample::errors()) {
        for at in 0..sample.body.len() {
            let mut body = sample.body.clone().into_bytes();
            body[at] ^= 1 << random.below(8);
            match sample.with(&body) {
                Ok(_) => whole += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(whole > 500 && refused > 3_000, "{whole} {refused}");
}

#[test]
fn with_pieces_changed_they_tell_nothing_or_something_whole() {
    let mut random = Random(2);
    let (mut whole, mut refused) = (0, 0);
    for sample in Sample::of_every_action().into_iter().chain(Sample::errors()) {
        for _ in 0..1_500 {
            let mut body = sample.body.clone().into_bytes();
            for _ in 0..=random.below(4) {
                mutate(&mut body, TELLING, &mut random);
            }
            match sample.with(&body) {
                Ok(_) => whole += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(whole > 500 && refused > 10_000, "{whole} {refused}");
}
