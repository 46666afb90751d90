//! Random histories: sessions and roles, an STS of every mood, people, reloads, clocks that jump, hosts that sleep.
//! What must always hold is checked at every call and after every step.
//!
//! `VALETKEY_HISTORIES=100000` tries more; a failure names its seed, and `VALETKEY_HISTORY=<seed>` plays it alone.

mod oracle;

use std::collections::HashMap;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::scene::{Heard, WALL, job, role_job};
use super::*;
use crate::aws::{RoleDuration, SerialNumber, SessionDuration, TokenCode};
use crate::clock::PausedClock;
use crate::config::{KeySource, Kind, Mfa, MfaCode};
use crate::renew::random::Random;
use crate::renew::{Accepted, Reason, Refused};
use oracle::{Authenticator, Key, Oracle, Seed};

const HISTORIES: u64 = 100;
const STEPS: u64 = 60;

#[test]
fn whatever_happens() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match number("VALETKEY_HISTORY") {
        Some(seed) => seed..seed + 1,
        None => 0..number("VALETKEY_HISTORIES").unwrap_or(HISTORIES),
    };
    for seed in seeds {
        println!("seed {seed}");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(history(seed));
    }
}

async fn history(seed: u64) {
    let mut random = Random::new(seed);
    let mut world = World::begin(&mut random);
    for _ in 0..STEPS {
        match random.below(10) {
            0 => world.reload(&mut random).await,
            1 => world.clock.jump_wall(TimeDelta::seconds(random.span(1 << 14))),
            2 => world.clock.suspend(Duration::from_secs(random.up_to(14))),
            3 | 4 => world.submit(&mut random),
            5 => sleep(Duration::from_millis(random.below(3_000))).await,
            _ => sleep(Duration::from_secs(random.up_to(9))).await,
        }
        tokio::task::yield_now().await;
        world.check();
    }
    world.heal().await;
}

impl Random {
    /// Below two to the power of `most`, and as often small as large.
    fn up_to(&mut self, most: u64) -> u64 {
        let bits = 1 + self.below(most);
        self.below(1 << bits)
    }

    /// Between minus and plus `bound`.
    fn span(&mut self, bound: i64) -> i64 {
        i64::try_from(self.next() >> 1).unwrap() % bound
    }
}

/// A profile, as the plan of a moment has it.
#[derive(Clone, PartialEq)]
struct Spec {
    /// Another one is another identity.
    version: u64,
    seconds: i64,
    made: Made,
}

#[derive(Clone, PartialEq)]
enum Made {
    Session(Option<(u64, Way)>),
    /// From the profile in that place.
    Role(usize),
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Seed,
    Process,
    Person,
}

impl Spec {
    /// A profile that may be made from those before it.
    fn any(random: &mut Random, before: &[Self]) -> Self {
        let source = before.iter().position(|_| random.percent(30));
        let is_deep =
            |at: usize| matches!(before[at].made, Made::Role(source) if matches!(before[source].made, Made::Role(_)));
        let made = match source.filter(|at| !is_deep(*at)) {
            Some(source) => Made::Role(source),
            None if random.percent(30) => Made::Session(None),
            None => Made::Session(Some((random.below(2), Way::any(random)))),
        };
        Self {
            version: random.below(1 << 30),
            seconds: 900 + i64::try_from(random.below(2_700)).unwrap(),
            made,
        }
    }

    /// What a reload does to it.
    fn change(&mut self, random: &mut Random) {
        match random.below(4) {
            0 => self.version += 1,
            1 => self.seconds = 900 + i64::try_from(random.below(2_700)).unwrap(),
            2 => {
                if let Made::Session(Some((_, way))) = &mut self.made {
                    *way = Way::any(random);
                }
            }
            _ => {}
        }
    }
}

impl Way {
    fn any(random: &mut Random) -> Self {
        [Self::Seed, Self::Process, Self::Person][random.place(3)]
    }
}

