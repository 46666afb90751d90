use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};

use valetkey::aws::{Endpoint, LongTermKey, TokenCode};
use valetkey::clock::{Clock, SystemClock};
use valetkey::sts::{GetSessionToken, Sts, StsClient};

use crate::common::{World, finish};
use crate::search::{has_number, is_in};

/// Positive control: without the cap on libraries' levels the code does come out, so the search above would find it.
#[test]
fn without_the_cap_on_libraries_the_code_is_logged() {
    let (_, stdout, _) = finish(
        Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "uncapped::as_a_child_that_logs_everything",
                "--nocapture",
                "--include-ignored",
            ])
            .env("LOG_SIGNABLE_BODY", "true")
            .env("CANARY_CHILD", "1"),
    );
    assert!(
        is_in(&stdout, "918273"),
        "the danger is gone; is the cap still needed? {stdout}"
    );
}

/// Not a test of its own: the other half of the one above, run as a process with its own environment.
#[test]
fn as_a_child_that_logs_everything() {
    if std::env::var_os("CANARY_CHILD").is_none() {
        return;
    }
    let lines = Arc::new(Mutex::new(Vec::new()));
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || Lines(writer.clone()))
        .finish();
    let world = World::new(None);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let sts = StsClient::new(Arc::new(SystemClock), &|_| None).unwrap();
            let access = &world.emulator.access;
            let call = GetSessionToken {
                endpoint: &Endpoint {
                    url: access.url.parse().unwrap(),
                    signing_region: access.region.parse().unwrap(),
                },
                key: &LongTermKey {
                    access_key_id: access.access_key_id.parse().unwrap(),
                    secret_access_key: Arc::new(access.secret_access_key.as_str().into()),
                },
                now: SystemClock.wall(),
                duration: valetkey::aws::SessionDuration::default(),
                minimum_session_token_size: None,
                mfa: Some((
                    &access.mfa_serial.parse().unwrap(),
                    &TokenCode::try_from("918273".to_owned()).unwrap(),
                )),
            };
            let refused = sts.get_session_token(call).await.result.err().unwrap();
            assert!(!has_number(&refused.message, "918273"), "{}", refused.message);
        });
    });
    println!("{}", String::from_utf8_lossy(&lines.lock().unwrap()));
}

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
