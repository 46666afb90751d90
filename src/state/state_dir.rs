use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tracing::{info, warn};

use super::file::Kept;
use super::{Claim, Error, State, Store, file, folder};
use crate::BoxFuture;
use crate::aws::{ProfileName, SerialNumber};
use crate::clock::Clock;

/// A folder that keeps things, shared with other processes.
pub struct StateDir {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    /// For [`THREADS`].
    places: Arc<Semaphore>,
    /// What could not be kept at the last try, and why: a trouble is told once, when it begins.
    troubled: Mutex<BTreeMap<String, String>>,
    failures: AtomicU64,
    /// Whether the last try took too long.
    hangs: AtomicBool,
    /// Whose session was found to be of no use, and why: that is told once.
    distrusted: Mutex<HashSet<(ProfileName, &'static str)>>,
    host_start: Option<String>,
}

/// How long the file system, and whoever has a file locked, may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many threads may wait for the file system. Once it has had all of them for too long, nobody waits for it any more
/// until one comes back.
const THREADS: usize = 4;

impl StateDir {
    /// The folder at `path`, which is made when it is needed.
    pub fn new(path: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self {
            path,
            clock,
            places: Arc::new(Semaphore::new(THREADS)),
            troubled: Mutex::default(),
            failures: AtomicU64::new(0),
            hangs: AtomicBool::new(false),
            distrusted: Mutex::default(),
            host_start: host_start(),
        }
    }

    /// How often something could not be kept so far.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// What is in the way of keeping things now, if anything is.
    pub fn trouble(&self) -> Option<String> {
        let troubled = self.troubled.lock().unwrap_or_else(PoisonError::into_inner);
        troubled.first_key_value().map(|(_, trouble)| trouble.clone())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells what keeps things from ever being kept, and changes nothing. What may go away by itself is told in the log, and
    /// is no obstacle.
    pub async fn inspect(&self) -> Result<(), Error> {
        match self.work(folder::inspect).await {
            Err(error) if !error.may_heal() => Err(error),
            result => {
                self.tell(FOLDER, result.as_ref().err());
                Ok(())
            }
        }
    }

    async fn kept<T: Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce(&Path) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let result = self.work(work).await;
        self.tell(what, result.as_ref().err());
        result
    }

    /// Does something with the folder, on a thread that may wait for a disk.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (path, places) = (self.path.clone(), Arc::clone(&self.places));
        if places.available_permits() == 0 && self.hangs.load(Ordering::Relaxed) {
            return Err(Error::Slow(path));
        }
        let done = async {
            let place = places.acquire_owned().await;
            let done = tokio::task::spawn_blocking(move || {
                let _place = place;
                work(&path)
            });
            // A panic there is none of the caller's.
            done.await.unwrap_or_else(|_| Err(Error::Slow(self.path.clone())))
        };
        let result = tokio::select! {
            biased;
            result = done => result,
            () = self.clock.sleep_until(self.clock.boot() + PATIENCE) => Err(Error::Slow(self.path.clone())),
        };
        self.hangs
            .store(matches!(result, Err(Error::Slow(_))), Ordering::Relaxed);
        result
    }

    fn tell(&self, what: &str, error: Option<&Error>) {
        // A panic while it was held left a map of words, which is never half of one.
        let mut troubled = self.troubled.lock().unwrap_or_else(PoisonError::into_inner);
        let was_troubled = !troubled.is_empty();
        if let Some(error) = error {
            troubled.insert(what.to_owned(), error.to_string());
            self.failures.fetch_add(1, Ordering::Relaxed);
            if !was_troubled {
                warn!("nothing is kept for the next start, and other daemons are not heard of: state_dir: {error}");
            }
        } else {
            troubled.remove(what);
            troubled.remove(FOLDER);
            if was_troubled && troubled.is_empty() {
                info!("state_dir: everything is kept again");
            }
        }
    }
}

/// The folder itself, which no device and no profile is called.
const FOLDER: &str = "";

impl Store for StateDir {
    fn reserve<'a>(&'a self, device: &'a SerialNumber, step: u64) -> BoxFuture<'a, Claim> {
        let owned = device.clone();
        let reserve = move |dir: &Path| file::reserve(dir, &owned, step);
        Box::pin(async move {
            match self.kept(device.as_str(), reserve).await {
                Ok(true) => Claim::Ours,
                Ok(false) => Claim::Taken,
                Err(error) => Claim::Unkept(error),
            }
        })
    }

    fn settle<'a>(&'a self, device: &'a SerialNumber, step: u64, state: State) -> BoxFuture<'a, ()> {
        let owned = device.clone();
        let settle = move |dir: &Path| file::settle(dir, &owned, step, state);
        Box::pin(async move {
            // What failed is told, and leaves the step reserved.
            let _ = self.kept(device.as_str(), settle).await;
        })
    }

    fn session<'a>(&'a self, profile: &'a ProfileName) -> BoxFuture<'a, Option<Vec<u8>>> {
        let owned = profile.clone();
        Box::pin(async move {
            let read = move |dir: &Path| file::session(dir, &owned);
            match self.work(read).await {
                Ok(Kept::Sealed(bytes)) => Some(bytes),
                // That it can be read says nothing of whether it can be written.
                Ok(Kept::Nothing) => None,
                Err(error) => {
                    self.tell(profile.as_str(), Some(&error));
                    None
                }
                Ok(Kept::Foreign(why)) => {
                    self.distrust(profile, why);
                    None
                }
            }
        })
    }

    fn keep(&self, profile: ProfileName, sealed: Vec<u8>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let owned = profile.clone();
            let keep = move |dir: &Path| file::keep(dir, &owned, &sealed);
            // What failed is told, and costs the next start a call.
            let _ = self.kept(profile.as_str(), keep).await;
        })
    }

    fn distrust(&self, profile: &ProfileName, why: &'static str) {
        // A panic while it was held left a set of words, which is never half of one.
        let mut distrusted = self.distrusted.lock().unwrap_or_else(PoisonError::into_inner);
        if distrusted.insert((profile.clone(), why)) {
            warn!(%profile, "the kept session is not used: {why}");
        }
    }

    fn host_start(&self) -> Option<&str> {
        self.host_start.as_deref()
    }
}

/// The kernel's id of this start, and of the clocks in which this process lives; nothing where there is none. It is in the
/// kernel's memory, so that nothing is waited for.
fn host_start() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let clocks = std::fs::read_link("/proc/self/ns/time").unwrap_or_default();
    Some(format!("{} {}", id.trim(), clocks.display()))
}
