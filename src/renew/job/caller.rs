use std::sync::Arc;
use std::time::Duration;

use super::{Job, Supplies, in_time};
use crate::aws::{AccessKeyId, Credentials};
use crate::clock::{Clock, Sample, StsTime};
use crate::renew::Caller;
use crate::sts::{Class, Error, GetCallerIdentity, Reply, Signer, Sts};

/// How long the answer may take: credentials wait for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two questions.
const BETWEEN: Duration = Duration::from_secs(1);

/// How often it is asked where the new credentials are served only once their account is known. GetCallerIdentity changes nothing and
/// carries no code, so that it may be asked again, unlike what brought the credentials.
const MOST_QUESTIONS: u32 = 3;

/// What was found out of whose new credentials are.
#[derive(Default)]
pub(in crate::renew) struct Inquiry {
    /// Whose they are; none if that is still not known.
    pub(in crate::renew) caller: Option<Arc<Caller>>,
    /// Why it is not known.
    pub(in crate::renew) error: Option<Error>,
    /// The questions that were asked.
    pub(in crate::renew) asked: Vec<Question>,
}

/// One call of GetCallerIdentity.
pub(in crate::renew) struct Question {
    pub(in crate::renew) error: Option<Class>,
    pub(in crate::renew) elapsed: Duration,
    pub(in crate::renew) sample: Option<Sample>,
}

impl Job {
    /// Whose the credentials of the reply are: as it says itself, as is known of the key, or as STS answers.
    pub(super) async fn inquire(
        &self,
        sts: &dyn Sts,
        clock: &dyn Clock,
        supplies: &Supplies,
        key_id: Option<&AccessKeyId>,
        reply: &Reply,
    ) -> Inquiry {
        let Ok(issued) = &reply.result else {
            return Inquiry::default();
        };
        let told = Caller::of(issued).map(Arc::new);
        let known = || {
            let (of_key, caller) = supplies.known.as_ref()?;
            (of_key.as_ref() == key_id).then(|| Arc::clone(caller))
        };
        if let Some(caller) = told.or_else(known) {
            return Inquiry {
                caller: Some(caller),
                ..Inquiry::default()
            };
        }
        let mut time = supplies.time.clone();
        if let Some(sample) = reply.sample {
            time.learn(sample, clock);
        }
        self.ask_sts(sts, clock, &time, &issued.credentials).await
    }

    /// Asks STS whose these credentials are.
    pub(super) async fn ask_sts(
        &self,
        sts: &dyn Sts,
        clock: &dyn Clock,
        time: &StsTime,
        credentials: &Credentials,
    ) -> Inquiry {
        let most = match self.profile.expected_account_id {
            Some(_) => MOST_QUESTIONS,
            None => 1,
        };
        let mut inquiry = Inquiry::default();
        loop {
            let began = clock.boot();
            let call = GetCallerIdentity {
                endpoint: &self.profile.endpoint,
                signer: Signer::Session(credentials),
                now: time.at(began, clock),
            };
            let reply = in_time(clock, PATIENCE, sts.get_caller_identity(call)).await;
            let (sample, result) = reply.map_or_else(|| (None, Err(no_answer())), |reply| (reply.sample, reply.result));
            inquiry.asked.push(Question {
                error: result.as_ref().err().map(|error| error.class),
                elapsed: clock.boot().since(began),
                sample,
            });
            match result {
                Ok(identity) => {
                    inquiry.caller = Some(Arc::new(identity.into()));
                    inquiry.error = None;
                    return inquiry;
                }
                Err(error) => {
                    let again = may_heal(error.class) && inquiry.asked.len() < most as usize;
                    inquiry.error = Some(error);
                    if !again {
                        return inquiry;
                    }
                }
            }
            clock.sleep_until(clock.boot() + BETWEEN).await;
        }
    }
}

fn no_answer() -> Error {
    Error {
        class: Class::Timeout,
        message: format!(
            "STS did not answer GetCallerIdentity within {} s; the next renewal asks again",
            PATIENCE.as_secs()
        ),
        code: None,
        request_id: None,
        sent: true,
    }
}

/// Whether the same question may be answered a second later.
fn may_heal(class: Class) -> bool {
    matches!(
        class,
        Class::Dns | Class::Network | Class::Server | Class::Throttled | Class::Timeout | Class::Tls
    )
}
