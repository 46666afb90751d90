use std::sync::Arc;

use chrono::TimeDelta;
use tracing::debug;

use super::{Inquiry, Job, Supplies};
use crate::aws::LongTermKey;
use crate::clock::{BootInstant, Clock};
use crate::renew::{Caller, schedule};
use crate::state::{Mismatch, Owner, Seal, Session, Store};
use crate::sts::{Reply, Sts};

/// Credentials that were kept, and may be served.
pub(in crate::renew) struct Kept {
    pub(in crate::renew) session: Session,
    pub(in crate::renew) dies: BootInstant,
    pub(in crate::renew) caller: Option<Arc<Caller>>,
}

impl Job {
    /// What is kept of this profile, if a long-term key opens it.
    pub(super) async fn sealed(&self, supplies: &Supplies) -> Option<Vec<u8>> {
        let store = supplies.store.as_ref().filter(|_| self.key.is_some())?;
        store.session(&self.profile.name).await
    }

    /// Opens what is kept, unless what is served is as good. Asks STS for its word where the host's clocks do not tell when
    /// it dies; those questions are added to `inquiry`.
    pub(super) async fn recall(
        &self,
        sts: &dyn Sts,
        clock: &dyn Clock,
        supplies: &Supplies,
        key: &LongTermKey,
        sealed: &[u8],
        inquiry: &mut Inquiry,
    ) -> Option<Kept> {
        let store = supplies.store.as_deref()?;
        let session = match self.bound(store, key).open(sealed) {
            Ok(session) => session,
            Err(Mismatch(why)) => {
                // Another key than the one in use does not open what that one sealed.
                if supplies.keys.proven.as_ref().is_none_or(|proven| proven.is_same(key)) {
                    store.distrust(&self.profile.name, why);
                }
                return None;
            }
        };
        let owner = session.owner.as_ref().map(|owner| {
            Arc::new(Caller {
                account: owner.account.clone(),
                arn: owner.arn.clone(),
            })
        });
        let (dies, caller) = match session.dies {
            Some(dies) => (dies, owner),
            // Only at a start, and without a step that would pass meanwhile.
            None if supplies.recalls && supplies.served.is_none() => {
                self.prove(sts, clock, supplies, &session, inquiry).await?
            }
            None => return None,
        };
        let now = clock.boot();
        let expected = self.profile.expected_account_id.as_ref();
        let is_expected =
            expected.is_none_or(|expected| caller.as_ref().is_some_and(|found| found.account == *expected));
        let served = supplies.served.map(|served| served.since(now));
        let is_worth_it = schedule::is_worth_taking(dies.since(now), session.lifetime, served);
        (is_expected && is_worth_it).then_some(Kept { session, dies, caller })
    }

    /// When the session of another start of the host dies, by STS's word: boot instants begin anew with the host, and its wall
    /// clock may be wrong by hours. Whoever is answered for has not expired; how long he lives on, the answer's `Date` says.
    async fn prove(
        &self,
        sts: &dyn Sts,
        clock: &dyn Clock,
        supplies: &Supplies,
        session: &Session,
        inquiry: &mut Inquiry,
    ) -> Option<(BootInstant, Option<Arc<Caller>>)> {
        *inquiry = self.ask_sts(sts, clock, &supplies.time, &session.credentials).await;
        if let Some(error) = &inquiry.error {
            debug!(profile = %self.profile.name, "the kept session is not used, since STS did not vouch for it: {error}");
        }
        let caller = inquiry.caller.clone()?;
        let sample = inquiry.asked.last()?.sample?;
        // A date that anybody could have written must be near what is known.
        if !supplies.time.clone().learn(sample, clock) {
            return None;
        }
        // The date was cut to whole seconds, and written after the question left.
        let left = session.credentials.expiration - sample.date - TimeDelta::seconds(1);
        let left = left.to_std().ok()?.min(session.lifetime);
        Some((sample.sent + left, Some(caller)))
    }

    /// The new credentials for the store.
    pub(super) fn seal(
        &self,
        clock: &dyn Clock,
        supplies: &Supplies,
        key: Option<&LongTermKey>,
        sent: BootInstant,
        reply: &Reply,
        caller: Option<&Caller>,
    ) -> Option<Vec<u8>> {
        let (store, key, issued) = (supplies.store.as_deref()?, key?, reply.result.as_ref().ok()?);
        let mut time = supplies.time.clone();
        if let Some(sample) = reply.sample {
            time.learn(sample, clock);
        }
        let session = Session {
            credentials: Arc::clone(&issued.credentials),
            issued: time.at(sent, clock),
            lifetime: issued.lifetime,
            dies: Some(sent + issued.lifetime),
            owner: caller.map(|caller| Owner {
                account: caller.account.clone(),
                arn: caller.arn.clone(),
            }),
        };
        self.bound(store, key).close(&session)
    }

    fn bound<'s>(&'s self, store: &'s dyn Store, key: &'s LongTermKey) -> Seal<'s> {
        Seal {
            profile: &self.profile.name,
            identity: self.profile.digest(),
            key,
            host_start: store.host_start(),
        }
    }
}
