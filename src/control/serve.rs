use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tracing::{error, warn};

use super::connection::{self, Context};
use super::refusal::Refusal;
use super::reply::Reply;
use super::strangers::{Strangers, may_enter};
use super::{Listener, Operator};
use crate::BoxFuture;
use crate::clock::Clock;

/// Open connections; one more is told so and closed at once. An operator has one or two, and a script that leaves some
/// open loses each within seconds.
const CONNECTIONS: usize = 16;

/// How long to wait after a failed accept.
const PAUSE: Duration = Duration::from_secs(1);

/// How long commands under way may go on once shutdown has begun.
const GRACE: Duration = Duration::from_secs(5);

/// Answers operators until `shutdown` completes, then lets the commands under way end, within 5 s. The socket's file is
/// gone before that wait.
pub async fn serve(
    listener: Listener,
    operator: Arc<dyn Operator>,
    clock: Arc<dyn Clock>,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopped) = watch::channel(false);
    let mut connections = Connections {
        own: rustix::process::geteuid().as_raw(),
        strangers: Strangers::default(),
        tasks: JoinSet::new(),
        context: Arc::new(Context {
            operator,
            clock: Arc::clone(&clock),
            stop: stopped,
        }),
    };
    let mut shutdown = pin!(shutdown);
    let mut pause: Option<BoxFuture<'_, ()>> = None;
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(end) = connections.tasks.join_next() => ended(end),
            () = async { if let Some(timer) = &mut pause { timer.await; } }, if pause.is_some() => pause = None,
            accepted = listener.socket.accept(), if pause.is_none() => match accepted {
                Ok((stream, _)) => connections.open(stream),
                Err(error) => {
                    warn!(%error, "control socket: no connection can be accepted; trying again in 1 s");
                    pause = Some(clock.sleep_until(clock.boot() + PAUSE));
                }
            },
        }
    }
    drop(listener);
    let _ = stop.send(true);
    connections.drain(&*clock).await;
}

struct Connections {
    own: u32,
    strangers: Strangers,
    tasks: JoinSet<()>,
    context: Arc<Context>,
}

impl Connections {
    fn open(&mut self, stream: UnixStream) {
        // Without a UID there is nobody to let in.
        let Ok(user) = stream.peer_cred().map(|peer| peer.uid()) else {
            return;
        };
        // First, so that strangers take nobody's room.
        if !may_enter(user, self.own) {
            if let Some(refused) = self.strangers.add(self.context.clock.boot()) {
                warn!(
                    user,
                    refused, "control socket: another user was refused; so many since the last such line"
                );
            }
            return refuse(&stream, &Refusal::STRANGER);
        }
        if self.tasks.len() >= CONNECTIONS {
            return refuse(&stream, &Refusal::TOO_MANY);
        }
        let connection = connection::serve(stream, user, Arc::clone(&self.context));
        self.tasks.spawn(connection);
    }

    async fn drain(mut self, clock: &dyn Clock) {
        let mut grace = clock.sleep_until(clock.boot() + GRACE);
        loop {
            tokio::select! {
                biased;
                end = self.tasks.join_next() => match end {
                    Some(end) => ended(end),
                    None => return,
                },
                () = &mut grace => break,
            }
        }
        self.tasks.shutdown().await;
    }
}

/// Without waiting: the line fits into the buffer of a new connection.
fn refuse(stream: &UnixStream, refusal: &Refusal) {
    let _ = stream.try_write(Reply::from(refusal).bytes());
}

/// The panic's own message is left to the panic hook: it might repeat a request.
fn ended(end: Result<(), JoinError>) {
    if end.is_err_and(|error| error.is_panic()) {
        error!("control socket: the task of a connection panicked: please report this message");
    }
}
