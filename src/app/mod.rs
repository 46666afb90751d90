//! The composition root: builds every part from the plan, wires them, runs them, ends them.

mod announce;
mod check;
mod listeners;
pub mod logs;
mod operator;
pub mod panics;
mod reload;
mod setup_error;
pub mod signals;
mod systemd;

use std::future::Future;
use std::io;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tracing::{error, info};

use crate::BoxFuture;
use crate::aws::ProfileName;
use crate::clock::Clock;
use crate::config::{self, Env, Plan, RelativeUri, Server};
use crate::control;
use crate::harden::Protections;
use crate::metrics::Metrics;
use crate::renew::{Engine, Fraction, Job, Observer, Parts, Table};
use crate::server::{self, Access, Consumers, Credentials, Imds, Issued, Limits, Ops, Tls, TokenError};
use crate::state::{StateDir, Store};
use crate::sts::{Sts, StsClient};
pub use listeners::{BindError, Listeners};
use operator::{Addresses, Offset, Operator};
use reload::Reloader;
pub use reload::Reread;
pub use setup_error::SetupErrors;
use signals::Hangups;
pub use systemd::ServiceManager;
use systemd::{News, Teller};

/// A daemon that is ready to run: everything was checked, nothing is bound.
pub struct App {
    plan: Plan,
    clock: Arc<dyn Clock>,
    sts: Arc<StsClient>,
    tls: Option<Arc<Tls>>,
    table: Arc<Table>,
    metrics: Arc<Metrics>,
    observers: Vec<Arc<dyn Observer>>,
    jobs: Vec<Job>,
    state_dir: Option<Arc<StateDir>>,
}

/// Why a daemon that ran ended by itself.
#[derive(Debug, thiserror::Error)]
#[error("a defect of valetkey: {0}; please report this")]
pub struct Broken(String);

impl App {
    /// Builds the daemon and tries what the plan names: each key, each seed and the certificate is read once. All mistakes are told in
    /// one error. `lines_dropped` tells how many log lines were dropped so far.
    pub async fn prepare(
        plan: Plan,
        env: Env<'_>,
        clock: Arc<dyn Clock>,
        lines_dropped: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Result<Self, SetupErrors> {
        let jobs: Vec<Job> = plan.profiles.iter().map(Job::new).collect();
        let mut mistakes = check::check(&jobs, &clock).await;
        let sts = StsClient::new(Arc::clone(&clock), env).map_err(|error| mistakes.add(error.to_string()));
        if let Err(error) = in_background(&plan, inspect).await {
            mistakes.add(error);
        }
        let state_dir = plan.server.state_dir.clone();
        let state_dir = state_dir.map(|dir| Arc::new(StateDir::new(dir, Arc::clone(&clock))));
        if let Some(dir) = &state_dir
            && let Err(error) = dir.inspect().await
        {
            mistakes.add(format!("state_dir: {error}"));
        }
        let tls = load_tls(plan.server.tls.clone(), Arc::clone(&clock)).await;
        let tls = tls.map_err(|wrong| wrong.into_iter().for_each(|mistake| mistakes.add(mistake)));
        let (Ok(sts), Ok(tls), true) = (sts, tls, mistakes.is_empty()) else {
            return Err(mistakes);
        };
        let table = Arc::new(Table::new(&plan.profiles));
        let mut metrics = Metrics::new(Arc::clone(&table), Arc::clone(&clock), lines_dropped);
        if let Some(dir) = state_dir.clone() {
            metrics.watch_state(move || dir.failures());
        }
        let metrics = Arc::new(metrics);
        Ok(Self {
            plan,
            clock,
            state_dir,
            sts: Arc::new(sts),
            tls,
            table,
            observers: vec![metrics.clone()],
            metrics,
            jobs,
        })
    }

    /// What it was built from.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Lets another one watch the renewals.
    pub fn watch(&mut self, observer: Arc<dyn Observer>) {
        self.observers.push(observer);
    }

    /// Makes the token files that consumers authorise themselves with, or keeps those that are there. To be called once
    /// the listeners are bound: until then the files may be another daemon's.
    pub async fn issue_tokens(&self) -> Result<Issued, SetupErrors> {
        in_background(&self.plan, prepare).await.map_err(SetupErrors::from)
    }

    /// Renews, serves and obeys until `shutdown`, then lets open connections end within the grace of [`Limits`].
    pub async fn run(
        self,
        listeners: Listeners,
        tokens: Issued,
        surroundings: Surroundings,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), Broken> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        self.spawn(&mut tasks, listeners, tokens, surroundings, &stopped)?;
        let ended = tokio::select! {
            () = shutdown => Ok(()),
            Some(ended) = tasks.join_next() => Err(broken(&ended)),
        };
        let _ = stop.send(true);
        while let Some(task) = tasks.join_next().await {
            if task.is_err() && ended.is_ok() {
                return Err(broken(&task));
            }
        }
        info!("ended");
        ended
    }

