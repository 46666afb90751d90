//! A store that is shared by engines of a test, and by what the test itself puts there.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::BoxFuture;
use crate::aws::{ProfileName, SerialNumber};
use crate::mfa::Step;
use crate::state::{Claim, Error, State, Store};

#[derive(Default)]
pub(super) struct Shared {
    pub(super) used: Mutex<HashSet<u64>>,
    /// What was asked of it, in words.
    pub(super) asked: Mutex<Vec<String>>,
    pub(super) kept: Mutex<HashMap<ProfileName, Vec<u8>>>,
    pub(super) distrusted: Mutex<Vec<&'static str>>,
    /// Whether nothing can be kept.
    pub(super) is_broken: bool,
    pub(super) is_another_start: bool,
    /// How long it takes to read a session.
    pub(super) takes: Mutex<Duration>,
}

impl Shared {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Another process has used these steps.
    pub(super) fn used_by_others(steps: &[Step]) -> Arc<Self> {
        let shared = Self::new();
        shared
            .used
            .lock()
            .unwrap()
            .extend(steps.iter().map(|step| step.number()));
        shared
    }

    /// A store of one's own with what is kept here by now.
    pub(super) fn copied(&self, is_another_start: bool) -> Arc<Self> {
        Arc::new(Self {
            used: Mutex::new(self.used.lock().unwrap().clone()),
            kept: Mutex::new(self.kept.lock().unwrap().clone()),
            is_another_start,
            ..Self::default()
        })
    }

    /// What was asked since somebody last wanted to know.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn note(&self, what: &str, step: u64) {
        // Scenes begin at step 60,000,000.
        self.asked.lock().unwrap().push(format!("{what} {}", step - 60_000_000));
    }
}

impl Store for Shared {
    fn reserve<'a>(&'a self, _: &'a SerialNumber, step: u64) -> BoxFuture<'a, Claim> {
        self.note("reserve", step);
        let claim = match self.is_broken {
            true => Claim::Unkept(Error::Slow("/state".into())),
            false if self.used.lock().unwrap().insert(step) => Claim::Ours,
            false => Claim::Taken,
        };
        Box::pin(std::future::ready(claim))
    }

    fn settle<'a>(&'a self, _: &'a SerialNumber, step: u64, state: State) -> BoxFuture<'a, ()> {
        self.note(&format!("{state:?}"), step);
        if state == State::Released {
            self.used.lock().unwrap().remove(&step);
        }
        Box::pin(std::future::ready(()))
    }

    fn session<'a>(&'a self, profile: &'a ProfileName) -> BoxFuture<'a, Option<Vec<u8>>> {
        let (takes, kept) = (
            *self.takes.lock().unwrap(),
            self.kept.lock().unwrap().get(profile).cloned(),
        );
        Box::pin(async move {
            if !takes.is_zero() {
                tokio::time::sleep(takes).await;
            }
            kept
        })
    }

    fn keep(&self, profile: ProfileName, sealed: Vec<u8>) -> BoxFuture<'_, ()> {
        self.kept.lock().unwrap().insert(profile, sealed);
        Box::pin(std::future::ready(()))
    }

    fn distrust(&self, _: &ProfileName, why: &'static str) {
        self.distrusted.lock().unwrap().push(why);
    }

    fn host_start(&self) -> Option<&str> {
        Some(if self.is_another_start {
            "another start"
        } else {
            "a start"
        })
    }
}
