//! The way to AWS, as the weather has it, and the emulator's core at its end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::header::HeaderMap;
use tokio::time::sleep;
use url::Url;

use super::cast::Belongings;
use super::observed::Asked;
use super::oracle::Oracle;
use super::random::Random;
use crate::BoxFuture;
use crate::clock::{Clock, PausedClock};
use crate::emulator::{Faults, Garbage, Handle, Instead, Request, Response};
use crate::sts::{Lost, Wire};

/// How the way to AWS is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Weather {
    Fair,
    /// No route: connecting fails at once.
    NoRoute,
    /// Packets vanish: connecting takes the three seconds that it may.
    BlackHole,
    /// AWS itself, or a box in between, does this.
    Faults(Faults),
    /// Some requests fare like this: so many in a hundred meet one of all faults.
    Brownout(u64),
}

pub(super) const CONNECT: Duration = Duration::from_secs(3);
pub(super) const TOTAL: Duration = Duration::from_secs(10);

/// What can come instead of an answer.
pub(super) const INSTEADS: [Instead; 10] = [
    Instead::Down,
    Instead::LostReply,
    Instead::InternalFailure,
    Instead::ServiceUnavailable,
    Instead::Throttling,
    Instead::Garbage(Garbage::CaptivePortal),
    Instead::Garbage(Garbage::Empty),
    Instead::Garbage(Garbage::NotXml),
    Instead::Garbage(Garbage::Truncated),
    Instead::Garbage(Garbage::Oversized),
];

pub(super) struct Network {
    pub(super) aws: Handle,
    /// UTC as it is.
    pub(super) truth: Arc<PausedClock>,
    pub(super) oracle: Arc<Oracle>,
    belongings: Arc<Belongings>,
    weather: Mutex<Weather>,
    random: Mutex<Random>,
}

impl Network {
    pub(super) fn new(
        aws: Handle,
        truth: Arc<PausedClock>,
        oracle: Arc<Oracle>,
        belongings: Arc<Belongings>,
        seed: u64,
    ) -> Self {
        Self {
            aws,
            truth,
            oracle,
            belongings,
            weather: Mutex::new(Weather::Fair),
            random: Mutex::new(Random::new(seed)),
        }
    }

    pub(super) fn set(&self, weather: Weather) {
        let faults = match &weather {
            Weather::Faults(faults) => faults.clone(),
            _ => Faults::default(),
        };
        self.aws.set_faults(faults);
        *self.weather.lock().unwrap() = weather;
    }

    async fn exchange(&self, request: Request) -> Result<Response, Lost> {
        let weather = self.weather.lock().unwrap().clone();
        let mut asked = Asked::read(&request);
        let _end = asked.begins(&self.oracle, self.truth.wall());
        match weather {
            Weather::NoRoute => return Err(Lost::Unreachable),
            Weather::BlackHole => {
                sleep(CONNECT).await;
                return Err(Lost::Unreachable);
            }
            Weather::Brownout(percent) => self.roll(percent),
            Weather::Fair | Weather::Faults(_) => {}
        }
        let way = self.latency();
        sleep(way).await;
        let now = self.truth.wall();
        asked.arrives(&self.oracle, &self.belongings, now);
        let outcome = self.aws.handle(&request, now);
        let back = self.latency() + outcome.delay;
        if way + back >= TOTAL {
            sleep(TOTAL.saturating_sub(way)).await;
            return Err(Lost::TimedOut);
        }
        sleep(back).await;
        let response = outcome.response.ok_or(Lost::Cut)?;
        asked.is_answered(&self.oracle, &response);
        Ok(response)
    }

    fn latency(&self) -> Duration {
        let mut random = self.random.lock().unwrap();
        random.between(Duration::from_millis(5), Duration::from_millis(150))
    }

    /// One request may meet one fault.
    fn roll(&self, percent: u64) {
        let mut random = self.random.lock().unwrap();
        if random.percent(percent) {
            let instead = INSTEADS[random.place(INSTEADS.len())];
            self.aws.set_faults(Faults::instead(instead).times(1));
        }
    }
}

impl Wire for Network {
    fn carry<'a>(
        &'a self,
        url: &'a Url,
        headers: &'a HeaderMap,
        form: &'a [u8],
    ) -> BoxFuture<'a, Result<hyper::Response<Vec<u8>>, Lost>> {
        Box::pin(async move {
            let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
                (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
            };
            let response = self
                .exchange(Request {
                    method: "POST".to_owned(),
                    path: url.path().to_owned(),
                    query: String::new(),
                    headers: headers.iter().map(header).collect(),
                    body: form.to_vec(),
                })
                .await?;
            let mut reply = hyper::Response::builder().status(response.status);
            for (name, value) in &response.headers {
                reply = reply.header(*name, value);
            }
            Ok(reply.body(response.body).unwrap())
        })
    }
}
