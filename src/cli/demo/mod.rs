//! The main job on one machine: an emulated STS, the daemon, and somebody who tells what happens.

mod narrator;
mod story;

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tracing::level_filters::LevelFilter;

use super::{Exit, Failed, runtime};
use crate::app::logs::{self, Format, Logs};
use crate::app::{App, Listeners, Reread, ServiceManager, Surroundings, signals};
use crate::clock::SystemClock;
use crate::config;
use crate::emulator::{Access, Emulator, Options, Rules};
use crate::harden::Protections;
use narrator::Narrator;
use story::Story;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How long sessions live, in seconds: short, so that renewals can be watched, but 60 at least, since a renewal may
    /// have to wait for the next MFA step
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(60..=3600))]
    lifetime: u32,
}

/// Runs until Ctrl-C. Everything is made up, lives in a temporary folder, and is gone afterwards.
pub(super) fn run(args: &Args, protections: Protections) -> Result<(), Failed> {
    let logs = logs::start(Format::Text, LevelFilter::WARN);
    let runtime = runtime()?;
    let ended = runtime.block_on(play(args, &logs, protections));
    runtime.shutdown_background();
    ended
}

async fn play(args: &Args, logs: &Logs, protections: Protections) -> Result<(), Failed> {
    let internal = |error: &dyn Display| Failed::new(Exit::Internal, error);
    let rules = Rules {
        lifetime_seconds: Some(args.lifetime),
        ..Rules::default()
    };
    let options = Options {
        rules,
        ..Options::default()
    };
    let emulator = Emulator::bind(options, Arc::new(SystemClock)).await;
    let emulator = emulator.map_err(|error| internal(&error))?.spawn();
    let folder = furnish(&emulator.access).map_err(|error| internal(&error))?;

    let env: config::Env<'_> = &|name| std::env::var_os(name);
    let plan = config::load(&folder.path().join("valetkey.toml"), env).map_err(|error| internal(&error))?;
    let app = App::prepare(plan, env, Arc::new(SystemClock), logs.dropped()).await;
    let mut app = app.map_err(|error| internal(&error))?;
    let tokens = app.issue_tokens().await.map_err(|error| internal(&error))?;
    let listeners = Listeners::bind(app.plan()).await.map_err(|error| internal(&error))?;

    let story =
        Story::new(folder.path(), &emulator.access, args.lifetime, &listeners).map_err(|error| internal(&error))?;
    say(&story.beginning());
    app.watch(Arc::new(Narrator::new(Arc::new(SystemClock), story)));
    let (shutdown, hangups) = signals::listen().map_err(|error| internal(&error))?;
    let file = folder.path().join("valetkey.toml");
    let for_rereading = file.clone();
    let reread: Reread = Arc::new(move || {
        let env: config::Env<'_> = &|name| std::env::var_os(name);
        config::load(&for_rereading, env).map_err(|mistakes| mistakes.to_string())
    });
    let surroundings = Surroundings {
        source: file.display().to_string(),
        reread,
        hangups,
        protections,
        manager: ServiceManager::default(),
    };
    let ended = app.run(listeners, tokens, surroundings, shutdown.asked()).await;
    say("\nThe demo has ended; its folder, keys and sessions are gone.\n");
    ended.map_err(|broken| internal(&broken))
}

/// The folder of a user: the key, the seed, the configuration.
fn furnish(access: &Access) -> io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("valetkey-demo-").tempdir()?;
    let path = folder.path();
    fs::create_dir(path.join("key"))?;
    write_secret(&path.join("key/aws_access_key_id"), &access.access_key_id)?;
    write_secret(&path.join("key/aws_secret_access_key"), &access.secret_access_key)?;
    write_secret(&path.join("totp_seed"), &access.totp_seed)?;
    fs::write(path.join("valetkey.toml"), story::configuration(path, access))?;
    Ok(folder)
}

fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// Whoever reads may have gone; the demo goes on for the second terminal.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}
