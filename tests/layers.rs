//! The rules on the house itself: which module may use which, and how long a file may be.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up. A module uses only modules of lower rows; those of one row never use each other.
const LAYERS: [&[&str]; 9] = [
    &["clock", "sanitise", "secret", "trusted_path"],
    &["aws", "aws_file", "process", "secret_file"],
    &["config"],
    &["idp", "keys", "mfa", "state", "sts"],
    &["renew"],
    &["metrics"],
    &["control", "server"],
    &["app"],
    &["cli"],
];

/// Modules beside the layers: what each may use.
const BESIDE: [(&str, &[&str]); 4] = [
    ("emulator", &["clock"]),
    ("harden", &[]),
    ("main", &["cli", "harden"]),
    ("simulation", &SIMULATED),
];

/// What a simulation brings together; it is in no build but the tests.
const SIMULATED: [&str; 12] = [
    "aws", "clock", "config", "emulator", "keys", "metrics", "mfa", "renew", "secret", "server", "state", "sts",
];

/// What `cli` and the binary may use beside the layers below them.
const USERS_OF_BESIDE: [(&str, &[&str]); 2] = [("cli", &["emulator", "harden"]), ("app", &["harden"])];

/// One sitting. Whoever needs more gives the reason here.
const LONGEST_FILE: usize = 400;
const LONGER_FOR_A_REASON: [(&str, &str); 0] = [];

#[test]
fn modules_use_only_what_stands_below_them() {
    let mut wrong = Vec::new();
    for file in rust_files(Path::new("src")) {
        let module = module_of(&file);
        for used in used_modules(&fs::read_to_string(&file).unwrap(), depth_of(&file)) {
            if used != module && !may_use(&module, &used) {
                wrong.push(format!("{}: {module} uses {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_its_place_and_every_place_its_module() {
    let known: Vec<&str> = LAYERS.iter().flat_map(|row| row.iter().copied()).collect();
    let modules: Vec<_> = rust_files(Path::new("src"))
        .iter()
        .map(|file| module_of(file))
        .collect();
    for name in known.iter().chain(BESIDE.iter().map(|(name, _)| name)) {
        assert!(modules.iter().any(|module| module == name), "there is no {name}");
    }
    for module in modules {
        let beside = BESIDE.iter().any(|(name, _)| *name == module);
        assert!(
            module == "lib" || beside || known.contains(&module.as_str()),
            "{module} stands in no layer"
        );
    }
}

#[test]
fn the_rule_sees_every_form_of_use() {
    let text = "use crate::{mfa::{Step, code}, keys};\nfn f() { crate::sts::x(); super::super::renew::y(); }\n\
                // crate::server\npub(crate) use crate::config as c;\n#[cfg(test)]\nmod tests { use super::super::app; }";
    assert_eq!(used_modules(text, 2), ["config", "keys", "mfa", "renew", "sts"]);
    assert_eq!(used_modules(text, 3), ["config", "keys", "mfa", "sts"]);
    assert!(may_use("renew", "sts") && !may_use("sts", "renew") && !may_use("sts", "mfa"));
    assert!(may_use("cli", "emulator") && !may_use("server", "emulator") && !may_use("emulator", "sts"));
}

#[test]
fn a_file_is_read_in_one_sitting() {
    let mut longer = BTreeMap::new();
    for folder in ["src", "tests", "benches"] {
        for file in rust_files(Path::new(folder)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            let excused = LONGER_FOR_A_REASON.iter().any(|(name, _)| Path::new(name) == file);
            if lines > LONGEST_FILE && !excused {
                longer.insert(file, lines);
            }
        }
    }
    assert!(longer.is_empty(), "{longer:?}");
}

fn may_use(module: &str, used: &str) -> bool {
    let named = |list: &[(&str, &[&str])]| list.iter().any(|(name, uses)| *name == module && uses.contains(&used));
    let row = |name: &str| LAYERS.iter().position(|row| row.contains(&name));
    let below = row(module).zip(row(used)).is_some_and(|(module, used)| used < module);
    below || named(&BESIDE) || named(&USERS_OF_BESIDE) || module == "lib"
}

/// The modules that a file of `depth` names after `crate::` or after enough `super::` to reach the crate, comments and
/// inline test modules (which stand one deeper) left out.
fn used_modules(text: &str, depth: usize) -> Vec<String> {
    let code: String = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap()
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n");
    let mut used: Vec<String> = ["crate::".to_owned(), "super::".repeat(depth)]
        .iter()
        .flat_map(|root| {
            code.match_indices(root.as_str())
                .map(|(at, found)| &code[at + found.len()..])
        })
        .flat_map(first_names)
        .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()) && name != "super")
        .collect();
    used.sort();
    used.dedup();
    used
}

/// The first name of a path, or those of each path of a group `{a::{b, c}, d}`.
fn first_names(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return vec![word(path)];
    };
    let mut level = 0;
    let mut names = vec![word(group.trim_start())];
    for (at, c) in group.char_indices() {
        match c {
            '{' => level += 1,
            '}' if level == 0 => break,
            '}' => level -= 1,
            ',' if level == 0 => names.push(word(group[at + 1..].trim_start())),
            _ => {}
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect()
}

/// `src/renew/engine.rs` and `src/renew.rs` are of `renew`.
fn module_of(file: &Path) -> String {
    let first = file.components().nth(1).unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// How many `super::` lead from the file to the crate: one from `src/renew/mod.rs`, two from `src/renew/engine.rs`.
fn depth_of(file: &Path) -> usize {
    let segments = file.components().count() - 1;
    if file.ends_with("mod.rs") {
        segments - 1
    } else {
        segments
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
