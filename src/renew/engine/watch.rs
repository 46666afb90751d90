//! Assertions in files: another one is used as soon as it is there, since they are valid for minutes.

use std::time::Duration;

use tokio::task::JoinError;

use super::Engine;
use crate::clock::BootInstant;
use crate::idp::Version;

/// Between two looks at a file. No more often than the engine wakes up by itself.
const BETWEEN: Duration = Duration::from_secs(10);

/// What is known of a profile's token or assertion.
#[derive(Debug)]
pub(super) struct Watch {
    /// The version that the last call was made with; none before the first, or where versions are not told apart.
    tried: Option<Version>,
    /// Whether STS wants another one than that.
    refused: bool,
    /// When to look next; none while a look is under way.
    next: Option<BootInstant>,
}

impl Watch {
    pub(super) fn new(now: BootInstant) -> Self {
        Self {
            tried: None,
            refused: false,
            next: Some(now),
        }
    }

    /// A call was made with this version; `refused` if STS will not take it again.
    pub(super) fn tried(&mut self, version: Option<Version>, refused: bool) {
        self.tried = version;
        self.refused = refused;
    }

    /// Whether a call would only repeat what STS refused.
    pub(super) fn waits_for_another(&self) -> bool {
        self.refused && self.tried.is_some()
    }

    /// Takes in what is there now. Tells whether it is another one than was tried.
    fn found(&mut self, version: Version, now: BootInstant) -> bool {
        self.next = Some(now + BETWEEN);
        let is_another = self.tried.is_some_and(|tried| tried != version);
        if is_another {
            self.refused = false;
        }
        is_another
    }
}

impl Engine {
    /// Begins the looks that are due. Tells when the next one is.
    pub(super) fn look(&mut self) -> Option<BootInstant> {
        let now = self.parts.clock.boot();
        let mut earliest = None;
        for worker in &mut self.workers {
            let Some(source) = worker.job.voucher.as_ref().filter(|_| worker.watch.tried.is_some()) else {
                continue;
            };
            match worker.watch.next {
                // One at a time, however long it takes: a file system that hangs must not hold a thread for each look.
                None => {}
                Some(next) if now < next => earliest = Some(earliest.map_or(next, |other| next.min(other))),
                Some(_) => {
                    let Some(version) = source.version() else {
                        continue;
                    };
                    let number = worker.number;
                    worker.watch.next = None;
                    self.looks.spawn(async move { (number, version.await) });
                }
            }
        }
        earliest
    }

    pub(super) fn end_look(&mut self, look: &Result<(u64, Version), JoinError>) {
        let Ok(&(number, version)) = look.as_ref() else {
            return;
        };
        let now = self.parts.clock.boot();
        let worker = self.workers.iter_mut().find(|worker| worker.number == number);
        if let Some(worker) = worker
            && worker.watch.found(version, now)
        {
            worker.machine.hasten(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> BootInstant {
        BootInstant::from_boot(Duration::from_secs(seconds))
    }

    #[test]
    fn another_version_than_was_tried_is_news_once_it_was_tried() {
        let mut watch = Watch::new(at(0));
        assert!(!watch.found(Version::numbered(1), at(0)) && !watch.waits_for_another());
        watch.tried(Some(Version::numbered(1)), false);
        assert!(!watch.found(Version::numbered(1), at(10)));
        assert!(watch.found(Version::numbered(2), at(20)));
        assert!(watch.found(Version::NONE, at(30)));
        assert_eq!(watch.next, Some(at(40)));
    }

    #[test]
    fn what_was_refused_is_waited_out() {
        let mut watch = Watch::new(at(0));
        watch.tried(Some(Version::numbered(1)), true);
        assert!(watch.waits_for_another());
        assert!(!watch.found(Version::numbered(1), at(10)) && watch.waits_for_another());
        assert!(watch.found(Version::numbered(2), at(20)) && !watch.waits_for_another());
        watch.tried(None, true);
        assert!(!watch.waits_for_another(), "nothing would tell that there is another");
    }
}
