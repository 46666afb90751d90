use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::SetupErrors;
use crate::clock::Clock;
use crate::renew::Job;

/// How many profiles are tried at once: a process may take a minute, and whoever types `reload` waits for two.
const AT_ONCE: usize = 16;

/// Tries the sources of these jobs without calling STS. Tells every mistake, in the order of the jobs.
pub(super) async fn check(jobs: impl IntoIterator<Item = &Job>, clock: &Arc<dyn Clock>) -> SetupErrors {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut checks = JoinSet::new();
    for (turn, job) in jobs.into_iter().enumerate() {
        let (name, check) = (job.profile.name.clone(), job.check(Arc::clone(clock)));
        let places = Arc::clone(&places);
        checks.spawn(async move {
            let _place = places.acquire().await;
            (turn, name, check.await)
        });
    }
    let mut checked = checks.join_all().await;
    checked.sort_by_key(|(turn, ..)| *turn);
    let mut mistakes = SetupErrors::default();
    for (_, name, found) in checked {
        for mistake in found {
            mistakes.add(format!("profile {name}: {mistake}"));
        }
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use chrono::DateTime;

    use super::*;
    use crate::BoxFuture;
    use crate::aws::LongTermKey;
    use crate::clock::PausedClock;
    use crate::config::{self, Format};
    use crate::keys;

    /// A process that hangs for its minute.
    #[derive(Default)]
    struct Hangs {
        reads: AtomicUsize,
    }

    impl keys::Source for Hangs {
        fn read(&self) -> BoxFuture<'_, Result<LongTermKey, keys::Error>> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            Box::pin(std::future::pending())
        }

        fn patience(&self) -> Duration {
            Duration::from_secs(65)
        }
    }

    fn jobs(count: usize, key: &Arc<Hangs>) -> Vec<Job> {
        let profile = |n| format!("[profile.p{n}]\nregion = \"eu-west-1\"\nkey = {{ directory = \"/k\" }}\n");
        let text = (0..count).map(profile).collect::<Vec<_>>().concat();
        let text = format!("[server]\ntoken_dir = \"/t\"\ncontrol_socket = \"/c\"\n{text}");
        let plan = config::parse(text.as_bytes(), Format::Toml, "v.toml", &|_| None).unwrap();
        let jobs = plan.profiles.iter().map(|profile| Job {
            key: Some(Arc::clone(key) as Arc<dyn keys::Source>),
            ..Job::new(profile)
        });
        jobs.collect()
    }

    #[tokio::test(start_paused = true)]
    async fn sources_that_hang_do_so_at_once_and_their_mistakes_are_in_order() {
        let clock: Arc<dyn Clock> = Arc::new(PausedClock::new(DateTime::UNIX_EPOCH));
        for (count, minutes) in [(1, 1), (2, 1), (16, 1), (17, 2)] {
            let key = Arc::new(Hangs::default());
            let before = clock.boot();
            let mistakes = check(&jobs(count, &key), &clock).await;
            assert_eq!(clock.boot().since(before).as_secs() / 65, minutes, "{count}");
            assert_eq!(key.reads.load(Ordering::Relaxed), count);
            let mistakes = mistakes.to_string();
            let lines: Vec<_> = mistakes.lines().collect();
            for (n, line) in lines[..count].iter().enumerate() {
                assert!(line.starts_with(&format!("profile p{n}: long-term key: ")), "{line}");
            }
        }
    }
}
