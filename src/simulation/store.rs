//! A `state_dir` in memory: what it promises, without its files.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::BoxFuture;
use crate::aws::{ProfileName, SerialNumber};
use crate::state::{Claim, State, Store};

#[derive(Default)]
pub(super) struct MemoryStore {
    steps: Mutex<HashMap<(SerialNumber, u64), State>>,
    sessions: Mutex<HashMap<ProfileName, Vec<u8>>>,
}

impl Store for MemoryStore {
    fn reserve<'a>(&'a self, device: &'a SerialNumber, step: u64) -> BoxFuture<'a, Claim> {
        let mut steps = self.steps.lock().unwrap();
        let used = |step| !matches!(steps.get(&(device.clone(), step)), None | Some(State::Released));
        let claim = if (step..=step + 2).any(used) {
            Claim::Taken
        } else {
            steps.insert((device.clone(), step), State::Reserved);
            Claim::Ours
        };
        Box::pin(std::future::ready(claim))
    }

    fn settle<'a>(&'a self, device: &'a SerialNumber, step: u64, state: State) -> BoxFuture<'a, ()> {
        self.steps.lock().unwrap().insert((device.clone(), step), state);
        Box::pin(std::future::ready(()))
    }

    fn session<'a>(&'a self, profile: &'a ProfileName) -> BoxFuture<'a, Option<Vec<u8>>> {
        let sealed = self.sessions.lock().unwrap().get(profile).cloned();
        Box::pin(std::future::ready(sealed))
    }

    fn keep(&self, profile: ProfileName, sealed: Vec<u8>) -> BoxFuture<'_, ()> {
        self.sessions.lock().unwrap().insert(profile, sealed);
        Box::pin(std::future::ready(()))
    }

    fn distrust(&self, _profile: &ProfileName, _why: &'static str) {}

    fn host_start(&self) -> Option<&str> {
        Some("one")
    }
}
