//! Codes that people submit: who is asked when, whose code is taken, and what came of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::Engine;
use super::worker::Worker;
use crate::aws::{ProfileName, SerialNumber, TokenCode};
use crate::clock::{BootInstant, Clock};
use crate::process;
use crate::renew::handle::Answer;
use crate::renew::job::{Codes, Device};
use crate::renew::{Accepted, Event, Reason, Refused, Snapshot};

/// How often a request that nobody answered is repeated.
const REPEATED: Duration = Duration::from_mins(15);

/// How old a code may grow before it is sent: STS takes it for a step or two of 30 s.
const KEPT: Duration = Duration::from_mins(1);

/// What people have been asked and have answered.
#[derive(Default)]
pub(super) struct People {
    /// The request that is outstanding for a device; never a second.
    requests: HashMap<SerialNumber, Request>,
    /// The code that is being tried for a device; never a second.
    submissions: HashMap<SerialNumber, Submission>,
    /// Processes that tell people.
    pub(super) notices: JoinSet<()>,
}

struct Request {
    /// The worker for which a code is wanted.
    worker: u64,
    since: DateTime<Utc>,
    told: BootInstant,
}

struct Submission {
    /// The worker for which it is.
    worker: u64,
    code: Arc<TokenCode>,
    /// When it is too old to be sent.
    until: BootInstant,
    answer: Answer,
    /// Why it could not be sent so far.
    obstacle: Option<String>,
}

impl People {
    /// Whether there is a code for this worker.
    pub(super) fn has_code_for(&self, device: &SerialNumber, worker: u64) -> bool {
        let submission = self.submissions.get(device);
        submission.is_some_and(|submission| submission.worker == worker)
    }

    /// The code that is there for a device.
    pub(super) fn code(&self, device: &SerialNumber) -> Option<Arc<TokenCode>> {
        let submission = self.submissions.get(device)?;
        Some(Arc::clone(&submission.code))
    }

    /// The code could not be sent; it is kept while it is fresh.
    pub(super) fn keep(&mut self, device: &SerialNumber, obstacle: &str) {
        if let Some(submission) = self.submissions.get_mut(device) {
            submission.obstacle = Some(obstacle.to_owned());
        }
    }

    /// Tells whoever submitted the code what came of it.
    pub(super) fn answer(&mut self, device: &SerialNumber, verdict: Result<Accepted, Refused>) {
        if let Some(submission) = self.submissions.remove(device) {
            // He may have gone.
            let _ = submission.answer.send(verdict);
        }
    }

    /// Gives up the code of a worker that is gone, or takes none any more.
    pub(super) fn forget(&mut self, worker: u64) {
        let gone = self.submissions.extract_if(|_, submission| submission.worker == worker);
        for (_, submission) in gone {
            let _ = submission.answer.send(refused(
                Reason::Failed,
                "the profile was changed or removed by a reload meanwhile",
            ));
        }
    }
}

impl Engine {
    /// A person submitted a code: it is tried at once, or refused with the reason.
    pub(super) fn take_code(&mut self, profile: Option<&ProfileName>, code: TokenCode, answer: Answer) {
        match self.admit_code(profile, &code) {
            Ok((index, device)) => {
                let now = self.parts.clock.boot();
                let worker = &mut self.workers[index];
                worker.machine.hasten(now);
                let submission = Submission {
                    worker: worker.number,
                    code: Arc::new(code),
                    until: now + KEPT,
                    answer,
                    obstacle: None,
                };
                info!(profile = %worker.face.name, "an MFA code was submitted");
                self.people.submissions.insert(device, submission);
            }
            Err(refused) => {
                info!(
                    reason = refused.reason.as_str(),
                    "an MFA code was submitted and not sent to STS"
                );
                let _ = answer.send(Err(refused));
            }
        }
    }

    fn admit_code(&self, profile: Option<&ProfileName>, code: &TokenCode) -> Result<(usize, SerialNumber), Refused> {
        let index = self.taker(profile)?;
        let worker = &self.workers[index];
        let Some(device) = worker.job.submitted_device() else {
            return Err(self.no_such_profile());
        };
        let now = self.parts.clock.boot();
        if self.is_code_under_way(device) {
            return refused(
                Reason::Busy,
                "another code of this MFA device is being tried; wait for its verdict",
            );
        }
        if let Some(from) = too_early(worker, now) {
            let from = self
                .time
                .at(from, &*self.parts.clock)
                .to_rfc3339_opts(SecondsFormat::Secs, true);
            return refused(
                Reason::TooEarly,
                &format!(
                    "profile {} takes its next code from {from}; until then its credentials are fresh",
                    worker.face.name
                ),
            );
        }
        if self.seen_codes().contains(device, code, now) {
            return refused(
                Reason::Repeated,
                "STS may have seen this code already, and takes none twice; wait for the device's next one",
            );
        }
        Ok((index, device.clone()))
    }

