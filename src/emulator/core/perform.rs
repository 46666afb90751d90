//! The core without bytes, for whoever needs no proof of who calls.

use chrono::{DateTime, Utc};

use super::super::actions::{self, Call, Moment, Run};
use super::super::callers::{Caller, Identity};
use super::super::errors::Error;
use super::super::form::Form;
use super::Sts;

/// Credentials without their secrets.
pub(crate) struct Performed {
    pub(crate) access_key_id: String,
    pub(crate) expiration: DateTime<Utc>,
}

/// An error as AWS words it.
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self {
            status: error.status,
            code: error.code,
            message: error.message.unwrap_or_default(),
        }
    }
}

impl Sts {
    /// Does an action of `GetSessionToken`'s kind for whoever has this key.
    pub(crate) fn perform(
        &mut self,
        access_key_id: &str,
        action: &str,
        parameters: &[(&str, &str)],
        now: DateTime<Utc>,
    ) -> Result<Performed, Refused> {
        let caller = self.caller(access_key_id, now)?;
        if !caller.may_call(action) {
            return Err(Error::session_credentials(action).into());
        }
        let Some(Run::Signed(run)) = actions::find(action).map(|action| action.run) else {
            return Err(Error::unknown_operation().into());
        };
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let call = Call {
            form: &Form::from(parameters.iter().map(owned).collect::<Vec<_>>()),
            caller: &caller,
            host: "sts.eu-west-1.amazonaws.com",
            moment: Moment {
                now,
                lifetime_seconds: None,
            },
        };
        let result = run(self, &call)?;
        let told = |name| result.iter().find_map(|element| element.find(name)).unwrap().to_owned();
        Ok(Performed {
            access_key_id: told("AccessKeyId"),
            expiration: told("Expiration").parse().unwrap(),
        })
    }

    /// Forgets the sessions that have long been dead.
    pub(crate) fn forget_sessions(&mut self, before: DateTime<Utc>) {
        self.sessions.forget(before);
    }

    fn caller(&self, access_key_id: &str, now: DateTime<Utc>) -> Result<Caller, Error> {
        let session = self.sessions.by_key(access_key_id);
        let Some(session) = session else {
            let found = self.users.of_active_key(access_key_id);
            let (user, _) = found.ok_or_else(Error::invalid_client_token_id)?;
            return Ok(Caller {
                identity: Identity::User(user.clone()),
                expiration: None,
                mfa: false,
            });
        };
        if now >= session.expiration {
            return Err(Error::expired_token());
        }
        let identity = self.holder(&session.holder);
        Ok(Caller {
            identity: identity.ok_or_else(Error::invalid_client_token_id)?,
            expiration: Some(session.expiration),
            mfa: session.mfa,
        })
    }
}
