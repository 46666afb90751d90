//! What is kept on disk, and may be anything by the next start: the steps of a device, a session.
#![no_main]

use valetkey::state::fuzzing::{opens, session, steps};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // A file of steps has one form.
    if let Some(written) = steps(bytes) {
        assert_eq!(written, bytes);
    }
    assert!(!opens(bytes));
    if let Some(written) = str::from_utf8(bytes).ok().and_then(session) {
        assert_eq!(session(&written).as_deref(), Some(written.as_str()));
    }
});
