use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::aws::{Endpoint, LongTermKey};
use crate::sts::actions::Ask;
use crate::sts::reply::{self, Answer, Verdict};
use crate::sts::wire::Call;
use crate::sts::{
    AccessKeyInfo, Action, AssumeRole, AssumeRoleWithSaml, AssumeRoleWithWebIdentity, AssumeRoot, CallerIdentity,
    DecodeAuthorizationMessage, DecodedMessage, Error, GetAccessKeyInfo, GetCallerIdentity, GetDelegatedAccessToken,
    GetFederationToken, GetSessionToken, GetWebIdentityToken, Issued, IssuedToken, Signer, times,
};

/// What the calls hold: a key, a web identity token and a code. A reply may echo them.
pub const SECRETS: [&str; 3] = [
    "callSecret/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJlIG9mIGl0",
    "005924",
];

/// What stands in the replies that everything begins with (`tests/parity/few.jsonl`): a secret key, a session token, and
/// one more token. An error that shows one has it from what was to be a credential.
pub const CANARIES: [&str; 3] = [
    "replySecret/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AQoEXAMPLEH4aoAH0gNCAPyJxz4BlCFFxWNE1OPTgk5TthT+FvwqnKwRcOIfrRh3c/L==",
    "replySecretXK7MDENG9bPxRfiCYEXAMPLEKEY0a",
];

/// STS's time when the calls are made, a few minutes before the credentials of those replies end.
const NOW: &str = "2026-01-02T03:04:05Z";

/// The longest message: a place, 300 characters of STS's, a remedy.
const LONGEST_MESSAGE: usize = 1000;

/// A reply to a call of `action`.
#[derive(Debug, Clone, Copy)]
pub struct Bytes<'a> {
    /// What was asked for.
    pub action: Action,
    /// Whether it comes over TLS.
    pub https: bool,
    /// The status.
    pub status: u16,
    /// The `Date` header.
    pub date: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// Every text that the reply tells, in an order of ours, or the error that it is or makes.
pub fn judged(bytes: Bytes<'_>) -> Result<Vec<String>, Error> {
    match bytes.action {
        Action::AssumeRole => judged_by::<AssumeRole<'_>>(bytes, issued),
        Action::AssumeRoleWithSaml => judged_by::<AssumeRoleWithSaml<'_>>(bytes, issued),
        Action::AssumeRoleWithWebIdentity => judged_by::<AssumeRoleWithWebIdentity<'_>>(bytes, issued),
        Action::AssumeRoot => judged_by::<AssumeRoot<'_>>(bytes, issued),
        Action::DecodeAuthorizationMessage => judged_by::<DecodeAuthorizationMessage<'_>>(bytes, decoded),
        Action::GetAccessKeyInfo => judged_by::<GetAccessKeyInfo<'_>>(bytes, key_info),
        Action::GetCallerIdentity => judged_by::<GetCallerIdentity<'_>>(bytes, caller),
        Action::GetDelegatedAccessToken => judged_by::<GetDelegatedAccessToken<'_>>(bytes, issued),
        Action::GetFederationToken => judged_by::<GetFederationToken<'_>>(bytes, issued),
        Action::GetSessionToken => judged_by::<GetSessionToken<'_>>(bytes, issued),
        Action::GetWebIdentityToken => judged_by::<GetWebIdentityToken<'_>>(bytes, token),
    }
}

/// Checks what an action told, and lists its texts.
type Check<T> = fn(&Told<'_, T>) -> Vec<String>;

struct Told<'a, T> {
    body: &'a str,
    times: times::Times,
    value: T,
}

fn judged_by<A: Ask>(bytes: Bytes<'_>, check: Check<A::Told>) -> Result<Vec<String>, Error> {
    let answer = Answer {
        status: bytes.status,
        date: bytes.date.and_then(times::date),
        body: Some(Zeroizing::new(bytes.body.to_vec())),
    };
    let endpoint = endpoint(bytes.https);
    let key = LongTermKey {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
        secret_access_key: Arc::new(SECRETS[0].into()),
    };
    let call = call(bytes.action, &endpoint, Signer::Key(&key));
    let Verdict { date, result } = reply::judge(&answer, &call, A::read);
    assert!(date.is_none() || date == answer.date);
    match result {
        Ok((value, id)) => {
            assert_eq!(bytes.status, 200, "credentials come with 200 only");
            assert_unseen(&id, &SECRETS);
            let times = times::Times {
                date: answer.date,
                now: call.now,
                asked: call.duration,
            };
            let body = str::from_utf8(bytes.body).unwrap();
            Ok([check(&Told { body, times, value }), vec![id]].concat())
        }
        Err(error) => {
            check_error(&error);
            Err(error)
        }
    }
}

