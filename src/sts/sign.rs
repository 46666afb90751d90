use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningInstructions, SigningSettings, sign};
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

/// The token of temporary credentials, which is part of what is signed.
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// The headers that make `call` a request signed with Signature Version 4: `Host`, `Content-Type`, `X-Amz-Date`,
/// `Authorization`, and `X-Amz-Security-Token` where temporary credentials sign.
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
    // From the library's copy into the header's, with none of ours between: the session token is among them.
    for (name, value) in signature.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Unsigned::Request)?;
        let mut value = HeaderValue::from_str(value).map_err(|_| Unsigned::Request)?;
        value.set_sensitive([AUTHORIZATION, SECURITY_TOKEN].contains(&name));
        headers.insert(name, value);
    }
    Ok(headers)
}

fn signature(call: &Call<'_>, host: &str) -> Result<SigningInstructions, Unsigned> {
    let access_key_id = call.signer.access_key_id().as_str();
    let secret_access_key = call.signer.secret_access_key().expose();
    let session_token = call.signer.session_token().map(|token| token.expose().to_owned());
    let identity = Credentials::new(access_key_id, secret_access_key, session_token, None, "valetkey").into();
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
    Ok(instructions)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::aws::{Credentials, Endpoint, LongTermKey};
    use crate::sts::{Action, Signer};

    fn signed(signer: Signer<'_>, seconds: i64) -> Result<HeaderMap, Unsigned> {
        headers(&Call {
            action: Action::AssumeRole,
            endpoint: &Endpoint::regional(&"eu-west-1".parse().unwrap()),
            signer,
            now: chrono::DateTime::from_timestamp(seconds, 0).unwrap(),
            duration: Duration::ZERO,
            form: wire::encode_form::<&str>(Action::AssumeRole, &[]),
            secrets: Vec::new(),
        })
    }

    #[test]
    fn a_year_that_no_time_stamp_has_is_an_error_and_no_panic() {
        let key = LongTermKey {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
            secret_access_key: Arc::new("secret".into()),
        };
        let signed_at = |seconds| signed(Signer::Key(&key), seconds);
        assert_eq!(signed_at(253_402_300_799).unwrap()["x-amz-date"], "99991231T235959Z");
        assert_eq!(signed_at(0).unwrap()["x-amz-date"], "19700101T000000Z");
        assert!(matches!(signed_at(253_402_300_800), Err(Unsigned::Year(10_000))));
        assert!(matches!(signed_at(-1), Err(Unsigned::Year(1969))));
    }
    #[test]
    fn a_session_token_is_signed_and_sent_and_marked_as_sensitive() {
        let session = Credentials {
            access_key_id: "ASIAIOSFODNN7EXAMPLE".parse().unwrap(),
            secret_access_key: "secret".into(),
            session_token: "IQoJb3JpZ2luX2VjEHoaCWV1LXdlc3Qt/+=".into(),
            expiration: chrono::DateTime::UNIX_EPOCH,
        };
        let headers = signed(Signer::Session(&session), 0).unwrap();
        assert_eq!(headers[SECURITY_TOKEN], "IQoJb3JpZ2luX2VjEHoaCWV1LXdlc3Qt/+=");
        let authorization = headers[AUTHORIZATION].to_str().unwrap();
        let names = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, ";
        assert!(authorization.contains(names), "{authorization}");
        let sensitive: Vec<_> = headers.iter().filter(|(_, value)| value.is_sensitive()).collect();
        assert_eq!(sensitive.len(), 2, "{headers:?}");
        assert!(!format!("{headers:?}").contains("IQoJ"));
    }
}
