use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Barrier};

use tempfile::TempDir;
use valetkey::control::{Listener, bind};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

async fn refusal(path: &Path) -> String {
    bind(path).await.err().expect("it must not be bound").to_string()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What a daemon that was killed leaves behind.
fn leave_stale(path: &Path) {
    drop(UnixListener::bind(path).unwrap());
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    fs::write(lock, "").unwrap();
}

#[tokio::test]
async fn the_socket_and_its_folder_are_the_owners_alone_and_gone_at_the_end() {
    let outer = folder();
    let path = outer.path().join("valetkey/control.sock");
    let listener = bind(&path).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o755));
    assert_eq!(mode(&path.with_extension("sock.lock")), 0o600);
    assert_eq!(listener.path(), path);
    drop(listener);
    assert!(names(path.parent().unwrap()).is_empty());
    drop(bind(&path).await.unwrap());
}

#[tokio::test]
async fn a_stale_socket_is_replaced() {
    let folder = folder();
    let path = folder.path().join("control.sock");
    leave_stale(&path);
    let _listener = bind(&path).await.unwrap();
    std::os::unix::net::UnixStream::connect(&path).unwrap();
}

#[tokio::test]
async fn a_socket_that_somebody_answers_on_is_left_alone() {
    let folder = folder();
    let path = folder.path().join("control.sock");
    let said = format!(
        "[server] control_socket: another valetkey answers on {}; end it, or choose another path",
        path.display()
    );
    let first = bind(&path).await.unwrap();
    assert_eq!(refusal(&path).await, said);
    std::os::unix::net::UnixStream::connect(&path).unwrap();
    drop(first);

    // One that knows of no lock.
    let other = UnixListener::bind(&path).unwrap();
    assert_eq!(refusal(&path).await, said);
    assert!(other.accept().is_ok());
    assert_eq!(names(folder.path()), ["control.sock"]);
}

#[tokio::test]
async fn what_is_no_socket_is_never_removed() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "precious").unwrap();
    fs::create_dir(at("folder")).unwrap();
    symlink("nowhere", at("link")).unwrap();
    for name in ["file", "folder", "link"] {
        let said = refusal(&at(name)).await;
        assert!(said.contains("is there and is not a socket; move it away"), "{said}");
    }
    assert_eq!(fs::read_to_string(at("file")).unwrap(), "precious");
    assert_eq!(names(folder.path()), ["file", "folder", "link"]);
}

#[tokio::test]
async fn only_ones_own_socket_is_removed_at_the_end() {
    let folder = folder();
    let path = folder.path().join("control.sock");
    let listener = bind(&path).await.unwrap();
    // A second name keeps the inode from being used again.
    fs::rename(&path, folder.path().join("old")).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    drop(listener);
    std::os::unix::net::UnixStream::connect(&path).unwrap();
}

#[tokio::test]
async fn a_place_that_others_could_exchange_is_refused() {
    let outer = folder();
    let at = |name: &str| outer.path().join(name);
    for (name, mode) in [("open", 0o777), ("group", 0o770), ("sticky", 0o1777)] {
        fs::create_dir(at(name)).unwrap();
        fs::set_permissions(at(name), Permissions::from_mode(mode)).unwrap();
    }
    for path in [
        at("open/control.sock"),
        at("group/control.sock"),
        at("open/new/control.sock"),
    ] {
        let said = refusal(&path).await;
        assert!(
            said.contains("others may write in it") && said.contains("chmod go-w"),
            "{said}"
        );
    }
    drop(bind(&at("sticky/control.sock")).await.unwrap());

    let said = refusal(&at("missing/folder/control.sock")).await;
    assert!(
        said.contains("cannot make the folder") && said.contains("make the folder above it"),
        "{said}"
    );
    fs::write(at("file"), "").unwrap();
    let said = refusal(&at("file/control.sock")).await;
    assert!(said.contains("file: is not a folder"), "{said}");
    let said = refusal(&at(&"x".repeat(120))).await;
    assert!(said.contains("choose a shorter path"), "{said}");
    assert!(
        names(outer.path()).iter().all(|name| !name.contains("xxx")),
        "no lock is left"
    );
}

/// Each on a thread and a runtime of its own, as two processes would be.
#[test]
fn of_many_that_bind_at_once_one_does() {
    const DAEMONS: usize = 4;
    for round in 0..60 {
        let folder = folder();
        let path = folder.path().join("control.sock");
        if round % 2 == 0 {
            leave_stale(&path);
        }
        let (bound, tried) = (Arc::new(Barrier::new(DAEMONS)), Arc::new(Barrier::new(DAEMONS)));
        let daemons: Vec<_> = (0..DAEMONS)
            .map(|_| {
                let (path, bound, tried) = (path.clone(), Arc::clone(&bound), Arc::clone(&tried));
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()
                        .unwrap();
                    runtime.block_on(async {
                        bound.wait();
                        let listener = bind(&path).await;
                        tried.wait();
                        let reached = std::os::unix::net::UnixStream::connect(&path).is_ok();
                        tried.wait();
                        (listener.is_ok(), reached)
                    })
                })
            })
            .collect();
        let ends: Vec<_> = daemons.into_iter().map(|daemon| daemon.join().unwrap()).collect();
        assert_eq!(ends.iter().filter(|(bound, _)| *bound).count(), 1, "{ends:?}");
        assert!(ends.iter().all(|(_, reached)| *reached), "{ends:?}");
        assert!(names(folder.path()).is_empty());
    }
}

/// Starts and ends that cross: nobody who holds the socket ever finds it gone.
#[test]
fn whoever_holds_the_socket_can_be_reached() {
    let folder = Arc::new(folder());
    let daemons: Vec<_> = (0..4)
        .map(|_| {
            let folder = Arc::clone(&folder);
            std::thread::spawn(move || {
                let path = folder.path().join("control.sock");
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                let mut held = 0;
                for _ in 0..200 {
                    let listener: Option<Listener> = runtime.block_on(bind(&path)).ok();
                    if let Some(_listener) = listener {
                        held += 1;
                        std::os::unix::net::UnixStream::connect(&path).unwrap();
                    }
                }
                held
            })
        })
        .collect();
    let held: usize = daemons.into_iter().map(|daemon| daemon.join().unwrap()).sum();
    assert!(held > 0);
    assert!(names(folder.path()).is_empty());
}
