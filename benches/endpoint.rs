//! valetkey's credentials endpoint beside a bare hyper server with the same builder settings, headers and body.
//!
//! `cargo bench --bench endpoint` prints, round by round, the requests a second that 32 keep-alive connections get, the
//! CPU time of the server's thread for each request, and at the end the memory of an idle connection. What sums up a
//! comparison stands on a line that begins with `figure: `.
//!
//! Instructions of a request, on the server's own thread (the output file that ends in `-02`):
//! `ENDPOINT_SERVER=valetkey ENDPOINT_REQUESTS=6400 valgrind --tool=callgrind --separate-threads=yes <bench binary>`,
//! and again with 12800 requests and with `ENDPOINT_SERVER=bare`; the difference of two counts has no start-up in it.
//! valgrind knows no SHA instructions: it shows 2100 instructions of SHA-256 where most machines need a tenth.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops at the first surprise, and prints"
)]

use std::convert::Infallible;
use std::fs;
use std::future::{pending, ready};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use valetkey::aws::{Endpoint, SessionDuration};
use valetkey::clock::{Clock, SystemClock};
use valetkey::config::{KeySource, Kind, Profile, Session};
use valetkey::metrics::Metrics;
use valetkey::renew::{Document, Snapshot, Table};
use valetkey::secret::Secret;
use valetkey::server::{Consumers, Credentials, Limits, Tokens, serve_credentials};

const ROUNDS: usize = 12;
const ROUND: Duration = Duration::from_millis(500);
const CONNECTIONS: usize = 32;
const IDLE_CONNECTIONS: u32 = 500;

const REQUEST: &str = "GET /credentials/ops HTTP/1.1\r\n\
                       Host: 127.0.0.1\r\n\
                       Accept: application/json\r\n\
                       User-Agent: aws-sdk\r\n\
                       Authorization: QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY\r\n\r\n";
const TOKEN: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY";

fn main() {
    let wanted = std::env::var("ENDPOINT_SERVER").unwrap_or_default();
    if let Ok(requests) = std::env::var("ENDPOINT_REQUESTS") {
        let serve: fn(TcpListener) = if wanted == "bare" { spawn_bare } else { spawn_valetkey };
        return fixed(&Server::start(serve), requests.parse().unwrap());
    }
    let (bare, valetkey) = (Server::start(spawn_bare), Server::start(spawn_valetkey));
    compare(&bare, &valetkey);
    println!();
    println!("memory of an idle connection, of {IDLE_CONNECTIONS}:");
    let (held_bare, held_valetkey) = (idle(&bare), idle(&valetkey));
    println!("  bare {:>8.0} B   valetkey {:>8.0} B", held_bare.1, held_valetkey.1);
    println!(
        "figure: memory of an idle connection, valetkey to bare: {:.3}",
        held_valetkey.1 / held_bare.1
    );
}

/// Interleaved rounds, each server first in every other one: whatever else the machine does meets both.
fn compare(bare: &Server, valetkey: &Server) {
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (b, v) = if round % 2 == 0 {
            let b = load(bare);
            (b, load(valetkey))
        } else {
            let v = load(valetkey);
            (load(bare), v)
        };
        // The first round warms up.
        if round > 0 {
            println!(
                "round {round:>2}: bare {:>7.0}/s {:>5.2} us   valetkey {:>7.0}/s {:>5.2} us   ratio {:.3}",
                b.rate,
                b.cpu_micros,
                v.rate,
                v.cpu_micros,
                v.rate / b.rate
            );
            rates.push(v.rate / b.rate);
            costs.push(v.cpu_micros / b.cpu_micros);
        }
    }
    println!("figure: requests a second, valetkey to bare: {}", summary(rates));
    println!("figure: CPU time a request, valetkey to bare: {}", summary(costs));
}

fn summary(mut ratios: Vec<f64>) -> String {
    ratios.sort_by(f64::total_cmp);
    let middle = ratios.len() / 2;
    let median = f64::midpoint(ratios[middle], ratios[(ratios.len() - 1) / 2]);
    format!(
        "median {median:.3} (min {:.3}, max {:.3})",
        ratios[0],
        ratios[ratios.len() - 1]
    )
}

/// A server on a thread and a runtime of its own.
struct Server {
    address: SocketAddr,
    /// Its thread in `/proc`.
    task: String,
}

