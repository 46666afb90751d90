//! Requests that somebody else than a consumer's SDK forged: an application tricked into asking (SSRF), a proxy in between, a page
//! in a browser. Most come with what would open the door, as if a proxy had added it or the page had learnt it.

use tokio::io::AsyncReadExt;

use crate::requests::rejections;
use crate::scene::{DOCUMENT, HANG, Scene};

/// `{ask}` stands for what each form is asked with, `{right}` for the header that opens it, `{pair}` for the
/// same as a URL may hold it.
const HONEST: &[&str] = &["{ask} HTTP/1.1", "Host: 127.0.0.1:{port}", "{right}"];

const OWN: &str = "Host: 127.0.0.1:{port}";
const ASK: &str = "{ask} HTTP/1.1";
const RIGHT: &str = "{right}";

#[rustfmt::skip]
const FORGED: &[(&str, &[&str])] = &[
    // A URL is all that the attacker chooses: no header, and so no token.
    ("no header", &["GET {path} HTTP/1.1", OWN]),
    ("the header in the query", &["GET {path}?{pair} HTTP/1.1", OWN]),
    ("the header behind an escaped line break in the path", &["GET {path}%0d%0a{pair} HTTP/1.1", OWN]),
    ("the header behind an escaped line break in the query", &["GET {path}?x=%0D%0A{pair} HTTP/1.1", OWN]),
    ("a fragment", &["GET {path}#x HTTP/1.1", OWN]),
    ("a redirect that was followed", &["GET {path} HTTP/1.1", OWN, "Referer: http://evil.example/"]),
    ("credentials of a URL", &["GET {path} HTTP/1.1", OWN, "Authorization: Basic dG9rZW46b3Bz"]),
    ("a cookie", &["GET {path} HTTP/1.1", OWN, "Cookie: {right}"]),
    ("HTTP/1.0 without a header", &["GET {path} HTTP/1.0"]),
    ("HTTP/0.9", &["GET {path}"]),
    ("another protocol's greeting before", &["EHLO evil.example", ASK, OWN, RIGHT]),
    ("a line of Redis before", &["SET x y", ASK, OWN, RIGHT]),
    // gopher:// and line breaks in a header: bytes of one's own behind those of a request that is refused.
    ("another request behind a line break in the path", &["GET / HTTP/1.1", OWN, "", ASK, OWN, RIGHT]),
    ("another request behind a line break in a header", &["GET /x HTTP/1.1", "Host: evil.example", "X: y", "", ASK, OWN, RIGHT]),
    ("another request behind a body", &["POST / HTTP/1.1", OWN, "Content-Length: 5", "", "x=y\r\n{ask} HTTP/1.1", OWN, RIGHT]),
    ("a header behind a line break without a carriage return", &["GET /x HTTP/1.1\nHost: evil.example\n{right}"]),
    ("a header behind a bare carriage return", &["{ask} HTTP/1.1", "Host: 127.0.0.1:{port}\rX: y", RIGHT]),
    ("a zero byte", &[ASK, OWN, "{right}\0"]),
    ("a folded line", &[ASK, OWN, "X: y", " {right}"]),
    ("a space before the colon", &[ASK, "Host : 127.0.0.1:{port}", RIGHT]),
    ("a version that a space splits", &["{ask} x HTTP/1.1", OWN, RIGHT]),
    // Names that lead here, and are a stranger's.
    ("no name", &[ASK, RIGHT]),
    ("an empty name", &[ASK, "Host:", RIGHT]),
    ("a name whose address was exchanged", &[ASK, "Host: evil.example:{port}", RIGHT]),
    ("a name that holds the address", &[ASK, "Host: 127.0.0.1.nip.io:{port}", RIGHT]),
    ("a name that changes between two addresses", &[ASK, "Host: 7f000001.c0a80001.rbndr.us:{port}", RIGHT]),
    ("a public name of loopback", &[ASK, "Host: localtest.me", RIGHT]),
    ("a name below localhost", &[ASK, "Host: evil.localhost:{port}", RIGHT]),
    ("a dot behind localhost", &[ASK, "Host: localhost.:{port}", RIGHT]),
    ("a dot behind the address", &[ASK, "Host: 127.0.0.1.:{port}", RIGHT]),
    ("any address", &[ASK, "Host: 0.0.0.0:{port}", RIGHT]),
    ("zero", &[ASK, "Host: 0:{port}", RIGHT]),
    ("two parts", &[ASK, "Host: 127.1:{port}", RIGHT]),
    ("decimal", &[ASK, "Host: 2130706433:{port}", RIGHT]),
    ("octal", &[ASK, "Host: 0177.0.0.01:{port}", RIGHT]),
    ("hexadecimal", &[ASK, "Host: 0x7f000001:{port}", RIGHT]),
    ("EC2's address in decimal", &[ASK, "Host: 2852039166", RIGHT]),
    ("IPv4 within IPv6", &[ASK, "Host: [::ffff:127.0.0.1]:{port}", RIGHT]),
    ("EC2's address within IPv6", &[ASK, "Host: [::ffff:a9fe:a9fe]", RIGHT]),
    ("loopback at length", &[ASK, "Host: [0:0:0:0:0:0:0:1]:{port}", RIGHT]),
    ("a zone", &[ASK, "Host: [::1%25lo]:{port}", RIGHT]),
    ("a user before the address", &[ASK, "Host: evil.example@127.0.0.1:{port}", RIGHT]),
    ("the address as the user", &[ASK, "Host: 127.0.0.1:{port}@evil.example", RIGHT]),
    ("a fragment behind the address", &[ASK, "Host: 127.0.0.1#.evil.example", RIGHT]),
    ("a path behind the address", &[ASK, "Host: 127.0.0.1/.evil.example", RIGHT]),
    ("other digits", &[ASK, "Host: ①②⑦.⓪.⓪.①", RIGHT]),
    ("another port", &[ASK, "Host: 127.0.0.1:22", RIGHT]),
    ("two names in one", &[ASK, "Host: 127.0.0.1:{port}, evil.example", RIGHT]),
    ("two names", &[ASK, OWN, "Host: evil.example", RIGHT]),
    ("two names, the other one first", &[ASK, "HOST: evil.example", "host: 127.0.0.1:{port}", RIGHT]),
    // Proxies, also those that add the right header.
    ("absolute form", &["GET http://127.0.0.1:{port}{path} HTTP/1.1", OWN, RIGHT]),
    ("absolute form in capitals", &["GET HTTP://127.0.0.1:{port}{path} HTTP/1.1", OWN, RIGHT]),
    ("absolute form of another host", &["GET http://evil.example{path} HTTP/1.1", OWN, RIGHT]),
    ("a name in front of the path", &["GET evil.example{path} HTTP/1.1", OWN, RIGHT]),
    ("CONNECT", &["CONNECT 127.0.0.1:{port} HTTP/1.1", OWN, RIGHT, "", ASK, OWN, RIGHT]),
    ("Via", &[ASK, OWN, RIGHT, "Via: 1.1 squid"]),
    ("X-Forwarded-For", &[ASK, OWN, RIGHT, "X-Forwarded-For: 10.0.0.1"]),
    ("X-Forwarded-For that says loopback", &[ASK, OWN, RIGHT, "X-FORWARDED-FOR: 127.0.0.1"]),
    ("X-Forwarded-For that is empty", &[ASK, OWN, RIGHT, "x-forwarded-for:"]),
    ("X-Forwarded-Host", &[ASK, OWN, RIGHT, "X-Forwarded-Host: 127.0.0.1"]),
    ("X-Forwarded-Proto", &[ASK, OWN, RIGHT, "X-Forwarded-Proto: https"]),
    ("Forwarded", &[ASK, OWN, RIGHT, "Forwarded: for=127.0.0.1;host=127.0.0.1"]),
    ("X-Real-IP", &[ASK, OWN, RIGHT, "X-Real-IP: 127.0.0.1"]),
    // Browsers.
    ("an origin", &[ASK, OWN, RIGHT, "Origin: http://evil.example"]),
    ("an origin that is none", &[ASK, OWN, RIGHT, "Origin: null"]),
    ("one's own origin", &[ASK, OWN, RIGHT, "Origin: http://127.0.0.1:{port}"]),
    ("a fetch by a page of the same site", &[ASK, OWN, RIGHT, "Sec-Fetch-Site: same-origin"]),
    ("an address that was typed", &[ASK, OWN, RIGHT, "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"]),
    ("a question before (CORS)", &["OPTIONS {path} HTTP/1.1", OWN, "Origin: http://evil.example", "Access-Control-Request-Method: PUT"]),
    ("WebSocket", &[ASK, OWN, RIGHT, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]),
    // Methods.
    ("POST", &["POST {path} HTTP/1.1", OWN, RIGHT, "Content-Length: 0"]),
    ("HEAD", &["HEAD {path} HTTP/1.1", OWN, RIGHT]),
    ("OPTIONS", &["OPTIONS {path} HTTP/1.1", OWN, RIGHT]),
    ("OPTIONS of everything", &["OPTIONS * HTTP/1.1", OWN, RIGHT]),
    ("TRACE", &["TRACE {path} HTTP/1.1", OWN, RIGHT]),
    ("DELETE", &["DELETE {path} HTTP/1.1", OWN, RIGHT]),
    ("a method in small letters", &["get {path} HTTP/1.1", OWN, RIGHT]),
    ("a method of its own", &["FETCH {path} HTTP/1.1", OWN, RIGHT]),
    ("a method behind a method", &["POST {path} HTTP/1.1", OWN, RIGHT, "Content-Length: 0", "X-HTTP-Method-Override: GET"]),
    ("a method in the query", &["POST {path}?_method=PUT HTTP/1.1", OWN, RIGHT, "X-Method-Override: PUT"]),
    // What two readers could read differently.
    ("a length and chunks", &[ASK, OWN, RIGHT, "Content-Length: 5", "Transfer-Encoding: chunked", "", "0", "", ASK, OWN, RIGHT]),
    ("chunks and a length", &[ASK, OWN, RIGHT, "Transfer-Encoding: chunked", "Content-Length: 0", "", "0", "", ASK, OWN, RIGHT]),
    ("chunks that are something else", &[ASK, OWN, RIGHT, "Transfer-Encoding: chunked, identity"]),
    ("chunks behind a vertical tab", &[ASK, OWN, RIGHT, "Transfer-Encoding: \u{b}chunked", "", "0"]),
    ("two lengths", &[ASK, OWN, RIGHT, "Content-Length: 0", "Content-Length: 7", "", "GET / HT"]),
    ("a length with a sign", &[ASK, OWN, RIGHT, "Content-Length: +0"]),
    ("a body", &[ASK, OWN, RIGHT, "Content-Length: 3", "", "x=y"]),
    ("a body that is announced", &[ASK, OWN, RIGHT, "Expect: 100-continue", "Content-Length: 3"]),
    ("the header twice", &[ASK, OWN, RIGHT, RIGHT]),
    ("HTTP/2", &["PRI * HTTP/2.0", "", "SM", ""]),
    ("an offer of HTTP/2", &[ASK, OWN, RIGHT, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]),
    ("a version to come", &["{ask} HTTP/1.2", OWN, RIGHT]),
    ("a greeting in TLS", &["\u{16}\u{3}\u{1}\u{2}\0\u{1}"]),
    // Paths that lead there for somebody who resolves them.
    ("dots", &["{method} /x/..{path} HTTP/1.1", OWN, RIGHT]),
    ("escaped dots", &["{method} /x/%2e%2e{path} HTTP/1.1", OWN, RIGHT]),
    ("a parameter", &["{method} {path};x=y HTTP/1.1", OWN, RIGHT]),
    ("an escaped slash", &["{method} /%2f{path} HTTP/1.1", OWN, RIGHT]),
    ("a dot for a name", &["{method} /.{path} HTTP/1.1", OWN, RIGHT]),
    ("a backslash", &["{method} /\\{path} HTTP/1.1", OWN, RIGHT]),
    ("an ending", &["{method} {path}.json HTTP/1.1", OWN, RIGHT]),
    ("a zero byte that is escaped", &["{method} {path}%00 HTTP/1.1", OWN, RIGHT]),
];

