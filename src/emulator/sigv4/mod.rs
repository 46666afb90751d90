//! Signature Version 4, checked the way AWS checks it and in its order: first that the header can be read, then the
//! time, the signed headers, the scope, and last, with the caller's secret, the signature itself.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>. Only the header form
//! is known, not the query form of presigned URLs.

mod authorization;
mod canonical;
#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use self::authorization::Authorization;
use super::errors::Error;
use super::message::Request;

/// What a signature must be made for.
pub(super) struct Expected<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// How far the request's time may be from the server's, either way.
    pub(super) tolerance: TimeDelta,
}

/// A request whose signature is for this service and this hour; whether it is right is still to be seen.
pub(super) struct Signed<'a> {
    request: &'a Request,
    authorization: Authorization,
    timestamp: String,
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const BASIC_FORMAT: &str = "%Y%m%dT%H%M%SZ";
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
    Secret Access Key and signing method. Consult the service documentation for details.";

impl<'a> Signed<'a> {
    /// Everything that can be checked without the caller's secret.
    pub(super) fn read(request: &'a Request, expected: &Expected<'_>, now: DateTime<Utc>) -> Result<Self, Error> {
        let header = request
            .header("authorization")
            .filter(|header| header.trim().starts_with("AWS4-"))
            .ok_or_else(Error::missing_authentication_token)?;
        let date = request.header("x-amz-date").or_else(|| request.header("date"));
        let authorization = Authorization::parse(header.trim(), date.is_some())?;
        let timestamp = check_time(date.unwrap_or_default(), expected.tolerance, now)?;
        check_signed_headers(request, &authorization)?;
        if authorization.algorithm != ALGORITHM {
            let message = format!(
                "Unsupported AWS 'algorithm': '{}' (only {ALGORITHM} for now). ",
                authorization.algorithm
            );
            return Err(Error::incomplete_signature(message));
        }
        check_scope(&authorization, expected, &timestamp)?;
        Ok(Self {
            request,
            authorization,
            timestamp,
        })
    }

    pub(super) fn access_key_id(&self) -> &str {
        &self.authorization.credential[0]
    }

    /// Whether the holder of this secret made the signature.
    pub(super) fn verify(&self, secret_access_key: &str) -> Result<(), Error> {
        if self.signature(secret_access_key) == self.authorization.signature {
            Ok(())
        } else {
            Err(Error::signature_does_not_match(MISMATCH))
        }
    }

    fn signature(&self, secret_access_key: &str) -> String {
        let [_, scope @ ..] = &self.authorization.credential;
        let first = format!("AWS4{secret_access_key}").into_bytes();
        let key = scope.iter().fold(first, |key, part| hmac_sha256(&key, part));
        HEXLOWER.encode(&hmac_sha256(&key, &self.string_to_sign()))
    }

    fn string_to_sign(&self) -> String {
        let canonical = canonical::request(self.request, &self.authorization.signed_headers);
        let [_, scope @ ..] = &self.authorization.credential;
        let hash = HEXLOWER.encode(&Sha256::digest(canonical));
        format!("{ALGORITHM}\n{}\n{}\n{hash}", self.timestamp, scope.join("/"))
    }
}

/// The request's time as it was sent.
fn check_time(date: &str, tolerance: TimeDelta, now: DateTime<Utc>) -> Result<String, Error> {
    let Ok(time) = NaiveDateTime::parse_from_str(date, BASIC_FORMAT) else {
        return Err(Error::incomplete_signature(format!(
            "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        )));
    };
    let basic = |time: DateTime<Utc>| time.format(BASIC_FORMAT).to_string();
    let (earliest, latest, minutes) = (now - tolerance, now + tolerance, tolerance.num_minutes());
    let now = basic(now);
    if time < earliest.naive_utc() {
        let earliest = basic(earliest);
        return Err(Error::signature_does_not_match(format!(
            "Signature expired: {date} is now earlier than {earliest} ({now} - {minutes} min.)"
        )));
    }
    if time > latest.naive_utc() {
        let latest = basic(latest);
        return Err(Error::signature_does_not_match(format!(
            "Signature not yet current: {date} is still later than {latest} ({now} + {minutes} min.)"
        )));
    }
    Ok(date.to_owned())
}

/// Without these in the signature, somebody else could change the host, the time or the session of the request.
fn check_signed_headers(request: &Request, authorization: &Authorization) -> Result<(), Error> {
    let signed = |name: &str| authorization.signed_headers.iter().any(|signed| signed == name);
    let missing = if !signed("host") {
        "'Host' or ':authority'"
    } else if !signed("x-amz-date") {
        "'X-Amz-Date'"
    } else if request.header("x-amz-security-token").is_some() && !signed("x-amz-security-token") {
        "'X-Amz-Security-Token'"
    } else {
        return Ok(());
    };
    Err(Error::signature_does_not_match(format!(
        "{missing} must be a 'SignedHeader' in the AWS Authorization."
    )))
}

/// All mistakes of the scope in one message, as AWS reports them.
fn check_scope(authorization: &Authorization, expected: &Expected<'_>, timestamp: &str) -> Result<(), Error> {
    let [_, date, region, service, terminator] = &authorization.credential;
    let day = timestamp.get(..8).unwrap_or_default();
    let mistakes = [
        (region != expected.region).then(|| "Credential should be scoped to a valid region. ".to_owned()),
        (service != expected.service).then(|| {
            format!(
                "Credential should be scoped to correct service: '{}'. ",
                expected.service
            )
        }),
        (terminator != TERMINATOR).then(|| {
            format!("Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'. ")
        }),
        (date != day).then(|| {
            format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
                 '{date}' != '{day}', from '{timestamp}'."
            )
        }),
    ];
    let message: String = mistakes.into_iter().flatten().collect();
    if message.is_empty() {
        Ok(())
    } else {
        Err(Error::signature_does_not_match(message))
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
fn hmac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    let hmac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    hmac.chain_update(text).finalize().into_bytes().to_vec()
}
