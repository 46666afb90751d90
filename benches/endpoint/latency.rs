//! How long requests take at half of the rate that the bare server can do, in an open loop: when a request is sent does not
//! depend on when another was answered, and its time counts from the moment at which it was to be sent.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

use crate::{REQUEST, Server, summary};

/// Those that count.
const ROUNDS: usize = 20;
const MOST_ROUNDS: usize = 60;
const ROUND: Duration = Duration::from_millis(500);
const CONNECTIONS: usize = 32;
/// So far behind its times, the load does not catch up.
const HOPELESS: Duration = Duration::from_millis(100);

/// `rate` in requests a second.
pub(crate) fn compare(bare: &Server, valetkey: &Server, rate: f64) {
    let apart = apart(&[bare, valetkey]);
    let where_from = if apart { "a core each" } else { "one core for both" };
    println!("{rate:.0} requests a second in an open loop, {where_from} for server and load:");
    let (mut middle, mut high) = (Vec::new(), Vec::new());
    for round in 0..=MOST_ROUNDS {
        let (b, v) = if round % 2 == 0 {
            let b = load(bare, rate);
            (b, load(valetkey, rate))
        } else {
            let v = load(valetkey, rate);
            (load(bare, rate), v)
        };
        let (Some(b), Some(v)) = (b, v) else {
            println!("round {round:>2}: the load itself was late, since others have the machine");
            continue;
        };
        println!("round {round:>2}: bare {b}   valetkey {v}");
        // The first round warms up.
        if round > 0 {
            middle.push(v.p50 / b.p50);
            high.push(v.p99 / b.p99);
        }
        if high.len() == ROUNDS {
            break;
        }
    }
    if high.is_empty() {
        return println!(
            "figure: latency at half of the bare server's rate: none, the machine was too busy for the load"
        );
    }
    println!(
        "figure: latency at half of the bare server's rate, p50, valetkey to bare: {}",
        summary(middle)
    );
    println!(
        "figure: latency at half of the bare server's rate, p99, valetkey to bare: {}",
        summary(high)
    );
}

/// Puts the servers' threads on one core and this one on another, if there are two.
fn apart(servers: &[&Server]) -> bool {
    let allowed = sched_getaffinity(None).unwrap();
    let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
    let (Some(first), Some(second)) = (cores.next(), cores.next()) else {
        return false;
    };
    let only = |core| {
        let mut set = CpuSet::new();
        set.set(core);
        set
    };
    for server in servers {
        let thread = Pid::from_raw(server.thread).unwrap();
        sched_setaffinity(Some(thread), &only(first)).unwrap();
    }
    sched_setaffinity(None, &only(second)).unwrap();
    true
}

/// In microseconds.
#[derive(Clone, Copy)]
struct Latencies {
    p50: f64,
    p99: f64,
    /// The 99th percentile of how late the load itself was: what it adds to every p99.
    late: f64,
}

impl std::fmt::Display for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { p50, p99, late } = self;
        write!(f, "p50 {p50:>6.1} us, p99 {p99:>7.1} us (load late by {late:.1})")
    }
}

/// None where the load did not keep its times: what it measured then is itself.
fn load(server: &Server, rate: f64) -> Option<Latencies> {
    let mut connections: Vec<_> = (0..CONNECTIONS).map(|_| Connection::new(server)).collect();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand")]
    let requests = (rate * ROUND.as_secs_f64()) as usize;
    let interval = ROUND.div_f64(rate * ROUND.as_secs_f64());
    let mut waiting = VecDeque::with_capacity(CONNECTIONS);
    let (mut sent, mut took, mut late) = (0, Vec::with_capacity(requests), Vec::with_capacity(requests));
    let begun = Instant::now();
    let mut due = Duration::ZERO;
    while took.len() < requests {
        let now = begun.elapsed();
        if sent < requests && now >= due {
            connections[sent % CONNECTIONS].send();
            waiting.push_back((sent % CONNECTIONS, due));
            let behind = now.saturating_sub(due);
            if behind > HOPELESS {
                return None;
            }
            late.push(micros(behind));
            sent += 1;
            due += interval;
        }
        // Replies on one connection come in the order of its requests.
        waiting.retain(|(connection, due): &(usize, Duration)| {
            let answered = connections[*connection].has_reply();
            if answered {
                took.push(micros(begun.elapsed().saturating_sub(*due)));
            }
            !answered
        });
    }
    let found = Latencies {
        p50: percentile(&mut took, 50),
        p99: percentile(&mut took, 99),
        late: percentile(&mut late, 99),
    };
    (found.late < found.p99 / 2.0).then_some(found)
}

struct Connection {
    stream: TcpStream,
    /// How long a reply is.
    length: usize,
    /// Bytes of replies that were not taken yet.
    received: usize,
    buffer: Box<[u8]>,
}

impl Connection {
    fn new(server: &Server) -> Self {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(REQUEST.as_bytes()).unwrap();
        let mut buffer = vec![0; 16 * 1024].into_boxed_slice();
        let mut length = 0;
        while !buffer[..length].ends_with(b"Z\"}") {
            length += stream.read(&mut buffer[length..]).unwrap();
        }
        stream.set_nonblocking(true).unwrap();
        Self {
            stream,
            length,
            received: 0,
            buffer,
        }
    }

    fn send(&mut self) {
        // A request is much smaller than the socket's buffer.
        self.stream.write_all(REQUEST.as_bytes()).unwrap();
    }

    /// Whether a whole reply is there, which is taken then.
    fn has_reply(&mut self) -> bool {
        if self.received < self.length {
            match self.stream.read(&mut self.buffer) {
                Ok(length) => self.received += length,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        let whole = self.received >= self.length;
        if whole {
            self.received -= self.length;
        }
        whole
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() * percent / 100]
}
