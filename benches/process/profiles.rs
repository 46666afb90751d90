//! What a thousand profiles cost the one that is asked for. Two daemons side by side, measured in turns: whatever else the
//! machine does meets both.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::common::get;
use crate::{Subject, status};

const ROUNDS: usize = 21;
/// Short rounds and many of them: a machine's mood lasts longer than one.
const RATE_ROUNDS: usize = 101;
const CONNECTIONS: usize = 16;
const BATCHES: u16 = 50;
/// From the end of a scrape to the next. Prometheus would ask some hundred times more rarely.
const BETWEEN_SCRAPES: Duration = Duration::from_millis(50);
/// How long requests are sent with scrapes beside them, and then without.
const WHILE: Duration = Duration::from_millis(500);

pub(crate) fn compare(one: &Subject, thousand: &Subject) {
    let each = |of_one: f64, of_thousand: f64| (of_thousand - of_one) / f64::from(thousand.profiles - one.profiles);
    println!(
        "figure: 1,000 profiles: {:.2} kB each after the first sessions",
        each(one.resident, thousand.resident)
    );
    rates(one, thousand);
    scrapes(one, &mut Client::new(one));
    scrapes(thousand, &mut Client::new(thousand));
    let [of_one, of_thousand] = [one, thousand].map(|subject| status(&subject.daemon, "VmRSS:"));
    println!(
        "figure: 1,000 profiles: {:.2} kB each after many requests and scrapes",
        each(of_one, of_thousand)
    );
}

/// How long each daemon takes for as many requests, and how much CPU time its thread.
fn rates(one: &Subject, thousand: &Subject) {
    let clients = |subject| (0..CONNECTIONS).map(|_| Client::new(subject)).collect::<Vec<_>>();
    let (mut to_one, mut to_thousand) = (clients(one), clients(thousand));
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for round in 0..=RATE_ROUNDS {
        let (of_one, of_thousand) = if round % 2 == 0 {
            let of_one = burst(one, &mut to_one);
            (of_one, burst(thousand, &mut to_thousand))
        } else {
            let of_thousand = burst(thousand, &mut to_thousand);
            (burst(one, &mut to_one), of_thousand)
        };
        // The first round warms up.
        if round > 0 {
            rates.push(of_one.0 / of_thousand.0);
            costs.push(of_thousand.1 / of_one.1);
        }
    }
    println!(
        "figure: 1,000 profiles: the request rate of one profile times {}, its CPU time times {}",
        summary(rates, 3),
        summary(costs, 3)
    );
}

/// Seconds that pass, and nanoseconds that the daemon's thread runs.
fn burst(subject: &Subject, clients: &mut [Client]) -> (f64, f64) {
    let (begun, cpu) = (Instant::now(), cpu_time(subject));
    for _ in 0..BATCHES {
        clients.iter_mut().for_each(Client::send);
        clients.iter_mut().for_each(Client::receive);
    }
    (begun.elapsed().as_secs_f64(), cpu_time(subject) - cpu)
}

/// Nanoseconds that the thread that serves has run.
fn cpu_time(subject: &Subject) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/schedstat", subject.daemon.child.id())).unwrap();
    stat.split(' ').next().unwrap().parse().unwrap()
}

/// The slowest request of each round, with scrapes beside the requests and without. A scrape renders on a thread of its
/// own, so that on a busy machine it also takes a core from the others.
fn scrapes(subject: &Subject, client: &mut Client) {
    let ops = subject.daemon.ops;
    let (mut took, mut beside, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let scraper = scope.spawn(|| {
                let mut took = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    assert_eq!(get(ops, "/metrics", &[]).status, 200);
                    took.push(milliseconds(begun.elapsed()));
                    std::thread::sleep(BETWEEN_SCRAPES);
                }
                took
            });
            beside.push(client.slowest());
            over.store(true, Ordering::Relaxed);
            took.extend(scraper.join().unwrap());
        });
        alone.push(client.slowest());
    }
    let profiles = subject.profiles;
    println!(
        "figure: {profiles} profile(s): {} scrapes, each {} ms",
        took.len(),
        summary(took, 1)
    );
    println!(
        "figure: {profiles} profile(s): the slowest request in {} ms: {} ms beside scrapes, {} ms without",
        WHILE.as_millis(),
        summary(beside, 2),
        summary(alone, 2)
    );
}

/// A consumer that keeps its connection and asks for one thing after another.
struct Client {
    stream: TcpStream,
    request: String,
}

impl Client {
    fn new(subject: &Subject) -> Self {
        let stream = TcpStream::connect(subject.daemon.credentials).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            request: subject.request.clone(),
        }
    }

    fn send(&mut self) {
        self.stream.write_all(self.request.as_bytes()).unwrap();
    }

    fn receive(&mut self) {
        let mut reply = [0; 4 * 1024];
        let length = self.stream.read(&mut reply).unwrap();
        assert!(reply[..length].starts_with(b"HTTP/1.1 200 "));
    }

    /// In milliseconds, of the requests of a while.
    fn slowest(&mut self) -> f64 {
        let begun = Instant::now();
        let mut slowest = Duration::ZERO;
        while begun.elapsed() < WHILE {
            let sent = Instant::now();
            self.send();
            self.receive();
            slowest = slowest.max(sent.elapsed());
        }
        milliseconds(slowest)
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn summary(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    let (least, median, most) = (values[0], values[values.len() / 2], values[values.len() - 1]);
    format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
}
