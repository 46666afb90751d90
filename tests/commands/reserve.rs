use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;

use chrono::{DateTime, TimeDelta, Utc};
use valetkey::mfa::Step;
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
    // That is said before somebody types.
    for (more, stdin) in [(&[][..], &b""[..]), (&other[..], b""), (&other[..], CODE.as_bytes())] {
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
    // A person's code is taken to be of the present step, which is not waited for.
    let (code, stderr) = get_session_token(&scene, &["--serial-number", "GAHT12345678"], CODE.as_bytes());
    assert_eq!(code, 75, "{stderr}");
    assert!(
        stderr.contains("nothing was sent; type the next one") && !stderr.contains(CODE),
        "{stderr}"
    );
}

#[test]
fn an_answer_that_cannot_be_is_not_followed() {
    let scene = Scene::new();
    for (choice, clock_offset) in [
        (Choice::Wait(DateTime::<Utc>::MAX_UTC), TimeDelta::zero()),
        (Choice::Use(Step::new(7)), TimeDelta::days(2)),
        (Choice::Use(Step::new(7)), TimeDelta::MIN),
        (Choice::Use(Step::new(7)), TimeDelta::MAX),
    ] {
        *scene.fake.reservation.lock().unwrap() = Ok(Reservation { choice, clock_offset });
        let (code, stderr) = get_session_token(&scene, &[], b"");
        assert_eq!(code, 69, "{stderr}");
        assert!(stderr.contains("names no step, or a time that cannot be"), "{stderr}");
    }
}

#[test]
fn a_daemon_that_is_older_is_told_as_such() {
    let scene = Scene::new();
    let socket = scene.path().with_file_name("old.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let old = std::thread::spawn(move || {
        let mut client = listener.accept().unwrap().0;
        BufReader::new(client.try_clone().unwrap())
            .read_line(&mut String::new())
            .unwrap();
        let answer = r#"{"version":1,"ok":false,"reason":"unknown_command","message":"`command` must be \"status\""}"#;
        client.write_all(format!("{answer}\n").as_bytes()).unwrap();
    });
    let (code, stderr) = get_session_token(&scene, &["--control-socket", socket.to_str().unwrap()], b"");
    assert_eq!(code, 69, "{stderr}");
    assert!(
        stderr.contains("old.sock: the daemon is older than this command"),
        "{stderr}"
    );
    old.join().unwrap();
}

#[test]
fn a_step_that_is_over_is_not_used() {
    let scene = Scene::new();
    // The one of the scene has passed.
    let (code, stderr) = get_session_token(&scene, &[], b"");
    assert_eq!(code, 75, "{stderr}");
}
