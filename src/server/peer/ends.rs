use std::net::SocketAddr;

/// The two ends of a connection, IPv4 as such wherever it comes mapped into IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) struct Ends {
    pub(super) peer: SocketAddr,
    pub(super) ours: SocketAddr,
}

/// Who holds a socket, as the kernel tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    /// 0 once nobody holds the socket any more; the UID may then be 0 as well, whoever it was.
    pub(super) inode: u64,
}

impl Ends {
    pub(super) fn new(peer: SocketAddr, ours: SocketAddr) -> Self {
        Self {
            peer: canonical(peer),
            ours: canonical(ours),
        }
    }

    /// The same connection, seen from the other end.
    pub(super) fn reversed(self) -> Self {
        Self {
            peer: self.ours,
            ours: self.peer,
        }
    }
}

/// Without the zone of a link-local address: the kernel tells none.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
