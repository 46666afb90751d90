//! What happens to a daemon within a year, by chance.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::cast;
use super::network::{INSTEADS, Weather};
use super::oracle::Start;
use super::random::Random;
use super::store::MemoryStore;
use super::tell;
use super::world::{Bell, Daemon, World};
use crate::aws::TokenCode;
use crate::clock::{BootInstant, Clock};
use crate::emulator::Faults;
use crate::renew::{Handle, Reason};
use crate::state::Store;

/// A life under this sky.
pub(super) struct Life {
    world: Arc<World>,
    random: Random,
    daemon: Option<Daemon>,
    store: Option<Arc<dyn Store>>,
    person: Arc<Person>,
    bell: mpsc::UnboundedSender<()>,
    /// How often each user's key was rotated.
    versions: Vec<u64>,
    /// The longest time between two events.
    longest_gap: Duration,
    /// How often a minute is doubled for the longest storm.
    longest_storm: u64,
    pub(super) events: u64,
}

/// Whoever has the device of the user whose codes a person gives.
struct Person {
    handle: std::sync::Mutex<Handle>,
    is_away: AtomicBool,
}

/// Whose codes a person gives, and for which profile.
const USER: usize = 4;
const PROFILE: &str = "p0";

impl Life {
    /// The shorter a life, the more happens in a day of it.
    pub(super) fn begin(seed: u64, days: u64) -> Self {
        let world = Arc::new(World::new(seed));
        let mut random = Random::new(seed ^ 0x5EED);
        let store = random
            .percent(50)
            .then(|| Arc::new(MemoryStore::default()) as Arc<dyn Store>);
        let (bell, rings) = mpsc::unbounded_channel();
        let daemon = world.start_all(store.clone(), Arc::new(Bell(bell.clone())));
        let person = Arc::new(Person {
            handle: std::sync::Mutex::new(daemon.handle.clone()),
            is_away: AtomicBool::new(false),
        });
        tokio::spawn(listen(
            Arc::clone(&world),
            Arc::clone(&person),
            rings,
            Random::new(random.next()),
        ));
        Self {
            world,
            random,
            daemon: Some(daemon),
            store,
            person,
            bell,
            versions: vec![0; cast::USERS],
            longest_gap: Duration::from_hours((4 * days).min(56)),
            // A day or so; hours in a short life, since everybody tries twice a minute all the while.
            longest_storm: if days > 30 { 11 } else { 7 },
            events: 0,
        }
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    /// Lives so long: consumers ask, things happen.
    pub(super) async fn live(&mut self, duration: Duration) {
        let end = self.now() + duration;
        let mut next_event = self.now() + self.random.between(Duration::from_mins(20), Duration::from_hours(6));
        while self.now() < end {
            let gap = self.random.between(Duration::from_mins(5), Duration::from_mins(50));
            self.consume_until((self.now() + gap).min(next_event)).await;
            if self.now() >= next_event {
                self.happen().await;
                next_event = self.now() + self.random.between(Duration::from_mins(2), self.longest_gap);
            }
        }
    }

    /// By the clock that is never wrong.
    fn now(&self) -> BootInstant {
        self.world.truth.boot()
    }

    async fn consume_until(&self, at: BootInstant) {
        self.world.truth.sleep_until(at).await;
        self.world.ask_all(self.daemon.as_ref().unwrap());
    }

    async fn happen(&mut self) {
        self.events += 1;
        match self.random.below(100) {
            0..54 => {
                let weather = self.weather();
                tell(self.world.now(), &weather);
                self.world.network.set(weather);
                self.storm().await;
                self.world.network.set(Weather::Fair);
            }
            54..60 => {
                *self.world.belongings.readable.lock().unwrap() = false;
                self.storm().await;
                *self.world.belongings.readable.lock().unwrap() = true;
            }
            60..70 => self.restart().await,
            70..78 => self.suspend().await,
            78..86 => self.jump(),
            86..92 => self.rotate(),
            _ => self.go_away().await,
        }
    }

    fn weather(&mut self) -> Weather {
        match self.random.below(8) {
            0 => Weather::NoRoute,
            1 => Weather::BlackHole,
            2 => Weather::Brownout(20 + self.random.below(60)),
            3 => Weather::Faults(Faults {
                delay: self.random.between(Duration::from_secs(1), Duration::from_secs(15)),
                ..Faults::default()
            }),
            _ => Weather::Faults(Faults::instead(INSTEADS[self.random.place(INSTEADS.len())])),
        }
    }

    /// A trouble of a minute to a day, mostly short, with something else in its midst at times. What was set is set back by whoever
    /// calls, at once after this.
    async fn storm(&mut self) {
        let doublings = if self.random.percent(15) { self.longest_storm } else { 5 };
        let duration = self.random.scaled(doublings);
        self.world.oracle.state().begin_trouble(self.world.now(), true);
        let end = self.now() + duration;
        tell(self.world.now(), &("a storm", duration));
        if self.random.percent(30) {
            sleep(duration / 3).await;
            match self.random.below(3) {
                0 => self.restart().await,
                1 => self.suspend().await,
                _ => self.jump(),
            }
        }
        while self.now() < end {
            let gap = self.random.between(Duration::from_mins(1), Duration::from_mins(50));
            self.consume_until((self.now() + gap).min(end)).await;
        }
        tell(self.world.now(), &"the storm ends");
        self.world.oracle.state().end_trouble(self.world.now(), true);
    }

    async fn restart(&mut self) {
        tell(self.world.now(), &"a restart");
        self.daemon.take().unwrap().kill().await;
        sleep(self.random.between(Duration::ZERO, Duration::from_secs(4))).await;
        let bell = Arc::new(Bell(self.bell.clone()));
        let daemon = self.world.start_all(self.store.clone(), bell);
        *self.person.handle.lock().unwrap() = daemon.handle.clone();
        let start = Start {
            with_store: self.store.is_some(),
            with_keys: *self.world.belongings.readable.lock().unwrap(),
            in_time: (self.world.clock.wall() - self.world.now()).num_seconds().abs() < 30,
        };
        self.world.oracle.restarted(&start, self.world.now());
        self.daemon = Some(daemon);
    }

    /// The host sleeps. Whoever asks before the daemon has noticed gets nothing that has died.
    async fn suspend(&mut self) {
        self.world.oracle.state().begin_trouble(self.world.now(), true);
        let duration = self.random.scaled(9);
        tell(self.world.now(), &("a suspend", duration));
        self.world.clock.suspend(duration);
        self.world.truth.suspend(duration);
        self.world.ask_all(self.daemon.as_ref().unwrap());
        sleep(self.random.between(Duration::ZERO, Duration::from_secs(10))).await;
        assert!(self.daemon.as_ref().unwrap().handle.is_at_work().await);
        self.world.oracle.state().end_trouble(self.world.now(), true);
    }

    /// Somebody sets the host's clock: nothing that is served may change for it.
    fn jump(&mut self) {
        let seconds = i64::try_from(self.random.below(6 * 3_600)).unwrap() - 3 * 3_600;
        tell(self.world.now(), &("the clock is set, by seconds", seconds));
        self.world.clock.jump_wall(TimeDelta::seconds(seconds));
    }

    /// A user gets another key, and loses the one before the last.
    fn rotate(&mut self) {
        let user = self.random.place(cast::USERS);
        tell(self.world.now(), &("a rotation of user", user));
        let before = self.versions[user];
        self.versions[user] += 1;
        self.world.aws.add_user(cast::user(user, &[before, before + 1]));
        self.world.belongings.hold(user, before + 1);
        self.world.oracle.rotated(user);
    }

    async fn go_away(&mut self) {
        self.person.is_away.store(true, Ordering::Relaxed);
        self.world.oracle.state().begin_trouble(self.world.now(), false);
        let end = self.now() + self.random.scaled(12);
        while self.now() < end {
            let gap = self.random.between(Duration::from_mins(1), Duration::from_mins(50));
            self.consume_until((self.now() + gap).min(end)).await;
        }
        self.person.is_away.store(false, Ordering::Relaxed);
        self.world.oracle.state().end_trouble(self.world.now(), false);
    }
}

/// A person answers when he is there, within minutes, and tries a few codes.
async fn listen(world: Arc<World>, person: Arc<Person>, mut rings: mpsc::UnboundedReceiver<()>, mut random: Random) {
    while rings.recv().await.is_some() {
        sleep(random.between(Duration::from_secs(10), Duration::from_mins(4))).await;
        for _ in 0..4 {
            if person.is_away.load(Ordering::Relaxed) {
                break;
            }
            let handle = person.handle.lock().unwrap().clone();
            let code = TokenCode::try_from(world.shown(USER)).unwrap();
            let submission = handle.submit(Some(PROFILE.parse().unwrap()), code);
            let verdict = timeout(Duration::from_secs(150), submission).await;
            // None: the daemon that he told it died.
            match verdict.unwrap_or_else(|_| panic!("a code without a verdict")) {
                Err(refused) if refused.reason != Reason::TooEarly => {}
                _ => break,
            }
            sleep(Duration::from_secs(32)).await;
        }
        while rings.try_recv().is_ok() {}
    }
}
