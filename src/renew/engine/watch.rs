//! Files that are looked at: another assertion is used as soon as it is there, since they are valid for minutes, and another TOTP seed
//! where the one before it brought nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinError;

use super::Engine;
use super::worker::{UnderWay, Worker};
use crate::aws::SerialNumber;
use crate::clock::{BootInstant, Clock};
use crate::idp::Version;
use crate::mfa;
use crate::renew::job::{Attempt, in_time};
use crate::sts::Error;

/// Between two looks at the files.
pub(super) const BETWEEN: Duration = Duration::from_secs(10);

/// How long a look at one file may take, and how long none is made after one that took as long: a file system that hangs would soon
/// hold a thread for each.
const PATIENCE: Duration = Duration::from_secs(5);
const REST: Duration = Duration::from_mins(5);

/// How looks go that are made one after the other.
#[derive(Debug, Default)]
pub(super) struct Pace {
    hangs: bool,
}

impl Pace {
    /// What a look finds, if it does in time.
    pub(super) async fn of<T>(&mut self, clock: &dyn Clock, look: impl Future<Output = T>) -> Option<T> {
        let found = in_time(clock, PATIENCE, look).await;
        self.hangs |= found.is_none();
        found
    }

    /// What was found took so long to read.
    pub(super) fn took(&mut self, time: Duration) {
        self.hangs |= time >= PATIENCE;
    }

    /// How long to wait for the next looks.
    pub(super) fn pause(&self, usual: Duration) -> Duration {
        if self.hangs { REST } else { usual }
    }
}

/// What is known of a profile's token or assertion.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The version that the last call was made with; none before the first, or where versions are not told apart.
    tried: Option<Version>,
    /// Whether STS wants another one than that.
    refused: bool,
}

/// What a look at a file found.
pub(super) struct Look {
    worker: u64,
    of: Watched,
    /// The version that had been tried when the look began: what was tried meanwhile is younger than what was seen.
    tried: Version,
    found: Version,
}

#[derive(Debug, Clone, Copy)]
enum Watched {
    Voucher,
    Seed,
}

impl Worker {
    /// The versions that are looked at, as they were tried.
    fn watched(&self) -> impl Iterator<Item = (Watched, Version)> + use<> {
        let seed = self.seed.as_ref().filter(|_| self.machine.failures() > 0);
        let seed = seed.map(|(_, tried)| (Watched::Seed, *tried));
        let voucher = self.watch.tried.map(|tried| (Watched::Voucher, tried));
        voucher.into_iter().chain(seed)
    }

    /// What makes the codes of the device whose seed is watched.
    fn watched_codes(&self) -> Option<&Arc<dyn mfa::Source>> {
        let (serial, _) = self.seed.as_ref()?;
        self.job.device_of(Some(serial))?.made()
    }

    /// Tries at once what a look found, if it is another one than was tried. Tells of which device it is the seed.
    fn take_found(&mut self, look: &Look, now: BootInstant) -> Option<SerialNumber> {
        match look.of {
            Watched::Voucher if self.watch.found(look.tried, look.found) => self.machine.hasten(now),
            Watched::Seed if is_another(self.seed.as_ref().map(|(_, tried)| *tried), look.tried, look.found) => {
                self.machine.mended(now);
                let device = self.seed.take().map(|(serial, _)| serial);
                return device.inspect(|device| self.disowned.forget(device));
            }
            _ => {}
        }
        None
    }
}

/// Whether another version than was tried is there; what is gone is none, and what was tried meanwhile is younger than what was seen.
fn is_another(last: Option<Version>, tried: Version, found: Version) -> bool {
    last == Some(tried) && found != tried && found != Version::NONE
}

impl Watch {
    /// A call was made with this version, or would have been had there been any; `refused` if STS will not take it again.
    pub(super) fn tried(&mut self, version: Option<Version>, refused: bool) {
        self.tried = version;
        self.refused = refused || version == Some(Version::NONE);
    }

    /// Whether a call would only repeat what STS refused, or have nothing to send.
    pub(super) fn waits_for_another(&self) -> bool {
        self.refused && self.tried.is_some()
    }

    /// Takes in what a look found. Tells whether it is another one than was tried; one that is gone is none.
    fn found(&mut self, tried: Version, found: Version) -> bool {
        let is_another = is_another(self.tried, tried, found);
        if is_another {
            self.refused = false;
        }
        is_another
    }
}

