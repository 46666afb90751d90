//! What a request costs that can be counted from outside: looks at the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use valetkey::BoxFuture;
use valetkey::clock::{BootInstant, Clock};
use valetkey::server::Limits;

use crate::clock::ManualClock;
use crate::scene::{Scene, get};

/// A clock that counts who looks.
struct Counting {
    clock: ManualClock,
    looks: Arc<AtomicU32>,
}

impl Clock for Counting {
    fn boot(&self) -> BootInstant {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.clock.boot()
    }

    fn wall(&self) -> DateTime<Utc> {
        self.clock.wall()
    }

    fn sleep_until(&self, at: BootInstant) -> BoxFuture<'_, ()> {
        self.clock.sleep_until(at)
    }
}

#[tokio::test]
async fn one_look_decides_and_another_one_ends_the_time_that_is_counted() {
    const REQUESTS: u32 = 200;
    let (clock, looks) = (ManualClock::default(), Arc::new(AtomicU32::new(0)));
    let counting = Counting {
        clock: clock.clone(),
        looks: Arc::clone(&looks),
    };
    let scene = Scene::with_clock(&["ops"], &["ops"], Limits::CREDENTIALS, clock, Arc::new(counting));
    let mut peer = scene.credentials.connect().await;
    let mut ask = async || {
        peer.send(get("ops")).await;
        assert_eq!(peer.reply().await.unwrap().status, 200);
    };
    ask().await;
    let before = looks.load(Ordering::Relaxed);
    for _ in 0..REQUESTS {
        ask().await;
    }
    let each = f64::from(looks.load(Ordering::Relaxed) - before) / f64::from(REQUESTS);
    // A task may be woken once more than it needs.
    assert!((1.9..2.1).contains(&each), "{each} looks a request");
}
