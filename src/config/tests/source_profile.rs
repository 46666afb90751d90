//! `source_profile` from one profile to another.

use super::{LEAST, ROLE, mistake, mistakes, toml};

fn chained(name: &str, source: &str) -> String {
    format!("[profile.{name}]\nregion = \"eu-west-1\"\n{ROLE}source_profile = \"{source}\"\n")
}

#[test]
fn may_stand_anywhere_and_be_chained_itself() {
    let text = chained("a", "b") + &chained("b", "ops") + LEAST + &chained("c", "a");
    let plan = toml(&text).unwrap();
    let names: Vec<_> = plan.profiles.iter().map(|profile| profile.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "ops", "c"]);
}

#[test]
fn is_a_profile_of_the_file() {
    assert_eq!(
        mistake(&(LEAST.to_owned() + &chained("deploy", "opz"))),
        "7:18: profile.deploy.source_profile: names no profile of this file; did you mean `ops`?"
    );
    assert_eq!(
        mistake(&(LEAST.to_owned() + &chained("deploy", "deploi"))),
        "7:18: profile.deploy.source_profile: names no profile of this file; \
         name one, or add it as [profile.<that name>]"
    );
    assert_eq!(
        mistake(&(LEAST.to_owned() + &chained("deploy", "a b"))),
        "7:18: profile.deploy.source_profile: must be the name of another profile such as \"ops\""
    );
    let many: String = (0..101).map(|index| chained(&format!("p{index}"), "ops")).collect();
    assert!(mistake(&(many + LEAST + &chained("q", "opz"))).contains("name one, or add it"));
}

/// A profile that is wrong in itself is no missing one.
#[test]
fn may_be_one_that_has_other_mistakes() {
    assert_eq!(
        mistakes(toml(&("[profile]\nops = 1\n".to_owned() + &chained("deploy", "ops")))),
        ["v.toml:2:7: profile.ops: found an integer; must be a table such as [profile.ops]"]
    );
}

#[test]
fn never_leads_back() {
    assert_eq!(
        mistake(&chained("a", "a")),
        "4:18: profile.a.source_profile: must name another profile than its own"
    );
    let text = chained("x", "b") + &chained("a", "b") + &chained("b", "c") + &chained("c", "a");
    assert_eq!(
        mistake(&text),
        "8:18: profile.a.source_profile: must not lead back: a → b → c → a; give one of them a `key` instead"
    );
    let secret = "wJalrXUtnFEMIK7MDENG";
    assert_eq!(
        mistake(&(chained(secret, "b") + &chained("b", secret))),
        "4:18: profile.<name>.source_profile: must not lead back: <name> → b → <name>; give one of them a `key` instead"
    );
    let long: String = (0..20)
        .map(|index| chained(&format!("p{index}"), &format!("p{}", (index + 1) % 20)))
        .collect();
    assert_eq!(
        mistake(&long),
        "4:18: profile.p0.source_profile: must not lead back: p0 → p1 → p2 → p3 → p4 → p5 → p6 → p7 → … → p0; \
         give one of them a `key` instead"
    );
}

#[test]
fn is_never_guessed_to_be_a_secret() {
    let secret = "wJalrXUtnFEMIK7MDENG";
    let text = LEAST.replace("ops", secret) + &chained("deploy", "wJalrXUtnFEMIK7MDENX");
    assert!(!mistake(&text).contains("wJal"));
}

/// The pathological file: as many profiles as 1 MiB holds, none with a source that exists.
#[test]
fn takes_no_long_time() {
    let body = |index: usize, source: &str| {
        format!("[profile.p{index}]\nsource_profile = \"{source}\"\nregion = \"x\"\nrole_arn = \"x\"\n")
    };
    let unknown: String = (0..12_000).map(|index| body(index, "opz")).collect();
    assert!(mistakes_of(&unknown) >= 24_000);
    let circle: String = (0..12_000)
        .map(|index| body(index, &format!("p{}", (index + 1) % 12_000)))
        .collect();
    assert!(mistakes_of(&circle) >= 12_001);
}

fn mistakes_of(text: &str) -> usize {
    assert!(text.len() < super::super::MAX_BYTES);
    toml(text).expect_err("wrong").mistakes().len()
}
