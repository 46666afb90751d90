use std::fs;
use std::future::poll_fn;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::task::Poll;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd};
use tempfile::TempDir;

use super::*;
use crate::clock::PausedClock;

/// The files of a pair in a folder.
struct Files(TempDir);

impl Files {
    /// Of a certificate for `127.0.0.1` in 2026.
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.issue(&["127.0.0.1"]);
        files
    }

    fn issue(&self, hosts: &[&str]) {
        let key = KeyPair::generate().unwrap();
        self.write("chain", &certificate(&key, hosts));
        self.write("key", &key.serialize_pem());
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn config(&self) -> config::Tls {
        config::Tls {
            certificate: self.path("chain"),
            private_key: self.path("key"),
        }
    }

    fn load(&self, at: &str) -> Result<Arc<Tls>, Vec<String>> {
        let clock = Arc::new(PausedClock::new(at.parse().unwrap()));
        Tls::load(self.config(), clock).map(Arc::new)
    }

    /// What is wrong with them, without where they are.
    fn mistakes(&self) -> Vec<String> {
        let folder = self.0.path().to_str().unwrap();
        let mistakes = self.load(SUMMER).err().unwrap();
        mistakes.iter().map(|mistake| mistake.replace(folder, "")).collect()
    }
}

const SUMMER: &str = "2026-07-01T00:00:00Z";

fn certificate(key: &KeyPair, hosts: &[&str]) -> String {
    let hosts: Vec<_> = hosts.iter().map(|&host| host.to_owned()).collect();
    let mut parameters = CertificateParams::new(hosts).unwrap();
    parameters.not_before = date_time_ymd(2026, 1, 1);
    parameters.not_after = date_time_ymd(2027, 1, 1);
    parameters.self_signed(key).unwrap().pem()
}

fn look_thrice(tls: &Tls) {
    for _ in 0..3 {
        tls.look();
    }
}

/// What is logged meanwhile, a line each.
fn logged(work: impl FnOnce()) -> Vec<String> {
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone());
    tracing::subscriber::with_default(subscriber.finish(), work);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| line.trim_start().to_owned()).collect()
}

#[test]
fn keys_of_every_usual_kind_and_form_are_taken() {
    let files = Files::new();
    for key in [
        KeyPair::generate().unwrap(),
        KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
        KeyPair::generate_for(&PKCS_ED25519).unwrap(),
    ] {
        // A chain has others behind its own, and texts between.
        let other = certificate(&KeyPair::generate().unwrap(), &["ca.example"]);
        files.write(
            "chain",
            &format!(
                "subject=valetkey\n{}\nissuer\n{other}",
                certificate(&key, &["a.example"])
            ),
        );
        files.write("key", &key.serialize_pem());
        let tls = files.load(SUMMER).unwrap();
        assert!(tls.is_for(b"a.example") && !tls.is_for(b"ca.example"));
    }
}

#[test]
fn what_is_wrong_is_told_with_the_file_and_the_remedy() {
    let key = KeyPair::generate().unwrap();
    let (own, pem) = (certificate(&key, &["a.example"]), key.serialize_pem());
    let strangers = "[server] tls_private_key: /key: is not the key of the first certificate in /chain; put in place the two that \
                     belong together, the server's own certificate before those that vouch for it";
    let no_certificate = "[server] tls_certificate: /chain: holds no certificate in PEM form; write the chain into it, the server's \
                          own certificate first";
    let no_key =
        "[server] tls_private_key: /key: holds no private key in PEM form; write it into the file, from BEGIN to END";
    let not_understood = "[server] tls_certificate: /chain: its first certificate cannot be read; have another one issued, in X.509 \
                          version 3 and PEM form";
    let passphrase = "[server] tls_private_key: /key: is protected by a passphrase, which nobody is there to type; write it without \
                      one, as `openssl pkey` does";
    let other_kind = "[server] tls_private_key: /key: is of no kind that is understood here; take an ECDSA key of P-256 or P-384, an \
                      Ed25519 key, or an RSA key of 2048 to 4096 bits";
    let no_name = "[server] tls_certificate: /chain: its first certificate names no host (subjectAltName), by which clients would know \
                   it; have one issued for the name or address that they ask";
    let block = |kind: &str, body: &str| format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n");
    let files = Files::new();
    for (chain, key, expected) in [
        (&*own, &*KeyPair::generate().unwrap().serialize_pem(), &[strangers][..]),
        ("", &pem, &[no_certificate]),
        (&pem, &own, &[no_certificate, no_key]),
        (&own, "", &[no_key]),
        (&own[..own.len() / 2], &pem, &[no_certificate]),
        (&block("CERTIFICATE", "AAAA"), &pem, &[not_understood]),
        (&own, &block("ENCRYPTED PRIVATE KEY", "AAAA"), &[passphrase]),
        (
            &own,
            &block("EC PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n\nAAAA"),
            &[passphrase],
        ),
        (&own, &block("PRIVATE KEY", "AAAA"), &[other_kind]),
        (&certificate(&KeyPair::from_pem(&pem).unwrap(), &[]), &pem, &[no_name]),
    ] {
        files.write("chain", chain);
        files.write("key", key);
        assert_eq!(files.mistakes(), expected, "{chain}");
    }
}

