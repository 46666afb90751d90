#[path = "../common/mutate.rs"]
mod mutate;

use serde_json::Value;

use crate::operator::CODE;
use crate::scene::{Scene, submit};
use mutate::{Random, mutate};

/// Bytes that mean something in JSON, and some that mean nothing anywhere.
const BYTES: &[u8] = b"{}[]\",:\\ \n\t0123456789eE+-.utfn\0\x7f\xc3\xa9\xff";

/// With a line feed at its end, so that nobody waits for the time to be over.
fn mutated(original: &str, random: &mut Random) -> Vec<u8> {
    let mut request = original.as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        mutate(&mut request, BYTES, random);
    }
    if !request.ends_with(b"\n") {
        request.push(b'\n');
    }
    request
}

/// Only what says the same may be done: the judge is a parser that is not the daemon's.
#[tokio::test]
async fn a_mutated_request_is_carried_out_only_if_it_still_says_the_same() {
    let scene = Scene::new().await;
    let mut random = Random(20_270_115);
    let original = submit("ops", CODE);
    let meant: Value = serde_json::from_str(&original).unwrap();
    // A piece that is left out may be all of the profile; then the device's own is meant.
    let mut without_profile = meant.clone();
    without_profile.as_object_mut().unwrap().remove("profile");
    let (mut same, mut refused) = (0, 0);
    for _ in 0..6_000 {
        let request = mutated(&original, &mut random);
        let reply = scene.ask(&request).await;
        assert!(!reply.to_string().contains(CODE));
        if reply["ok"] == true {
            let read: Value = serde_json::from_slice(&request).unwrap();
            let says_the_same = read == meant || read == without_profile;
            assert!(says_the_same, "{}", String::from_utf8_lossy(&request));
            same += 1;
        } else {
            refused += 1;
        }
    }
    assert!(same > 10 && refused > 5_000, "{same} {refused}");
}