impl Engine {
    /// Takes in which token or assertion was tried, and whether STS will take it again.
    pub(super) fn note_version(&mut self, call: &UnderWay, attempt: &Attempt) {
        let refused = match &attempt.result {
            Ok(reply) => reply.result.as_ref().is_err_and(Error::is_of_voucher),
            Err(_) => false,
        };
        if let Some(index) = self.place_of(call) {
            self.workers[index].watch.tried(attempt.version, refused);
            let seed = call.device().map(|device| device.serial.clone()).zip(attempt.seed);
            self.workers[index].seed = seed;
        }
    }

    /// Begins a look at all files if one is due. Tells when the next one is.
    ///
    /// There is one at a time for all: a file system that hangs must not hold a thread for each.
    pub(super) fn look(&mut self) -> Option<BootInstant> {
        if !self.looks.is_empty() {
            return None;
        }
        if self.workers.iter().all(|worker| worker.watched().next().is_none()) {
            return None;
        }
        if self.parts.clock.boot() < self.next_look {
            return Some(self.next_look);
        }
        let watched = self.workers.iter().flat_map(|worker| {
            let job = &worker.job;
            worker.watched().filter_map(|(of, tried)| {
                let version = match of {
                    Watched::Voucher => job.voucher.as_ref()?.version()?,
                    Watched::Seed => worker.watched_codes()?.version()?,
                };
                Some((worker.number, of, tried, version))
            })
        });
        let mut watched: Vec<_> = watched.collect();
        self.begin_anywhere(&mut watched);
        let clock = Arc::clone(&self.parts.clock);
        self.looks.spawn(async move {
            let (mut looks, mut pace) = (Vec::with_capacity(watched.len()), Pace::default());
            for (worker, of, tried, version) in watched {
                let Some(found) = pace.of(&*clock, version).await else {
                    break;
                };
                looks.push(Look {
                    worker,
                    of,
                    tried,
                    found,
                });
            }
            (looks, pace)
        });
        None
    }

    /// One that hangs ends the looks of its turn; it is not to keep out the same others each time.
    pub(super) fn begin_anywhere<T>(&mut self, looks: &mut [T]) {
        let places = u64::try_from(looks.len()).unwrap_or(u64::MAX);
        let first = usize::try_from((self.parts.chance)().below(places)).unwrap_or_default();
        looks.rotate_left(first);
    }

    pub(super) fn end_look(&mut self, looks: Result<(Vec<Look>, Pace), JoinError>) {
        let now = self.parts.clock.boot();
        let (looks, pace) = looks.unwrap_or_default();
        self.next_look = now + pace.pause(BETWEEN);
        for look in looks {
            let worker = self.workers.iter_mut().find(|worker| worker.number == look.worker);
            if let Some(device) = worker.and_then(|worker| worker.take_found(&look, now)) {
                self.refusals.forget(&device);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Version = Version::numbered(1);
    const TWO: Version = Version::numbered(2);

    #[test]
    fn another_version_than_was_tried_is_news_and_one_that_is_gone_is_none() {
        let mut watch = Watch::default();
        assert!(!watch.found(ONE, TWO), "nothing was tried");
        watch.tried(Some(ONE), false);
        assert!(!watch.found(ONE, ONE));
        assert!(!watch.found(ONE, Version::NONE));
        assert!(watch.found(ONE, TWO));
    }

    #[test]
    fn what_was_refused_is_waited_out() {
        let mut watch = Watch::default();
        watch.tried(Some(ONE), true);
        assert!(watch.waits_for_another());
        assert!(!watch.found(ONE, ONE) && watch.waits_for_another());
        assert!(watch.found(ONE, TWO) && !watch.waits_for_another());
        watch.tried(None, true);
        assert!(!watch.waits_for_another(), "nothing would tell that there is another");
    }

    #[test]
    fn what_was_not_there_is_waited_for() {
        let mut watch = Watch::default();
        watch.tried(Some(Version::NONE), false);
        assert!(watch.waits_for_another());
        assert!(watch.found(Version::NONE, ONE) && !watch.waits_for_another());
    }

    #[test]
    fn a_look_that_began_before_the_last_try_is_no_news() {
        let mut watch = Watch::default();
        watch.tried(Some(TWO), true);
        assert!(!watch.found(Version::NONE, ONE) && watch.waits_for_another());
    }
}
