use chrono::{DateTime, TimeDelta, Utc};

/// When something was wrong, as who made it wrong knows it. Troubles with no time to recover between them are one storm.
#[derive(Debug)]
pub(super) struct Storms {
    /// How many troubles there are now.
    under_way: u32,
    /// When the present or last storm began, and when its last trouble ended.
    began: DateTime<Utc>,
    ended: DateTime<Utc>,
    /// How long it takes after its end until all is well.
    recovery: TimeDelta,
}

impl Storms {
    /// The first storm is the start.
    pub(super) fn new(now: DateTime<Utc>, recovery: TimeDelta) -> Self {
        Self {
            under_way: 0,
            began: now,
            ended: now,
            recovery,
        }
    }

    pub(super) fn begin(&mut self, now: DateTime<Utc>) {
        if self.is_calm(now) {
            self.began = now;
        }
        self.under_way += 1;
    }

    pub(super) fn end(&mut self, now: DateTime<Utc>) {
        self.under_way -= 1;
        self.ended = now;
    }

    /// Whether nothing is wrong, and has not been for long enough.
    pub(super) fn is_calm(&self, now: DateTime<Utc>) -> bool {
        self.under_way == 0 && now - self.ended > self.recovery
    }

    /// How old the storm is, if there is one.
    pub(super) fn age(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        (!self.is_calm(now)).then(|| now - self.began)
    }
}
