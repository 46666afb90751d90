use std::time::Duration;

use crate::clock::BootInstant;

/// Whether a peer of this user is let in by a daemon of `own`.
pub(super) fn may_enter(user: u32, own: u32) -> bool {
    user == own || user == 0
}

/// Whoever is refused chooses how often: the log must not be theirs to fill.
const PAUSE: Duration = Duration::from_mins(1);

/// The refused peers that no warning told yet.
#[derive(Default)]
pub(super) struct Strangers {
    untold: u64,
    next: Option<BootInstant>,
}

impl Strangers {
    /// One more; how many there were since the last warning, when it is time for another.
    pub(super) fn add(&mut self, now: BootInstant) -> Option<u64> {
        self.untold += 1;
        if self.next.is_some_and(|next| now < next) {
            return None;
        }
        self.next = Some(now + PAUSE);
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemons_user_and_root_are_let_in() {
        assert!(may_enter(1000, 1000) && may_enter(0, 1000) && may_enter(0, 0));
        assert!(!may_enter(1001, 1000) && !may_enter(1000, 0));
    }

    #[test]
    fn a_warning_a_minute_tells_all_since_the_last() {
        let mut strangers = Strangers::default();
        let at = |seconds| BootInstant::from_boot(Duration::from_secs(seconds));
        let told = [0, 1, 59, 60, 61, 200].map(|seconds| strangers.add(at(seconds)));
        assert_eq!(told, [Some(1), None, None, Some(3), None, Some(2)]);
    }
}