    /// Whether a person's code of `device` is being tried, or about to be.
    pub(super) fn is_code_under_way(&self, device: &SerialNumber) -> bool {
        // After a reload the call may still be under way without its submission.
        let mut calls = self.under_way.values();
        let is_sent = calls.any(|call| call.submitted && call.job.submitted_device() == Some(device));
        is_sent || self.people.submissions.contains_key(device)
    }

    /// The profile that a code is for: the named one, else the only one that was asked for, else the only one.
    fn taker(&self, profile: Option<&ProfileName>) -> Result<usize, Refused> {
        let takers = || (0..self.workers.len()).filter(|index| self.workers[*index].job.submitted_device().is_some());
        if let Some(name) = profile {
            let named = takers().find(|index| self.workers[*index].face.name == *name);
            return named.ok_or_else(|| self.no_such_profile());
        }
        let asked = |index: &usize| {
            let worker = &self.workers[*index];
            self.people
                .requests
                .values()
                .any(|request| request.worker == worker.number)
        };
        let (asked, all): (Vec<_>, Vec<_>) = (takers().filter(asked).collect(), takers().collect());
        match (asked.as_slice(), all.as_slice()) {
            ([only], _) | ([], [only]) => Ok(*only),
            (_, []) => Err(self.no_such_profile()),
            (several @ [_, ..], _) | ([], several) => {
                let names: Vec<_> = several.iter().map(|index| self.face(*index).name.as_str()).collect();
                refused(
                    Reason::Ambiguous,
                    &format!(
                        "several profiles take codes: name one of {} (--profile)",
                        names.join(", ")
                    ),
                )
            }
        }
    }

    /// The name that was given is not repeated: a code may stand in its place.
    fn no_such_profile(&self) -> Refused {
        let takers = self
            .workers
            .iter()
            .filter(|worker| worker.job.submitted_device().is_some());
        let takers: Vec<_> = takers.map(|worker| worker.face.name.as_str()).collect();
        let message = match takers.as_slice() {
            [] => String::from("no profile takes codes from a person: none has mfa_code = { push = true }"),
            takers => format!(
                "that profile takes no codes from a person; these do: {}",
                takers.join(", ")
            ),
        };
        Refused {
            reason: Reason::NoSuchProfile,
            message,
        }
    }

    /// Gives up codes that could not be sent in time. Tells when the next one is too old.
    pub(super) fn drop_old_codes(&mut self) -> Option<BootInstant> {
        let now = self.parts.clock.boot();
        let being_sent: Vec<u64> = self.under_way.values().map(|call| call.worker).collect();
        let waits = |submission: &Submission| !being_sent.contains(&submission.worker);
        let old = self
            .people
            .submissions
            .extract_if(|_, submission| waits(submission) && submission.until <= now);
        for (_, submission) in old {
            info!("an MFA code was given up: it could not be sent within a minute");
            let obstacle = submission.obstacle.as_deref().unwrap_or("STS could not be asked");
            let message = format!("the code was not used and is too old now: {obstacle}; submit a fresh one");
            let _ = submission.answer.send(refused(Reason::Expired, &message));
        }
        let waiting = self.people.submissions.values().filter(|submission| waits(submission));
        waiting.map(|submission| submission.until).min()
    }

    /// Asks for the codes that are wanted, one request a device, and repeats what nobody answered. Tells when to look
    /// again.
    pub(super) fn ask_people(&mut self) -> Option<BootInstant> {
        let now = self.parts.clock.boot();
        self.end_answered_requests(now);
        let mut takers: Vec<_> = (0..self.workers.len())
            .filter(|index| self.workers[*index].job.submitted_device().is_some())
            .collect();
        // Whoever would be without credentials first is asked for first, unless codes have brought him nothing so far: he
        // must not keep the others from being asked for.
        takers.sort_by_key(|index| {
            let machine = &self.workers[*index].machine;
            (machine.failures(), machine.dies())
        });
        takers.into_iter().filter_map(|index| self.ask_for(index, now)).min()
    }