/// What is asked for, and what opens it.
struct Form {
    listener: &'static str,
    method: &'static str,
    path: &'static str,
    right: String,
    /// What an honest reply has, and no other may have.
    treasure: &'static str,
}

#[tokio::test]
async fn a_forged_request_gets_nothing() {
    assert!(FORGED.len() >= 60);
    let scene = Scene::new(&["ops", "deploy"], &["ops", "deploy"]);
    for form in forms(&scene).await {
        for (what, lines) in FORGED {
            let case = format!("{what}: {} {}", form.method, form.path);
            let said = form.ask(&scene, HONEST).await;
            assert!(
                said.starts_with("HTTP/1.1 200 OK\r\n") && said.contains(form.treasure),
                "{case}: {said}"
            );

            let before = rejections(&scene);
            let said = form.ask(&scene, lines).await;
            let (_, right) = form.right.split_once(": ").unwrap();
            for never in ["canary", form.treasure, "access-control-", right] {
                // What opens the door to a token is no secret.
                assert!(never == TTL || !said.contains(never), "{case}: {never} in {said}");
            }
            let statuses: Vec<_> = said.split("HTTP/1.").filter_map(status).collect();
            assert!(statuses.iter().all(|status| status.starts_with('4')), "{case}: {said}");
            // Only the greeting of HTTP/2 is left without a word.
            assert_eq!(
                rejections(&scene) - before,
                statuses.len().max(1) as u64,
                "{case}: {said}"
            );
        }
    }
}

