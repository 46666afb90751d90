//! What a process printed that was to print a long-term key, held against another reader of JSON.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;
use valetkey::keys::fuzzing::printed;
use valetkey::process::Command;
use valetkey_fuzz::check_message;

fuzz_target!(|text: &str| -> Corpus {
    let command = Command::new(vec!["/bin/keys".to_owned()], Vec::new()).expect("a command");
    match printed(command, text) {
        Ok(key) => {
            let read: Value = match serde_json::from_str(text) {
                Ok(read) => read,
                Err(error) if is_beyond_a_value(&error.to_string()) => return Corpus::Keep,
                Err(error) => panic!("what is taken is JSON: {error}"),
            };
            assert_eq!(read["Version"], 1);
            assert_eq!(read["AccessKeyId"], key.access_key_id.as_str());
            assert_eq!(read["SecretAccessKey"], key.secret_access_key.expose());
            assert!(matches!(read["SessionToken"].as_str(), None | Some("")));
        }
        Err(error) => check_message(&error.to_string()),
    }
    Corpus::Keep
});

/// What stands in members that are of no interest is skipped rather than read: it may be JSON that no value can hold.
fn is_beyond_a_value(error: &str) -> bool {
    ["recursion limit", "number out of range", "hex escape", "surrogate"]
        .iter()
        .any(|words| error.contains(words))
}
