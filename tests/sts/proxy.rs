use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use valetkey::sts::Class;

use crate::server::{Ending, Server, good, read_head};
use crate::tls::Authority;
use crate::{PATIENT, call, client, error};

/// A proxy that connects every tunnel to one server, and keeps the heads of the requests it saw.
struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    async fn start(answer: &'static str, target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let kept = Arc::clone(&kept);
                tokio::spawn(async move {
                    let head = read_head(&mut stream).await.unwrap();
                    kept.lock().unwrap().push(head);
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    if answer.starts_with("HTTP/1.1 200") {
                        let mut target = TcpStream::connect(target).await.unwrap();
                        copy_bidirectional(&mut stream, &mut target).await.ok();
                    }
                });
            }
        });
        Self { address, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

#[tokio::test]
async fn https_goes_through_a_tunnel_and_the_password_is_sent_but_never_shown() {
    let authority = Authority::new();
    let server = Server::tls(Ending::Answer(good()), authority.server("sts.example")).await;
    let proxy = Proxy::start(ESTABLISHED, server.address).await;
    let proxy_url = format!("http://user:p%40ss@{}", proxy.address);
    let environment = [
        ("HTTPS_PROXY", proxy_url.as_str()),
        ("AWS_CA_BUNDLE", authority.bundle()),
    ];
    let client = client(&environment, PATIENT);
    let endpoint = "https://sts.example/";
    assert_eq!(
        client.route(&endpoint.parse().unwrap()).to_string(),
        format!("through the proxy http://{}", proxy.address)
    );

    let reply = call(&client, endpoint).await;
    assert!(reply.sample.unwrap().authenticated);
    assert!(reply.result.is_ok());
    let heads = proxy.heads();
    assert_eq!(heads.len(), 1);
    assert!(
        heads[0].starts_with("CONNECT sts.example:443 HTTP/1.1\r\n"),
        "{}",
        heads[0]
    );
    assert!(
        heads[0]
            .to_lowercase()
            .contains("proxy-authorization: basic dxnlcjpwqhnz\r\n"),
        "{}",
        heads[0]
    );
    let (_, requests) = server.seen().await;
    assert!(
        requests[0].contains("\r\nhost: sts.example\r\n"),
        "the real port is not named"
    );
    assert!(!requests[0].to_lowercase().contains("proxy-authorization"));
}

#[tokio::test]
async fn a_proxy_that_refuses_has_seen_nothing_of_the_request() {
    let nowhere = "127.0.0.1:1".parse().unwrap();
    for answer in [
        "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://login\r\n\r\n",
        "garbage\r\n\r\n",
    ] {
        let proxy = Proxy::start(answer, nowhere).await;
        let url = format!("http://user:secret@{}", proxy.address);
        let error = error(call(&client(&[("ALL_PROXY", &url)], PATIENT), "https://sts.example/").await);
        assert_eq!((error.class, error.sent), (Class::Network, false), "{error}");
        let place = format!("at sts.example (through the proxy http://{})", proxy.address);
        assert!(error.message.contains(&place), "{error}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        assert_eq!(proxy.heads().len(), 1);
    }
}

#[tokio::test]
async fn a_certificate_behind_the_tunnel_is_checked_too() {
    let authority = Authority::new();
    let server = Server::tls(Ending::Answer(good()), authority.server("other.example")).await;
    let proxy = Proxy::start(ESTABLISHED, server.address).await;
    let proxy_url = format!("http://{}", proxy.address);
    let environment = [
        ("HTTPS_PROXY", proxy_url.as_str()),
        ("AWS_CA_BUNDLE", authority.bundle()),
    ];
    let error = error(call(&client(&environment, PATIENT), "https://sts.example/").await);
    assert_eq!((error.class, error.sent), (Class::Tls, false), "{error}");
    assert!(server.seen().await.1.is_empty());
}

#[tokio::test]
async fn plain_http_is_asked_of_the_proxy() {
    let proxy = Server::plain(Ending::Answer(good())).await;
    let proxy_url = format!("http://user:pass@{}", proxy.address);
    let reply = call(&client(&[("HTTP_PROXY", &proxy_url)], PATIENT), "http://sts.example/").await;
    assert!(reply.result.is_ok());
    let (connections, requests) = proxy.seen().await;
    assert_eq!((connections, requests.len()), (1, 1));
    assert!(requests[0].starts_with("POST http://sts.example/ HTTP/1.1\r\n"));
    assert!(requests[0].contains("\r\nproxy-authorization: Basic dXNlcjpwYXNz\r\n"));
}

#[tokio::test]
async fn loopback_and_exempt_hosts_are_asked_directly() {
    let server = Server::plain(Ending::Answer(good())).await;
    let proxy = Proxy::start(ESTABLISHED, server.address).await;
    let proxy_url = format!("http://{}", proxy.address);
    let reply = call(&client(&[("ALL_PROXY", &proxy_url)], PATIENT), &server.url()).await;
    assert!(reply.result.is_ok());

    let unknown = format!("{}.example", "a".repeat(64));
    let environment = [("HTTP_PROXY", proxy_url.as_str()), ("NO_PROXY", unknown.as_str())];
    let error = error(call(&client(&environment, PATIENT), &format!("http://{unknown}")).await);
    assert_eq!(
        (error.class, error.sent),
        (Class::Dns, false),
        "the proxy would have resolved it: {error}"
    );
    assert!(proxy.heads().is_empty());
}