    fn spawn(
        mut self,
        tasks: &mut JoinSet<io::Result<()>>,
        listeners: Listeners,
        tokens: Issued,
        surroundings: Surroundings,
        stopped: &watch::Receiver<bool>,
    ) -> Result<(), Broken> {
        let addresses = Addresses::of(&listeners, self.tls.clone()).map_err(|error| Broken(error.to_string()))?;
        let offset = Arc::new(Offset::default());
        self.watch(offset.clone());
        let news = Arc::new(News::default());
        self.watch(news.clone());
        let imds = self.plan.server.imds.clone();
        let open_to_all = imds.as_ref().map(|imds| imds.profile.clone());
        let access = Access::new(tokens, &self.plan.profiles);
        let relative_uri = self.plan.server.relative_uri;
        let consumers = Arc::new(Consumers::with_forms(access, &self.table, open_to_all, relative_uri));
        let (engine, handle) = Engine::new(
            Parts {
                clock: Arc::clone(&self.clock),
                sts: Arc::clone(&self.sts) as Arc<dyn Sts>,
                table: Arc::clone(&self.table),
                observer: Arc::new(self.observers),
                store: self.state_dir.clone().map(|dir| dir as Arc<dyn Store>),
                chance: Box::new(chance),
            },
            self.jobs,
        );
        let engine = engine.with_imds(imds.as_ref().map(|imds| imds.profile.clone()));
        let credentials = Credentials {
            consumers: Arc::clone(&consumers),
            metrics: Arc::clone(&self.metrics),
            clock: Arc::clone(&self.clock),
            audit: self.plan.server.audit,
            tls: self.tls.clone(),
        };
        let imds = imds.map(|config| Imds {
            config,
            consumers: Arc::clone(&consumers),
            metrics: Arc::clone(&self.metrics),
            clock: Arc::clone(&self.clock),
            audit: self.plan.server.audit,
        });
        let ops = Ops {
            table: Arc::clone(&self.table),
            metrics: Arc::clone(&self.metrics),
            clock: Arc::clone(&self.clock),
        };
        let teller = Teller {
            manager: surroundings.manager,
            news,
            table: Arc::clone(&self.table),
            engine: handle.clone(),
            clock: Arc::clone(&self.clock),
        };
        let reloader = Arc::new(Reloader {
            reread: surroundings.reread,
            plan: ArcSwap::from_pointee(self.plan),
            turn: tokio::sync::Mutex::default(),
            places: tokio::sync::Semaphore::new(reload::PLACES),
            last: ArcSwapOption::empty(),
            engine: handle.clone(),
            consumers,
            table: Arc::clone(&self.table),
            metrics: self.metrics,
            sts: self.sts,
            tls: self.tls,
            clock: Arc::clone(&self.clock),
        });
        let descriptors = surroundings.protections.descriptors;
        let operator = Arc::new(Operator {
            table: self.table,
            clock: Arc::clone(&self.clock),
            engine: handle,
            reloader: Arc::clone(&reloader),
            offset,
            started: self.clock.wall(),
            state_dir: self.state_dir,
            protections: surroundings.protections,
            addresses,
            source: surroundings.source,
        });
        let endless = |task| async {
            task.await;
            Ok(())
        };
        tasks.spawn(endless(Box::pin(engine.run(told(stopped))) as BoxFuture<'static, ()>));
        tasks.spawn(server::serve_credentials(
            listeners.credentials,
            credentials,
            Limits::CREDENTIALS.within(descriptors),
            told(stopped),
        ));
        if let (Some(listener), Some(imds)) = (listeners.imds, imds) {
            let limits = Limits::IMDS.within(descriptors);
            tasks.spawn(server::serve_imds(listener, imds, limits, told(stopped)));
        }
        let ops = server::serve_ops(listeners.ops, ops, Limits::OPS.within(descriptors), told(stopped));
        tasks.spawn(endless(Box::pin(ops)));
        let control = control::serve(listeners.control, operator, self.clock, told(stopped));
        tasks.spawn(endless(Box::pin(control)));
        tasks.spawn(endless(Box::pin(teller.run(told(stopped)))));
        let reloads = reload_at(surroundings.hangups, reloader, told(stopped));
        tasks.spawn(endless(Box::pin(reloads)));
        Ok(())
    }
}

/// What the daemon cannot know of itself.
pub struct Surroundings {
    /// What it was configured by, for people: a file's path, for instance.
    pub source: String,
    /// Reads the configuration again.
    pub reread: Reread,
    /// Each SIGHUP is a reload.
    pub hangups: Hangups,
    /// How the process is protected.
    pub protections: Protections,
    /// Who started it.
    pub manager: ServiceManager,
}

/// Reloads at each SIGHUP until `shutdown`, which a reload does not delay. What it did is in the log.
async fn reload_at(mut hangups: Hangups, reloader: Arc<Reloader>, shutdown: impl Future<Output = ()>) {
    let reloads = async {
        loop {
            hangups.next().await;
            drop(reloader.reload(false).await);
        }
    };
    tokio::select! {
        biased;
        () = shutdown => {}
        () = reloads => {}
    }
}

/// Reads the certificate and its key, if there is one, on a thread that may wait for a disk.
async fn load_tls(files: Option<config::Tls>, clock: Arc<dyn Clock>) -> Result<Option<Arc<Tls>>, Vec<String>> {
    let Some(files) = files else {
        return Ok(None);
    };
    let loaded = tokio::task::spawn_blocking(move || Tls::load(files, clock));
    match loaded.await {
        Ok(loaded) => loaded.map(|tls| Some(Arc::new(tls))),
        Err(_panic) => Err(vec![String::from(
            "tls_certificate: a failure in valetkey itself; please report this",
        )]),
    }
}

/// Does something with the token files, on a thread that may wait for a disk.
async fn in_background<T: Send + 'static>(
    plan: &Plan,
    work: impl FnOnce(&Server, &[ProfileName]) -> Result<T, TokenError> + Send + 'static,
) -> Result<T, String> {
    let (server, names) = (plan.server.clone(), names(plan));
    let done = tokio::task::spawn_blocking(move || work(&server, &names));
    match done.await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_panic) => Err(String::from(
            "token_dir: a failure in valetkey itself; please report this",
        )),
    }
}

