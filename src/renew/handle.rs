use tokio::sync::{mpsc, oneshot};

use super::{Accepted, Job, Reason, Refused, Reservation};
use crate::aws::{ProfileName, SerialNumber, TokenCode};

/// What others may ask of a running [`Engine`](super::Engine).
#[derive(Clone)]
pub struct Handle(pub(super) mpsc::Sender<Order>);

/// How many orders may wait: whoever gives more waits himself.
pub(super) const WAITING_ORDERS: usize = 16;

pub(super) enum Order {
    Submit {
        profile: Option<ProfileName>,
        code: TokenCode,
        answer: Answer,
    },
    Reserve {
        device: SerialNumber,
        answer: oneshot::Sender<Result<Reservation, Refused>>,
    },
    Apply {
        jobs: Vec<Job>,
        applied: oneshot::Sender<Applied>,
    },
    Answer(oneshot::Sender<()>),
}

/// Where STS's verdict on a submitted code goes. Nobody needs to be there any more.
pub(super) type Answer = oneshot::Sender<Result<Accepted, Refused>>;

/// What a new set of jobs changed, in the order of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Profiles that were not there before.
    pub added: Vec<ProfileName>,
    /// Profiles that now are somebody else: what was served is withdrawn, and their credentials are obtained anew.
    pub changed: Vec<ProfileName>,
    /// Profiles of which only the manner changed: what is served stays.
    pub adjusted: Vec<ProfileName>,
    /// Profiles that are gone, and no longer served.
    pub removed: Vec<ProfileName>,
}

impl Handle {
    /// Gives the engine a code from a person, for `profile` or for the one that waits, and awaits STS's verdict. To stop
    /// waiting does not stop the code.
    pub async fn submit(&self, profile: Option<ProfileName>, code: TokenCode) -> Result<Accepted, Refused> {
        let (answer, verdict) = oneshot::channel();
        let order = Order::Submit { profile, code, answer };
        match self.0.send(order).await {
            Ok(()) => verdict.await.unwrap_or_else(|_| Err(ended())),
            Err(_) => Err(ended()),
        }
    }

    /// Reserves a step of an MFA device for somebody else than the engine, which will not use it any more.
    pub async fn reserve(&self, device: SerialNumber) -> Result<Reservation, Refused> {
        let (answer, reservation) = oneshot::channel();
        match self.0.send(Order::Reserve { device, answer }).await {
            Ok(()) => reservation.await.unwrap_or_else(|_| Err(ended())),
            Err(_) => Err(ended()),
        }
    }

    /// Returns true when the engine has had its turn, false if it has ended; and not at all while it is stuck.
    pub async fn is_at_work(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        self.0.send(Order::Answer(answer)).await.is_ok() && answered.await.is_ok()
    }

    /// Replaces the jobs. What did not change is not touched. None if the engine has ended.
    pub async fn apply(&self, jobs: Vec<Job>) -> Option<Applied> {
        let (applied, answer) = oneshot::channel();
        self.0.send(Order::Apply { jobs, applied }).await.ok()?;
        answer.await.ok()
    }
}

fn ended() -> Refused {
    Refused {
        reason: Reason::Failed,
        message: String::from("valetkey is ending"),
    }
}
