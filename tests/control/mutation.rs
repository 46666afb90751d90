use serde_json::Value;

use crate::operator::CODE;
use crate::scene::{Scene, submit};

/// A small generator with a fixed seed, so that a failure repeats.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// Bytes that mean something in JSON, and some that mean nothing anywhere.
const BYTES: &[u8] = b"{}[]\",:\\ \n\t0123456789eE+-.utfn\0\x7f\xc3\xa9\xff";

fn mutate(request: &mut Vec<u8>, chance: &mut Chance) {
    for _ in 0..=chance.below(3) {
        let at = chance.below(request.len());
        let byte = BYTES[chance.below(BYTES.len())];
        match chance.below(6) {
            0 => request[at] = byte,
            1 => request.insert(at, byte),
            2 => drop(request.remove(at)),
            3 => request[at] ^= 1 << chance.below(8),
            4 => {
                let end = at + chance.below(request.len() - at);
                let piece = request[at..end].to_vec();
                request.splice(at..at, piece);
            }
            _ => {
                let other = chance.below(request.len());
                request.swap(at, other);
            }
        }
        if request.is_empty() {
            request.push(b'\n');
        }
    }
    // So that nobody waits for the time to be over.
    if !request.ends_with(b"\n") {
        request.push(b'\n');
    }
}

/// Only what says the same may be done: the judge is a parser that is not the daemon's.
#[tokio::test]
async fn a_mutated_request_is_carried_out_only_if_it_still_says_the_same() {
    let scene = Scene::new().await;
    let mut chance = Chance(20_270_115);
    let original = submit("ops", CODE);
    let meant: Value = serde_json::from_str(&original).unwrap();
    let (mut same, mut refused) = (0, 0);
    for _ in 0..6_000 {
        let mut request = original.clone().into_bytes();
        mutate(&mut request, &mut chance);
        let reply = scene.ask(&request).await;
        assert!(!reply.to_string().contains(CODE));
        if reply["ok"] == true {
            let read: Value = serde_json::from_slice(&request).unwrap();
            assert_eq!(read, meant, "{}", String::from_utf8_lossy(&request));
            same += 1;
        } else {
            refused += 1;
        }
    }
    assert!(same > 10 && refused > 5_000, "{same} {refused}");
}
