use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::super::message::Request;

/// The request in the one form that both sides hash.
pub(super) fn request(request: &Request, signed_headers: &[String]) -> String {
    format!(
        "{method}\n{path}\n{query}\n{headers}\n{signed}\n{payload}",
        method = request.method,
        path = encode(&request.path, b"/"),
        query = query(&request.query),
        headers = headers(request, signed_headers),
        signed = signed_headers.join(";"),
        payload = HEXLOWER.encode(&Sha256::digest(&request.body)),
    )
}

fn query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (encode(&name, b""), encode(&value, b"")))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Values of one name joined by commas, runs of spaces made one.
fn headers(request: &Request, signed_headers: &[String]) -> String {
    signed_headers.iter().fold(String::new(), |mut out, name| {
        let values: Vec<String> = request.header_values(name).map(single_spaced).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{name}:{}", values.join(","));
        out
    })
}

fn single_spaced(value: &str) -> String {
    let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// RFC 3986's unreserved characters and `keep` stay; a `%` that is already there is encoded again, as AWS wants for
/// paths of every service but S3.
fn encode(text: &str, keep: &[u8]) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || keep.contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
