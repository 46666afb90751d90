//! The door for the fuzz targets in `fuzz/`. It is in no other build.

use super::request::{self, Request};

/// The line that was received, once it is whole, and what it asks: the command and its arguments, or the reason and the
/// message of the refusal.
pub fn request(received: &[u8]) -> Option<Result<Vec<Option<String>>, [String; 2]>> {
    let line = request::line(received)?;
    let request = line.and_then(request::parse);
    let asked = request.map(|request| match request {
        Request::Status => vec![Some("status".to_owned())],
        Request::Reload { rotate_tokens } => vec![Some("reload".to_owned()), rotate_tokens.then(|| "true".to_owned())],
        Request::Submit { profile, code } => vec![
            Some("mfa_submit".to_owned()),
            profile.map(|profile| profile.as_str().to_owned()),
            Some(code.expose().to_owned()),
        ],
        Request::Reserve { device } => vec![Some("mfa_reserve".to_owned()), Some(device.as_str().to_owned())],
    });
    Some(asked.map_err(|refusal| [refusal.reason.to_owned(), refusal.message.into_owned()]))
}
