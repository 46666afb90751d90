//! Twenty machines and AWS, and nothing between them: no engine, no task, no byte. What happens is on an agenda, and time goes from one
//! line of it to the next, so that a year takes seconds without optimisation.

mod agenda;
mod aws;
mod host;
mod sky;

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;

use super::cast::{self, CAST, Member, Mfa};
use super::oracle::{End, Given, Oracle, Served, Spending};
use super::random::Random;
use super::tell;
use super::world::START;
use crate::clock::{Clock, Sample};
use crate::mfa::{self, Seed};
use crate::renew::machines::{Call, Codes, Ended, Machines, Shape};
use crate::renew::{Failure, Fraction};
use crate::sts::Class;
use agenda::{Agenda, Happening};
use aws::{Aws, Outcome, Request, Weather};
use host::Host;

/// A life of machines.
pub(super) struct Life<'a> {
    host: Host,
    aws: Aws,
    machines: Machines,
    oracle: &'a Oracle,
    agenda: Agenda,
    flights: HashMap<u64, Flight<'a>>,
    calls: u64,
    random: Random,
    chance: Random,
    weather: Weather,
    /// Whether the long-term keys can be read, and how often each was rotated.
    keys_are_readable: bool,
    versions: Vec<u64>,
    with_store: bool,
    person: Person,
    pub(super) events: u64,
}

/// Whose codes one profile takes.
#[derive(Default)]
struct Person {
    is_away: bool,
    is_coming: bool,
}

/// A call under way.
struct Flight<'a> {
    call: Call,
    outcome: Outcome,
    failure: Option<Failure>,
    signed_by: Option<u64>,
    /// The host slept meanwhile.
    is_cut: bool,
    _end: Option<End<'a>>,
}

impl<'a> Life<'a> {
    pub(super) fn begin(seed: u64, oracle: &'a Oracle) -> Self {
        let mut random = Random::new(seed ^ 0xA11_A10E);
        let host = Host::new();
        Self {
            aws: Aws::new(random.next()),
            machines: Machines::new(CAST.iter().map(shape), host.boot()),
            host,
            oracle,
            agenda: Agenda::default(),
            flights: HashMap::new(),
            calls: 0,
            chance: Random::new(random.next()),
            weather: Weather::Fair,
            keys_are_readable: true,
            versions: vec![0; cast::USERS],
            with_store: random.percent(50),
            random,
            person: Person::default(),
            events: 0,
        }
    }

    pub(super) fn live(&mut self, end: Duration) {
        self.plan(Duration::from_mins(5), Happening::Consume);
        self.plan(Duration::from_hours(1), Happening::Event);
        loop {
            let wake = self.decide();
            let next = [wake, self.agenda.next()].into_iter().flatten().min().unwrap();
            if next >= end {
                return;
            }
            // A machine may be due at this very instant, but not for ever.
            self.host.go_to(next.max(self.host.now() + Duration::from_millis(1)));
            while let Some(happening) = self.agenda.pop(self.host.now()) {
                self.happen(happening);
            }
        }
    }

    fn plan(&mut self, within: Duration, happening: Happening) {
        self.agenda.add(self.host.now() + within, happening);
    }

    fn tell(&self, what: &dyn std::fmt::Debug) {
        tell(self.host.truth(), what);
    }

    /// Makes the calls that are due. Tells when to look again, if that depends on time alone.
    fn decide(&mut self) -> Option<Duration> {
        let (calls, wake) = self.machines.decide(&self.host);
        for call in calls {
            self.call(call);
        }
        let profile = of_person();
        if !self.person.is_away && !self.person.is_coming && self.machines.wants_code(profile, self.host.boot()) {
            self.person.is_coming = true;
            let within = self.random.between(Duration::from_secs(32), Duration::from_mins(4));
            self.plan(within, Happening::Code);
        }
        wake.map(Host::at)
    }

    fn call(&mut self, call: Call) {
        let (user, source) = (CAST[call.profile].root().0, CAST[call.profile].source());
        if source.is_none() && !self.keys_are_readable {
            let flight = Flight {
                failure: Some(Failure::Key),
                ..Flight::new(call, Outcome::never_asked())
            };
            return self.take_off(flight);
        }
        let boot = self.host.boot();
        let key = match source {
            Some(source) => self.machines.served(source, boot).unwrap().0.to_owned(),
            None => cast::key(user, self.versions[user]).0,
        };
        let now = self.host.truth();
        let (device, code) = (cast::serial(user), self.code(&call));
        let request = Request {
            profile: call.profile,
            key: &key,
            mfa: code.as_deref().map(|code| (&*device, code)),
            time: self.machines.time().at(boot, &self.host),
        };
        let outcome = self.aws.call(self.weather, &request, now);
        self.tell(&(CAST[call.profile].name, call.step, outcome.error));
        let end = self.oracle.begin(call.profile, now);
        if let (Some(way), Some(code)) = (outcome.way, &code) {
            let step = call.step.map(mfa::Step::number);
            let spending = Spending {
                device: &device,
                code,
                step,
            };
            self.oracle.spend(call.profile, &spending, now + way);
        }
        self.take_off(Flight {
            signed_by: cast::version_of(&key),
            _end: Some(end),
            ..Flight::new(call, outcome)
        });
    }

