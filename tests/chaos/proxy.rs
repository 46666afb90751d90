use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to connections that are made while it lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Trouble {
    None,
    /// Whoever is at the other end takes the request, and is never heard of again.
    HalfOpen,
    /// The connection is reset in the middle of the reply.
    Cut,
    /// Bytes of the reply are others when they come.
    Corrupted,
    /// The reply is held back.
    Slow(Duration),
}

impl Trouble {
    /// Whether a call comes to nothing in it.
    pub(crate) fn is_fatal(self) -> bool {
        !matches!(self, Self::None | Self::Slow(_))
    }
}

/// A TCP proxy in the way to STS.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    trouble: Mutex<Trouble>,
    connections: AtomicUsize,
}

impl Proxy {
    /// Starts it on a thread of its own, which ends with the test.
    pub(crate) fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            upstream: upstream.trim_end_matches('/').to_owned(),
            trouble: Mutex::new(Trouble::None),
            connections: AtomicUsize::new(0),
        });
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, own) = (client.unwrap(), Arc::clone(&own));
                // Whatever ends a connection is the affair of its ends.
                std::thread::spawn(move || own.carry(client));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn set(&self, trouble: Trouble) {
        *self.shared.trouble.lock().unwrap() = trouble;
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn carry(&self, mut client: TcpStream) -> std::io::Result<()> {
        let trouble = *self.trouble.lock().unwrap();
        // Whoever sees it counted knows that its fate is sealed.
        self.connections.fetch_add(1, Ordering::Relaxed);
        if trouble == Trouble::HalfOpen {
            // Until the client gives up.
            return client.read_to_end(&mut Vec::new()).map(drop);
        }
        let mut upstream = TcpStream::connect(&self.upstream)?;
        let (mut from, mut to) = (client.try_clone()?, upstream.try_clone()?);
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let mut reply = vec![0; 65_536];
        loop {
            let read = upstream.read(&mut reply)?;
            if read == 0 {
                return client.shutdown(Shutdown::Write);
            }
            match trouble {
                Trouble::None | Trouble::HalfOpen => client.write_all(&reply[..read])?,
                Trouble::Slow(time) => {
                    pause(time);
                    client.write_all(&reply[..read])?;
                }
                Trouble::Cut => {
                    client.write_all(&reply[..read / 2])?;
                    return client.shutdown(Shutdown::Both);
                }
                Trouble::Corrupted => {
                    let corrupted: Vec<_> = reply[..read].iter().map(|byte| byte ^ 0x20).collect();
                    client.write_all(&corrupted)?;
                }
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread of the test's own")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
