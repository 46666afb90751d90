//! The STS client against servers made by hand: what goes over the wire, how often, and what every ending means.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking, as the test does"
)]

mod assume_role;
#[cfg(feature = "emulator")]
mod emulated;
mod failures;
mod logs;
mod proxy;
mod request;
mod server;
mod tls;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use valetkey::aws::{Endpoint, LongTermKey, SerialNumber, SessionDuration, TokenCode};
use valetkey::clock::SystemClock;
use valetkey::sts::{Error, GetSessionToken, Reply, Sts, StsClient, Timeouts};

const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SERIAL: &str = "arn:aws:iam::123456789012:mfa/ops";
const CODE: &str = "005924";
const SESSION_TOKEN: &str = "FQoGZXIvYXdzEBYaDswEXIG6jR0qc4YaxH5e4/zf1rYbh+AM2z1YOGJBG3xmF==";

/// Timeouts that no test on loopback reaches unless it means to.
const PATIENT: Timeouts = Timeouts {
    connect: Duration::from_secs(20),
    total: Duration::from_secs(30),
};

/// For tests that run into the one or the other.
const HASTY_CONNECT: Timeouts = Timeouts {
    connect: Duration::from_millis(150),
    ..PATIENT
};
const HASTY_TOTAL: Timeouts = Timeouts {
    total: Duration::from_millis(400),
    ..PATIENT
};

fn client(environment: &[(&str, &str)], timeouts: Timeouts) -> StsClient {
    let variables = |name: &str| {
        let found = environment.iter().find(|(n, _)| *n == name);
        found.map(|(_, value)| OsString::from(value))
    };
    StsClient::with_timeouts(Arc::new(SystemClock), &variables, timeouts).unwrap()
}

/// One call, with MFA, signed as of 2026-01-02T03:04:05Z.
async fn call(client: &StsClient, url: &str) -> Reply {
    let endpoint = Endpoint {
        url: url.parse().unwrap(),
        signing_region: "eu-west-1".parse().unwrap(),
    };
    let key = LongTermKey {
        access_key_id: ACCESS_KEY_ID.parse().unwrap(),
        secret_access_key: Arc::new(SECRET_ACCESS_KEY.into()),
    };
    let serial: SerialNumber = SERIAL.parse().unwrap();
    let code = TokenCode::try_from(CODE.to_owned()).unwrap();
    let ask = GetSessionToken {
        endpoint: &endpoint,
        key: &key,
        now: "2026-01-02T03:04:05.9Z".parse().unwrap(),
        duration: SessionDuration::default(),
        mfa: Some((&serial, &code)),
        minimum_session_token_size: None,
    };
    client.get_session_token(ask).await
}

/// The error of [`call`]; it holds no secret, is one line, and names the host.
fn error(reply: Reply) -> Error {
    error_of("GetSessionToken", reply)
}

fn error_of(action: &str, reply: Reply) -> Error {
    let Err(error) = reply.result else {
        panic!("the call went well");
    };
    let shown = format!("{error} {error:?}");
    for secret in [ACCESS_KEY_ID, SECRET_ACCESS_KEY, CODE, SESSION_TOKEN] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!error.message.contains('\n'), "{shown}");
    assert!(error.message.starts_with(&format!("{action} at ")), "{shown}");
    error
}