impl Server {
    fn start(serve: fn(TcpListener)) -> Self {
        let (tell, started) = mpsc::channel();
        thread::spawn(move || {
            runtime().block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let task = fs::read_link("/proc/thread-self").unwrap();
                let address = listener.local_addr().unwrap();
                tell.send((address, format!("/proc/{}/schedstat", task.display())))
                    .unwrap();
                serve(listener);
                pending::<()>().await;
            });
        });
        let (address, task) = started.recv().unwrap();
        Self { address, task }
    }

    /// Nanoseconds that its thread has run.
    fn cpu(&self) -> f64 {
        let stat = fs::read_to_string(&self.task).unwrap();
        stat.split(' ').next().unwrap().parse().unwrap()
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn spawn_valetkey(listener: TcpListener) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let table = Arc::new(Table::new(&[profile()]));
    table.profiles()[0].publish(Snapshot {
        document: Some(Document {
            body: document(),
            dies: clock.boot() + Duration::from_hours(1),
        }),
        started: true,
        ..Snapshot::default()
    });
    let endpoint = Credentials {
        metrics: Arc::new(Metrics::new(Arc::clone(&table), Arc::clone(&clock), || 0)),
        consumers: Arc::new(Consumers::new(Tokens::new(&[Secret::from(TOKEN)]), &table)),
        clock,
        tls: None,
        audit: std::env::var_os("ENDPOINT_AUDIT").is_some(),
    };
    tokio::spawn(serve_credentials(listener, endpoint, Limits::CREDENTIALS, pending()));
}

fn spawn_bare(listener: TcpListener) {
    let body = document();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let body = body.clone();
            let service = service_fn(move |_: Request<Incoming>| ready(Ok::<_, Infallible>(bare_reply(body.clone()))));
            tokio::spawn(Limits::http1().serve_connection(TokioIo::new(stream), service));
        }
    });
}

fn bare_reply(body: Bytes) -> Response<Full<Bytes>> {
    let mut reply = Response::new(Full::new(body));
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}

/// As long as a session's document is.
fn document() -> Bytes {
    let token = "x".repeat(700);
    format!(
        r#"{{"Code":"Success","Type":"AWS-HMAC","LastUpdated":"2026-01-02T03:04:05Z","AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY","Token":"{token}","Expiration":"2026-01-02T15:04:05Z"}}"#
    )
    .into()
}

fn profile() -> Profile {
    let region = "eu-west-1".parse().unwrap();
    Profile {
        name: "ops".parse().unwrap(),
        required: true,
        endpoint: Endpoint::regional(&region),
        expected_account_id: None,
        allowed_uids: None,
        region,
        kind: Kind::Session(Session {
            key: KeySource::Directory("/nowhere".into()),
            mfa: None,
            duration: SessionDuration::default(),
        }),
    }
}

/// What a round found.
struct Round {
    rate: f64,
    cpu_micros: f64,
}

/// As many requests as 32 connections can send one after the other.
fn load(server: &Server) -> Round {
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let address = server.address;
    runtime().block_on(async {
        let mut connections = tokio::task::JoinSet::new();
        let (cpu, began) = (server.cpu(), SystemClock.boot());
        for _ in 0..CONNECTIONS {
            let (stop, count) = (Arc::clone(&stop), Arc::clone(&count));
            connections.spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let length = first(&mut stream).await;
                let mut reply = vec![0; length];
                while !stop.load(Ordering::Relaxed) {
                    stream.write_all(REQUEST.as_bytes()).await.unwrap();
                    stream.read_exact(&mut reply).await.unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                }
                assert!(reply.starts_with(b"HTTP/1.1 200 OK\r\n") && reply.ends_with(b"}"));
            });
        }
        tokio::time::sleep(ROUND).await;
        stop.store(true, Ordering::Relaxed);
        while connections.join_next().await.is_some_and(|ended| ended.is_ok()) {}
        let requests = u32::try_from(count.load(Ordering::Relaxed)).unwrap();
        Round {
            rate: f64::from(requests) / SystemClock.boot().since(began).as_secs_f64(),
            cpu_micros: (server.cpu() - cpu) / 1_000.0 / f64::from(requests),
        }
    })
}

/// Asks once, and returns how long a reply is.
async fn first(stream: &mut TcpStream) -> usize {
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    while !reply.ends_with(b"Z\"}") {
        stream.read_buf(&mut reply).await.unwrap();
    }
    reply.len()
}

/// A number of requests on 32 connections, for counting instructions.
fn fixed(server: &Server, requests: usize) {
    let connect = |_| std::net::TcpStream::connect(server.address).unwrap();
    let mut streams: Vec<_> = (0..CONNECTIONS).map(connect).collect();
    let mut reply = [0; 4096];
    for _ in 0..requests / CONNECTIONS {
        for stream in &mut streams {
            stream.write_all(REQUEST.as_bytes()).unwrap();
        }
        for stream in &mut streams {
            let mut length = 0;
            while !reply[..length].ends_with(b"Z\"}") {
                length += stream.read(&mut reply[length..]).unwrap();
            }
        }
    }
}

/// Opens connections that asked once, and returns them with what each costs this process. The sockets of the load are
/// plain descriptors: they cost it nothing.
fn idle(server: &Server) -> (Vec<std::net::TcpStream>, f64) {
    let before = resident();
    let mut reply = [0; 4096];
    let connect = |_| {
        let mut stream = std::net::TcpStream::connect(server.address).unwrap();
        stream.write_all(REQUEST.as_bytes()).unwrap();
        while stream.read(&mut reply).unwrap() == reply.len() {}
        stream
    };
    let held: Vec<_> = (0..IDLE_CONNECTIONS).map(connect).collect();
    (held, (resident() - before) / f64::from(IDLE_CONNECTIONS))
}

/// Bytes of this process in memory.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
}
