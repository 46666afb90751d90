use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A socket, or TLS over one.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {
    #[allow(dead_code, reason = "the audit tells it")]
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

impl Wire for TcpStream {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }
}

impl Wire for TlsStream<TcpStream> {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.get_ref().0.local_addr()
    }
}
