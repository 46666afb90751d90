//! The composition root from within: what ends it by itself.

#![cfg(feature = "emulator")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod common;

use std::sync::{Arc, Mutex, mpsc};

use common::World;
use valetkey::app::{App, Broken, Listeners, Reread, ServiceManager, Surroundings, signals};
use valetkey::clock::SystemClock;
use valetkey::config::{self, Env};
use valetkey::control::client::{AskError, Command, ask};
use valetkey::renew::{Event, Observer};

/// An observer with a defect: the engine's task ends by its panic.
struct Panics;

impl Observer for Panics {
    fn observe(&self, event: &Event<'_>) {
        assert!(!matches!(event, Event::Renewed { .. }), "as the test wants it");
    }
}

#[test]
fn a_panic_in_the_engine_ends_the_daemon_with_an_error() {
    let reread: Reread = Arc::new(|| Err(String::new()));
    let ended = run(Some(Arc::new(Panics)), reread, std::future::pending());
    assert_eq!(
        ended.err().unwrap().to_string(),
        "a defect of valetkey: a task panicked; please report this"
    );
}

#[test]
fn a_reload_that_hangs_does_not_delay_the_end() {
    let (begun, mut begins) = tokio::sync::mpsc::channel(1);
    let (release, hangs) = std::sync::mpsc::channel::<()>();
    let hangs = std::sync::Mutex::new(hangs);
    let reread: Reread = Arc::new(move || {
        begun.blocking_send(()).unwrap();
        // As a file system that is away.
        let _ = hangs.lock().unwrap().recv();
        Err(String::new())
    });
    let shutdown = async move {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::HUP).unwrap();
        begins.recv().await;
    };
    assert!(run(None, reread, shutdown).is_ok());
    drop(release);
}

/// Runs a daemon until it ends, or `shutdown`.
fn run(observer: Option<Arc<dyn Observer>>, reread: Reread, shutdown: impl Future<Output = ()>) -> Result<(), Broken> {
    let world = World::new(None);
    let env: Env<'_> = &|_| None;
    let plan = config::load(&world.path("valetkey.toml"), env).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ended = runtime.block_on(async {
        let mut app = App::prepare(plan, env, Arc::new(SystemClock), || 0).await.unwrap();
        if let Some(observer) = observer {
            app.watch(observer);
        }
        let listeners = Listeners::bind(app.plan()).await.unwrap();
        let tokens = app.issue_tokens().await.unwrap();
        let (_, hangups) = signals::listen().unwrap();
        let surroundings = Surroundings {
            source: String::new(),
            reread,
            hangups,
            protections: valetkey::harden::harden(),
            manager: ServiceManager::of(env),
        };
        app.run(listeners, tokens, surroundings, shutdown).await
    });
    runtime.shutdown_background();
    ended
}

#[test]
fn reloads_that_hang_leave_room_on_the_control_socket() {
    let world = World::new(None);
    let env: Env<'_> = &|_| None;
    let plan = config::load(&world.path("valetkey.toml"), env).unwrap();
    let socket = plan.server.control_socket.clone();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let reread: Reread = Arc::new(move || {
        let _ = released.lock().unwrap().recv();
        Err(String::from("still wrong"))
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let app = App::prepare(plan, env, Arc::new(SystemClock), || 0).await.unwrap();
        let listeners = Listeners::bind(app.plan()).await.unwrap();
        let tokens = app.issue_tokens().await.unwrap();
        let (_, hangups) = signals::listen().unwrap();
        let surroundings = Surroundings {
            source: String::new(),
            reread,
            hangups,
            protections: valetkey::harden::harden(),
            manager: ServiceManager::of(env),
        };
        let asked = async {
            let mut asked: tokio::task::JoinSet<_> = (0..20)
                .map(|_| {
                    let socket = socket.clone();
                    async move { ask(&socket, Command::Reload { rotate_tokens: false }).await.err() }
                })
                .collect();
            for _ in 0..18 {
                let refused = asked.join_next().await.unwrap().unwrap();
                let Some(AskError::Refused { reason, .. }) = refused else {
                    panic!("{refused:?}");
                };
                // Of twenty connections four find no room.
                assert!(["busy", "too_many_connections"].contains(&&*reason), "{reason}");
            }
            ask(&socket, Command::Status).await.unwrap();
            drop(release);
            for ended in asked.join_all().await {
                assert_eq!(ended.unwrap().to_string(), "still wrong");
            }
        };
        app.run(listeners, tokens, surroundings, asked).await.unwrap();
    });
}
