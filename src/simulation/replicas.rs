//! Many daemons on one MFA device.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::in_virtual_time;
use super::store::MemoryStore;
use super::world::{World, nobody};
use crate::state::Store;

const REPLICAS: [u64; 3] = [2, 10, 50];
const STEP: u64 = 30;

/// After how many seconds all of so many replicas are ready, how many codes AWS refused, and how many it took.
async fn start(replicas: u64, store: Option<Arc<dyn Store>>) -> (u64, u64, usize) {
    let world = World::new(replicas);
    let daemons: Vec<_> = (0..replicas)
        .map(|_| world.start(&["s0"], store.clone(), nobody()))
        .collect();
    let began = world.now();
    while !daemons.iter().all(|daemon| daemon.serves("s0")) {
        sleep(Duration::from_secs(1)).await;
        assert!((world.now() - began).num_hours() < 3, "they never come to an end");
    }
    let state = world.aws.state();
    let seconds = u64::try_from((world.now() - began).num_seconds()).unwrap();
    let refused = state.errors.get("AccessDenied").copied().unwrap_or_default();
    (seconds, refused, state.successes.values().map(Vec::len).sum())
}

#[test]
fn replicas_that_share_state_take_one_step_for_all() {
    in_virtual_time(async {
        for replicas in REPLICAS {
            let store = Arc::new(MemoryStore::default());
            let (seconds, refused, taken) = start(replicas, Some(store)).await;
            println!("{replicas} replicas: {seconds} s, {refused} codes refused, {taken} taken");
            assert!(seconds <= replicas * STEP * 3 / 2, "{replicas}: {seconds} s");
            assert_eq!((refused, taken), (0, 1), "{replicas}");
        }
    });
}

#[test]
fn replicas_without_shared_state_come_to_an_end_without_a_storm() {
    in_virtual_time(async {
        for replicas in REPLICAS {
            let (seconds, refused, taken) = start(replicas, None).await;
            println!("{replicas} replicas: {seconds} s, {refused} codes refused, {taken} taken");
            // Nobody knows of the others: on average it takes two steps each, and four refusals (`renew::schedule::collisions`).
            assert!(seconds <= (3 * replicas + 2) * STEP, "{replicas}: {seconds} s");
            assert!(refused <= 5 * replicas, "{replicas}: {refused} refusals");
            assert_eq!(taken as u64, replicas);
        }
    });
}
