//! A proxy of one trick: it notes each request and gives the reply of the case.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What goes into a signature, and the signature.
const HEADERS: [&str; 5] = [
    "authorization",
    "content-type",
    "host",
    "x-amz-date",
    "x-amz-security-token",
];

pub(crate) struct Request {
    pub(crate) headers: Value,
    pub(crate) body: Value,
}

#[derive(Default)]
struct Shared {
    reply: Vec<u8>,
    requests: Vec<Request>,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let noted = Arc::clone(&shared);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                serve(stream, &noted).await;
            }
        });
        Self { address, shared }
    }

    pub(crate) fn answer_with(&self, reply: &Value) {
        let body = reply["body"].as_str().unwrap_or_default();
        let (status, date) = (&reply["status"], reply["date"].as_str().unwrap_or_default());
        let length = body.len();
        let text = format!("HTTP/1.1 {status} X\r\nDate: {date}\r\nContent-Length: {length}\r\n\r\n{body}");
        self.shared.lock().unwrap().reply = text.into_bytes();
    }

    /// The requests since the last look.
    pub(crate) fn requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.shared.lock().unwrap().requests)
    }
}

async fn serve(mut stream: TcpStream, shared: &Mutex<Shared>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let headers: Vec<_> = head.lines().skip(1).filter_map(|line| line.split_once(": ")).collect();
    let length = headers.iter().find(|(name, _)| *name == "content-length");
    let mut body = vec![0; length.unwrap().1.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    let wanted = headers.iter().filter(|(name, _)| HEADERS.contains(name));
    let headers: Map<_, _> = wanted
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
        .collect();
    let reply = {
        let mut shared = shared.lock().unwrap();
        shared.requests.push(Request {
            headers: headers.into(),
            body: String::from_utf8(body).unwrap().into(),
        });
        shared.reply.clone()
    };
    stream.write_all(&reply).await.unwrap();
}