fn names(plan: &Plan) -> Vec<ProfileName> {
    plan.profiles.iter().map(|profile| profile.name.clone()).collect()
}

fn inspect(server: &Server, profiles: &[ProfileName]) -> Result<(), TokenError> {
    server::inspect(&server.token_dir, server.token_mode, profiles)
}

fn prepare(server: &Server, profiles: &[ProfileName]) -> Result<Issued, TokenError> {
    server::prepare(&server.token_dir, server.token_mode, has_ids(server), profiles)
}

/// Whether profiles are served by secret paths.
fn has_ids(server: &Server) -> bool {
    server.relative_uri == Some(RelativeUri::Id)
}

/// Completes when `stopped` says so, or nobody is left to say it.
fn told(stopped: &watch::Receiver<bool>) -> impl Future<Output = ()> + Send + use<> {
    let mut stopped = stopped.clone();
    async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }
}

/// None of the tasks ends by itself.
fn broken(ended: &Result<io::Result<()>, JoinError>) -> Broken {
    let reason = match ended {
        Ok(Ok(())) => String::from("a task ended by itself"),
        Ok(Err(error)) => error.to_string(),
        Err(error) if error.is_panic() => String::from("a task panicked"),
        Err(error) => error.to_string(),
    };
    error!("{reason}");
    Broken(reason)
}

/// Without the system's random numbers every delay takes its middle, which is no worse than no jitter.
fn chance() -> Fraction {
    let mut bytes = 1_u64.rotate_right(1).to_ne_bytes();
    let _ = SystemRandom::new().fill(&mut bytes);
    Fraction::from_bits(u64::from_ne_bytes(bytes))
}
