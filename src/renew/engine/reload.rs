//! Another configuration: what did not change is not touched.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tracing::info;

use super::Engine;
use super::worker::{Worker, with_sources};
use crate::aws::ProfileName;
use crate::mfa::Refusals;
use crate::renew::{Applied, Job, Published, Snapshot};

impl Engine {
    /// Replaces the workers by those of `jobs`.
    pub(super) fn apply(&mut self, jobs: Vec<Job>) -> Applied {
        let mut applied = Applied::default();
        let old = std::mem::take(&mut self.workers).into_iter();
        let mut old: HashMap<_, _> = old.map(|worker| (worker.face.name.clone(), worker)).collect();
        let same = same_identities(&old, &jobs);
        let workers = jobs.into_iter().map(|job| {
            let name = job.profile.name.clone();
            match old.remove(&name) {
                Some(worker) if same.contains(&name) && worker.job.profile == job.profile => worker,
                Some(worker) if same.contains(&name) => {
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
        // Whoever reloads may have put something right.
        self.refusals.wake();
        let now = self.parts.clock.boot();
        for worker in &mut self.workers {
            worker.machine.mended(now);
            worker.disowned = Refusals::default();
            worker.keyring.wake(now, worker.job.submitted_device().is_some());
        }
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
        // A code that is on its way has its verdict from STS.
        if job.submitted_device().is_none() && worker.machine.due().is_some() {
            self.people.forget(worker.number);
        }
        worker.face.adjust(&job.profile);
        worker.job = Arc::new(job);
        self.tell_renewal(&worker);
        worker
    }

    fn tell_renewal(&self, worker: &Worker) {
        let due = worker.machine.due().filter(|_| worker.held.is_some());
        let (renewal, accepted) = due.map(|due| worker.renewal(due)).unzip();
        let time = |at| self.time.at(at, &*self.parts.clock);
        let before = worker.face.snapshot();
        worker.face.publish(Snapshot {
            renewal: renewal.map(time).or(before.renewal),
            code_accepted_from: accepted.flatten().map(time),
            ..Snapshot::clone(&before)
        });
    }

    /// Whoever still asks for the profile as it was gets nothing any more.
    fn retire(&mut self, worker: &Worker) {
        info!(profile = %worker.face.name, "the profile was changed or removed: its credentials are no longer served");
        self.people.forget(worker.number);
        worker.face.publish(Snapshot::default());
    }
}

/// The profiles that are who they were: neither they nor what they are made from is somebody else now. There is no cycle.
fn same_identities(old: &HashMap<ProfileName, Worker>, jobs: &[Job]) -> HashSet<ProfileName> {
    let new: HashMap<_, _> = jobs.iter().map(|job| (&job.profile.name, &job.profile)).collect();
    let is_same = |name: &ProfileName| {
        let mut link = Some(name);
        while let Some(name) = link {
            let (Some(worker), Some(profile)) = (old.get(name), new.get(name)) else {
                return false;
            };
            if !worker.job.profile.same_identity(profile) || !worker.may_be_served_for(profile) {
                return false;
            }
            link = profile.kind.source_profile();
        }
        true
    };
    new.keys()
        .filter(|name| is_same(name))
        .map(|name| (*name).clone())
        .collect()
}
