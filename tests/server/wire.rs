use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::client::TlsStream;

/// When a test that waits for something gives up.
pub(crate) const HANG: Duration = Duration::from_secs(20);

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

/// A raw connection.
pub(crate) struct Peer(pub(crate) Box<dyn Wire>);

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1);
        let mut fields = lines.filter_map(|line| line.split_once(": "));
        fields
            .find(|field| field.0.eq_ignore_ascii_case(name))
            .map(|field| field.1)
    }
}

impl Peer {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// The next reply; none when the connection ended without one.
    pub(crate) async fn reply(&mut self) -> Option<Reply> {
        self.read(true).await
    }

    /// The next reply to HEAD: its length is announced, and no body follows.
    pub(crate) async fn reply_to_head(&mut self) -> Option<Reply> {
        self.read(false).await
    }

    async fn read(&mut self, with_body: bool) -> Option<Reply> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte().await?);
        }
        let head = String::from_utf8(head).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = Reply {
            status,
            head,
            body: String::new(),
        };
        if with_body {
            let length = reply.header("content-length").unwrap().parse().unwrap();
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await.unwrap();
            reply.body = String::from_utf8(body).unwrap();
        }
        Some(reply)
    }

    /// Whether nothing follows.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.byte().await.is_none()
    }

    /// A close may arrive as a reset, when the peer's bytes were not all read.
    async fn byte(&mut self) -> Option<u8> {
        match tokio::time::timeout(HANG, self.0.read_u8())
            .await
            .expect("neither bytes nor a close")
        {
            Ok(byte) => Some(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("{error}"),
        }
    }
}

/// How the listeners are reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Way {
    #[default]
    V4,
    V6,
    /// The credentials listener over TLS, on IPv4.
    Tls,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::V4, Self::V6, Self::Tls];

    pub(crate) fn socket(self) -> TcpSocket {
        match self {
            Self::V4 | Self::Tls => TcpSocket::new_v4().unwrap(),
            Self::V6 => TcpSocket::new_v6().unwrap(),
        }
    }

    pub(crate) fn address(self) -> SocketAddr {
        let address = match self {
            Self::V4 | Self::Tls => "127.0.0.1:0",
            Self::V6 => "[::1]:0",
        };
        address.parse().unwrap()
    }
}
