use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::watch;
use tracing::{debug, info};
use zeroize::Zeroizing;

use super::Operator;
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::{self, Request};
use super::wire::send;
use crate::clock::Clock;

/// How long a peer may take to send its request, and then to take the reply.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the connections share.
pub(super) struct Context {
    pub(super) operator: Arc<dyn Operator>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: watch::Receiver<bool>,
}

/// One question and its answer. Once the question is there, what it asks for is done, whether or not the peer waits.
pub(super) async fn serve(stream: UnixStream, user: u32, context: Arc<Context>) {
    let reply = match request(&stream, &context).await {
        Some(Ok(request)) => answer(request, user, &*context.operator).await,
        Some(Err(refusal)) => {
            debug!(
                user,
                reason = refusal.reason,
                "control socket: refused: {}",
                refusal.message
            );
            Reply::from(&refusal)
        }
        None => return,
    };
    tokio::select! {
        biased;
        _ = send(&stream, reply.bytes()) => {}
        () = context.clock.sleep_until(context.clock.boot() + PATIENCE) => {
            debug!(user, "control socket: a reply was not taken");
        }
    }
}

async fn answer(request: Request, user: u32, operator: &dyn Operator) -> Reply {
    match request {
        Request::Status => Reply::status(&operator.status()).await,
        Request::Reload { rotate_tokens } => {
            info!(user, rotate_tokens, "control socket: reload");
            Reply::from(operator.reload(rotate_tokens).await)
        }
        Request::Submit { profile, code } => {
            // Not for whom: a code may stand in the name's place.
            debug!(user, "control socket: an MFA code came");
            Reply::from(operator.submit(profile, code).await)
        }
        Request::Reserve { device } => {
            debug!(user, "control socket: an MFA step is wanted");
            Reply::from(operator.reserve(device).await)
        }
    }
}

/// The request, or why it is none; nothing when the peer has gone or the daemon ends.
async fn request(stream: &UnixStream, context: &Context) -> Option<Result<Request, Refusal>> {
    let mut stop = context.stop.clone();
    tokio::select! {
        biased;
        request = receive(stream) => request.ok(),
        () = context.clock.sleep_until(context.clock.boot() + PATIENCE) => Some(Err(Refusal::TIMEOUT)),
        _ = stop.wait_for(|stop| *stop) => None,
    }
}

/// Into one allocation, which is wiped: the line may hold a code. No byte is read beyond the one that shows a line to be
/// too long.
async fn receive(stream: &UnixStream) -> io::Result<Result<Request, Refusal>> {
    let mut buffer = Zeroizing::new(vec![0; request::LIMIT + 2]);
    let mut filled = 0;
    loop {
        if let Some(line) = request::line(&buffer[..filled]) {
            return Ok(line.and_then(request::parse));
        }
        stream.readable().await?;
        match stream.try_read(&mut buffer[filled..]) {
            Ok(0) if filled == 0 => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(0) => return Ok(Err(Refusal::INCOMPLETE)),
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
