//! Credentials for who is not on this machine: over TLS, by a certificate that may be exchanged.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::authority::Authority;
use crate::common::{Daemon, PATIENCE, World, eventually, finish, show};
use crate::scene::{Said, ask, metric, server, status};

/// A daemon's world where its credentials listener shows a certificate of a private CA.
struct Scene {
    world: World,
    authority: Authority,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            world: World::new(None),
            authority: Authority::new(),
        };
        fs::create_dir(scene.world.path("tls")).unwrap();
        scene.issue(&["valetkey.example", "127.0.0.1"]);
        scene.configure("0.0.0.0:0");
        scene
    }

    fn issue(&self, hosts: &[&str]) {
        self.authority.issue(hosts).install(&self.world.path("tls"));
    }

    fn configure(&self, address: &str) {
        let tls = show(&self.world.path("tls"));
        let files = format!("[server]\ntls_certificate = \"{tls}/chain.pem\"\ntls_private_key = \"{tls}/key.pem\"");
        let server = server(&self.world)
            .replacen("[server]", &files, 1)
            .replacen("127.0.0.1:0", address, 1);
        let profile = self.world.profile_without_mfa("plain");
        self.world.write("valetkey.toml", &(server + &profile));
    }

    /// The status of the reply that a client gets who asks for this host; why there is none.
    fn ask(&self, daemon: &Daemon, host: &'static str, client: ClientConfig) -> Result<String, String> {
        let socket = TcpStream::connect(("127.0.0.1", daemon.credentials.port())).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let tls = ClientConnection::new(Arc::new(client), host.try_into().unwrap()).unwrap();
        let mut stream = StreamOwned::new(tls, socket);
        let token = self.world.token("plain");
        let request = format!(
            "GET /credentials/plain HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n"
        );
        let mut reply = String::new();
        stream
            .write_all(request.as_bytes())
            .map_err(|error| error.to_string())?;
        stream.read_to_string(&mut reply).map_err(|error| error.to_string())?;
        Ok(reply[..12].to_owned())
    }

    fn is_served(&self, daemon: &Daemon, host: &'static str) -> bool {
        self.ask(daemon, host, self.authority.client()).as_deref() == Ok("HTTP/1.1 200")
    }

    fn reload(&self) -> Said {
        ask(&self.world, &["reload"])
    }
}

