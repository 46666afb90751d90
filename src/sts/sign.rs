use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningInstructions, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use chrono::{DateTime, Datelike, Utc};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};

use super::transport::Failure;
use super::wire::{self, Call};
use super::{Class, Signer};

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

/// STS's name in the scope of a signature.
const SERVICE: &str = "sts";

/// The token of temporary credentials, which is part of what is signed.
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// The headers of `call`: `Host` and `Content-Type`, and where somebody signs it those of Signature Version 4:
/// `X-Amz-Date`, `Authorization`, and `X-Amz-Security-Token` where temporary credentials sign.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>
pub(super) fn headers(call: &Call<'_>) -> Result<HeaderMap, Unsigned> {
    let host = call.host();
    let mut headers = HeaderMap::new();
    for (name, value) in [(HOST, host.as_str()), (CONTENT_TYPE, wire::CONTENT_TYPE)] {
        headers.insert(name, HeaderValue::from_str(value).map_err(|_| Unsigned::Request)?);
    }
    let Some(signer) = call.signer else {
        return Ok(headers);
    };
    let own = [("host", host.as_str()), ("content-type", wire::CONTENT_TYPE)];
    let request = SignableRequest::new(
        "POST",
        call.endpoint.url.as_str(),
        own.into_iter(),
        SignableBody::Bytes(&call.form),
    );
    let request = request.map_err(|_| Unsigned::Request)?;
    let region = call.endpoint.signing_region.as_str();
    let signature = signature(request, credentials(signer), region, SERVICE, call.now)?;
    // From the library's copy into the header's, with none of ours between: the session token is among them.
    for (name, value) in signature.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Unsigned::Request)?;
        let mut value = HeaderValue::from_str(value).map_err(|_| Unsigned::Request)?;
        value.set_sensitive([AUTHORIZATION, SECURITY_TOKEN].contains(&name));
        headers.insert(name, value);
    }
    Ok(headers)
}

fn credentials(signer: Signer<'_>) -> Credentials {
    let access_key_id = signer.access_key_id().as_str();
    let secret_access_key = signer.secret_access_key().expose();
    let session_token = signer.session_token().map(|token| token.expose().to_owned());
    Credentials::new(access_key_id, secret_access_key, session_token, None, "valetkey")
}

fn signature(
    request: SignableRequest<'_>,
    credentials: Credentials,
    region: &str,
    service: &str,
    now: DateTime<Utc>,
) -> Result<SigningInstructions, Unsigned> {
    if !(1970..=9999).contains(&now.year()) {
        return Err(Unsigned::Year(now.year()));
    }
    let identity = credentials.into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::from(now))
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| Unsigned::Request)?
        .into();
    let signed = sign(request, &parameters);
    let (instructions, _) = signed.map_err(|_| Unsigned::Request)?.into_parts();
    Ok(instructions)
}

#[cfg(test)]
mod tests;
