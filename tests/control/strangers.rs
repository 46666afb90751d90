use std::fs::Permissions;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::scene::{STATUS, Scene, until};

const STRANGER: u32 = 65534;

/// The real binary as another user. The test itself must not wait for it: it is the server.
fn status_as(user: u32, socket: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_valetkey"));
    command.args(["status", "--control-socket"]).arg(socket).env_clear();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.uid(user).gid(user).spawn().unwrap()
}

async fn end(child: Child) -> (i32, String) {
    let end = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap())
        .await
        .unwrap();
    (end.status.code().unwrap(), String::from_utf8(end.stderr).unwrap())
}

fn root() -> bool {
    rustix::process::geteuid().is_root()
}

#[tokio::test]
async fn another_user_is_kept_out_by_the_file_system_and_by_the_daemon() {
    if !root() {
        return;
    }
    let scene = Scene::new().await;
    let (code, said) = end(status_as(STRANGER, &scene.path())).await;
    assert_eq!(code, 69);
    assert!(
        said.contains("run the command as the daemon's user or as root"),
        "{said}"
    );

    scene.open_to_all();
    let (code, said) = end(status_as(STRANGER, &scene.path())).await;
    assert_eq!(code, 69);
    assert!(said.contains("only the user that runs the daemon, and root"), "{said}");
    assert_eq!(scene.ask(STATUS).await["ok"], true);
}

/// The same socket modes with a listener that asks nobody who he is.
#[tokio::test]
async fn the_file_system_alone_would_have_let_him_in() {
    if !root() {
        return;
    }
    let scene = Scene::new().await;
    scene.open_to_all();
    let path = scene.folder.path().join("open.sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    let served = tokio::task::spawn_blocking(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = vec![0; STATUS.len()];
        stream.read_exact(&mut request).unwrap();
        let refusal = br#"{"version":1,"ok":false,"reason":"x","message":"you are in"}"#;
        stream.write_all(&[&refusal[..], b"\n"].concat()).unwrap();
    });
    let (_, said) = end(status_as(STRANGER, &path)).await;
    assert!(said.contains("you are in"), "{said}");
    served.await.unwrap();
}

/// A code is typed for one's own daemon or root's.
#[tokio::test]
async fn a_socket_of_another_user_is_shown_nothing() {
    if !root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.sock");
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let mut impostor = Command::new(std::env::current_exe().unwrap());
    impostor.args(["--exact", "strangers::as_an_impostor", "--nocapture"]);
    impostor.env("IMPOSTOR", &path).uid(STRANGER).gid(STRANGER);
    let impostor = impostor.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until(|| std::fs::metadata(&path).is_ok_and(|there| there.permissions().mode() & 0o777 == 0o666)).await;
    let (code, said) = end(status_as(STRANGER - 1, &path)).await;
    assert_eq!(code, 69);
    assert!(
        said.contains("user 65534 listens there, who is neither you nor root"),
        "{said}"
    );
    let (code, said) = end(impostor).await;
    assert_eq!(code, 0, "{said}");
}

/// Not a test of its own: the other half of the one above, as another user.
#[test]
fn as_an_impostor() {
    let Some(path) = std::env::var_os("IMPOSTOR") else {
        return;
    };
    let listener = UnixListener::bind(&path).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    let mut heard = Vec::new();
    let _ = listener.accept().unwrap().0.read_to_end(&mut heard);
    assert!(heard.is_empty());
}