fn serial(device: u64) -> SerialNumber {
    format!("arn:aws:iam::123456789012:mfa/device{device}").parse().unwrap()
}

struct World {
    plan: Vec<Spec>,
    clock: Arc<PausedClock>,
    oracle: Arc<Oracle>,
    table: Arc<Table>,
    handle: Handle,
    /// Codes that people gave, and the verdicts that they got.
    submissions: JoinSet<(String, Result<Accepted, Refused>)>,
    codes: u64,
}

impl World {
    fn begin(random: &mut Random) -> Self {
        let clock = Arc::new(PausedClock::new(WALL));
        let oracle = Arc::new(Oracle::new(clock.clone(), random.next()));
        let mut plan = vec![];
        for _ in 0..=random.below(6) {
            plan.push(Spec::any(random, &plan));
        }
        let jobs = jobs(&plan, &oracle);
        let profiles: Vec<_> = jobs.iter().map(|job| job.profile.clone()).collect();
        let table = Arc::new(Table::new(&profiles));
        let mut chance = Random::new(random.next());
        let parts = Parts {
            clock: clock.clone(),
            sts: oracle.clone(),
            table: table.clone(),
            observer: Arc::new(Heard::default()),
            store: None,
            chance: Box::new(move || Fraction::from_bits(chance.next())),
        };
        let (engine, handle) = Engine::new(parts, jobs);
        tokio::spawn(engine.run(std::future::pending()));
        Self {
            plan,
            clock,
            oracle,
            table,
            handle,
            submissions: JoinSet::new(),
            codes: 0,
        }
    }

    async fn reload(&mut self, random: &mut Random) {
        self.plan.truncate(6 - random.place(3));
        for spec in &mut self.plan {
            spec.change(random);
        }
        if self.plan.len() < 6 && random.percent(30) {
            self.plan.push(Spec::any(random, &self.plan));
        }
        let mut jobs = jobs(&self.plan, &self.oracle);
        let turn = random.place(jobs.len());
        jobs.rotate_left(turn);
        self.handle.apply(jobs).await.unwrap();
    }

    /// A person gives a code: a new one, or one of those before.
    fn submit(&mut self, random: &mut Random) {
        self.codes += 1;
        let number = self
            .codes
            .saturating_sub(if random.percent(40) { random.below(3) } else { 0 });
        let profile = random.percent(70).then(|| random.below(6));
        self.give(profile, number);
    }

    fn give(&mut self, profile: Option<u64>, number: u64) {
        let code = format!("9{number:05}");
        let profile = profile.map(|profile| format!("p{profile}").parse().unwrap());
        let handle = self.handle.clone();
        self.submissions.spawn(async move {
            let submission = handle.submit(profile, TokenCode::try_from(code.clone()).ok().unwrap());
            // A minute for the code, and what a key and STS may take.
            let verdict = timeout(Duration::from_secs(150), submission).await.unwrap();
            (code, verdict)
        });
    }

    fn check(&mut self) {
        self.oracle.check_calls();
        while let Some(ended) = self.submissions.try_join_next() {
            let (code, verdict) = ended.unwrap();
            self.oracle
                .check_verdict(&code, verdict.as_ref().map_err(|refused| refused.reason));
        }
        let mut wanted = HashMap::new();
        for face in self.table.profiles().iter() {
            let place = place(face.name.as_str());
            let snapshot = face.snapshot();
            if let Some(document) = snapshot.servable(self.clock.boot()) {
                let body: serde_json::Value = serde_json::from_slice(&document.body).unwrap();
                let key = body["AccessKeyId"].as_str().unwrap();
                self.oracle
                    .check_served(key, &identity(&self.plan, place), body["AccountId"].as_str());
            }
            if snapshot.code_wanted.is_some() {
                let Made::Session(Some((device, Way::Person))) = self.plan[place].made else {
                    panic!("{} wants a code of nobody", face.name);
                };
                assert_eq!(wanted.insert(device, place), None, "two requests for one device");
            }
        }
    }

