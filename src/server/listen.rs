use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};

use super::activity::Shared;
use super::asked::Answers;
use super::connection;
use super::limits::Limits;
use super::peer::Peers;
use super::refusals::Refusals;
use super::room::{Place, Room};
use super::tls::Tls;
use crate::BoxFuture;
use crate::clock::Clock;
use crate::metrics::{Http, Reason};

/// What the connections of one listener share.
pub(super) struct Context {
    pub(super) limits: Limits,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) http: Arc<Http>,
    pub(super) refusals: Arc<Refusals>,
    /// Who is at the other end, where that is of use.
    pub(super) peers: Option<Peers>,
    /// With what the listener speaks TLS, if it does.
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) stop: Stop,
}

impl Context {
    pub(super) fn new(
        limits: Limits,
        clock: Arc<dyn Clock>,
        http: Arc<Http>,
        refusals: Arc<Refusals>,
        peers: Option<Peers>,
        tls: Option<Arc<Tls>>,
    ) -> Self {
        let stop = Stop::default();
        Self {
            limits,
            clock,
            http,
            refusals,
            peers,
            tls,
            stop,
        }
    }
}

/// Tells every connection to end. Asking whether it was told costs a request one load.
#[derive(Default)]
pub(super) struct Stop {
    told: AtomicBool,
    wake: Notify,
}

impl Stop {
    fn tell(&self) {
        self.told.store(true, Ordering::Release);
        self.wake.notify_waiters();
    }

