use std::net::{TcpListener, TcpStream};

use super::*;
use crate::metrics::Listener;
use crate::renew::Table;
use crate::server::Tokens;
use crate::server::audit::audit;

fn at(milliseconds: u64) -> BootInstant {
    BootInstant::from_boot(Duration::from_millis(milliseconds))
}

#[test]
fn a_uid_is_sought_for_a_second() {
    let peer = Peer::new("127.0.0.1:1".parse().unwrap(), None, None, at(500));
    assert_eq!((peer.uid(at(500)), peer.uid(at(1_499))), (Uid::Sought, Uid::Sought));
    assert_eq!(peer.uid(at(1_500)), Uid::Unasked);
    peer.tell(Some(1000));
    assert_eq!(
        (peer.uid(at(500)), peer.uid(at(9_999))),
        (Uid::Told(1000), Uid::Told(1000))
    );
    let untold = Peer::new("127.0.0.1:1".parse().unwrap(), None, None, at(500));
    untold.tell(None);
    assert_eq!(untold.uid(at(500)), Uid::Untold);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn whoever_shows_a_secret_waits_for_nobody_without_one() {
    let clock: Arc<dyn Clock> = Arc::new(crate::clock::SystemClock);
    let consumers = Arc::new(Consumers::new(Tokens::default(), &Table::new(&[])));
    let (records, _journal) = audit(Listener::Credentials, &clock);
    let peers = Peers {
        // Every turn is taken.
        lookups: Arc::new(Semaphore::new(0)),
        ..Peers::new(consumers, Some(records), &clock)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let accepted = listener.accept().await;
    let (stream, address) = accepted.unwrap();
    let peer = peers.accepted(&stream, address).unwrap();
    assert_eq!(peer.uid(clock.boot()), Uid::Sought);
    peer.settled_first(&*clock).await;
    let own = rustix::process::geteuid().as_raw();
    assert_eq!(peer.uid(clock.boot()), Uid::Told(own));
    drop(client);
}

#[test]
fn the_table_is_read_where_the_kernel_cannot_be_asked_and_nowhere_else() {
    let ends = Ends::new("127.0.0.1:40000".parse().unwrap(), "127.0.0.1:7411".parse().unwrap());
    let of = |uid| Some(Owner { uid, inode: 1 });
    let read = |_| of(2);
    let found = |ask: &dyn Fn(Ends) -> Result<Option<Owner>, Errno>, answers: bool| {
        owner(ends, ask, read, &AtomicBool::new(answers))
    };
    let (asked, read) = (of(1), of(2));
    for answers in [false, true] {
        assert_eq!(found(&|_| Ok(of(1)), answers), asked);
        for sandboxed in [Errno::PERM, Errno::AFNOSUPPORT, Errno::PROTONOSUPPORT] {
            assert_eq!(found(&|_| Err(sandboxed), answers), read, "{sandboxed}");
        }
    }
    // It has never answered: does it not know our own end either?
    assert_eq!(found(&|_| Ok(None), false), read);
    assert_eq!(
        found(&|ends_asked| Ok(of(3).filter(|_| ends_asked == ends.reversed())), false),
        None
    );
    // It has: there is no such socket.
    assert_eq!(found(&|_| Ok(None), true), None);
    let answers = AtomicBool::new(false);
    owner(ends, |_| Ok(of(1)), |_| None, &answers);
    assert!(answers.into_inner());
}

#[cfg(target_os = "linux")]
#[test]
fn the_kernel_tells_whose_a_socket_is_in_both_ways() {
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
        let (asked, read) = (diag::owner(ends).unwrap().unwrap(), table::owner(ends).unwrap());
        assert_eq!(asked, read, "{bound} {reached}");
        assert_eq!((asked.uid, uid(ends)), (own, Some(own)), "{bound} {reached}");
        let of_ours = diag::owner(ends.reversed()).unwrap().unwrap();
        assert_ne!(of_ours.inode, asked.inode, "{bound} {reached}: the other end");
        drop(client);
        assert_eq!(uid(ends), None, "{bound} {reached}: it is closed");
        let left = diag::owner(ends).unwrap().map(|owner| owner.inode);
        assert!(left.unwrap_or_default() == 0, "{bound} {reached}: nobody holds it");
        let left = table::owner(ends).map(|owner| owner.inode);
        assert!(left.unwrap_or_default() == 0, "{bound} {reached}: nobody holds it");
    }
}
