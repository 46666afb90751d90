use std::time::Duration;

/// A small generator of numbers that are the same for the same seed: `SplitMix64`.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn place(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).unwrap()
    }

    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

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
