use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;
use zeroize::Zeroizing;

use super::{Action, Signer};
use crate::aws::Endpoint;

/// The API version of every action.
const VERSION: &str = "2011-06-15";

/// The media type of every request, as the AWS SDKs write it.
pub(super) const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// One request to STS, ready to be signed.
pub(super) struct Call<'a> {
    pub(super) action: Action,
    pub(super) endpoint: &'a Endpoint,
    /// None where something in the form opens instead of a key.
    pub(super) signer: Option<Signer<'a>>,
    /// STS's time, for the signature and where a reply has no date.
    pub(super) now: DateTime<Utc>,
    /// The lifetime that is asked for; none where nothing is.
    pub(super) duration: Duration,
    pub(super) form: Zeroizing<Vec<u8>>,
    /// What must never be repeated in a message, whatever the reply echoes; what may hold another comes before it.
    pub(super) secrets: Vec<&'a str>,
}

impl Call<'_> {
    /// `Host` as it goes over the wire and as messages show it: the port only where it is not the scheme's own.
    pub(super) fn host(&self) -> String {
        host(&self.endpoint.url)
    }

    /// Whether the reply comes over TLS, so that nobody on the way can have written it.
    pub(super) fn authenticated(&self) -> bool {
        self.endpoint.url.scheme() == "https"
    }
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The body of an AWS query request: `Action`, `Version` and the parameters, in this order.
///
/// Its room is taken once, so that no half-written copy of a code is left behind in freed memory.
pub(super) fn encode_form<N: AsRef<str>, V: AsRef<str>>(action: Action, parameters: &[(N, V)]) -> Zeroizing<Vec<u8>> {
    let common = [("Action", action.as_str()), ("Version", VERSION)];
    let own = || parameters.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    let fields = || common.into_iter().chain(own());
    let room = fields().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
    let mut form = Zeroizing::new(Vec::with_capacity(room));
    for (name, value) in fields() {
        if !form.is_empty() {
            form.push(b'&');
        }
        form.extend_from_slice(name.as_bytes());
        form.push(b'=');
        for byte in value.bytes() {
            // As botocore writes it; both forms of a space mean the same in a form.
            match byte {
                b' ' => form.push(b'+'),
                byte => push_encoded(&mut form, byte),
            }
        }
    }
    form
}

/// `value` in escapes, a space among them.
pub(super) fn percent_encoded(value: &str) -> Zeroizing<Vec<u8>> {
    let mut encoded = Zeroizing::new(Vec::with_capacity(3 * value.len()));
    value.bytes().for_each(|byte| push_encoded(&mut encoded, byte));
    encoded
}

/// All but RFC 3986's unreserved characters are escaped, as in the AWS SDKs.
fn push_encoded(form: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        form.push(byte);
    } else {
        form.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_has_a_port_only_where_it_is_not_the_schemes() {
        for (url, expected) in [
            ("https://sts.example:443/", "sts.example"),
            ("http://sts.example:443/", "sts.example:443"),
            ("https://[::1]:8443/", "[::1]:8443"),
            ("https://user:password@sts.example/", "sts.example"),
        ] {
            assert_eq!(host(&url.parse().unwrap()), expected);
        }
    }

    #[test]
    fn escapes_all_but_the_unreserved_characters_and_never_moves() {
        let form = encode_form(Action::GetSessionToken, &[("A", "az.AZ_09~-"), ("B", "+/= &%é")]);
        assert_eq!(
            String::from_utf8_lossy(&form),
            "Action=GetSessionToken&Version=2011-06-15&A=az.AZ_09~-&B=%2B%2F%3D+%26%25%C3%A9"
        );
        let worst = "=".repeat(256);
        let form = encode_form(Action::GetSessionToken, &[("SerialNumber", worst.as_str())]);
        let common = "Action=GetSessionToken&Version=2011-06-15".len() * 3;
        assert!(
            form.capacity() <= 3 * 256 + common + 32,
            "taken once: {}",
            form.capacity()
        );
    }
}