    /// The MFA code that goes with the call.
    fn code(&self, call: &Call) -> Option<String> {
        let (user, codes) = CAST[call.profile].root();
        match (call.step, codes) {
            (Some(step), _) => {
                let seed = data_encoding::BASE32_NOPAD.encode(&cast::seed(user));
                Some(mfa::code(&Seed::parse(&seed).unwrap(), step).expose().to_owned())
            }
            (None, Mfa::Person) if CAST[call.profile].is_keyed() => Some(self.aws.shown(user, self.host.truth())),
            _ => None,
        }
    }

    fn take_off(&mut self, flight: Flight<'a>) {
        self.calls += 1;
        self.plan(flight.outcome.lasts, Happening::Lands(self.calls));
        self.flights.insert(self.calls, flight);
    }

    fn land(&mut self, number: u64) {
        // The daemon that began it may be gone.
        let Some(flight) = self.flights.remove(&number) else {
            return;
        };
        let Flight {
            call, outcome, failure, ..
        } = &flight;
        let error = if flight.is_cut {
            Some(Class::Timeout)
        } else {
            outcome.error
        };
        let failure = failure.or(error.map(Failure::Sts));
        let date = outcome.date().filter(|_| !flight.is_cut);
        if let Some((id, expires)) = &outcome.given {
            let given = Given {
                id,
                expires: *expires,
                asked: START + Host::at(call.sent) + outcome.way.unwrap_or_default(),
                has_come: failure.is_none(),
                signed_by: flight.signed_by,
            };
            self.oracle.give(call.profile, &given);
        }
        let sample = date.map(|date| Sample {
            date,
            sent: call.sent,
            received: self.host.boot(),
            authenticated: true,
        });
        let ended = match (failure, &outcome.given, date) {
            (None, Some((id, expires)), Some(date)) => Ended::Given {
                id: id.clone(),
                // As the client measures it.
                lifetime: (*expires - date - TimeDelta::seconds(1)).to_std().unwrap(),
            },
            (failure, ..) => Ended::Failed {
                failure: failure.unwrap_or(Failure::Internal),
                sent: outcome.way.is_some(),
            },
        };
        let mut chance = || Fraction::from_bits(self.chance.next());
        self.machines.end(call, ended, sample, &self.host, &mut chance);
        let profile = of_person();
        if call.profile == profile {
            let asks = Host::at(self.machines.asks(profile));
            self.agenda.add(asks, Happening::Look);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Lands(number) => self.land(number),
            Happening::Consume => {
                self.consume();
                let within = self.random.between(Duration::from_mins(5), Duration::from_mins(50));
                self.plan(within, Happening::Consume);
            }
            Happening::Event => self.begin_event(),
            Happening::Midst => match self.random.below(3) {
                0 => self.restart(),
                1 => self.suspend(),
                _ => self.jump(),
            },
            Happening::Clears => {
                self.weather = Weather::Fair;
                self.keys_are_readable = true;
                self.end_trouble(true);
                self.end_event();
            }
            Happening::Awake => self.end_trouble(true),
            Happening::Back => {
                self.person.is_away = false;
                self.end_trouble(false);
                self.end_event();
            }
            Happening::Code => {
                self.person.is_coming = false;
                if !self.person.is_away && self.machines.wants_code(of_person(), self.host.boot()) {
                    self.machines.take_code(of_person(), self.host.boot());
                }
            }
            Happening::Known(user) => {
                let version = self.versions[user];
                self.aws.rotate(user, &[version - 1, version]);
            }
            Happening::Look => {}
        }
    }

    /// Consumers ask for everything.
    fn consume(&self) {
        let now = self.host.truth();
        for profile in 0..CAST.len() {
            let served = self.machines.served(profile, self.host.boot());
            let served = served.map(|(id, left)| Served {
                id,
                left: TimeDelta::from_std(left).unwrap(),
            });
            self.oracle.ask(profile, served.as_ref(), now);
        }
        let violations = self.oracle.violations();
        assert!(violations.is_empty(), "{}", violations.join("\n"));
    }

    fn begin_trouble(&self, for_all: bool) {
        self.oracle.state().begin_trouble(self.host.truth(), for_all);
    }

    fn end_trouble(&self, for_all: bool) {
        self.oracle.state().end_trouble(self.host.truth(), for_all);
    }
}

impl Flight<'_> {
    fn new(call: Call, outcome: Outcome) -> Self {
        Self {
            call,
            outcome,
            failure: None,
            signed_by: None,
            is_cut: false,
            _end: None,
        }
    }
}

/// Whose codes a person gives.
fn of_person() -> usize {
    let mut places = (0..).zip(&CAST);
    let found = places.find(|(_, member)| member.is_keyed() && member.root().1 == Mfa::Person);
    found.unwrap().0
}

fn shape(member: &Member) -> Shape {
    let (user, codes) = member.root();
    Shape {
        source: member.source(),
        codes: match codes {
            _ if !member.is_keyed() => Codes::Without,
            Mfa::Without => Codes::Without,
            Mfa::Seed | Mfa::Process => Codes::Made(cast::serial(user).parse().unwrap()),
            Mfa::Person => Codes::Submitted,
        },
    }
}
