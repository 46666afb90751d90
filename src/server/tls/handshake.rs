use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Tls;
use crate::clock::BootInstant;
use crate::metrics::Reason;
use crate::server::listen::Context;

/// Who is at the other end is told whom it speaks to, before `deadline`. The error says why not; none where the peer left without
/// a byte, as a probe of the port does, or the shutdown has begun.
pub(in crate::server) async fn handshake(
    stream: TcpStream,
    tls: &Arc<Tls>,
    context: &Context,
    deadline: BootInstant,
) -> Result<Box<TlsStream<TcpStream>>, Option<Reason>> {
    tokio::select! {
        biased;
        () = context.stop.wait() => Err(None),
        () = context.clock.sleep_until(deadline) => Err(Some(Reason::HeaderTimeout)),
        shaken = shake(stream, tls) => match shaken {
            Ok(Some(stream)) => Ok(Box::new(stream)),
            Ok(None) => Err(None),
            Err(error) => {
                let listener = context.http.listener().as_str();
                tracing::debug!(listener, %error, "no TLS with a peer");
                Err(Some(Reason::Tls))
            }
        },
    }
}

/// None where nothing comes.
async fn shake(stream: TcpStream, tls: &Arc<Tls>) -> io::Result<Option<TlsStream<TcpStream>>> {
    if stream.peek(&mut [0]).await.unwrap_or(0) == 0 {
        return Ok(None);
    }
    let acceptor = TlsAcceptor::from(tls.config().await);
    acceptor.accept(stream).await.map(Some)
}
