//! A `state_dir` in memory: what it promises, without its files.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::BoxFuture;
use crate::aws::{ProfileName, SerialNumber};
use crate::state::{Claim, State, Steps, Store};

#[derive(Default)]
pub(super) struct MemoryStore {
    steps: Mutex<HashMap<SerialNumber, Steps>>,
    sessions: Mutex<HashMap<ProfileName, Vec<u8>>>,
}

impl Store for MemoryStore {
    fn reserve<'a>(&'a self, device: &'a SerialNumber, step: u64) -> BoxFuture<'a, Claim> {
        let mut devices = self.steps.lock().unwrap();
        let steps = devices.entry(device.clone()).or_insert_with(Steps::none);
        let claim = if steps.is_free(step) {
            steps.set(step, State::Reserved);
            Claim::Ours
        } else {
            Claim::Taken
        };
        Box::pin(std::future::ready(claim))
    }

    fn settle<'a>(&'a self, device: &'a SerialNumber, step: u64, state: State) -> BoxFuture<'a, ()> {
        let mut devices = self.steps.lock().unwrap();
        if let Some(steps) = devices
            .get_mut(device)
            .filter(|steps| steps.state(step) == Some(State::Reserved))
        {
            steps.set(step, state);
        }
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