    /// STS answers, keys are there, people are awake: everybody is served again.
    async fn heal(&mut self) {
        self.oracle.heal();
        // Whoever has put everything right reloads: what hardly heals by itself waits long.
        self.handle.apply(jobs(&self.plan, &self.oracle)).await.unwrap();
        sleep(Duration::from_mins(10)).await;
        self.check();
        for place in 0..self.plan.len() {
            if matches!(self.plan[place].made, Made::Session(Some((_, Way::Person)))) {
                self.codes += 1;
                self.give(Some(place as u64), self.codes);
                sleep(Duration::from_secs(200)).await;
            }
        }
        self.check();
        assert!(self.submissions.is_empty(), "a submission without a verdict");
        for face in self.table.profiles().iter() {
            let snapshot = face.snapshot();
            let told = snapshot.trouble.as_ref().map(|trouble| &trouble.message);
            assert!(
                snapshot.servable(self.clock.boot()).is_some(),
                "{}: {told:?}",
                face.name
            );
        }
        let unanswered = timeout(Duration::from_mins(5), self.submissions.join_next()).await;
        assert!(unanswered.unwrap().is_none());
    }
}

fn place(name: &str) -> usize {
    name[1..].parse().unwrap()
}

/// Who a profile is, as the oracle sees it in the calls.
fn identity(plan: &[Spec], place: usize) -> String {
    let Spec { version, made, .. } = &plan[place];
    match made {
        Made::Session(mfa) => {
            let device = mfa.map(|(device, _)| serial(device));
            oracle::session_identity(&key_id(place, *version), device.as_ref())
        }
        Made::Role(source) => oracle::role_identity(&role_arn(place, *version), &identity(plan, *source)),
    }
}

fn key_id(place: usize, version: u64) -> String {
    format!("AKIA{place:02}{version:010}")
}

fn role_arn(place: usize, version: u64) -> String {
    format!("arn:aws:iam::123456789012:role/p{place}-{version}")
}

fn jobs(plan: &[Spec], oracle: &Arc<Oracle>) -> Vec<Job> {
    plan.iter()
        .enumerate()
        .map(|(place, spec)| job_of(place, spec, oracle))
        .collect()
}

fn job_of(place: usize, spec: &Spec, oracle: &Arc<Oracle>) -> Job {
    match &spec.made {
        Made::Session(mfa) => {
            let id = key_id(place, spec.version);
            let mut profile = job(place, false).profile;
            if let Kind::Session(session) = &mut profile.kind {
                session.key = KeySource::Directory(id.as_str().into());
                session.duration = SessionDuration::try_from(spec.seconds).unwrap();
                session.mfa = mfa.map(|(device, way)| {
                    let code = match way {
                        Way::Seed => MfaCode::TotpSeedFile("/seed".into()),
                        Way::Process => MfaCode::TotpSeedFile("/process".into()),
                        Way::Person => MfaCode::Push { notify: None },
                    };
                    Mfa::new(serial(device), code)
                });
            }
            Job {
                profile,
                key: Some(Arc::new(Key(id, Arc::clone(oracle)))),
                device: mfa.map(|(device, way)| Device {
                    serial: serial(device),
                    codes: match way {
                        Way::Seed => Codes::Made(Arc::new(Seed)),
                        Way::Process => Codes::Made(Arc::new(Authenticator(Arc::clone(oracle)))),
                        Way::Person => Codes::Submitted { notify: None },
                    },
                    others: vec![],
                }),
                voucher: None,
            }
        }
        Made::Role(source) => {
            let mut job = role_job(&format!("p{place}"), &format!("p{source}"));
            if let Kind::Role(role) = &mut job.profile.kind {
                role.request.role_arn = role_arn(place, spec.version).parse().unwrap();
                role.request.duration = RoleDuration::try_from(spec.seconds).unwrap();
            }
            job
        }
    }
}
