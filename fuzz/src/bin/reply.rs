//! What STS, or whoever answers in its place, replies to each action. The first byte is the action, the second a choice
//! of status, date and scheme; the rest is the body. The oracle is the library's, which the property tests use as well.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use valetkey::sts::Action;
use valetkey::sts::fuzzing::{Bytes, judged};

const STATUS: [u16; 8] = [200, 400, 403, 500, 503, 429, 302, 407];
const DATE: [Option<&str>; 4] = [
    Some("Fri, 02 Jan 2026 03:04:05 GMT"),
    None,
    Some("Fri, 02 Jan 2026 04:04:05 GMT"),
    Some("Fri, 31 Dec 2999 23:59:59 GMT"),
];

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let [action, choice, body @ ..] = bytes else {
        return Corpus::Reject;
    };
    let _ = judged(Bytes {
        // From `A` on, so that a seed can be read.
        action: Action::ALL[usize::from(action.wrapping_sub(b'A')) % Action::ALL.len()],
        https: choice & 1 == 0,
        date: DATE[usize::from(choice >> 1) % DATE.len()],
        status: STATUS[usize::from(choice >> 3) % STATUS.len()],
        body,
    });
    Corpus::Keep
});
