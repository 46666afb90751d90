use std::sync::Arc;

use super::*;
use crate::secret::Secret;

const HALF: Fraction = Fraction::from_bits(1 << 63);

fn key(id: &str, secret: &str) -> LongTermKey {
    LongTermKey {
        access_key_id: format!("AKIAIOSFODNN7{id}").parse().unwrap(),
        secret_access_key: Arc::new(Secret::from(secret)),
    }
}

fn old() -> LongTermKey {
    key("OLDOLD1", "old")
}

fn new() -> LongTermKey {
    key("NEWNEW1", "new")
}

const fn at(seconds: u64) -> BootInstant {
    BootInstant::from_boot(Duration::from_secs(seconds))
}

/// The old key has brought credentials.
fn ring() -> Keyring {
    let mut ring = Keyring::default();
    assert!(!ring.proved(&old()));
    ring
}

fn reads(ring: &Keyring, now: u64) -> bool {
    ring.choose(at(now), false).reads
}

#[test]
fn without_credentials_the_source_is_read_each_time() {
    let mut ring = Keyring::default();
    assert!(!ring.is_watched());
    assert_eq!(ring.found(&new(), at(0), false, HALF), Found::Usual);
    assert_eq!(ring.due(), None);
    assert!(reads(&ring, 0) && ring.choose(at(0), true).proven.is_none());
}

#[test]
fn a_first_key_that_is_wrong_or_missing_is_watched_until_it_is_corrected() {
    let mut ring = Keyring::default();
    ring.tried(&old());
    assert!(ring.is_watched());
    assert_eq!(ring.found(&old(), at(0), false, HALF), Found::Usual);
    assert!(!ring.unreadable(at(0)) && ring.is_watched() && reads(&ring, 0));
    assert_eq!(ring.found(&old(), at(1), false, HALF), Found::Corrected);
    assert_eq!(ring.found(&new(), at(1), false, HALF), Found::Corrected);
    assert_eq!(ring.found(&new(), at(1), false, HALF), Found::Usual);
    assert!(!ring.proved(&new()), "nothing was used before");
}

#[test]
fn another_half_makes_another_key() {
    let ring = ring();
    assert!(!ring.is_another(&old()));
    assert!(ring.is_another(&key("OLDOLD1", "new")) && ring.is_another(&key("NEWNEW1", "old")));
}

#[test]
fn another_key_is_proven_soon_or_by_a_call_that_comes_before() {
    let mut ring = ring();
    assert_eq!(ring.found(&old(), at(0), false, HALF), Found::Usual);
    assert_eq!(ring.found(&new(), at(10), false, HALF), Found::Another);
    assert_eq!(ring.found(&new(), at(12), false, HALF), Found::Known);
    assert!(ring.has_other(&new()) && !ring.has_other(&old()));
    assert_eq!(ring.due(), Some(at(15)));
    assert!(reads(&ring, 11));
    ring.begin();
    assert!(ring.due().is_none() && reads(&ring, 15));
    assert!(ring.proved(&new()) && !ring.proved(&new()));
    assert_eq!(ring.found(&new(), at(20), false, HALF), Found::Usual);
    assert_eq!(ring.found(&old(), at(20), false, HALF), Found::Another);
}

#[test]
fn a_refused_key_is_tried_slowly_and_the_old_one_signs_meanwhile() {
    let mut ring = ring();
    ring.found(&new(), at(0), false, HALF);
    let mut now = at(5);
    let mut waits = Vec::new();
    for failures in 1..=8 {
        ring.begin();
        let failing = ring.failed(&new(), now, true, false, HALF).unwrap();
        assert_eq!(failing.is_news, failures == 1);
        let next = failing.next_try.unwrap();
        assert!(!ring.choose(now, false).reads && ring.choose(next, false).reads);
        assert_eq!(ring.found(&new(), now, false, HALF), Found::Known, "its wait goes on");
        waits.push(next.since(now).as_millis());
        now = next;
    }
    assert_eq!(
        waits,
        [22_500, 45_000, 90_000, 180_000, 360_000, 675_000, 675_000, 675_000]
    );
    assert!(!ring.proved(&old()), "a renewal by the old one");
    assert_eq!(ring.due(), Some(now), "changes nothing of that");
    assert_eq!(
        ring.found(&key("THIRD11", "x"), now, false, HALF),
        Found::Another,
        "one more has its own turn"
    );
    assert_eq!(ring.found(&old(), now, false, HALF), Found::Back);
    assert!(ring.due().is_none() && reads(&ring, 0));
}

#[test]
fn a_process_may_give_another_key_at_a_renewal() {
    let mut ring = ring();
    assert!(ring.failed(&new(), at(0), true, false, HALF).unwrap().is_news);
    assert!(!reads(&ring, 22) && reads(&ring, 23));
}

#[test]
fn a_persons_codes_prove_a_key_until_it_is_refused() {
    let mut ring = ring();
    assert_eq!(ring.found(&new(), at(0), true, HALF), Found::Another);
    assert_eq!(ring.due(), None, "by the next renewal");
    assert!(ring.choose(at(0), true).reads);
    let failing = |is_news| {
        let next_try = None;
        Some(Failing { is_news, next_try })
    };
    assert_eq!(ring.failed(&new(), at(0), false, true, HALF), failing(true));
    assert!(ring.choose(at(0), true).reads, "the code was mistyped");
    assert_eq!(ring.failed(&new(), at(0), false, true, HALF), failing(false));
    assert_eq!(ring.failed(&new(), at(0), true, true, HALF), failing(true));
    assert!(!ring.choose(at(1_000_000), true).reads);
    ring.wake(at(0), true);
    assert!(
        ring.choose(at(0), true).reads && ring.due().is_none(),
        "somebody reloaded"
    );
    ring.failed(&new(), at(0), true, true, HALF);
    ring.refused();
    assert!(ring.choose(at(0), true).reads, "there is nothing else left");
}

#[test]
fn a_reload_ends_the_wait_of_a_refused_key() {
    let mut ring = ring();
    ring.wake(at(0), false);
    ring.found(&new(), at(0), false, HALF);
    ring.failed(&new(), at(5), true, false, HALF);
    ring.wake(at(6), false);
    assert!(ring.due() == Some(at(6)) && reads(&ring, 6));
}

#[test]
fn what_comes_of_a_key_says_nothing_of_the_next_one() {
    let mut ring = ring();
    ring.found(&key("THIRD11", "x"), at(0), false, HALF);
    assert_eq!(ring.failed(&new(), at(1), true, false, HALF), None);
    assert_eq!(ring.due(), Some(at(5)));
}

#[test]
fn the_old_key_is_kept_while_the_source_cannot_be_read() {
    let mut ring = ring();
    ring.found(&new(), at(0), false, HALF);
    assert!(ring.unreadable(at(1)), "news");
    assert!(!ring.unreadable(at(2)));
    assert!(ring.due().is_none() && !reads(&ring, 301) && reads(&ring, 302));
    assert!(ring.choose(at(2), false).proven.is_some());
    assert_eq!(ring.found(&old(), at(3), false, HALF), Found::Back);
    assert!(ring.unreadable(at(4)));
    assert_eq!(ring.found(&new(), at(5), false, HALF), Found::Another);
    assert!(reads(&ring, 5));
    ring.unreadable(at(6));
    ring.refused();
    assert!(reads(&ring, 6));
}
