//! Who is at the other end of a connection, as the kernel's table of sockets tells.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The two ends of a connection, IPv4 as such wherever it comes mapped into IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) peer: SocketAddr,
    ours: SocketAddr,
}

impl Ends {
    pub(super) fn new(peer: SocketAddr, ours: SocketAddr) -> Self {
        Self {
            peer: canonical(peer),
            ours: canonical(ours),
        }
    }

    /// The UID that made the peer's socket, in the daemon's own user namespace; none where the kernel does not tell: the
    /// peer is not in the daemon's network namespace, has closed its socket already, or the system is not Linux. It reads
    /// a table of the kernel's, and so belongs on a thread that may wait.
    ///
    /// <https://docs.kernel.org/networking/proc_net_tcp.html>
    pub(super) fn uid(self) -> Option<u32> {
        let tables = match self.peer.ip() {
            // An IPv6 socket may speak to an IPv4 address.
            IpAddr::V4(_) => ["/proc/net/tcp", "/proc/net/tcp6"].as_slice(),
            IpAddr::V6(_) => &["/proc/net/tcp6"],
        };
        tables.iter().find_map(|table| self.uid_in(File::open(table).ok()?))
    }

    fn uid_in(self, table: impl Read) -> Option<u32> {
        let rows = BufReader::new(table.take(LONGEST_TABLE)).lines();
        let mut owners = rows.map_while(Result::ok).filter_map(|row| self.owner(&row));
        owners.next().filter(|owner| owner.inode != 0).map(|owner| owner.uid)
    }

    /// Who the row names, if it is the peer's socket.
    fn owner(self, row: &str) -> Option<Owner> {
        let mut fields = row.split_ascii_whitespace();
        let ends = Self {
            peer: address(fields.nth(1)?)?,
            ours: address(fields.next()?)?,
        };
        if ends != self {
            return None;
        }
        let uid = fields.nth(4)?.parse().ok()?;
        let inode = fields.nth(1)?.parse().ok()?;
        Some(Owner { uid, inode })
    }
}

struct Owner {
    uid: u32,
    /// 0 once nobody holds the socket any more; the UID is then 0 as well, whoever it was.
    inode: u64,
}

/// In bytes: some 28,000 sockets, as many as there are ports for clients of one address.
const LONGEST_TABLE: u64 = 4 << 20;

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// `0100007F:1CF3`, or the same with four words: each word is shown as this machine reads it from the packet's bytes.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let word = |at: usize| Some(u32::from_str_radix(ip.get(8 * at..8 * at + 8)?, 16).ok()?.to_ne_bytes());
    let ip = match ip.len() {
        8 => IpAddr::from(word(0)?),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Ipv6Addr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

// The rows below are as a little-endian machine shows them.
#[cfg(all(target_os = "linux", target_endian = "little"))]
#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    const HEADING: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    fn table(rows: &[(&str, u32, u64)]) -> String {
        let mut table = String::from(HEADING);
        for (index, (ends, uid, inode)) in rows.iter().enumerate() {
            let _ = writeln!(
                table,
                "{index:4}: {ends} 01 00000000:00000000 00:00000000 00000000 {uid:5}        0 {inode} 1 0000000000000000 20 4 30 10 -1"
            );
        }
        table
    }

    fn uid(peer: &str, rows: &[(&str, u32, u64)]) -> Option<u32> {
        let ours = if peer.starts_with("[::1]") {
            "[::1]:7411"
        } else {
            "127.0.0.1:7411"
        };
        Ends::new(peer.parse().unwrap(), ours.parse().unwrap()).uid_in(table(rows).as_bytes())
    }

    #[test]
    fn the_peers_socket_is_the_one_whose_own_address_is_the_peers() {
        let rows = [
            ("0100007F:1CF3 00000000:0000", 0, 10),
            ("0100007F:1CF3 0100007F:9C40", 0, 11),
            ("0100007F:9C41 0100007F:1CF3", 1001, 12),
            ("0100007F:9C40 0100007F:1CF3", 1000, 13),
            ("0100007F:9C40 0100007F:1CF4", 1002, 14),
            ("0200007F:9C40 0100007F:1CF3", 1003, 15),
        ];
        assert_eq!(uid("127.0.0.1:40000", &rows), Some(1000));
        assert_eq!(uid("127.0.0.2:40000", &rows), Some(1003));
        assert_eq!(uid("127.0.0.1:40002", &rows), None);
        assert_eq!(uid("127.0.0.1:40000", &[]), None);
    }

    #[test]
    fn ipv6_and_ipv4_within_ipv6_are_read() {
        let one = "00000000000000000000000001000000";
        let mapped = "0000000000000000FFFF00000100007F";
        let rows = [
            (&*format!("{one}:9C40 {one}:1CF3"), 1000, 1),
            (&*format!("{mapped}:9C40 {mapped}:1CF3"), 1001, 2),
        ];
        assert_eq!(uid("[::1]:40000", &rows), Some(1000));
        assert_eq!(uid("127.0.0.1:40000", &rows), Some(1001));
        assert_eq!(uid("[::ffff:127.0.0.1]:40000", &rows), Some(1001));
    }

    #[test]
    fn a_socket_that_nobody_holds_any_more_is_not_roots() {
        let left = ("0100007F:9C40 0100007F:1CF3", 0, 0);
        assert_eq!(uid("127.0.0.1:40000", &[left]), None);
    }

    #[test]
    fn rows_that_are_not_understood_are_passed_over() {
        let peer = ("0100007F:9C40 0100007F:1CF3", 1000, 1);
        for odd in [
            "",
            "x",
            "0100007F 0100007F",
            "0100007F:9C40",
            "0100007:9C40 0100007F:1CF3",
            "Ä: Ä:Ä Ä:Ä",
        ] {
            assert_eq!(uid("127.0.0.1:40000", &[(odd, 1, 1), peer]), Some(1000), "{odd}");
        }
    }

    #[test]
    fn reading_ends_at_the_match_and_at_a_bound() {
        struct Endless(u64);
        impl Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                buffer.fill(b'\n');
                self.0 += buffer.len() as u64;
                Ok(buffer.len())
            }
        }
        let ends = Ends::new("127.0.0.1:40000".parse().unwrap(), "127.0.0.1:7411".parse().unwrap());
        let mut endless = Endless(0);
        assert_eq!(ends.uid_in(&mut endless), None);
        assert_eq!(endless.0, LONGEST_TABLE);
        let mut endless = Endless(0);
        let peer = table(&[("0100007F:9C40 0100007F:1CF3", 1000, 1)]);
        assert_eq!(ends.uid_in(peer.as_bytes().chain(&mut endless)), Some(1000));
        assert!(endless.0 < 64 * 1024);
    }

    #[test]
    fn the_kernel_tells_whose_a_socket_is() {
        let own = rustix::process::geteuid().as_raw();
        for (bound, reached) in [
            ("127.0.0.1:0", "127.0.0.1"),
            ("[::1]:0", "[::1]"),
            ("[::]:0", "127.0.0.1"),
            ("127.0.0.1:0", "[::ffff:127.0.0.1]"),
        ] {
            let listener = TcpListener::bind(bound).unwrap();
            let port = listener.local_addr().unwrap().port();
            let client = TcpStream::connect(format!("{reached}:{port}")).unwrap();
            let (server, peer) = listener.accept().unwrap();
            let ends = Ends::new(peer, server.local_addr().unwrap());
            assert_eq!(ends.uid(), Some(own), "{bound} {reached}");
            drop(client);
            assert_eq!(ends.uid(), None, "{bound} {reached}: it is closed");
        }
    }
}