#[test]
fn the_files_are_read_as_all_that_hold_secrets() {
    let files = Files::new();
    for name in ["chain", "key"] {
        fs::set_permissions(files.path(name), fs::Permissions::from_mode(0o666)).unwrap();
    }
    let writable = "can be written by everybody (mode 666), so its content cannot be trusted; run chmod o-w";
    assert_eq!(
        files.mistakes(),
        [
            format!("[server] tls_certificate: /chain: {writable}"),
            format!("[server] tls_private_key: /key: {writable}")
        ]
    );
    fs::remove_file(files.path("key")).unwrap();
    files.write("chain", &"x".repeat(64 * 1024 + 1));
    fs::set_permissions(files.path("chain"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(
        files.mistakes(),
        [
            "[server] tls_certificate: /chain: is larger than 65536 bytes; make it smaller",
            "[server] tls_private_key: /key: does not exist; create it, or name another place"
        ]
    );
}

#[test]
fn a_certificate_outside_its_time_or_near_its_end_is_warned_of() {
    let files = Files::new();
    for (at, told) in [
        ("2025-12-31T23:59:59Z", Some("is not valid yet")),
        ("2026-01-01T00:00:00Z", None),
        ("2026-11-25T11:00:00Z", None),
        ("2026-11-25T13:00:00Z", Some("expires soon")),
        ("2026-12-31T23:59:59Z", Some("expires soon")),
        ("2027-01-01T00:00:00Z", Some("has expired")),
    ] {
        let lines = logged(|| drop(files.load(at).unwrap()));
        assert_eq!(lines.len(), usize::from(told.is_some()), "{at}: {lines:?}");
        if let Some(told) = told {
            let start = format!(
                "{}: the certificate {told}, and clients refuse",
                files.path("chain").display()
            );
            assert!(lines[0].starts_with("WARN") && lines[0].contains(&start), "{lines:?}");
        }
    }
}

#[test]
fn another_pair_is_used_and_told_once_and_half_of_one_is_told_once_and_not_used() {
    let files = Files::new();
    let tls = files.load(SUMMER).unwrap();
    assert_eq!(logged(|| tls.look()), [""; 0]);

    files.issue(&["b.example"]);
    let lines = logged(|| look_thrice(&tls));
    assert!(
        lines.len() == 1 && lines[0].contains("another certificate is used"),
        "{lines:?}"
    );
    assert!(tls.is_for(b"b.example") && !tls.is_for(b"127.0.0.1"));

    let key = KeyPair::generate().unwrap();
    files.write("chain", &certificate(&key, &["c.example"]));
    let lines = logged(|| look_thrice(&tls));
    assert_eq!(lines.len(), 1, "{lines:?}");
    let (path, remedy) = (files.path("key"), "put in place the two that belong together");
    assert!(lines[0].starts_with("WARN") && lines[0].contains(path.to_str().unwrap()) && lines[0].contains(remedy));
    assert!(tls.is_for(b"b.example"));

    files.write("key", &key.serialize_pem());
    let lines = logged(|| look_thrice(&tls));
    assert!(
        lines.len() == 1 && lines[0].contains("another certificate is used"),
        "{lines:?}"
    );
    assert!(tls.is_for(b"c.example"));
}

/// As when there was no descriptor left for the look that saw them.
#[test]
fn files_that_could_not_be_read_when_they_were_new_are_read_later() {
    let files = Files::new();
    let tls = files.load(SUMMER).unwrap();
    files.issue(&["b.example"]);
    *tls.seen.lock().unwrap() = versions(&tls.files);
    let lines = logged(|| look_thrice(&tls));
    assert!(
        lines.len() == 1 && lines[0].contains("another certificate is used"),
        "{lines:?}"
    );
    assert!(tls.is_for(b"b.example"));
}

#[tokio::test(start_paused = true)]
async fn a_look_is_made_by_the_first_who_comes_and_at_most_every_ten_seconds() {
    let files = Files::new();
    let tls = files.load(SUMMER).unwrap();
    let start = tls.clock.boot();
    assert!(!tls.takes_turn(start + Duration::from_millis(9_999)));
    assert!(tls.takes_turn(start + BETWEEN));
    assert!(
        !tls.takes_turn(start + BETWEEN * 100),
        "one look at a time, however long it takes"
    );
    tls.look();
    assert!(!tls.takes_turn(start + Duration::from_millis(9_999)));
    assert!(tls.takes_turn(start + BETWEEN));
}

/// A look that hangs, as on a file system that does, holds nobody up for longer than a second.
#[tokio::test(start_paused = true)]
#[expect(clippy::await_holding_lock, reason = "it is what the look hangs on")]
async fn who_comes_does_not_wait_for_a_look_that_hangs() {
    let files = Files::new();
    let tls = files.load(SUMMER).unwrap();
    tokio::time::advance(BETWEEN).await;
    let held = tls.seen.lock().unwrap();
    let mut config = pin!(tls.config());
    for wait in [Duration::ZERO, PATIENCE.mul_f32(0.99)] {
        tokio::time::advance(wait).await;
        assert!(poll_once(config.as_mut()).await.is_none());
    }
    tokio::time::advance(PATIENCE.mul_f32(0.02)).await;
    assert!(poll_once(config.as_mut()).await.is_some());
    // The next one does not wait at all.
    assert!(poll_once(pin!(tls.config())).await.is_some());
    drop(held);
}

async fn poll_once<T>(mut future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn a_reload_reads_what_has_changed_and_applies_it_later() {
    let files = Files::new();
    let tls = files.load(SUMMER).unwrap();
    assert_eq!(tls.apply(tls.reread().await.ok().unwrap()), None, "nothing differs");

    files.issue(&["b.example"]);
    let reread = tls.reread().await.ok().unwrap();
    assert!(tls.is_for(b"127.0.0.1"), "not yet");
    let told = "tls: another certificate is used, until 2027-01-01 00:00:00 UTC";
    assert_eq!(tls.apply(reread).as_deref(), Some(told));
    assert!(tls.is_for(b"b.example"));
    assert_eq!(logged(|| tls.look()), [""; 0], "it is no news");

    fs::remove_file(files.path("key")).unwrap();
    let mistakes = tls.reread().await.err().unwrap();
    assert!(
        mistakes[0].starts_with("[server] tls_private_key: ") && mistakes[0].contains("does not exist; "),
        "{mistakes:?}"
    );
    assert!(tls.is_for(b"b.example"));
}

#[test]
fn a_url_has_a_host_that_the_certificate_is_for() {
    let name = |text| Name::of_dns(text).unwrap();
    let ip = |text: &str| Name::Ip(text.parse().unwrap());
    let names = [name("*.pods.example"), name("a.example"), ip("10.0.0.7")];
    for (names, address, expected) in [
        (&names[..], "10.0.0.7:8443", "https://10.0.0.7:8443"),
        (&names, "0.0.0.0:8443", "https://a.example:8443"),
        (&names, "127.0.0.1:8443", "https://a.example:8443"),
        (&names[..1], "[::]:443", "https://*.pods.example:443"),
        (&[ip("fd00::7")], "[::]:443", "https://[fd00::7]:443"),
    ] {
        assert_eq!(url(names, address.parse().unwrap()), expected);
    }
}
