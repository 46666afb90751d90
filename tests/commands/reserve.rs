use std::fs;

use chrono::{DateTime, TimeDelta};
use valetkey::mfa::steps::Choice;
use valetkey::renew::{Reason, Refused, Reservation};

use crate::operator::CODE;
use crate::scene::{Scene, run, valetkey};

/// A user's files, whose daemon is that of the scene. Nobody listens at its STS.
fn get_session_token(scene: &Scene, more: &[&str], stdin: &[u8]) -> (i32, String) {
    let folder = scene.path().parent().unwrap().to_owned();
    let _ = fs::create_dir(folder.join("key"));
    for (file, text) in [
        ("key/aws_access_key_id", "AKIAIOSFODNN7EXAMPLE"),
        ("key/aws_secret_access_key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("totp_seed", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
    ] {
        fs::write(folder.join(file), text).unwrap();
    }
    let here = folder.display();
    let configuration = format!(
        "[server]\ntoken_dir = \"{here}/tokens\"\ncontrol_socket = \"{here}/control.sock\"\n\n[profile.ops]\n\
         region = \"us-east-1\"\nendpoint_url = \"http://127.0.0.1:1\"\nkey = {{ directory = \"{here}/key\" }}\n\
         mfa_serial = \"arn:aws:iam::123456789012:mfa/ops\"\nmfa_code = {{ totp_seed_file = \"{here}/totp_seed\" }}\n"
    );
    let file = folder.join("valetkey.toml");
    fs::write(&file, configuration).unwrap();
    let mut command = valetkey(&["sts", "get-session-token", "--config"]);
    command.arg(file).args(more);
    let said = run(command, stdin);
    assert!(said.stdout.is_empty(), "{said:?}");
    (said.code, said.stderr)
}

#[test]
fn while_the_daemon_tries_a_code_no_other_is_sent() {
    let scene = Scene::new();
    *scene.fake.reservation.lock().unwrap() = Err(Refused {
        reason: Reason::Busy,
        message: "a code of this MFA device is being tried".into(),
    });
    let other = ["--serial-number", "GAHT12345678"];
    for (more, stdin) in [(&[][..], &b""[..]), (&other[..], CODE.as_bytes())] {
        let (code, stderr) = get_session_token(&scene, more, stdin);
        assert_eq!(
            (code, stderr.as_str()),
            (75, "valetkey: a code of this MFA device is being tried\n")
        );
    }
}

#[test]
fn a_step_that_others_always_have_is_not_waited_for_for_ever() {
    let scene = Scene::new();
    *scene.fake.reservation.lock().unwrap() = Ok(Reservation {
        choice: Choice::Wait(DateTime::UNIX_EPOCH),
        clock_offset: TimeDelta::zero(),
    });
    let (code, stderr) = get_session_token(&scene, &[], b"");
    assert_eq!(code, 75, "{stderr}");
    assert_eq!(stderr.matches("waiting 1 s for the next").count(), 4, "{stderr}");
    // A person's code is of no step that the daemon knows: it goes to STS, which is not there.
    let (code, stderr) = get_session_token(&scene, &["--serial-number", "GAHT12345678"], CODE.as_bytes());
    assert_eq!(code, 69, "{stderr}");
    assert!(
        stderr.contains("GetSessionToken at 127.0.0.1:1: ") && !stderr.contains(CODE),
        "{stderr}"
    );
}

#[test]
fn a_step_that_is_over_is_not_used() {
    let scene = Scene::new();
    // The one of the scene has passed.
    let (code, stderr) = get_session_token(&scene, &[], b"");
    assert_eq!(code, 75, "{stderr}");
}
