//! One socket, asked for by its two ends: the kernel finds it in its hash table, however many others there are.
//!
//! <https://man7.org/linux/man-pages/man7/sock_diag.7.html>

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recvfrom, sendto, socket_with};

use super::ends::{Ends, Owner};

/// Who holds the peer's socket, if there is such a socket. An error where the kernel cannot be asked: another one than
/// Linux, or a sandbox keeps it away.
pub(super) fn owner(ends: Ends) -> Result<Option<Owner>, Errno> {
    let kernel = SocketAddrNetlink::new(0, 0);
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(SOCK_DIAG),
    )?;
    sendto(&socket, &request(ends), SendFlags::empty(), &kernel)?;
    // The answer is there when the request has been taken.
    let mut answer = [0; LONGEST_ANSWER];
    let (_, length, from) = recvfrom(&socket, &mut answer[..], RecvFlags::DONTWAIT)?;
    let from = from.map(SocketAddrNetlink::try_from).transpose()?;
    if from.is_none_or(|from| from.pid() != kernel.pid()) {
        return Err(Errno::PROTO);
    }
    read(ends, &answer[..length.min(LONGEST_ANSWER)])
}

/// More than one socket's answer with all that a kernel adds to it unasked.
const LONGEST_ANSWER: usize = 1024;

const NLMSG_ERROR: u16 = 2;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_TCP: u8 = 6;
/// Whichever socket has these ends.
const NO_COOKIE: [u8; 8] = [0xff; 8];

/// `struct nlmsghdr`.
const HEADER: usize = 16;
/// The same, and `struct inet_diag_req_v2`.
const REQUEST: usize = HEADER + 56;

fn request(ends: Ends) -> Vec<u8> {
    let (peer, ours) = (ends.peer.ip(), ends.ours.ip());
    // Asked for as IPv4, an IPv6 socket that speaks to an IPv4 address is found as well.
    let family = if peer.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut request = Vec::with_capacity(REQUEST);
    request.extend(u32::try_from(REQUEST).unwrap_or_default().to_ne_bytes());
    request.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    request.extend(NLM_F_REQUEST.to_ne_bytes());
    // Neither number nor sender: the socket is for one request.
    request.extend([0; 8]);
    request.extend([family, IPPROTO_TCP, 0, 0]);
    // In whatever state.
    request.extend(u32::MAX.to_ne_bytes());
    request.extend(ends.peer.port().to_be_bytes());
    request.extend(ends.ours.port().to_be_bytes());
    request.extend(octets(peer));
    request.extend(octets(ours));
    // Through whatever interface.
    request.extend([0; 4]);
    request.extend(NO_COOKIE);
    request
}

fn octets(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => {
            let mut octets = [0; 16];
            octets[..4].copy_from_slice(&ip.octets());
            octets
        }
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// Reads `struct nlmsghdr`, and in it an error number or `struct inet_diag_msg`.
fn read(ends: Ends, answer: &[u8]) -> Result<Option<Owner>, Errno> {
    let kind = bytes(answer, 4).map(u16::from_ne_bytes)?;
    let body = answer.get(HEADER..).ok_or(Errno::PROTO)?;
    match kind {
        SOCK_DIAG_BY_FAMILY => {
            // Where nobody has these ends the kernel answers with whoever listens at the peer's address.
            let owner = Owner {
                uid: bytes(body, 64).map(u32::from_ne_bytes)?,
                inode: bytes(body, 68).map(u32::from_ne_bytes)?.into(),
            };
            Ok((found(body)? == ends).then_some(owner))
        }
        NLMSG_ERROR => match Errno::from_raw_os_error(bytes(body, 0).map(i32::from_ne_bytes)?.saturating_neg()) {
            Errno::NOENT => Ok(None),
            errno => Err(errno),
        },
        _ => Err(Errno::PROTO),
    }
}

/// The ends of the socket in `struct inet_diag_msg`.
fn found(body: &[u8]) -> Result<Ends, Errno> {
    let family = *body.first().ok_or(Errno::PROTO)?;
    let ip = |at| match family {
        AF_INET => bytes::<4>(body, at).map(IpAddr::from),
        AF_INET6 => bytes::<16>(body, at).map(|octets| Ipv6Addr::from(octets).into()),
        _ => Err(Errno::AFNOSUPPORT),
    };
    let port = |at| bytes(body, at).map(u16::from_be_bytes);
    let peer = SocketAddr::new(ip(8)?, port(4)?);
    let ours = SocketAddr::new(ip(24)?, port(6)?);
    Ok(Ends::new(peer, ours))
}

fn bytes<const N: usize>(from: &[u8], at: usize) -> Result<[u8; N], Errno> {
    let bytes = from.get(at..at + N).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or(Errno::PROTO)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    fn ends() -> Ends {
        Ends::new("127.0.0.1:40000".parse().unwrap(), "127.0.0.1:7411".parse().unwrap())
    }

    /// An answer of the kernel's on this socket, held by 4711.
    fn answer(family: u8, ends: Ends) -> Vec<u8> {
        let header = [&[0; 4], &SOCK_DIAG_BY_FAMILY.to_ne_bytes()[..], &[0; 10]].concat();
        let ports = [ends.peer.port().to_be_bytes(), ends.ours.port().to_be_bytes()].concat();
        let ips = [octets(ends.peer.ip()), octets(ends.ours.ip())].concat();
        let uid = [4711_u32.to_ne_bytes(), 815_u32.to_ne_bytes()].concat();
        [&header[..], &[family, 1, 0, 0], &ports, &ips, &[0; 24], &uid].concat()
    }

    #[test]
    fn an_answer_on_another_socket_is_none() {
        let owner = Owner { uid: 4711, inode: 815 };
        assert_eq!(read(ends(), &answer(AF_INET, ends())), Ok(Some(owner)));
        let listens = Ends::new(ends().peer, "0.0.0.0:0".parse().unwrap());
        assert_eq!(read(ends(), &answer(AF_INET, listens)), Ok(None));
        assert_eq!(read(ends(), &answer(AF_INET, ends().reversed())), Ok(None));
    }

    #[test]
    fn errors_are_told_apart_from_a_socket_that_is_not_there() {
        let error = |errno: Errno| {
            let number = errno.raw_os_error().saturating_neg().to_ne_bytes();
            [&[0; 4], &NLMSG_ERROR.to_ne_bytes()[..], &[0; 10], &number].concat()
        };
        assert_eq!(read(ends(), &error(Errno::NOENT)), Ok(None));
        assert_eq!(read(ends(), &error(Errno::PERM)), Err(Errno::PERM));
    }

    #[test]
    fn no_answer_makes_it_panic() {
        let whole = answer(AF_INET6, ends());
        for length in 0..whole.len() {
            assert_eq!(read(ends(), &whole[..length]), Err(Errno::PROTO), "{length}");
        }
        for place in 0..whole.len() {
            let mut other = whole.clone();
            other[place] ^= 0xff;
            let _ = read(ends(), &other);
        }
    }

    #[test]
    fn a_listener_in_the_peers_place_is_not_the_peer() {
        let (listener, other) = (TcpListener::bind("127.0.0.1:0"), TcpListener::bind("127.0.0.1:0"));
        let (ours, peer) = (listener.unwrap().local_addr(), other.as_ref().unwrap().local_addr());
        assert_eq!(owner(Ends::new(peer.unwrap(), ours.unwrap())), Ok(None));
        drop(TcpStream::connect(other.unwrap().local_addr().unwrap()));
    }
}