    /// Returns once it was told. Its waker is registered at the first poll only: one task must poll it throughout.
    pub(super) async fn wait(&self) {
        let mut woken = pin!(self.wake.notified());
        let mut registered = false;
        poll_fn(|cx| {
            if !registered {
                registered = true;
                let _ = woken.as_mut().poll(cx);
            }
            if self.told.load(Ordering::Acquire) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// What answers the connections of one listener.
pub(super) struct Services<S> {
    pub(super) seated: S,
    /// Beyond the limit.
    pub(super) standing: S,
}

/// Accepts connections until `shutdown` completes, then lets the open ones end.
pub(super) async fn run<S>(
    listener: TcpListener,
    services: Services<S>,
    context: Context,
    shutdown: impl Future<Output = ()>,
) where
    S: Answers + Clone + Send + 'static,
{
    let clock = Arc::clone(&context.clock);
    let mut connections = Connections::new(services, context);
    let mut backoff = Backoff::default();
    let mut pause = None;
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(ended) = connections.tasks.join_next() => connections.ended(ended),
            () = over(&mut pause), if pause.is_some() => pause = None,
            accepted = listener.accept(), if pause.is_none() => match accepted {
                Ok((stream, peer)) => {
                    backoff = Backoff::default();
                    connections.open(stream, peer).await;
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    let retry_in = backoff.next();
                    let listener = connections.context.http.listener().as_str();
                    tracing::warn!(listener, %error, ?retry_in, "no connection can be accepted");
                    pause = Some(clock.sleep_until(clock.boot() + retry_in));
                }
            },
        }
    }
    for (stream, peer) in waiting(listener) {
        connections.open(stream, peer).await;
    }
    connections.drain().await;
}

/// What the kernel has connected already, and nobody accepted: whoever is at the other end may have sent his request. The runtime may
/// not have heard of it, so that the kernel itself is asked.
fn waiting(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    let accept = |listener: &std::net::TcpListener| {
        let (stream, peer) = listener.accept()?;
        stream.set_nonblocking(true)?;
        Ok::<_, io::Error>((TcpStream::from_std(stream)?, peer))
    };
    let listener = listener.into_std();
    let all = std::iter::from_fn(|| accept(listener.as_ref().ok()?).ok());
    all.take(MOST_WAITING).collect()
}

/// As many as the kernel lets wait; whoever comes meanwhile is nobody's reason to go on.
const MOST_WAITING: usize = 1024;

/// Returns when the pause is over.
async fn over(pause: &mut Option<BoxFuture<'_, ()>>) {
    if let Some(timer) = pause {
        timer.await;
    }
}

struct Connections<S> {
    services: Services<S>,
    context: Arc<Context>,
    tasks: JoinSet<()>,
    room: Room,
}

impl<S> Connections<S>
where
    S: Answers + Clone + Send + 'static,
{
    fn new(services: Services<S>, context: Context) -> Self {
        Self {
            services,
            room: Room::new(context.http.listener()),
            context: Arc::new(context),
            tasks: JoinSet::new(),
        }
    }

    /// Serves a newcomer, if there is a place for it.
    async fn open(&mut self, stream: TcpStream, peer: SocketAddr) {
        let Some(place) = self.place().await else {
            return;
        };
        let peers = self.context.peers.as_ref();
        let peer = peers.and_then(|peers| peers.accepted(&stream, peer));
        let shared = Shared::new(self.context.clock.boot());
        let service = match place {
            Place::Seat => self.services.seated.clone(),
            Place::Standing => self.services.standing.clone(),
        };
        let connection = connection::serve(stream, peer, shared.clone(), service, Arc::clone(&self.context));
        let task = self.tasks.spawn(connection);
        self.room.take(place, shared, task);
        self.context.http.connections(self.tasks.len());
        if self.tasks.len() >= self.context.limits.connections {
            // Whoever came is heard before the next one comes, for whom it might have to make room.
            tokio::task::yield_now().await;
        }
    }

    /// When the listener is full, another connection is closed first; where none is worth less, the newcomer stands.
    async fn place(&mut self) -> Option<Place> {
        let limits = self.context.limits;
        for (place, most) in [(Place::Seat, limits.connections), (Place::Standing, limits.standing)] {
            if self.room.taken(place) < most {
                return Some(place);
            }
            if place == Place::Seat {
                self.context.refusals.add(Reason::Connections);
            }
            if self.room.make(place) {
                // At once: the task that was told to end has nothing to wait for.
                if let Some(ended) = self.tasks.join_next().await {
                    self.ended(ended);
                }
                return Some(place);
            }
        }
        None
    }

    fn ended(&mut self, ended: Result<(), JoinError>) {
        if ended.is_err_and(|error| error.is_panic()) {
            self.context.http.rejected(Reason::Panic);
            // Told here and not as a refusal: it is a defect. The panic's own message is left to the panic hook: it might repeat a request.
            let listener = self.context.http.listener().as_str();
            tracing::error!(
                listener,
                "the task of a connection panicked: please report this message"
            );
        }
        self.room.tidy();
        self.context.http.connections(self.tasks.len());
    }

    async fn drain(mut self) {
        let context = Arc::clone(&self.context);
        context.stop.tell();
        let mut grace = context.clock.sleep_until(context.clock.boot() + context.limits.grace);
        loop {
            tokio::select! {
                biased;
                ended = self.tasks.join_next() => match ended {
                    Some(ended) => self.ended(ended),
                    None => return,
                },
                () = &mut grace => break,
            }
        }
        self.tasks.shutdown().await;
        self.context.http.connections(0);
    }
}

/// Errors that concern the connection that was about to be accepted, not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// How long to wait after a failed accept: 50 ms, doubled each time, at most 1 s.
#[derive(Default)]
struct Backoff(u32);

impl Backoff {
    fn next(&mut self) -> Duration {
        let pause = Duration::from_millis(50) * 2_u32.pow(self.0);
        self.0 = (self.0 + 1).min(5);
        pause.min(Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backs_off_from_50_ms_to_1_s() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..8).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
    }

    #[test]
    fn only_errors_of_the_listener_make_it_pause() {
        assert!(is_of_one_connection(&io::ErrorKind::ConnectionAborted.into()));
        for errno in [
            rustix::io::Errno::MFILE,
            rustix::io::Errno::NFILE,
            rustix::io::Errno::NOBUFS,
        ] {
            assert!(!is_of_one_connection(&errno.into()), "{errno}");
        }
    }
}
