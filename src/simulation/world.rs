use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::cast::{self, Belongings, CAST};
use super::network::Network;
use super::observed;
use super::oracle::Oracle;
use super::random::Random;
use super::tell;
use crate::clock::{Clock, PausedClock};
use crate::emulator;
use crate::renew::{Engine, Event, Fraction, Handle, Observer, Parts, Snapshot, Table};
use crate::state::Store;
use crate::sts::StsClient;

pub(super) const START: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();

/// How long the engine may sleep here: a year of ten seconds would be three million wake-ups.
const LONGEST_SLEEP: Duration = Duration::from_hours(100);

/// All that is outside of the daemon.
pub(super) struct World {
    /// The host's clock.
    pub(super) clock: Arc<PausedClock>,
    /// UTC as it is.
    pub(super) truth: Arc<PausedClock>,
    pub(super) belongings: Arc<Belongings>,
    pub(super) aws: emulator::Handle,
    pub(super) oracle: Arc<Oracle>,
    pub(super) network: Arc<Network>,
    sts: Arc<StsClient>,
    chance: Mutex<Random>,
}

/// A daemon's engine at work.
pub(super) struct Daemon {
    task: JoinHandle<()>,
    pub(super) handle: Handle,
    pub(super) table: Arc<Table>,
    clock: Arc<PausedClock>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let clock = Arc::new(PausedClock::new(START));
        let truth = Arc::new(PausedClock::new(START));
        let belongings = Arc::new(Belongings::new());
        let oracle = Arc::new(Oracle::new(START));
        let mut random = Random::new(seed);
        let aws = cast::aws(random.next());
        let network = Arc::new(Network::new(
            aws.clone(),
            Arc::clone(&truth),
            Arc::clone(&oracle),
            Arc::clone(&belongings),
            random.next(),
        ));
        Self {
            sts: Arc::new(StsClient::over(clock.clone(), network.clone())),
            clock,
            truth,
            belongings,
            aws,
            oracle,
            network,
            chance: Mutex::new(Random::new(random.next())),
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.truth.wall()
    }

    /// What the MFA device of a user shows now.
    pub(super) fn shown(&self, user: usize) -> String {
        self.aws.token_code(&cast::serial(user), self.now()).unwrap()
    }

    /// Starts a daemon for these members of the cast.
    pub(super) fn start(&self, members: &[&str], store: Option<Arc<dyn Store>>, observer: Arc<dyn Observer>) -> Daemon {
        let (aws, truth) = (self.aws.clone(), Arc::clone(&self.truth));
        let shown: cast::Shown = Arc::new(move |user| aws.token_code(&cast::serial(user), truth.wall()).unwrap());
        let jobs = cast::jobs(members, &self.belongings, &shown);
        let profiles: Vec<_> = jobs.iter().map(|job| job.profile.clone()).collect();
        let table = Arc::new(Table::new(&profiles));
        let mut chance = Random::new(self.chance.lock().unwrap().next());
        let observer = Arc::new(Storyteller {
            truth: Arc::clone(&self.truth),
            observer,
        });
        let parts = Parts {
            clock: self.clock.clone(),
            sts: self.sts.clone(),
            table: Arc::clone(&table),
            observer,
            store,
            chance: Box::new(move || Fraction::from_bits(chance.next())),
        };
        let (engine, handle) = Engine::new(parts, jobs);
        Daemon {
            task: tokio::spawn(engine.sleeping_for(LONGEST_SLEEP).run(std::future::pending())),
            handle,
            table,
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn start_all(&self, store: Option<Arc<dyn Store>>, observer: Arc<dyn Observer>) -> Daemon {
        self.start(&CAST.map(|member| member.name), store, observer)
    }

    /// A consumer of each profile asks.
    pub(super) fn ask_all(&self, daemon: &Daemon) {
        for (profile, face) in daemon.table.profiles().iter().enumerate() {
            observed::ask(&self.oracle, profile, &face.snapshot(), &self.clock, self.now());
        }
        let violations = self.oracle.violations();
        assert!(violations.is_empty(), "{}", violations.join("\n"));
    }
}

impl Daemon {
    /// Whether a profile is served.
    pub(super) fn serves(&self, profile: &str) -> bool {
        self.snapshot(profile).servable(self.clock.boot()).is_some()
    }

    pub(super) fn snapshot(&self, profile: &str) -> Snapshot {
        Snapshot::clone(&self.table.named(profile).unwrap().snapshot())
    }

    /// Kills it, with whatever it has under way.
    pub(super) async fn kill(self) {
        self.task.abort();
        let task = self.task;
        let _ = task.await;
        // Its calls end with it.
        tokio::task::yield_now().await;
    }
}

/// Tells what the engine does, where one life is played alone.
struct Storyteller {
    truth: Arc<PausedClock>,
    observer: Arc<dyn Observer>,
}

impl Observer for Storyteller {
    fn observe(&self, event: &Event<'_>) {
        tell(self.truth.wall(), event);
        self.observer.observe(event);
    }
}

/// Whoever hears that a code is wanted.
pub(super) struct Bell(pub(super) mpsc::UnboundedSender<()>);

impl Observer for Bell {
    fn observe(&self, event: &Event<'_>) {
        if matches!(event, Event::CodeWanted { .. }) {
            let _ = self.0.send(());
        }
    }
}

/// Nobody who hears anything.
pub(super) fn nobody() -> Arc<dyn Observer> {
    Arc::new(Vec::new())
}
