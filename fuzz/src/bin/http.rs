//! A whole connection to a listener for consumers, as raw bytes through hyper and the very layers of the daemon. The first
//! byte says which listener, and how the rest arrives; `TOKEN` in it is replaced by the last IMDS token that was given.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use valetkey_fuzz::http::{Arrival, Form, Scene, check};

thread_local! {
    static SCENE: Scene = Scene::new();
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let [choice, rest @ ..] = bytes else {
        return Corpus::Reject;
    };
    // From `A` on, so that a seed can be read.
    let choice = choice.wrapping_sub(b'A');
    if choice >= 8 {
        return Corpus::Reject;
    }
    let form = if choice & 1 == 0 { Form::Container } else { Form::Imds };
    let arrival = Arrival {
        at_once: choice & 2 == 0,
        in_pieces: choice & 4 != 0,
    };
    SCENE.with(|scene| check(&scene.converse(form, arrival, rest)));
    Corpus::Keep
});
