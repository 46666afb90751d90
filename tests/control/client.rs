use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use valetkey::aws::TokenCode;
use valetkey::control::client::{AskError, Command, ask};

use crate::operator::CODE;
use crate::scene::Scene;

async fn message(path: &Path, command: Command<'_>) -> String {
    ask(path, command).await.unwrap_err().to_string()
}

#[tokio::test]
async fn it_speaks_with_the_daemon() {
    let scene = Scene::new().await;
    let answer = ask(&scene.path(), Command::Status).await.unwrap();
    assert_eq!(answer.document["status"]["version"], "1.2.3");
    let code = TokenCode::try_from(CODE.to_owned()).unwrap();
    let (profile, nobody) = ("ops".parse().unwrap(), "nobody".parse().unwrap());
    let submit = |profile| Command::MfaSubmit { profile, code: &code };
    for (profile, expected) in [(Some(&profile), "ops"), (None, "person")] {
        let answer = ask(&scene.path(), submit(profile)).await.unwrap();
        assert_eq!(answer.document["profile"], expected);
    }
    let refused = ask(&scene.path(), submit(Some(&nobody))).await.unwrap_err();
    assert!(matches!(refused, AskError::Refused { reason, .. } if reason == "no_such_profile"));
}

#[tokio::test]
async fn without_a_daemon_it_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    let said = message(&path, Command::Status).await;
    assert!(said.starts_with(&path.display().to_string()), "{said}");
    assert!(
        said.contains("is the daemon running") && said.contains("--control-socket"),
        "{said}"
    );

    drop(UnixListener::bind(&path).unwrap());
    let said = message(&path, Command::Status).await;
    assert!(said.contains("nobody answers there"), "{said}");

    let scene = Scene::new().await;
    let mut idle = Vec::new();
    for _ in 0..16 {
        idle.push(scene.connect().await);
    }
    let said = message(&scene.path(), Command::Status).await;
    assert!(
        said.contains("16 connections"),
        "refused before the request is read: {said}"
    );
}

/// What listens there instead of a daemon.
fn impostor(answer: &'static [u8], folder: &Path) -> std::path::PathBuf {
    let path = folder.join("control.sock");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        // One that says nothing stays.
        if answer == b"silence" {
            std::future::pending::<()>().await;
        }
        let _ = stream.write_all(answer).await;
    });
    path
}

#[tokio::test]
async fn an_answer_that_is_none_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    for (answer, said) in [
        (&b""[..], "closed the connection without an answer"),
        (b"{\"version\":1,\"ok\":true", "closed the connection without an answer"),
        (b"HTTP/1.1 400 Bad Request\r\n", "what answers there is not valetkey"),
        (b"\xff\n", "could not be read"),
        (b"{\"version\":2,\"ok\":true}\n", "another version of this protocol"),
        (b"[]\n", "another version of this protocol"),
    ] {
        let path = impostor(answer, folder.path());
        let message = message(&path, Command::Status).await;
        assert!(message.contains(said), "{message}");
    }
    let path = impostor(
        b"{\"version\":1,\"ok\":false,\"message\":\"\\u001b[2J\"}\n",
        folder.path(),
    );
    assert_eq!(message(&path, Command::Reload { rotate_tokens: false }).await, "?[2J");
}

#[tokio::test(start_paused = true)]
async fn it_waits_as_long_as_the_command_may_take() {
    let folder = tempfile::tempdir().unwrap();
    let code = TokenCode::try_from(CODE.to_owned()).unwrap();
    let submit = Command::MfaSubmit {
        profile: None,
        code: &code,
    };
    for (command, seconds) in [
        (Command::Status, 5),
        (Command::Reload { rotate_tokens: false }, 120),
        (submit, 120),
    ] {
        let path = impostor(b"silence", folder.path());
        let said = message(&path, command).await;
        assert!(said.contains(&format!("did not answer within {seconds} s")), "{said}");
        assert!(!said.contains(CODE));
    }
}
