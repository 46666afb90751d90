//! AWS's shared config and credentials files, as `--aws-profile deploy` reads them. A line of `%%%` parts the two.
#![no_main]

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use valetkey::aws_file::{self, Form};
use valetkey::config::profiles_of;
use valetkey_fuzz::{check_errors, check_profiles};

const SEPARATOR: &[u8] = b"\n%%%\n";

/// In memory where there is such a place: the files are written for each run.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let folder = parent.join(format!("valetkey-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the files");
    folder
});

fuzz_target!(|bytes: &[u8]| {
    let part = bytes.windows(SEPARATOR.len()).position(|part| part == SEPARATOR);
    let (config, credentials) = match part {
        Some(at) => (&bytes[..at], &bytes[at + SEPARATOR.len()..]),
        None => (bytes, &[][..]),
    };
    for (text, form) in [(config, Form::Config), (credentials, Form::Credentials)] {
        check_file(text, form);
    }
    let (config_path, credentials_path) = (FOLDER.join("config"), FOLDER.join("credentials"));
    fs::write(&config_path, config).expect("a written file");
    fs::write(&credentials_path, credentials).expect("a written file");
    let env = |name: &str| match name {
        "AWS_CONFIG_FILE" => Some(OsString::from(&config_path)),
        "AWS_SHARED_CREDENTIALS_FILE" => Some(OsString::from(&credentials_path)),
        _ => None,
    };
    match profiles_of("deploy", &env) {
        Ok(profiles) => {
            assert_eq!(profiles[0].name.as_str(), "deploy");
            assert!(profiles[0].required);
            check_profiles(&profiles);
        }
        Err(errors) => check_errors(&errors, &[config, credentials]),
    }
});

/// What is read stands in the text, and what is wrong has its place there.
fn check_file(text: &[u8], form: Form) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    match aws_file::parse(text, form) {
        Ok(file) => {
            for name in file.profile_names() {
                let section = file.profile(name).expect("a profile of this name");
                assert!(text.is_char_boundary(section.at));
            }
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            assert!(mistakes.iter().all(|mistake| text.is_char_boundary(mistake.at)));
        }
    }
    if let Ok(words) = aws_file::words(text) {
        assert!(words.iter().map(String::len).sum::<usize>() <= text.len());
    }
}
