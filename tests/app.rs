//! The composition root from within: what ends it by itself.

#![cfg(feature = "emulator")]
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod common;

use std::sync::Arc;

use common::World;
use valetkey::app::{App, Listeners, Reread, Surroundings, signals};
use valetkey::clock::SystemClock;
use valetkey::config::{self, Env};
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
    let world = World::new(None);
    let env: Env<'_> = &|_| None;
    let plan = config::load(&world.path("valetkey.toml"), env).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ended = runtime.block_on(async {
        let app = App::prepare(plan, env, Arc::new(SystemClock), || 0).await;
        let mut app = app.unwrap();
        app.watch(Arc::new(Panics));
        let listeners = Listeners::bind(app.plan()).await.unwrap();
        let tokens = app.issue_tokens().await.unwrap();
        let (_, hangups) = signals::listen().unwrap();
        let reread: Reread = Arc::new(|| Err(String::new()));
        let surroundings = Surroundings {
            source: String::new(),
            reread,
            hangups,
            protections: valetkey::harden::harden(),
        };
        app.run(listeners, tokens, surroundings, std::future::pending()).await
    });
    assert_eq!(
        ended.err().unwrap().to_string(),
        "a defect of valetkey: a task panicked; please report this"
    );
}
