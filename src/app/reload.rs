//! Another configuration for a daemon that runs: all of it is checked before any of it holds.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use tracing::{error, info, warn};

use super::check::check;
use super::{announce, has_ids, in_background, names, prepare};
use crate::clock::Clock;
use crate::config::{self, Plan, Server};
use crate::control::{LastReload, NotReloaded, Reloaded, Rotated};
use crate::metrics::Metrics;
use crate::renew::{Applied, Handle, Job, Table};
use crate::server::{Access, Consumers, Fresh, Reread as TlsReread, Tls};
use crate::sts::StsClient;

/// Reads the configuration again, as it was read at start. It may block. The error is for people, and may have several
/// lines.
pub type Reread = Arc<dyn Fn() -> Result<Plan, String> + Send + Sync>;

/// What a reload needs to know and to change.
pub(super) struct Reloader {
    pub(super) reread: Reread,
    /// What holds now.
    pub(super) plan: ArcSwap<Plan>,
    /// There is one reload at a time.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// For [`PLACES`]: what waits longer than its client would keep the control socket from everybody else.
    pub(super) places: tokio::sync::Semaphore,
    pub(super) last: ArcSwapOption<LastReload>,
    pub(super) engine: Handle,
    pub(super) consumers: Arc<Consumers>,
    pub(super) table: Arc<Table>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) sts: Arc<StsClient>,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) clock: Arc<dyn Clock>,
}

/// One reload that is under way, and one that waits: it reads what is there when its turn comes, so a third has nothing
/// to add.
pub(super) const PLACES: usize = 2;

impl Reloader {
    /// Reads, checks and applies, and then replaces the tokens if that is asked for; the error says why nothing was changed.
    pub(super) async fn reload(&self, rotate_tokens: bool) -> Result<Reloaded, NotReloaded> {
        let Ok(_place) = self.places.try_acquire() else {
            let busy = NotReloaded::Busy;
            warn!("the configuration is not read once more: {busy}");
            return Err(busy);
        };
        let _turn = self.turn.lock().await;
        let result = self.try_reload(rotate_tokens).await;
        self.metrics.config_reloaded(result.is_ok());
        let message = match &result {
            Ok(reloaded) => reloaded.lines().join("\n"),
            Err(mistakes) => mistakes.clone(),
        };
        // A record of the text log is one line.
        let in_log = message.lines().collect::<Vec<_>>().join("; ");
        if result.is_ok() {
            info!("the configuration was reloaded: {in_log}");
        } else {
            error!("the configuration was not reloaded, and nothing has changed: {in_log}");
        }
        self.last.store(Some(Arc::new(LastReload {
            when: self.clock.wall(),
            successful: result.is_ok(),
            message,
        })));
        result.map_err(NotReloaded::Mistakes)
    }

    async fn try_reload(&self, rotate_tokens: bool) -> Result<Reloaded, String> {
        let old = self.plan.load_full();
        let reread = Arc::clone(&self.reread);
        let new = tokio::task::spawn_blocking(move || reread());
        let new = new
            .await
            .unwrap_or_else(|_| Err(String::from("a defect of valetkey; please report this")))?;
        let needs_restart = differences(&old.server, &new.server);
        let still_told = still_told(&old.server, &new.server);
        // Listeners, folders and modes stay as they are bound; so does everything that is made in them.
        let new = Plan {
            server: old.server.clone(),
            profiles: new.profiles,
        };
        let jobs: Vec<Job> = new.profiles.iter().map(Job::new).collect();
        // What was there before is left alone: whether its key can be read at this moment is no matter of this reload.
        let new_jobs = jobs.iter().filter(|job| !old.profiles.contains(&job.profile));
        let mut mistakes = check(new_jobs, &self.clock).await;
        let tls = self.reread_tls().await;
        let tls = tls.map_err(|wrong| wrong.into_iter().for_each(|mistake| mistakes.add(mistake)));
        if !mistakes.is_empty() {
            return Err(mistakes.to_string());
        }
        let tokens = in_background(&new, prepare).await?;
        let applied = self.engine.apply(jobs).await;
        let applied = applied.ok_or_else(|| String::from("valetkey is ending"))?;
        let access = Access::new(tokens, &new.profiles);
        self.consumers.replace(access, &self.table, self.clock.boot());
        for profile in new.profiles.iter().filter(|profile| !old.profiles.contains(profile)) {
            announce::profile(profile, &self.sts);
        }
        let mut changed = lines(&applied);
        changed.extend(
            self.tls
                .as_ref()
                .zip(tls.ok().flatten())
                .and_then(|(tls, new)| tls.apply(new)),
        );
        changed.extend(without_role(&old, &new));
        changed.extend(still_told.filter(|_| served_by_imds(&new)));
        let new = Arc::new(new);
        self.plan.store(Arc::clone(&new));
        let rotated = if rotate_tokens {
            Some(self.rotate(&new).await)
        } else {
            None
        };
        Ok(Reloaded {
            changed,
            needs_restart,
            rotated,
        })
    }

