//! Another configuration for a daemon that runs: all of it is checked before any of it holds.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;

use tracing::{error, info};

use super::{announce, in_background};
use crate::clock::Clock;
use crate::config::{Plan, Profile, Server};
use crate::metrics::Metrics;
use crate::renew::{Applied, Handle, Job, Table};
use crate::server::{self, Consumers};
use crate::sts::StsClient;

/// Reads the configuration again, as it was read at start. It may block. The error is for people, and may have several
/// lines.
pub type Reread = Arc<dyn Fn() -> Result<Plan, String> + Send + Sync>;

/// What a reload needs to know and to change.
pub(super) struct Reloader {
    pub(super) reread: Reread,
    /// What holds now. Held for the whole of a reload: there is one at a time.
    pub(super) plan: tokio::sync::Mutex<Plan>,
    pub(super) engine: Handle,
    pub(super) consumers: Arc<Consumers>,
    pub(super) table: Arc<Table>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) sts: Arc<StsClient>,
    pub(super) clock: Arc<dyn Clock>,
}

/// What a reload did.
pub(super) struct Done {
    pub(super) applied: Applied,
    /// Keys of `[server]` that hold only after a restart.
    pub(super) restart_needed: Vec<&'static str>,
}

impl Reloader {
    /// Reads, checks and applies; the error says why nothing was changed.
    pub(super) async fn reload(&self) -> Result<Done, String> {
        let mut plan = self.plan.lock().await;
        let result = self.try_reload(&mut plan).await;
        self.metrics.config_reloaded(result.is_ok());
        match &result {
            Ok(done) => info!("the configuration was reloaded: {}", done.summary()),
            Err(mistakes) => error!("the configuration was not reloaded, and nothing has changed: {mistakes}"),
        }
        result
    }

    async fn try_reload(&self, plan: &mut Plan) -> Result<Done, String> {
        let reread = Arc::clone(&self.reread);
        let new = tokio::task::spawn_blocking(move || reread());
        let new = new
            .await
            .unwrap_or_else(|_| Err(String::from("a defect of valetkey; please report this")))?;
        let restart_needed = differences(&plan.server, &new.server);
        // Listeners, folders and modes stay as they are bound; so does everything that is made in them.
        let new = Plan {
            server: plan.server.clone(),
            profiles: new.profiles,
        };
        let known: HashSet<_> = plan.profiles.iter().map(|profile| profile.name.clone()).collect();
        let jobs: Vec<Job> = new.profiles.iter().map(Job::new).collect();
        self.check(plan, &jobs).await?;
        let tokens = in_background(&new, server::prepare).await?;
        let applied = self.engine.apply(jobs).await;
        let applied = applied.ok_or_else(|| String::from("valetkey is ending"))?;
        self.consumers.replace(tokens, &self.table);
        let is_new = |profile: &&Profile| !known.contains(&profile.name);
        for profile in new.profiles.iter().filter(is_new) {
            announce::profile(profile, &self.sts);
        }
        *plan = new;
        Ok(Done {
            applied,
            restart_needed,
        })
    }

    /// Tries the sources of what is new or changed. What was there before is left alone: whether its key can be read at
    /// this moment is no matter of this reload.
    async fn check(&self, old: &Plan, jobs: &[Job]) -> Result<(), String> {
        let mut mistakes = super::SetupErrors::default();
        let is_old = |job: &&Job| old.profiles.contains(&job.profile);
        for job in jobs.iter().filter(|job| !is_old(job)) {
            for mistake in job.check(&*self.clock).await {
                mistakes.add(format!("profile {}: {mistake}", job.profile.name));
            }
        }
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(mistakes.to_string())
        }
    }
}

/// The keys of `[server]` that differ.
fn differences(old: &Server, new: &Server) -> Vec<&'static str> {
    let keys = [
        ("credentials", old.credentials == new.credentials),
        ("ops", old.ops == new.ops),
        ("token_dir", old.token_dir == new.token_dir),
        ("token_mode", old.token_mode == new.token_mode),
        ("control_socket", old.control_socket == new.control_socket),
        ("audit", old.audit == new.audit),
    ];
    keys.iter().filter(|(_, same)| !same).map(|(key, _)| *key).collect()
}

impl Done {
    /// What changed, in one line.
    pub(super) fn summary(&self) -> String {
        let mut summary = String::new();
        let Applied {
            added,
            changed,
            adjusted,
            removed,
        } = &self.applied;
        for (what, names) in [
            ("added", added),
            ("changed", changed),
            ("adjusted", adjusted),
            ("removed", removed),
        ] {
            if !names.is_empty() {
                let names: Vec<_> = names.iter().map(|name| name.as_str()).collect();
                // Writing into a string does not fail.
                let _ = write!(summary, "{what} {}; ", names.join(", "));
            }
        }
        if !self.restart_needed.is_empty() {
            let _ = write!(summary, "a restart is needed for {}; ", self.restart_needed.join(", "));
        }
        match summary.strip_suffix("; ") {
            Some(summary) => summary.to_owned(),
            None => String::from("nothing has changed"),
        }
    }
}
