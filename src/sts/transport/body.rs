use reqwest::Response;
use zeroize::Zeroizing;

/// The longest reply that is read: far above any of STS, whose session tokens have no stated bound.
const LIMIT: usize = 64 * 1024;

/// The whole body, or `None` when it is longer than [`LIMIT`]. It may hold credentials: its room, which is what `Content-Length`
/// tells if anything, is taken once and wiped on drop.
pub(super) async fn read(mut response: Response) -> reqwest::Result<Option<Zeroizing<Vec<u8>>>> {
    let told = response
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    let room = told.map_or(LIMIT, |length| length.min(LIMIT));
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > room {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
