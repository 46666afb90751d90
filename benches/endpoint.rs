//! valetkey's credentials endpoint beside a bare hyper server with the same builder settings, headers and body.
//!
//! `cargo bench --bench endpoint` prints, round by round, the requests a second that 32 keep-alive connections get and the
//! CPU time of the server's thread for each request; beside them those of nginx where it is installed; then how long requests
//! take at half of the bare server's rate, what a request costs in instructions and allocations where valgrind is installed,
//! and the memory of an idle connection. What sums up a comparison stands on a line that begins with `figure: `.
//!
//! A profile of a request is made with debug information, and read with `callgrind_annotate FILE-02`:
//! `CARGO_PROFILE_BENCH_DEBUG=line-tables-only cargo bench --bench endpoint --no-run`, and then
//! `ENDPOINT_SERVER=valetkey ENDPOINT_REQUESTS=6400 valgrind --tool=callgrind --separate-threads=yes <bench binary>`.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops at the first surprise, measures the time that passes, and prints"
)]

#[path = "endpoint/counts.rs"]
mod counts;
#[path = "endpoint/latency.rs"]
mod latency;
#[path = "endpoint/nginx.rs"]
mod nginx;

use std::convert::Infallible;
use std::fmt::Write as _;
use std::fs;
use std::future::{pending, ready};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::Command;
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
use nginx::Nginx;
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
const IDLE_ROUNDS: usize = 5;

const REQUEST: &str = "GET /credentials/ops HTTP/1.1\r\n\
                       Host: 127.0.0.1\r\n\
                       Accept: application/json\r\n\
                       User-Agent: aws-sdk\r\n\
                       Authorization: QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY\r\n\r\n";
const TOKEN: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY";

fn main() {
    let wanted = std::env::var("ENDPOINT_SERVER").unwrap_or_default();
    let serve: fn(TcpListener) = if wanted == "bare" { spawn_bare } else { spawn_valetkey };
    if let Ok(requests) = std::env::var("ENDPOINT_REQUESTS") {
        return fixed(&Server::start(serve), requests.parse().unwrap());
    }
    if !wanted.is_empty() {
        return println!("{}", idle(&Server::start(serve)));
    }
    let (bare, valetkey) = (Server::start(spawn_bare), Server::start(spawn_valetkey));
    let nginx = Nginx::start();
    if nginx.is_none() {
        println!("nginx is not installed: it is left out");
    }
    let most = compare(&bare, &valetkey, nginx.as_ref().map(|nginx| &nginx.server));
    drop(nginx);
    latency::compare(&bare, &valetkey, most / 2.0);
    counts::compare();
    idle_connections();
}

/// Interleaved rounds, in another order each time: whatever else the machine does meets all. Returns the rate of the bare server.
fn compare(bare: &Server, valetkey: &Server, nginx: Option<&Server>) -> f64 {
    let servers: Vec<_> = [("bare", bare), ("valetkey", valetkey)]
        .into_iter()
        .chain(nginx.map(|nginx| ("nginx", nginx)))
        .collect();
    let mut rounds = vec![Vec::new(); servers.len()];
    for round in 0..=ROUNDS {
        let mut line = format!("round {round:>2}:");
        for turn in 0..servers.len() {
            let place = (round + turn) % servers.len();
            let found = load(servers[place].1);
            let (name, Round { rate, cpu_micros }) = (servers[place].0, found);
            let _ = write!(line, "   {name} {rate:>7.0}/s {cpu_micros:>5.2} us");
            // The first round warms up.
            if round > 0 {
                rounds[place].push(found);
            }
        }
        println!("{line}");
    }
    for (place, other, to) in [
        (1, 0, "valetkey to bare"),
        (2, 0, "nginx to bare"),
        (1, 2, "valetkey to nginx"),
    ] {
        if place.max(other) < servers.len() {
            let pairs = || rounds[place].iter().zip(&rounds[other]);
            let rates = pairs().map(|(one, other)| one.rate / other.rate).collect();
            let costs = pairs().map(|(one, other)| one.cpu_micros / other.cpu_micros).collect();
            println!("figure: requests a second, {to}: {}", summary(rates));
            println!("figure: CPU time a request, {to}: {}", summary(costs));
        }
    }
    median(&mut rounds[0].iter().map(|round| round.rate).collect::<Vec<_>>())
}

fn summary(mut ratios: Vec<f64>) -> String {
    let median = median(&mut ratios);
    let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
    format!("median {median:.3} (min {least:.3}, max {most:.3})")
}

/// Sorts them.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[values.len() / 2], values[(values.len() - 1) / 2])
}

/// A server on one thread.
struct Server {
    address: SocketAddr,
    thread: i32,
}

impl Server {
    fn start(serve: fn(TcpListener)) -> Self {
        let (tell, started) = mpsc::channel();
        thread::spawn(move || {
            runtime().block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let thread = rustix::thread::gettid().as_raw_nonzero().get();
                tell.send((listener.local_addr().unwrap(), thread)).unwrap();
                serve(listener);
                pending::<()>().await;
            });
        });
        let (address, thread) = started.recv().unwrap();
        Self { address, thread }
    }

    /// Nanoseconds that its thread has run.
    fn cpu(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/schedstat", self.thread)).unwrap();
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
#[derive(Clone, Copy)]
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

/// What an idle connection costs, in processes of their own: memory that was given back once is not taken anew.
fn idle_connections() {
    let measure = |server| {
        let mut bench = Command::new(std::env::current_exe().unwrap());
        let printed = bench.env("ENDPOINT_SERVER", server).output().unwrap().stdout;
        String::from_utf8(printed).unwrap().trim().parse::<f64>().unwrap()
    };
    println!("memory of an idle connection, of {IDLE_CONNECTIONS}:");
    let ratios = (0..IDLE_ROUNDS).map(|_| {
        let [bare, valetkey] = ["bare", "valetkey"].map(measure);
        println!("  bare {bare:>8.0} B   valetkey {valetkey:>8.0} B");
        valetkey / bare
    });
    let ratios = ratios.collect();
    println!(
        "figure: memory of an idle connection, valetkey to bare: {}",
        summary(ratios)
    );
}

/// Opens connections that asked once, and returns what each costs this process. The sockets of the load are plain
/// descriptors: they cost it nothing.
fn idle(server: &Server) -> f64 {
    let mut reply = [0; 4096];
    let mut connect = |_| {
        let mut stream = std::net::TcpStream::connect(server.address).unwrap();
        stream.write_all(REQUEST.as_bytes()).unwrap();
        while stream.read(&mut reply).unwrap() == reply.len() {}
        stream
    };
    // The first one takes what all share.
    let first = connect(0);
    let before = anonymous();
    let held: Vec<_> = (0..IDLE_CONNECTIONS).map(connect).collect();
    let each = (anonymous() - before) / f64::from(IDLE_CONNECTIONS);
    drop((first, held));
    each
}

/// Bytes that this process has in memory, but for what it maps of files.
fn anonymous() -> f64 {
    let status = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Anonymous:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
}
