//! How it starts, what it prints, and how it ends.

use std::sync::Arc;

use tokio::net::TcpStream;
use valetkey::clock::SystemClock;
use valetkey::emulator::{Access, Options, run};

use crate::{WHO, bind, call, start};

#[tokio::test]
async fn what_it_prints_is_enough_to_call_it_and_it_ends_when_told() {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (printed, mut prints) = tokio::sync::mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        let shutdown = async { drop(stopped.await) };
        run(Options::default(), Arc::new(SystemClock), &mut Lines(printed), shutdown).await
    });
    let mut text = String::new();
    while !text.contains("role-session-name") {
        text += &prints.recv().await.unwrap();
    }
    let value = |name: &str| {
        let (_, rest) = text.split_once(&format!("export {name}='")).unwrap();
        rest.split_once('\'').unwrap().0.to_owned()
    };
    let access = Access {
        url: value("AWS_ENDPOINT_URL_STS"),
        region: value("AWS_REGION"),
        access_key_id: value("AWS_ACCESS_KEY_ID"),
        secret_access_key: value("AWS_SECRET_ACCESS_KEY"),
        mfa_serial: value("MFA_SERIAL"),
        totp_seed: value("TOTP_SEED"),
        role_arn: value("ROLE_ARN"),
    };
    assert!(call(&access, WHO).await.starts_with("HTTP/1.1 200"));
    assert_eq!(access.to_string(), text);
    stop.send(()).unwrap();
    task.await.unwrap().unwrap();
    let address = access.url.strip_prefix("http://").unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

/// A writer whose text arrives elsewhere.
struct Lines(tokio::sync::mpsc::UnboundedSender<String>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.send(String::from_utf8(bytes.to_vec()).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn wrong_options_are_named_before_anything_is_bound() {
    let options = |change: fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        options
    };
    for (wrong, message) in [
        (
            options(|o| o.listen = ([0, 0, 0, 0], 0).into()),
            "cannot listen on 0.0.0.0:0: the emulator speaks plain HTTP",
        ),
        (
            options(|o| o.account = "1234".to_owned()),
            "account must be twelve digits",
        ),
        (options(|o| o.user = "a/b".to_owned()), "user must be 1 to 64 letters"),
        (options(|o| o.role = String::new()), "role must be 1 to 64 letters"),
        (
            options(|o| o.totp_seed = Some("not base32!".to_owned())),
            "totp_seed must be base32",
        ),
        (options(|o| o.rules.step_seconds = 0), "step_seconds must be at least 1"),
        (
            options(|o| o.rules.lifetime_seconds = Some(0)),
            "lifetime must be at least 1 second",
        ),
    ] {
        let error = bind(wrong).await.err().unwrap().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    let running = start().await;
    let taken = running.access.url.strip_prefix("http://").unwrap().parse().unwrap();
    let again = Options {
        listen: taken,
        ..Options::default()
    };
    let error = bind(again).await.err().unwrap().to_string();
    assert!(error.starts_with(&format!("cannot listen on {taken}: ")), "{error}");
}
