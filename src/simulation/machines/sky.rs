//! What happens to machines within a year, by chance.

use std::time::Duration;

use chrono::TimeDelta;

use super::super::cast::{self, CAST};
use super::super::oracle::Start;
use super::Life;
use super::agenda::Happening;
use super::aws::Weather;
use crate::clock::Clock;
use crate::renew::Fraction;
use crate::renew::machines::Machines;

/// The longest time between two events.
const LONGEST_GAP: Duration = Duration::from_hours(56);

/// How often a minute is doubled for the longest storm: a day or so. Most have an hour at most.
const DOUBLINGS: (u64, u64) = (5, 11);

impl Life<'_> {
    pub(super) fn end_event(&mut self) {
        let within = self.random.between(Duration::from_mins(2), LONGEST_GAP);
        self.plan(within, Happening::Event);
    }

    pub(super) fn begin_event(&mut self) {
        self.events += 1;
        match self.random.below(100) {
            0..54 => {
                self.weather = Weather::by_chance(&mut self.random);
                self.tell(&self.weather);
                return self.begin_storm();
            }
            54..60 => {
                self.keys_are_readable = false;
                return self.begin_storm();
            }
            60..70 => self.restart(),
            70..78 => self.suspend(),
            78..86 => self.jump(),
            86..92 => self.rotate(),
            _ => {
                self.person.is_away = true;
                self.begin_trouble(false);
                let within = self.random.scaled(12);
                return self.plan(within, Happening::Back);
            }
        }
        self.end_event();
    }

    fn begin_storm(&mut self) {
        let (mostly, most) = DOUBLINGS;
        let doublings = if self.random.percent(15) { most } else { mostly };
        let lasts = self.random.scaled(doublings);
        self.tell(&("a storm", lasts));
        self.begin_trouble(true);
        if self.random.percent(30) {
            self.plan(lasts / 3, Happening::Midst);
        }
        self.plan(lasts, Happening::Clears);
    }

    pub(super) fn restart(&mut self) {
        let start = Start {
            with_store: self.with_store,
            with_keys: self.keys_are_readable,
            in_time: self.host.error().abs() < TimeDelta::seconds(30),
        };
        self.tell(&"a restart");
        self.flights.clear();
        self.oracle.restarted(&start, self.host.truth());
        let none = Machines::new(std::iter::empty(), self.host.boot());
        let before = std::mem::replace(&mut self.machines, none);
        let mut chance = || Fraction::from_bits(self.chance.next());
        self.machines = before.restarted(start.with_store, start.with_keys, self.host.boot(), &mut chance);
    }

    /// The host sleeps. Whoever asks before anybody has noticed gets nothing that has died.
    pub(super) fn suspend(&mut self) {
        self.begin_trouble(true);
        let lasts = self.random.scaled(9);
        self.tell(&("a suspend", lasts));
        self.flights.values_mut().for_each(|flight| flight.is_cut = true);
        self.host.go_to(self.host.now() + lasts);
        self.consume();
        self.plan(Duration::from_secs(10), Happening::Awake);
    }

    /// Somebody sets the host's clock, which is noticed within half a minute.
    pub(super) fn jump(&mut self) {
        let seconds = i64::try_from(self.random.below(6 * 3_600)).unwrap() - 3 * 3_600;
        self.tell(&("the clock is set, by seconds", seconds));
        self.host.jump(TimeDelta::seconds(seconds));
        self.plan(Duration::from_secs(30), Happening::Look);
    }

    /// A user gets another key, of which AWS knows a little later everywhere, and loses the one before the last.
    fn rotate(&mut self) {
        let user = self.random.place(cast::USERS);
        self.versions[user] += 1;
        self.tell(&("a rotation", user));
        self.oracle.rotated(user);
        for (profile, member) in CAST.iter().enumerate() {
            if member.is_keyed() && member.root().0 == user {
                self.machines.mend(profile, self.host.boot());
            }
        }
        let within = self.random.between(Duration::ZERO, Duration::from_mins(1));
        self.plan(within, Happening::Known(user));
    }
}
