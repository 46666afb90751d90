//! What the targets share.

pub mod http;

use std::ffi::OsString;

/// Values that stand in the seeds where secrets belong: no message may show one.
pub const CANARIES: [&str; 5] = [
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab",
    "AKIAIOSFODNN7EXAMPLE",
    "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "secret-of-ops-that-nobody-may-see",
];

/// One line for a person, with no secret in it and nothing that a terminal would obey.
pub fn check_message(message: &str) {
    assert!(!message.is_empty());
    assert!(!message.chars().any(char::is_control), "{message:?}");
    for canary in CANARIES {
        assert!(!message.contains(canary), "{message:?}");
    }
}

/// Mistakes that name a place in one of the texts and show no secret.
pub fn check_errors(errors: &valetkey::config::Errors, texts: &[&[u8]]) {
    assert!(!errors.mistakes().is_empty());
    errors.to_string().lines().for_each(check_message);
    let lines = texts
        .iter()
        .map(|text| 1 + text.iter().filter(|byte| **byte == b'\n').count());
    let longest = texts.iter().map(|text| text.len() + 1).max().unwrap_or(1);
    let last = lines.max().unwrap_or(1);
    for mistake in errors.mistakes() {
        if let Some(place) = &mistake.place {
            assert!((1..=last).contains(&place.line), "{mistake}");
            assert!((1..=longest).contains(&place.column), "{mistake}");
        }
    }
}

/// A text of our own language: a plan, or mistakes.
pub fn check_config(bytes: &[u8], format: valetkey::config::Format) {
    let env = |name: &str| (name == "RUNTIME_DIRECTORY").then(|| OsString::from("/run/valetkey"));
    match valetkey::config::parse(bytes, format, "v", &env) {
        Ok(plan) => check_profiles(&plan.profiles),
        Err(errors) => check_errors(&errors, &[bytes]),
    }
}

/// At least one, each of another name.
pub fn check_profiles(profiles: &[valetkey::config::Profile]) {
    let mut names: Vec<_> = profiles.iter().map(|profile| profile.name.as_str()).collect();
    names.sort_unstable();
    assert!(
        !names.is_empty() && names.windows(2).all(|pair| pair[0] != pair[1]),
        "{names:?}"
    );
    for profile in profiles {
        assert!(profile.same_identity(profile));
        assert!(!format!("{profile:?}").is_empty());
    }
}
