//! Another configuration: what did not change is not touched.

use std::collections::HashMap;
use std::sync::Arc;

use tracing::info;

use super::Engine;
use super::worker::{Worker, with_sources};
use crate::renew::{Applied, Job, Published, Snapshot};

impl Engine {
    /// Replaces the workers by those of `jobs`.
    pub(super) fn apply(&mut self, jobs: Vec<Job>) -> Applied {
        let mut applied = Applied::default();
        let old = std::mem::take(&mut self.workers).into_iter();
        let mut old: HashMap<_, _> = old.map(|worker| (worker.face.name.clone(), worker)).collect();
        let workers = jobs.into_iter().map(|job| {
            let name = job.profile.name.clone();
            match old.remove(&name) {
                Some(worker) if worker.job.profile == job.profile => worker,
                Some(worker) if worker.job.profile.same_identity(&job.profile) => {
                    applied.adjusted.push(name);
                    self.adjust(worker, job)
                }
                Some(worker) => {
                    applied.changed.push(name);
                    self.retire(&worker);
                    self.begin(job)
                }
                None => {
                    applied.added.push(name);
                    self.begin(job)
                }
            }
        });
        let workers = workers.collect();
        for (name, worker) in old {
            self.retire(&worker);
            applied.removed.push(name);
        }
        applied.removed.sort_unstable();
        self.workers = with_sources(workers);
        self.first = 0;
        let faces = self.workers.iter().map(|worker| Arc::clone(&worker.face));
        self.parts.table.replace(faces.collect());
        applied
    }

    fn begin(&mut self, job: Job) -> Worker {
        let face = Arc::new(Published::new(&job.profile));
        let number = self.next_number;
        self.next_number += 1;
        Worker::new(number, job, face, self.parts.clock.boot())
    }

    /// What is served stays, and so does the time of its renewal.
    fn adjust(&mut self, mut worker: Worker, job: Job) -> Worker {
        if worker.job.profile.kind.mfa() != job.profile.kind.mfa() {
            self.people.forget(worker.number);
        }
        worker.face.require(job.profile.required);
        worker.job = Arc::new(job);
        worker
    }

    /// Whoever still asks for the profile as it was gets nothing any more.
    fn retire(&mut self, worker: &Worker) {
        info!(profile = %worker.face.name, "the profile was changed or removed: its credentials are no longer served");
        self.people.forget(worker.number);
        worker.face.publish(Snapshot::default());
    }
}
