use crate::operator::CODE;
use crate::scene::{Scene, run, valetkey};

const SUBMIT: &[&str] = &["mfa", "submit"];

#[test]
fn a_code_from_standard_input_is_tried() {
    let scene = Scene::new();
    for line in [format!("{CODE}\n"), CODE.to_owned(), String::from(" 481 516 \r\n")] {
        let said = scene.run(SUBMIT, line.as_bytes());
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(
            said.stdout,
            "accepted: profile person has credentials until 2027-01-15T20:00:00Z\n"
        );
        assert_eq!(said.stderr, "");
    }
    let said = scene.run(&["mfa", "submit", "--profile", "ops"], CODE.as_bytes());
    assert!(said.stdout.starts_with("accepted: profile ops "), "{said:?}");
    assert_eq!(scene.fake.tried(), ["person", "person", "person", "ops"]);
}

#[test]
fn what_is_no_code_is_not_sent() {
    let scene = Scene::new();
    for input in [
        &b""[..],
        b"\n",
        b"48151\n",
        b"4815162\n",
        b"48151x\n",
        b"481516\n481516\n",
        &[b'4'; 10_000],
    ] {
        let said = scene.run(SUBMIT, input);
        assert_eq!(said.code, 64);
        assert_eq!(said.stderr, "valetkey: the code must be six digits; nothing was sent\n");
    }
    assert!(scene.fake.tried().is_empty());
}

#[test]
fn the_verdict_is_told_and_never_the_code() {
    let scene = Scene::new();
    let said = scene.run(SUBMIT, b"000001");
    assert_eq!(
        (said.code, &*said.stderr),
        (1, "valetkey: STS refused the code; submit the next one\n")
    );
    for profile in ["nobody", CODE] {
        let said = scene.run(&["mfa", "submit", "--profile", profile], CODE.as_bytes());
        assert_eq!(said.code, 64);
        assert!(!said.stderr.contains(CODE) && !said.stdout.contains(CODE), "{said:?}");
    }
    let mut nowhere = valetkey(SUBMIT);
    nowhere.args(["--control-socket", "/nowhere/control.sock"]);
    let said = run(nowhere, CODE.as_bytes());
    assert_eq!(said.code, 69);
    assert!(!said.stderr.contains(CODE), "{said:?}");
}

#[test]
fn there_is_no_flag_for_a_code_and_the_help_says_why() {
    let scene = Scene::new();
    let said = scene.run(&["mfa", "submit", "--code", CODE], b"");
    assert_eq!(said.code, 64);
    let said = scene.run(&["mfa", "submit", "--help"], b"");
    assert!(said.stdout.contains("There is no flag for it"), "{said:?}");
    let said = scene.run(&["mfa", "submit", CODE], b"");
    assert_eq!(said.code, 64);
    assert!(
        said.stderr.contains("type it when asked") && !said.stderr.contains(CODE),
        "{said:?}"
    );
    assert!(scene.fake.tried().is_empty());
}
