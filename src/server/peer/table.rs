//! The kernel's table of sockets, as text: every socket of the network namespace, read until the one that is looked for.
//!
//! <https://docs.kernel.org/networking/proc_net_tcp.html>

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::ends::{Ends, Owner};

/// Who holds the peer's socket; none where it is not in the table, or too far behind others.
pub(super) fn owner(ends: Ends) -> Option<Owner> {
    let tables = match ends.peer.ip() {
        // An IPv6 socket may speak to an IPv4 address.
        IpAddr::V4(_) => ["/proc/net/tcp", "/proc/net/tcp6"].as_slice(),
        IpAddr::V6(_) => &["/proc/net/tcp6"],
    };
    tables.iter().find_map(|table| owner_in(ends, File::open(table).ok()?))
}

/// In bytes: some 28,000 sockets, as many as there are ports for clients of one address.
const LONGEST_TABLE: u64 = 4 << 20;

fn owner_in(ends: Ends, table: impl Read) -> Option<Owner> {
    let rows = BufReader::new(table.take(LONGEST_TABLE)).lines();
    let mut owners = rows.map_while(Result::ok).filter_map(|row| owner_of(ends, &row));
    owners.next()
}

/// Who the row names, if it is the peer's socket.
fn owner_of(ends: Ends, row: &str) -> Option<Owner> {
    let mut fields = row.split_ascii_whitespace();
    let found = Ends {
        peer: address(fields.nth(1)?)?,
        ours: address(fields.next()?)?,
    };
    if found != ends {
        return None;
    }
    let uid = fields.nth(4)?.parse().ok()?;
    let inode = fields.nth(1)?.parse().ok()?;
    Some(Owner { uid, inode })
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
        let ends = Ends::new(peer.parse().unwrap(), ours.parse().unwrap());
        owner_in(ends, table(rows).as_bytes()).map(|owner| owner.uid)
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
        assert_eq!(owner_in(ends, &mut endless), None);
        assert_eq!(endless.0, LONGEST_TABLE);
        let mut endless = Endless(0);
        let peer = table(&[("0100007F:9C40 0100007F:1CF3", 1000, 1)]);
        let found = owner_in(ends, peer.as_bytes().chain(&mut endless));
        assert_eq!(found, Some(Owner { uid: 1000, inode: 1 }));
        assert!(endless.0 < 64 * 1024);
    }
}
