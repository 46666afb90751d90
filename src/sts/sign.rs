use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use chrono::Datelike;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};

use super::Class;
use super::transport::Failure;
use super::wire::{self, Call};

/// Why a request could not be signed; nothing was sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsigned {
    /// A time stamp has four digits for the year, and AWS none before 1970.
    #[error("the host's clock shows the year {0}")]
    Year(i32),
    /// A value that cannot be part of a request, such as a host name that is no header value.
    #[error("the request cannot be signed")]
    Request,
}

impl From<Unsigned> for Failure {
    fn from(unsigned: Unsigned) -> Self {
        let class = match unsigned {
            Unsigned::Year(_) => Class::ClockSkew,
            Unsigned::Request => Class::Config,
        };
        Self {
            class,
            cause: unsigned.to_string(),
            remedy: None,
            sent: false,
        }
    }
}

/// The headers that make `call` a request signed with Signature Version 4: `Host`, `Content-Type`, `X-Amz-Date`,
/// `Authorization`.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>
pub(super) fn headers(call: &Call<'_>) -> Result<HeaderMap, Unsigned> {
    if !(1970..=9999).contains(&call.now.year()) {
        return Err(Unsigned::Year(call.now.year()));
    }
    let host = call.host();
    let signature = signature(call, &host)?;
    let mut headers = HeaderMap::new();
    for (name, value) in [(HOST, host.as_str()), (CONTENT_TYPE, wire::CONTENT_TYPE)] {
        headers.insert(name, HeaderValue::from_str(value).map_err(|_| Unsigned::Request)?);
    }
    for (name, value) in &signature {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Unsigned::Request)?;
        let mut value = HeaderValue::from_str(value).map_err(|_| Unsigned::Request)?;
        value.set_sensitive(name == AUTHORIZATION);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn signature(call: &Call<'_>, host: &str) -> Result<Vec<(String, String)>, Unsigned> {
    let access_key_id = call.key.access_key_id.as_str();
    let secret_access_key = call.key.secret_access_key.expose();
    let identity = Credentials::new(access_key_id, secret_access_key, None, None, "valetkey").into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(call.endpoint.signing_region.as_str())
        .name("sts")
        .time(SystemTime::from(call.now))
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| Unsigned::Request)?
        .into();
    let request = SignableRequest::new(
        "POST",
        call.endpoint.url.as_str(),
        [("host", host), ("content-type", wire::CONTENT_TYPE)].into_iter(),
        SignableBody::Bytes(&call.form),
    );
    let signed = request.and_then(|request| sign(request, &parameters));
    let (instructions, _) = signed.map_err(|_| Unsigned::Request)?.into_parts();
    let headers = instructions.headers();
    Ok(headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::aws::{Endpoint, LongTermKey};
    use crate::sts::Action;

    #[test]
    fn a_year_that_no_time_stamp_has_is_an_error_and_no_panic() {
        let key = LongTermKey {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
            secret_access_key: Arc::new("secret".into()),
        };
        let endpoint = Endpoint::regional(&"eu-west-1".parse().unwrap());
        let signed_at = |seconds| {
            let now = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
            headers(&Call {
                action: Action::GetSessionToken,
                endpoint: &endpoint,
                key: &key,
                now,
                duration: Duration::ZERO,
                form: wire::encode_form(Action::GetSessionToken, &[]),
                secrets: Vec::new(),
            })
        };
        assert_eq!(signed_at(253_402_300_799).unwrap()["x-amz-date"], "99991231T235959Z");
        assert_eq!(signed_at(0).unwrap()["x-amz-date"], "19700101T000000Z");
        assert!(matches!(signed_at(253_402_300_800), Err(Unsigned::Year(10_000))));
        assert!(matches!(signed_at(-1), Err(Unsigned::Year(1969))));
    }
}