    /// Gives every profile another token. Each is let in before it is in its file: whoever reads it there is never refused.
    async fn rotate(&self, plan: &Plan) -> Rotated {
        let none = |why: String| Rotated {
            profiles: Vec::new(),
            old_until: self.clock.wall(),
            failed: vec![why],
        };
        let fresh = match Fresh::generate(has_ids(&plan.server), &names(plan)) {
            Ok(fresh) => fresh,
            Err(error) => return none(error.to_string()),
        };
        self.consumers.expect(&fresh);
        let written = in_background(plan, |server, _| Ok(fresh.write(&server.token_dir, server.token_mode)));
        let written = match written.await {
            Ok(written) => written,
            Err(defect) => return none(defect),
        };
        let (grace, now) = (plan.server.token_grace, self.clock.boot());
        self.consumers.settle(&written, now + grace, now);
        Rotated {
            profiles: written.renewed,
            old_until: self.clock.wall() + grace,
            failed: written.failed,
        }
    }

    /// Reads the certificate and its key if they have changed, which is checked as all that is new.
    async fn reread_tls(&self) -> Result<Option<TlsReread>, Vec<String>> {
        match &self.tls {
            None => Ok(None),
            Some(tls) => tls.reread().await.map(Some),
        }
    }
}

/// The keys of `[server]` that differ.
fn differences(old: &Server, new: &Server) -> Vec<String> {
    let mut keys = vec![
        ("credentials", old.credentials == new.credentials),
        ("tls_certificate", same(old, new, |tls| &tls.certificate)),
        ("tls_private_key", same(old, new, |tls| &tls.private_key)),
        ("ops", old.ops == new.ops),
        ("token_dir", old.token_dir == new.token_dir),
        ("token_mode", old.token_mode == new.token_mode),
        ("token_grace_seconds", old.token_grace == new.token_grace),
        ("relative_uri", old.relative_uri == new.relative_uri),
        ("control_socket", old.control_socket == new.control_socket),
        ("state_dir", old.state_dir == new.state_dir),
        ("audit", old.audit == new.audit),
    ];
    match (&old.imds, &new.imds) {
        (Some(old), Some(new)) => keys.extend([
            ("imds", old.address == new.address),
            ("imds_profile", old.profile == new.profile),
            ("imds_hop_limit", old.hop_limit == new.hop_limit),
            // By default it goes with the region, of which another line tells.
            (
                "imds_availability_zone",
                old.availability_zone == new.availability_zone || old.region != new.region,
            ),
            ("imds_instance_id", old.instance_id == new.instance_id),
            (
                "imds_instance_profile_arn",
                old.instance_profile_arn == new.instance_profile_arn,
            ),
        ]),
        (old, new) => keys.push(("imds", old.is_none() && new.is_none())),
    }
    let differ = keys.iter().filter(|(_, same)| !same);
    differ.map(|(key, _)| format!("[server] {key}")).collect()
}

fn same(old: &Server, new: &Server, file: fn(&config::Tls) -> &PathBuf) -> bool {
    old.tls.as_ref().map(file) == new.tls.as_ref().map(file)
}

/// Says that the IMDS listener has lost its profile: it serves no other one in its place.
fn without_role(old: &Plan, new: &Plan) -> Option<String> {
    let profile = &old.server.imds.as_ref()?.profile;
    (served_by_imds(old) && !served_by_imds(new)).then(|| {
        format!("profile {profile}: imds served it, and answers as an instance without a role until it is there again")
    })
}

/// Whether the profile of the IMDS listener is there.
fn served_by_imds(plan: &Plan) -> bool {
    let imds = plan.server.imds.as_ref();
    imds.is_some_and(|imds| plan.profiles.iter().any(|each| each.name == imds.profile))
}

/// Says what the IMDS listener goes on with, whose address and instance are those of the start.
fn still_told(old: &Server, new: &Server) -> Option<String> {
    let imds = old.imds.as_ref()?;
    match &new.imds {
        None => Some(format!(
            "imds: until a restart profile {} is served on to whoever reaches {}",
            imds.profile, imds.address
        )),
        Some(new) if new.region != imds.region => Some(format!(
            "imds: until a restart {} is told as the region of the instance",
            imds.region
        )),
        Some(_) => None,
    }
}

/// A line for each profile that is no longer as it was.
fn lines(applied: &Applied) -> Vec<String> {
    let groups = [
        (&applied.added, "added"),
        (
            &applied.changed,
            "changed; what was served is withdrawn, and credentials are obtained anew",
        ),
        (&applied.adjusted, "changed; what is served stays until its renewal"),
        (&applied.removed, "removed"),
    ];
    let each = groups
        .iter()
        .flat_map(|(names, what)| names.iter().map(move |name| (name, what)));
    each.map(|(name, what)| format!("profile {name}: {what}")).collect()
}
