//! Whose new credentials are, where the profile says whose they must be.

use std::sync::Arc;

use tracing::debug;

use super::Engine;
use super::worker::UnderWay;
use crate::aws::{AccountId, LongTermKey};
use crate::renew::job::{Attempt, Inquiry};
use crate::renew::{Caller, Event, Failure};
use crate::sts::Action;

impl Engine {
    /// Takes in what STS answered on whose the credentials are.
    pub(super) fn note_caller(&mut self, call: &UnderWay, attempt: &Attempt) {
        self.note_questions(call, attempt);
        if let Some(error) = &attempt.caller.error {
            debug!(profile = %call.job.profile.name, "STS did not tell whose the credentials are: {error}");
        }
    }

    /// Takes in what the questions told, by the way, and of the key.
    pub(super) fn note_questions(&mut self, call: &UnderWay, attempt: &Attempt) {
        for question in &attempt.caller.asked {
            self.observe(&Event::Called {
                action: Action::GetCallerIdentity,
                error: question.error,
                elapsed: question.elapsed,
            });
            if let Some(sample) = question.sample {
                self.learn(sample);
            }
        }
        // Whose a key is stays true through calls that fail, also through those with another one.
        if let (Some(index), Some(caller)) = (self.place_of(call), &attempt.caller.caller)
            && !attempt
                .key
                .as_ref()
                .is_some_and(|key| self.workers[index].keyring.is_another(key))
        {
            self.workers[index].known = Some((attempt.key_id().cloned(), Arc::clone(caller)));
        }
    }

    /// Why the credentials must not be served, by what the configuration expects now.
    pub(super) fn refuse_account(&self, call: &UnderWay, attempt: &Attempt) -> Option<(Failure, String)> {
        let worker = &self.workers[self.place_of(call)?];
        match &worker.job.profile.expected_account_id {
            Some(expected) => refuse(expected, &attempt.caller),
            None => self.refuse_stranger(call, attempt, attempt.caller.caller.as_deref()),
        }
    }

    /// Why another key than the one in use must not take its place, where it brought credentials of this caller: they are of another
    /// account, and nobody said that this one is expected.
    pub(super) fn refuse_stranger(
        &self,
        call: &UnderWay,
        attempt: &Attempt,
        found: Option<&Caller>,
    ) -> Option<(Failure, String)> {
        let worker = &self.workers[self.place_of(call)?];
        let key = attempt.key.as_ref().filter(|key| worker.keyring.is_another(key))?;
        let (_, known) = worker.known.as_ref()?;
        let found = found.filter(|_| worker.job.profile.expected_account_id.is_none())?;
        (found.account != known.account).then(|| (Failure::Account, stranger(key, found, known)))
    }
}

fn stranger(key: &LongTermKey, found: &Caller, known: &Caller) -> String {
    format!(
        "the key {} is of account {}, and the one in use of account {}: put a key of the same account there, or set \
         expected_account_id to the one that is meant",
        key.access_key_id, found.account, known.account
    )
}

fn refuse(expected: &AccountId, found: &Inquiry) -> Option<(Failure, String)> {
    match (&found.caller, &found.error) {
        (Some(caller), _) if caller.account == *expected => None,
        (Some(caller), _) => Some((
            Failure::Account,
            format!(
                "STS gave credentials of account {}, and expected_account_id is {expected}: they are not served; correct \
                 the key, the role or expected_account_id",
                caller.account
            ),
        )),
        (None, Some(error)) => Some((
            Failure::Sts(error.class),
            format!(
                "STS gave credentials, but did not tell of which account, and expected_account_id is {expected}: they \
                 are not served; an STS without GetCallerIdentity cannot be held to an account; {error}"
            ),
        )),
        // Never served for want of a question.
        (None, None) => Some((Failure::Internal, String::from(INTERNAL))),
    }
}

const INTERNAL: &str = "the account of the credentials was not asked for; please report this";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sts::{Class, Error};

    #[test]
    fn only_the_account_that_is_expected_is_served() {
        let expected: AccountId = "012345678901".parse().unwrap();
        let of = |account: &str| Inquiry {
            caller: Some(Arc::new(Caller {
                account: account.parse().unwrap(),
                arn: None,
            })),
            ..Inquiry::default()
        };
        assert_eq!(refuse(&expected, &of("012345678901")), None);
        let (failure, message) = refuse(&expected, &of("012345678902")).unwrap();
        assert_eq!(failure, Failure::Account);
        assert!(
            message.contains("of account 012345678902, and expected_account_id is 012345678901: they are not served"),
            "{message}"
        );
        let unknown = Inquiry {
            error: Some(Error {
                class: Class::Timeout,
                message: "no answer; try again".into(),
                code: None,
                request_id: None,
                sent: true,
            }),
            ..Inquiry::default()
        };
        let (failure, message) = refuse(&expected, &unknown).unwrap();
        assert_eq!(failure, Failure::Sts(Class::Timeout));
        assert!(
            message.contains("they are not served") && message.ends_with("; no answer; try again"),
            "{message}"
        );
        assert!(refuse(&expected, &Inquiry::default()).is_some());
    }
}