const TTL: &str = "600";

/// The status of a reply, from its version's last digit on; none of a message that speaks of a version.
fn status(reply: &str) -> Option<&str> {
    let status = reply.get(2..5)?;
    status.bytes().all(|byte| byte.is_ascii_digit()).then_some(status)
}

/// The credentials in both forms, and the token of the second.
async fn forms(scene: &Scene) -> [Form; 3] {
    let token = Form {
        listener: "imds",
        method: "PUT",
        path: "/latest/api/token",
        right: format!("X-aws-ec2-metadata-token-ttl-seconds: {TTL}"),
        treasure: "\r\nx-aws-ec2-metadata-token-ttl-seconds: ",
    };
    let said = token.ask(scene, HONEST).await;
    let body = said.split("\r\n\r\n").nth(1).unwrap();
    let sealed = body.split("HTTP/1.1").next().unwrap();
    let imds = Form {
        listener: "imds",
        method: "GET",
        path: "/latest/meta-data/iam/security-credentials/ops",
        right: format!("X-aws-ec2-metadata-token: {sealed}"),
        treasure: DOCUMENT,
    };
    let container = Form {
        listener: "credentials",
        method: "GET",
        path: "/credentials/ops",
        right: "Authorization: token-ops".to_owned(),
        treasure: DOCUMENT,
    };
    [container, imds, token]
}

impl Form {
    /// All that comes back. Behind what is asked follows what ends every connection.
    async fn ask(&self, scene: &Scene, lines: &[&str]) -> String {
        let listener = match self.listener {
            "imds" => &scene.imds,
            _ => &scene.credentials,
        };
        let words = [
            ("{ask}", format!("{} {}", self.method, self.path)),
            ("{right}", self.right.clone()),
            ("{pair}", self.right.replace(": ", "=")),
            ("{method}", self.method.to_owned()),
            ("{path}", self.path.to_owned()),
            ("{port}", listener.address.port().to_string()),
        ];
        let mut request = lines.join("\r\n") + "\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        for (word, meaning) in words {
            request = request.replace(word, &meaning);
        }
        let mut peer = listener.connect().await;
        peer.send(request).await;
        let mut said = Vec::new();
        // What was not read of the request may end it as a reset.
        let _ = tokio::time::timeout(HANG, peer.0.read_to_end(&mut said))
            .await
            .expect("it is closed");
        drop(peer);
        scene.open_connections_of(self.listener, 0).await;
        String::from_utf8(said).unwrap()
    }
}
