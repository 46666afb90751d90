//! Looks at the sources of long-term keys: another key in a file is noticed within half a minute.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinError;

use super::Engine;
use super::watch::Pace;
use crate::aws::LongTermKey;
use crate::clock::BootInstant;
use crate::keys::Version;
use crate::renew::job::{Unprepared, read_key};

/// Between two looks. A look wakes the daemon two times more, for a thread that reads and for what it found; Kubernetes takes a minute to bring
/// another Secret here.
const BETWEEN: Duration = Duration::from_secs(30);

/// What a look at a source read, if it holds another version than it did.
pub(super) struct KeyLook {
    workers: Vec<u64>,
    version: Version,
    key: Result<LongTermKey, Unprepared>,
}

impl Engine {
    /// Begins a look at all sources whose versions are told apart, if one is due. Tells when the next one is.
    ///
    /// There is one at a time, as with assertions, and each source is looked at once, however many profiles have it.
    pub(super) fn look_at_keys(&mut self) -> Option<BootInstant> {
        if !self.key_looks.is_empty() {
            return None;
        }
        if self.parts.clock.boot() < self.next_key_look {
            return Some(self.next_key_look);
        }
        let mut sources = HashMap::new();
        for worker in self.workers.iter().filter(|worker| worker.keyring.is_watched()) {
            if let (Some(name), Some(source)) = (worker.job.profile.kind.key(), &worker.job.key) {
                let known = worker.key_version;
                let (_, workers) = sources.entry((name, known)).or_insert_with(|| (source, Vec::new()));
                workers.push(worker.number);
            }
        }
        let looks = sources.into_iter().filter_map(|((_, known), (source, workers))| {
            Some((known, source.version()?, Arc::clone(source), workers))
        });
        let mut looks: Vec<_> = looks.collect();
        if looks.is_empty() {
            // So that it is not asked of a thousand profiles each time that the engine wakes up.
            self.next_key_look = self.parts.clock.boot() + BETWEEN;
            return None;
        }
        self.begin_anywhere(&mut looks);
        let clock = Arc::clone(&self.parts.clock);
        self.key_looks.spawn(async move {
            let (mut found, mut pace) = (Vec::new(), Pace::default());
            for (known, version, source, workers) in looks {
                // It is taken before what it is the version of is read: what is written meanwhile is another one.
                let Some(version) = pace.of(&*clock, version).await else {
                    break;
                };
                if known != Some(version) {
                    let began = clock.boot();
                    let key = read_key(&*source, &*clock).await;
                    pace.took(clock.boot().since(began));
                    found.push(KeyLook { workers, version, key });
                }
            }
            (found, pace)
        });
        None
    }

    pub(super) fn end_key_look(&mut self, looks: Result<(Vec<KeyLook>, Pace), JoinError>) {
        let (looks, pace) = looks.unwrap_or_default();
        self.next_key_look = self.parts.clock.boot() + pace.pause(BETWEEN);
        for look in looks {
            for number in &look.workers {
                let Some(index) = self.workers.iter().position(|worker| worker.number == *number) else {
                    continue;
                };
                // What cannot be read may be readable the next time without being another version.
                self.workers[index].key_version = look.key.is_ok().then_some(look.version);
                self.note_source(index, &look.key);
            }
        }
    }
}
