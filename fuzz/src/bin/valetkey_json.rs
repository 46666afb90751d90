//! The same in JSON.
#![no_main]

use valetkey::config::Format;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| valetkey_fuzz::check_config(bytes, Format::Json));