fn endpoint(https: bool) -> Endpoint {
    let scheme = if https { "https" } else { "http" };
    Endpoint {
        url: format!("{scheme}://sts.example/").parse().unwrap(),
        signing_region: "eu-west-1".parse().unwrap(),
    }
}

fn call<'a>(action: Action, endpoint: &'a Endpoint, signer: Signer<'a>) -> Call<'a> {
    let is_signed = !matches!(action, Action::AssumeRoleWithSaml | Action::AssumeRoleWithWebIdentity);
    Call {
        action,
        endpoint,
        signer: is_signed.then_some(signer),
        now: NOW.parse().unwrap(),
        duration: Duration::from_hours(1),
        form: Zeroizing::default(),
        secrets: SECRETS.to_vec(),
    }
}

/// One short line that shows nobody's secret.
fn check_error(error: &Error) {
    let Error { message, code, .. } = error;
    assert!(error.sent);
    assert!(message.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{message:?}");
    assert!((1..=LONGEST_MESSAGE).contains(&message.len()), "{message}");
    for text in [Some(message), code.as_ref(), error.request_id.as_ref()]
        .into_iter()
        .flatten()
    {
        assert_unseen(text, &SECRETS);
        assert_unseen(text, &CANARIES);
    }
}

fn assert_unseen(text: &str, secrets: &[&str]) {
    assert!(
        !secrets.iter().any(|secret| text.contains(secret)),
        "shows a secret: {text}"
    );
}

fn issued(told: &Told<'_, Issued>) -> Vec<String> {
    let Told { body, times, value } = told;
    let credentials = &value.credentials;
    let texts = [
        credentials.access_key_id.as_str(),
        credentials.secret_access_key.expose(),
        credentials.session_token.expose(),
    ];
    assert!((16..=128).contains(&texts[0].len()));
    for text in texts {
        check_whole(body, text);
    }
    check_end(times, credentials.expiration);
    let end = times.date.unwrap_or(times.now) + value.lifetime;
    assert!(value.lifetime <= times.asked && end < credentials.expiration);
    let about = format!("{:?} {:?} {:?}", value.account, value.packed_policy_size, value.about);
    assert_unseen(&about, &SECRETS[..2]);
    let texts = texts.into_iter().map(ToOwned::to_owned);
    texts.chain([credentials.expiration.to_rfc3339(), about]).collect()
}

fn token(told: &Told<'_, IssuedToken>) -> Vec<String> {
    let Told { body, times, value } = told;
    check_whole(body, value.token.expose());
    check_end(times, value.expiration);
    vec![value.token.expose().to_owned(), value.expiration.to_rfc3339()]
}

fn caller(told: &Told<'_, CallerIdentity>) -> Vec<String> {
    let identity = &told.value;
    let texts = [&identity.user_id, identity.arn.as_str(), identity.account.as_str()];
    let texts = texts.map(ToOwned::to_owned);
    for text in &texts {
        assert!(!text.is_empty());
        assert_unseen(text, &SECRETS[..2]);
    }
    texts.to_vec()
}

fn key_info(told: &Told<'_, AccessKeyInfo>) -> Vec<String> {
    vec![told.value.account.as_str().to_owned()]
}

fn decoded(told: &Told<'_, DecodedMessage>) -> Vec<String> {
    let message = &told.value.message;
    assert!(!message.is_empty());
    assert_unseen(message, &SECRETS[..2]);
    vec![message.clone()]
}

/// In the future, and no later than any credentials of STS end.
fn check_end(times: &times::Times, end: DateTime<Utc>) {
    let left = end - times.date.unwrap_or(times.now);
    assert!(left.num_seconds() > 0 && left.num_hours() <= 37, "{end}");
    assert_eq!(end.timestamp_subsec_nanos(), 0);
}

/// Visible ASCII, and all that stands between two tags of the body, read in another way than a parser does. Escapes and
/// sections of character data are beyond it.
fn check_whole(body: &str, value: &str) {
    assert!(!value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()));
    let opens = |before: &str| before.ends_with('>') && !before.ends_with("->") && !before.ends_with("?>");
    let is_whole = body.match_indices("</").any(|(end, _)| {
        let before = body[..end].trim_end().strip_suffix(value);
        before.is_some_and(|before| opens(before.trim_end()))
    });
    assert!(
        is_whole || body.contains('&') || body.contains("<![CDATA["),
        "part of a value"
    );
}