    fn end_answered_requests(&mut self, now: BootInstant) {
        let workers = &self.workers;
        let wants = |number: u64| {
            let mut takers = workers.iter().filter(|worker| worker.job.submitted_device().is_some());
            takers.any(|worker| worker.number == number && worker.machine.asks() <= now)
        };
        let ended: Vec<_> = self
            .people
            .requests
            .extract_if(|_, request| !wants(request.worker))
            .collect();
        for (_, request) in ended {
            self.withdraw_request(&request);
        }
    }

    fn withdraw_request(&self, request: &Request) {
        if let Some(worker) = self.workers.iter().find(|worker| worker.number == request.worker) {
            publish_request(worker, None);
        }
    }

    fn ask_for(&mut self, index: usize, now: BootInstant) -> Option<BootInstant> {
        let worker = &self.workers[index];
        let device = worker.job.submitted_device()?.clone();
        if now < worker.machine.asks() {
            return Some(worker.machine.asks());
        }
        // What is kept may do without a code.
        if self.is_recalling(worker) {
            return None;
        }
        if self.people.submissions.contains_key(&device) {
            return None;
        }
        let time = self.time.at(now, &*self.parts.clock);
        let request = match self.people.requests.get(&device) {
            // It may be another profile's turn.
            Some(request) if now < request.told + REPEATED => return Some(request.told + REPEATED),
            Some(request) if request.worker == worker.number => Request { told: now, ..*request },
            others => {
                if let Some(request) = others {
                    self.withdraw_request(request);
                }
                Request {
                    worker: worker.number,
                    since: time,
                    told: now,
                }
            }
        };
        publish_request(worker, Some(request.since));
        self.people.requests.insert(device, request);
        self.tell(index);
        Some(now + REPEATED)
    }

    /// Tells people that a code is wanted: in the log, to the observers, by the process that the user named.
    fn tell(&mut self, index: usize) {
        let worker = &self.workers[index];
        let job = Arc::clone(&worker.job);
        let profile = &job.profile.name;
        let snapshot = worker.face.snapshot();
        let expiration = snapshot.document.as_ref().and(snapshot.expiration);
        let mfa_serial = job.submitted_device().map(tracing::field::display);
        if let Some(at) = expiration {
            let expiration = at.format("%FT%TZ").to_string();
            warn!(%profile, mfa_serial, expiration, served = true, "an MFA code is wanted: valetkey mfa submit --profile {profile}");
        } else {
            error!(%profile, mfa_serial, served = false, "an MFA code is wanted: valetkey mfa submit --profile {profile}");
        }
        self.observe(&Event::CodeWanted { profile, expiration });
        if let Some(Device {
            codes: Codes::Submitted { notify: Some(command) },
            ..
        }) = &job.device
        {
            let notice = notify(
                command.clone(),
                profile.clone(),
                expiration,
                Arc::clone(&self.parts.clock),
            );
            self.people.notices.spawn(notice);
        }
    }
}

/// From when on a code is taken, if that is later than now. After a failure, and without credentials, it is at once.
fn too_early(worker: &Worker, now: BootInstant) -> Option<BootInstant> {
    let due = worker.machine.due()?;
    (worker.machine.dies().is_some() && worker.machine.failures() == 0 && now < due).then_some(due)
}

fn publish_request(worker: &Worker, since: Option<DateTime<Utc>>) {
    let snapshot = Snapshot::clone(&worker.face.snapshot());
    worker.face.publish(Snapshot {
        code_wanted: since,
        ..snapshot
    });
}

fn refused<T>(reason: Reason, message: &str) -> Result<T, Refused> {
    Err(Refused {
        reason,
        message: message.to_owned(),
    })
}

/// Runs the process that tells people. What it prints is nobody's.
async fn notify(
    command: process::Command,
    profile: ProfileName,
    expiration: Option<DateTime<Utc>>,
    clock: Arc<dyn Clock>,
) {
    let expiration = expiration.map_or_else(String::new, |at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    let told = [
        ("VALETKEY_PROFILE", profile.as_str()),
        ("VALETKEY_EXPIRATION", &expiration),
    ];
    if let Err(error) = process::notify(&command, &told, &*clock, process::Limits::default()).await {
        warn!(%profile, "nobody was notified that an MFA code is wanted: {error}");
    }
}
