use std::sync::{Arc, MutexGuard, PoisonError};

use tracing::debug;

use super::ask::Opener;
use super::reserve::Reserved;
use super::{Attempt, Codes, Device, Inquiry, Job, NotAsked, Supplies, Unprepared, in_time};
use crate::aws::{SerialNumber, TokenCode};
use crate::clock::{BootInstant, Clock, StsTime};
use crate::idp::Voucher;
use crate::mfa::{SeenCodes, Step};
use crate::secret_file::Version;
use crate::sts::{Reply, Signer, Sts};
use crate::{idp, mfa};

impl Job {
    /// Reads what opens the call, makes the code, calls STS once, and asks it whose the new credentials are where that is
    /// not known.
    pub(in crate::renew) async fn attempt(&self, sts: &dyn Sts, clock: &dyn Clock, supplies: Supplies) -> Attempt {
        let mut attempt = Attempt {
            sent: clock.boot(),
            key: None,
            found: None,
            version: None,
            seed: None,
            sent_steps: Vec::new(),
            result: Err(Unprepared::internal().into()),
            caller: Inquiry::default(),
            sealed: None,
        };
        match self.call(sts, clock, &supplies, &mut attempt).await {
            Ok((sent, reply)) => {
                attempt.caller = self.inquire(sts, clock, &supplies, attempt.key_id(), &reply).await;
                let caller = attempt.caller.caller.as_deref();
                attempt.sealed = self.seal(clock, &supplies, attempt.key.as_ref(), sent, &reply, caller);
                (attempt.sent, attempt.result) = (sent, Ok(reply));
            }
            Err(not_asked) => (attempt.sent, attempt.result) = (clock.boot(), Err(not_asked)),
        }
        attempt
    }

    async fn call(
        &self,
        sts: &dyn Sts,
        clock: &dyn Clock,
        supplies: &Supplies,
        attempt: &mut Attempt,
    ) -> Result<(BootInstant, Reply), NotAsked> {
        let sealed = self.sealed(supplies).await;
        if supplies.recalls && sealed.is_none() {
            return Err(NotAsked::NothingKept);
        }
        let key = self.key(clock, &supplies.keys, attempt).await?;
        attempt.key.clone_from(&key);
        if let (Some(sealed), Some(key)) = (&sealed, &key)
            && let Some(kept) = self
                .recall(sts, clock, supplies, key, sealed, &mut attempt.caller)
                .await
        {
            return Err(NotAsked::Kept(kept));
        }
        if supplies.recalls {
            return Err(NotAsked::NothingKept);
        }
        let voucher = match &self.voucher {
            Some(source) => Some(read_voucher(&**source, clock, &mut attempt.version).await?),
            None => None,
        };
        let opener = match (&voucher, &key, &supplies.source) {
            (Some(Voucher::Token(token)), ..) => Opener::Token(token),
            (Some(Voucher::Assertion(assertion)), ..) => Opener::Assertion(assertion),
            (None, Some(key), _) => Opener::Signer(Signer::Key(key)),
            (None, None, Some(source)) => Opener::Signer(Signer::Session(source)),
            (None, None, None) => return Err(Unprepared::internal().into()),
        };
        let ready = self.code(clock, supplies, &mut attempt.seed).await?;
        debug!(
            profile = %self.profile.name,
            key = attempt.key_id().map(tracing::field::display),
            step = supplies.step.map(Step::number),
            "calling STS"
        );
        let sent = clock.boot();
        let now = supplies.time.at(sent, clock);
        let code = ready.as_ref().map(|ready| (ready.device, Arc::clone(&ready.code)));
        let reply = self.ask(sts, opener, now, code.as_ref()).await?;
        if let Some(ready) = ready {
            let was_sent = reply.was_sent();
            if !was_sent {
                // A code that provably never left may be sent again.
                seen(supplies).remove(ready.device, &ready.code);
            }
            attempt.sent_steps = ready.reserved.end(was_sent).await;
        }
        Ok((sent, reply))
    }

    /// The code that goes with the call, from now on counted as seen by STS.
    async fn code<'a>(
        &'a self,
        clock: &dyn Clock,
        supplies: &'a Supplies,
        seed: &mut Option<Version>,
    ) -> Result<Option<Ready<'a>>, NotAsked> {
        let Some(device) = self.device_of(supplies.device.as_ref()) else {
            return Ok(None);
        };
        let Device { serial, codes, .. } = device;
        let present = || Step::at(supplies.time.at(clock.boot(), clock));
        let mut reserved = Reserved::new(supplies.store.as_deref(), serial);
        let code = match (codes, supplies.step, &supplies.code) {
            (Codes::Made(source), Some(step), _) => {
                reserved.add(step).await?;
                match make_code(&**source, clock, &supplies.time, step, seed).await {
                    Ok(code) => Arc::new(code),
                    Err(unprepared) => {
                        // A process that was run is not run again within the step: it may have asked a person.
                        if source.has_step() {
                            reserved.end(false).await;
                        }
                        return Err(unprepared.into());
                    }
                }
            }
            (Codes::Submitted { .. }, _, Some(code)) => Arc::clone(code),
            // Never a session without the MFA that the user asked for.
            _ => return Err(Unprepared::internal().into()),
        };
        // Two steps may have the same code; whoever knows the step may send it.
        if !device.knows_steps() {
            if seen(supplies).contains(serial, &code, clock.boot()) {
                return Err(Unprepared::code(&mfa::Error::Repeated).into());
            }
            // A process or a person may have taken until another step than the one that was chosen, if one was.
            reserved.add(present()).await?;
        }
        seen(supplies).add(serial, Arc::clone(&code), clock.boot());
        Ok(Some(Ready {
            device: serial,
            code,
            reserved,
        }))
    }
}

/// A code that may be sent.
struct Ready<'a> {
    device: &'a SerialNumber,
    code: Arc<TokenCode>,
    reserved: Reserved<'a>,
}

fn seen(supplies: &Supplies) -> MutexGuard<'_, SeenCodes> {
    // A panic while it was held left a list of codes, which is never half of one.
    supplies.seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The version is taken before what it is the version of is read: what is written meanwhile is another one.
async fn read_voucher(
    source: &dyn idp::Source,
    clock: &dyn Clock,
    version: &mut Option<idp::Version>,
) -> Result<Voucher, Unprepared> {
    let read = async {
        if let Some(there) = source.version() {
            *version = Some(there.await);
        }
        source.read().await
    };
    let voucher = in_time(clock, source.patience(), read).await;
    voucher
        .unwrap_or(Err(idp::Error::Slow))
        .map_err(|error| Unprepared::voucher(&error))
}

/// The code of `step`, if that can still be sent once it is made. A code of no known step is taken as it comes.
async fn make_code(
    source: &dyn mfa::Source,
    clock: &dyn Clock,
    time: &StsTime,
    step: Step,
    seed: &mut Option<Version>,
) -> Result<TokenCode, Unprepared> {
    let made = async {
        if let Some(there) = source.version() {
            *seed = Some(there.await);
        }
        source.code(step).await
    };
    let code = in_time(clock, source.patience(), made).await;
    let code = code
        .unwrap_or(Err(mfa::Error::Slow))
        .map_err(|error| Unprepared::code(&error))?;
    if !source.has_step() || step.is_usable(time.at(clock.boot(), clock)) {
        Ok(code)
    } else {
        Err(Unprepared::code(&mfa::Error::Slow))
    }
}
