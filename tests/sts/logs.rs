use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};

use tracing::Level;
use tracing_subscriber::fmt;

use crate::assume_role::{SOURCE_SECRET, SOURCE_TOKEN, assumed, chained};
use crate::request::{BODY, sha256};
use crate::server::{Ending, Server, TEMPORARY_SECRET, good};
use crate::tls::Authority;
use crate::{CODE, PATIENT, SECRET_ACCESS_KEY, SESSION_TOKEN, call, client};

/// At TRACE `aws_sigv4` prints the hash of the body, from which the six digits of a code are guessed in a moment, and the
/// body itself when an environment variable asks for it. The process's log filter keeps that crate at INFO; this holds
/// that nothing else prints a secret, at any level.
#[test]
fn only_the_signing_library_at_trace_could_print_a_secret() {
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", "logs::everything_is_logged"];
    let child = Command::new(this)
        .args(arguments)
        .env("LOG_SIGNABLE_BODY", "true")
        .env("LOGS_CHILD", "1")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Not a test of its own: the other half of the one above, in a process with its own environment.
#[tokio::test]
async fn everything_is_logged() {
    if std::env::var_os("LOGS_CHILD").is_none() {
        return;
    }
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = fmt()
        .json()
        .without_time()
        .with_max_level(Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let authority = Authority::new();
    let server = Server::tls(Ending::Answer(good()), authority.server("127.0.0.1")).await;
    let client = client(&[("AWS_CA_BUNDLE", authority.bundle())], PATIENT);
    assert!(
        call(&client, &format!("https://{}", server.address))
            .await
            .result
            .is_ok()
    );
    let server = Server::tls(Ending::Answer(assumed()), authority.server("127.0.0.1")).await;
    let reply = chained(&client, &format!("https://{}", server.address)).await;
    assert!(reply.result.is_ok());

    let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let body = format!("{:?}", format!("TokenCode={CODE}").as_bytes());
    let body = body.trim_matches(['[', ']']);
    let hash = sha256(BODY);
    let of_source = [SOURCE_SECRET, SOURCE_TOKEN];
    let secrets = [CODE, SECRET_ACCESS_KEY, SESSION_TOKEN, TEMPORARY_SECRET, body, &hash];
    let leaks: Vec<_> = lines
        .lines()
        .filter(|line| secrets.iter().chain(&of_source).any(|secret| line.contains(secret)))
        .collect();
    for leak in &leaks {
        assert!(is_by(leak, "TRACE", "aws_sigv4::http_request::sign"), "{leak}");
    }
    assert!(
        !leaks.is_empty(),
        "the filter's reason is gone: the library prints no body any more"
    );
    let ours = |line| is_by(line, "DEBUG", "valetkey::sts::client");
    assert!(lines.lines().any(ours), "{lines}");
    assert!(lines.contains("hyper_util"), "{lines}");
}

fn is_by(line: &str, level: &str, target: &str) -> bool {
    line.contains(&format!(r#""level":"{level}""#)) && line.contains(&format!(r#""target":"{target}""#))
}
