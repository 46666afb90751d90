//! Not a target: what the suite must find, so that it cannot pass without looking. Chance alone does not come to the crash.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| match bytes {
    [b'b', b'r', b'o', b'k', b'e', b'n', ..] => panic!("found"),
    b"slow for ever" => loop {
        std::hint::spin_loop();
    },
    b"wide as memory" => {
        let room = vec![1_u8; 1 << 30];
        std::hint::black_box(&room);
        // The fuzzer looks at the memory once a second.
        loop {
            std::hint::spin_loop();
        }
    }
    _ => {}
});
