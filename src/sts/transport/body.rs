use reqwest::Response;
use zeroize::Zeroizing;

/// The longest reply that is read: far above any of STS, whose session tokens have no stated bound.
const LIMIT: usize = 64 * 1024;

/// The whole body, or `None` when it is longer than [`LIMIT`], whatever `Content-Length` says. It may hold credentials:
/// its room is taken once and wiped on drop.
pub(super) async fn read(mut response: Response) -> reqwest::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut body = Zeroizing::new(Vec::with_capacity(LIMIT));
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LIMIT {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