#[test]
fn a_client_that_trusts_the_authority_gets_credentials_over_tls_alone() {
    let scene = Scene::new();
    let daemon = scene.world.serve();
    daemon.wait_for_credentials("plain");
    for host in ["valetkey.example", "127.0.0.1"] {
        assert!(scene.is_served(&daemon, host), "{host}");
    }
    let stranger = scene.ask(&daemon, "valetkey.example", Authority::new().client());
    assert!(stranger.unwrap_err().contains("invalid peer certificate"));
    let other_name = scene.ask(&daemon, "other.example", scene.authority.client());
    assert!(other_name.unwrap_err().contains("not valid for name"));
    let mut plain = TcpStream::connect(("127.0.0.1", daemon.credentials.port())).unwrap();
    plain
        .write_all(b"GET /credentials/plain HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let refused = "valetkey_http_rejected_total{listener=\"credentials\",reason=\"tls\"}";
    eventually(|| (metric(&daemon, refused) == "3").then_some(()));

    let url = format!("https://valetkey.example:{}", daemon.credentials.port());
    let listeners = status(&scene.world)["listeners"].clone();
    assert_eq!(listeners["credentials_url"], *url);
    assert_eq!(listeners["certificate_expiration"], "4096-01-01T00:00:00Z");
    let page = ask(&scene.world, &["status"]).stdout;
    assert!(
        page.contains(&format!(
            "credentials on {url} (certificate until 4096-01-01 00:00:00 UTC), ops on "
        )),
        "{page}"
    );
    assert!(daemon.log().contains(&format!("\"credentials_url\":\"{url}\"")));
}

const RELOADED: &str = "the configuration was reloaded: tls: another certificate is used";

#[test]
fn another_certificate_is_taken_at_a_reload_and_a_wrong_one_is_not() {
    let scene = Scene::new();
    let daemon = scene.world.serve();
    daemon.wait_for_credentials("plain");

    scene.issue(&["second.example"]);
    let said = scene.reload();
    assert_eq!(
        said.stdout, "tls: another certificate is used, until 4096-01-01 00:00:00 UTC\n",
        "{said:?}"
    );
    assert!(scene.is_served(&daemon, "second.example") && !scene.is_served(&daemon, "valetkey.example"));

    daemon.wait_for(RELOADED);

    // Half of another pair.
    let third = scene.authority.issue(&["third.example"]);
    scene.world.write("tls/chain.pem", &third.certificate);
    let said = scene.reload();
    assert_eq!(said.code, 78, "{said:?}");
    let path = show(&scene.world.path("tls/key.pem"));
    assert!(
        said.stderr
            .contains(&format!("{path}: is not the key of the first certificate in ")),
        "{said:?}"
    );
    assert!(scene.is_served(&daemon, "second.example"));

    scene.world.write("tls/key.pem", &third.private_key);
    daemon.signal("-HUP");
    daemon.wait_for(RELOADED);
    assert!(scene.is_served(&daemon, "third.example"));
    assert!(!daemon.log().contains("PRIVATE KEY"));
}

#[test]
fn other_files_wait_for_a_restart() {
    let scene = Scene::new();
    let _daemon = scene.world.serve();
    let text = fs::read_to_string(scene.world.path("valetkey.toml")).unwrap();
    scene
        .world
        .write("valetkey.toml", &text.replace("chain.pem", "other.pem"));
    let said = scene.reload();
    assert!(said.stdout.contains("[server] tls_certificate"), "{said:?}");
    let plain = text.replace("tls_", "# tls_").replace("0.0.0.0:0", "127.0.0.1:0");
    scene.world.write("valetkey.toml", &plain);
    let said = scene.reload();
    for key in ["credentials", "tls_certificate", "tls_private_key"] {
        assert!(said.stdout.contains(&format!("[server] {key}")), "{said:?}");
    }
}

#[test]
fn what_is_wrong_with_the_pair_is_told_with_all_else_before_anything_is_bound() {
    let scene = Scene::new();
    let other = scene.authority.issue(&["other.example"]);
    scene.world.write("tls/key.pem", &other.private_key);
    fs::remove_file(scene.world.path("key/aws_secret_access_key")).unwrap();
    for flag in [None, Some("--check-config")] {
        let (code, _, said) = finish(scene.world.command().args(flag));
        assert_eq!(code, 78, "{said}");
        assert!(
            said.contains("[server] tls_private_key: ") && said.contains("profile plain: long-term key: "),
            "{said}"
        );
        assert!(
            said.contains("2 mistakes") && !said.contains("valetkey starts"),
            "{said}"
        );
    }
}

#[test]
fn a_certificate_whose_time_is_over_is_warned_of() {
    let scene = Scene::new();
    let expired = scene.authority.issue_with(&["127.0.0.1"], |parameters| {
        parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    expired.install(&scene.world.path("tls"));
    let (code, said, log) = finish(scene.world.command().arg("--check-config"));
    assert_eq!(code, 0, "{log}");
    assert!(
        said.contains("no mistakes") && log.contains("chain.pem: the certificate has expired, "),
        "{log}"
    );
}

#[test]
fn flags_give_a_certificate_where_there_is_no_file() {
    let scene = Scene::new();
    let tls = |name: &str| show(&scene.world.path("tls").join(name));
    scene.world.write(
        "valetkey.toml",
        &(server(&scene.world) + &scene.world.profile_without_mfa("plain")),
    );
    let mut command = scene.world.command();
    command.args([
        "--credentials",
        "[::]:0",
        "--tls-certificate",
        &tls("chain.pem"),
        "--tls-private-key",
        &tls("key.pem"),
    ]);
    let daemon = Daemon::start(command);
    daemon.wait_for_credentials("plain");
    assert!(scene.is_served(&daemon, "127.0.0.1"));

    let (code, _, said) = finish(scene.world.command().args(["--credentials", "0.0.0.0:0"]));
    assert_eq!(code, 78);
    assert!(
        said.contains("--credentials: must be a loopback address ") && said.contains("`tls_certificate`"),
        "{said}"
    );
}
