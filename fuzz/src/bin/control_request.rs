//! What comes over the control socket, held against another reader of JSON: only what says the same is carried out.
#![no_main]

use serde_json::Value;
use valetkey::control::fuzzing::request;
use valetkey_fuzz::check_message;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match request(bytes) {
        Some(Ok(asked)) => check_asked(bytes, &asked),
        Some(Err(refusal)) => {
            for text in refusal {
                check_message(&text);
                assert!(!text.contains("138502"), "{text}");
            }
        }
        None => assert!(!bytes.contains(&b'\n') && bytes.len() <= 4096),
    }
});

fn check_asked(bytes: &[u8], asked: &[Option<String>]) {
    assert!(bytes.len() <= 4097 && bytes.ends_with(b"\n"));
    let read: Value = serde_json::from_slice(bytes).expect("what is carried out is JSON");
    let members = read.as_object().expect("an object");
    let text = |name: &str| match (name, members.get(name)?) {
        ("rotate_tokens", Value::Bool(rotates)) => rotates.then(|| "true".to_owned()),
        (_, value) => Some(value.as_str().expect("a text").to_owned()),
    };
    assert_eq!(members["version"], 1);
    let names: &[&str] = match asked[0].as_deref() {
        Some("mfa_reserve") => &["command", "serial"],
        Some("reload") => &["command", "rotate_tokens"],
        _ => &["command", "profile", "code"],
    };
    let same: Vec<_> = names.iter().take(asked.len()).map(|name| text(name)).collect();
    assert_eq!(asked, same);
    assert!(
        members
            .keys()
            .all(|key| key == "version" || names.contains(&key.as_str()))
    );
    if let Some(Some(code)) = asked.get(2) {
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
    }
}
