//! A server of one trick: it reads one request and answers it in one way, and tells of every connection it saw.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::SESSION_TOKEN;

/// What happens after the request was read.
#[derive(Clone)]
pub(crate) enum Ending {
    /// These bytes, and the connection stays open.
    Answer(String),
    /// These bytes, and the connection is closed.
    AnswerAndClose(String),
    /// These bytes, and the connection is reset.
    AnswerAndReset(String),
    /// These bytes again and again, a piece every 20 ms.
    Drip(String, &'static str),
    /// These bytes and then as many as the client takes.
    Flood(String),
    /// These bytes, before anything was read.
    Greet(&'static str),
    /// Nothing is read, nothing is written, nothing is closed.
    Stall,
}

pub(crate) enum Seen {
    Connection(SocketAddr),
    Request(String),
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: UnboundedReceiver<Seen>,
}

impl Server {
    pub(crate) async fn plain(ending: Ending) -> Self {
        Self::start(ending, None).await
    }

    pub(crate) async fn tls(ending: Ending, config: ServerConfig) -> Self {
        Self::start(ending, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start(ending: Ending, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, seen) = unbounded_channel();
        tokio::spawn(async move {
            loop {
                let (stream, peer) = listener.accept().await.unwrap();
                tell.send(Seen::Connection(peer)).ok();
                tokio::spawn(serve(stream, tls.clone(), ending.clone(), tell.clone()));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// How many connections came, and the requests on them. A connection of our own, made now, marks the end: those
    /// of the client were accepted before it.
    pub(crate) async fn seen(mut self) -> (usize, Vec<String>) {
        let mark = TcpStream::connect(self.address).await.unwrap();
        let mark = mark.local_addr().unwrap();
        let (mut connections, mut requests) = (0, Vec::new());
        loop {
            match self.seen.recv().await.unwrap() {
                Seen::Connection(peer) if peer == mark => return (connections, requests),
                Seen::Connection(_) => connections += 1,
                Seen::Request(request) => requests.push(request),
            }
        }
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, ending: Ending, tell: UnboundedSender<Seen>) {
    match (tls, &ending) {
        (_, Ending::Stall) => {
            let _open = stream;
            std::future::pending::<()>().await;
        }
        (_, Ending::Greet(bytes)) => {
            let mut stream = stream;
            stream.write_all(bytes.as_bytes()).await.ok();
            while stream.read_u8().await.is_ok() {}
        }
        (None, Ending::AnswerAndReset(bytes)) => {
            let mut stream = stream;
            if let Some(request) = read_request(&mut stream).await {
                tell.send(Seen::Request(request)).ok();
                stream.write_all(bytes.as_bytes()).await.ok();
                stream.set_zero_linger().unwrap();
            }
        }
        (None, _) => answer(stream, ending, tell).await,
        (Some(tls), _) => {
            if let Ok(stream) = tls.accept(stream).await {
                answer(stream, ending, tell).await;
            }
        }
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, ending: Ending, tell: UnboundedSender<Seen>) {
    while let Some(request) = read_request(&mut stream).await {
        tell.send(Seen::Request(request)).ok();
        match &ending {
            Ending::Answer(bytes) => stream.write_all(bytes.as_bytes()).await.unwrap(),
            Ending::AnswerAndClose(bytes) => {
                stream.write_all(bytes.as_bytes()).await.unwrap();
                stream.shutdown().await.ok();
                return;
            }
            Ending::Drip(head, piece) => {
                stream.write_all(head.as_bytes()).await.unwrap();
                while stream.write_all(piece.as_bytes()).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            Ending::Flood(head) => {
                stream.write_all(head.as_bytes()).await.unwrap();
                while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
            }
            Ending::AnswerAndReset(_) | Ending::Greet(_) | Ending::Stall => unreachable!("not over TLS"),
        }
    }
}

/// The head of a message, up to and including the empty line; `None` at the end of the connection.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap())
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let head = read_head(stream).await?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap_or("0").parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some(head + std::str::from_utf8(&body).unwrap())
}

/// An HTTP answer with its length.
pub(crate) fn http(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nDate: Fri, 02 Jan 2026 03:04:07 GMT\r\nContent-Length: {length}\r\n\r\n{body}")
}

pub(crate) const TEMPORARY_SECRET: &str = "temporarySecret/EXAMPLEKEY";

/// STS's answer to GetSessionToken.
pub(crate) fn good() -> String {
    http("200 OK", &good_body())
}

pub(crate) fn good_body() -> String {
    format!(
        r#"<GetSessionTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetSessionTokenResult><Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>{TEMPORARY_SECRET}</SecretAccessKey><SessionToken>{SESSION_TOKEN}</SessionToken><Expiration>2026-01-02T15:04:06Z</Expiration></Credentials></GetSessionTokenResult><ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata></GetSessionTokenResponse>"#
    )
}
