//! Keys and codes that need no file.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::BoxFuture;
use crate::aws::{LongTermKey, TokenCode};
use crate::clock::{Clock, PausedClock};
use crate::mfa::Step;
use crate::secret::Secret;
use crate::{keys, mfa};

/// A key and codes that need no file. The code is the step's number, so that calls show it.
pub(super) struct Sources;

impl keys::Source for Sources {
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, keys::Error>> {
        Box::pin(async {
            Ok(LongTermKey {
                access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
                secret_access_key: Arc::new(Secret::from("secret")),
            })
        })
    }
}

impl mfa::Source for Sources {
    fn check(&self) -> BoxFuture<'_, Result<(), mfa::Error>> {
        Box::pin(async { Ok(()) })
    }

    fn code(&self, step: Step) -> BoxFuture<'_, Result<TokenCode, mfa::Error>> {
        Box::pin(async move { Ok(TokenCode::try_from(format!("{:06}", step.number() % 1_000_000)).unwrap()) })
    }
}

/// A process that prints the code of an authenticator that changes it every 90 s.
pub(in super::super) struct Authenticator {
    pub(in super::super) clock: Arc<PausedClock>,
    pub(in super::super) runs: Mutex<u32>,
}

impl mfa::Source for Authenticator {
    fn check(&self) -> BoxFuture<'_, Result<(), mfa::Error>> {
        Box::pin(async { Ok(()) })
    }

    fn code(&self, _step: Step) -> BoxFuture<'_, Result<TokenCode, mfa::Error>> {
        Box::pin(async {
            *self.runs.lock().unwrap() += 1;
            let number = self.clock.boot().since_boot().as_secs() / 90;
            Ok(TokenCode::try_from(format!("{number:06}")).unwrap())
        })
    }

    fn has_step(&self) -> bool {
        false
    }
}

/// A key that cannot be read.
pub(in super::super) struct NoKey;

impl keys::Source for NoKey {
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, keys::Error>> {
        Box::pin(async { Err(keys::Error::Internal) })
    }
}

/// A key on a slow disk.
pub(in super::super) struct SlowKey(pub(in super::super) Duration);

impl keys::Source for SlowKey {
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, keys::Error>> {
        Box::pin(async {
            tokio::time::sleep(self.0).await;
            keys::Source::read(&Sources).await
        })
    }
}
