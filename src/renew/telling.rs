use std::time::Duration;

use super::Failure;
use crate::clock::BootInstant;

/// How often a failure that goes on is told in the log. Tries are up to a minute apart: a profile that fails over night
/// would fill it with a hundred lines an hour that say the same.
const REPEATED: Duration = Duration::from_mins(10);

/// What the log knows of a profile's failures.
#[derive(Debug, Default)]
pub(super) struct Telling(Option<(Failure, BootInstant)>);

impl Telling {
    /// Whether a failure is worth a line that everybody sees: the first one, one of another kind, and once in a while.
    pub(super) fn is_news(&mut self, failure: Failure, now: BootInstant) -> bool {
        let is_known = |(known, at): (Failure, BootInstant)| known == failure && now.since(at) < REPEATED;
        if self.0.is_some_and(is_known) {
            return false;
        }
        self.0 = Some((failure, now));
        true
    }

    /// The failures are over.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sts::Class;

    #[test]
    fn the_first_and_every_other_kind_are_news_and_one_in_ten_minutes() {
        let at = |seconds| BootInstant::from_boot(Duration::from_secs(seconds));
        let (server, key) = (Failure::Sts(Class::Server), Failure::Key);
        let mut telling = Telling::default();
        assert!(telling.is_news(server, at(0)));
        assert!(!telling.is_news(server, at(1)) && !telling.is_news(server, at(599)));
        assert!(telling.is_news(server, at(600)));
        assert!(telling.is_news(key, at(601)) && telling.is_news(server, at(602)));
        assert!(!telling.is_news(server, at(603)));
        telling.forget();
        assert!(telling.is_news(server, at(604)));
    }
}
