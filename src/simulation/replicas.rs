//! Many daemons on one MFA device.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::in_virtual_time;
use super::store::MemoryStore;
use super::world::{World, nobody};
use crate::state::Store;

const REPLICAS: [usize; 3] = [2, 10, 50];
const STEP: u64 = 30;

/// What came of daemons that began together.
struct Outcome {
    /// How long it took until all served.
    seconds: u64,
    /// How many codes AWS refused, and how many it took.
    refused: u64,
    taken: u64,
}

/// A daemon for each of these profiles, all of one device.
async fn start(profiles: &[&'static str], store: Option<Arc<dyn Store>>) -> Outcome {
    let world = World::new(profiles.len() as u64);
    let daemons: Vec<_> = profiles
        .iter()
        .map(|profile| (world.start(&[*profile], store.clone(), nobody()), *profile))
        .collect();
    let began = world.now();
    while !daemons.iter().all(|(daemon, profile)| daemon.serves(profile)) {
        sleep(Duration::from_secs(1)).await;
        assert!((world.now() - began).num_hours() < 3, "they never come to an end");
    }
    let state = world.aws.state();
    let steps = state.successes.values().flatten();
    let once: HashSet<_> = steps.clone().collect();
    assert_eq!(once.len(), steps.count(), "a step has one success");
    let outcome = Outcome {
        seconds: u64::try_from((world.now() - began).num_seconds()).unwrap(),
        refused: state.errors.get("AccessDenied").copied().unwrap_or_default(),
        taken: once.len() as u64,
    };
    println!(
        "{} replicas: {} s, {} codes refused, {} taken",
        daemons.len(),
        outcome.seconds,
        outcome.refused,
        outcome.taken
    );
    outcome
}

/// The session of one does for all who may have it; the others take turns, a step each, and nobody is refused.
#[test]
fn f08_replicas_that_share_state() {
    in_virtual_time(async {
        let store = || Some(Arc::new(MemoryStore::default()) as Arc<dyn Store>);
        for replicas in REPLICAS {
            let Outcome {
                seconds,
                refused,
                taken,
            } = start(&vec!["s0"; replicas], store()).await;
            assert!(seconds <= STEP, "{replicas}: {seconds} s");
            assert_eq!((refused, taken), (0, 1), "{replicas}");
        }
        let four = ["s0", "s1", "s2", "k0"];
        let Outcome {
            seconds,
            refused,
            taken,
        } = start(&four, store()).await;
        assert!(seconds <= 4 * STEP * 6 / 5, "{seconds} s");
        assert_eq!((refused, taken), (0, 4));
    });
}

#[test]
fn f08_replicas_without_shared_state() {
    in_virtual_time(async {
        for replicas in REPLICAS {
            let Outcome {
                seconds,
                refused,
                taken,
            } = start(&vec!["s0"; replicas], None).await;
            let replicas = replicas as u64;
            // Nobody knows of the others: on average it takes two steps each, and three refusals, of many replicas four
            // (`renew::schedule::collisions`).
            let most = if replicas <= 10 { 3 } else { 5 };
            assert!(seconds <= (3 * replicas + 2) * STEP, "{replicas}: {seconds} s");
            assert!(refused <= most * replicas, "{replicas}: {refused} refusals");
            assert_eq!(taken, replicas);
        }
    });
}
