use std::time::Duration;

pub(super) use crate::renew::random::Random;

impl Random {
    pub(super) fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let width = u64::try_from(most.saturating_sub(least).as_millis()).unwrap();
        least + Duration::from_millis(self.below(width.max(1)))
    }

    /// As often short as long: between powers of two of a minute.
    pub(super) fn scaled(&mut self, most_doublings: u64) -> Duration {
        let doublings = self.below(most_doublings);
        let minutes = 1 << doublings;
        self.between(Duration::from_mins(minutes), Duration::from_mins(2 * minutes))
    }
}
