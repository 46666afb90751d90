use roxmltree::Node;

use super::times;
use super::xml::{self, Malformed};
use crate::aws::Credentials;
use crate::secret::Secret;

/// A `Credentials` element. AWS sets no bound on the length of a session token; ours is that of the whole reply.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html>
pub(super) fn read(node: Node<'_, '_>) -> Result<Credentials, Malformed> {
    let access_key_id = xml::text(node, "AccessKeyId")?.parse();
    Ok(Credentials {
        access_key_id: access_key_id.map_err(|_| Malformed::new("its AccessKeyId is not an access key id"))?,
        secret_access_key: secret(node, "SecretAccessKey")?,
        session_token: secret(node, "SessionToken")?,
        expiration: times::expiration(xml::text(node, "Expiration")?)?,
    })
}

/// Visible ASCII: what can stand in the headers that an SDK makes of it.
pub(super) fn secret(node: Node<'_, '_>, name: &str) -> Result<Secret, Malformed> {
    let text = xml::text(node, name)?;
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Secret::from(text))
    } else {
        Err(Malformed(format!("its {name} has a character that no credential has")))
    }
}
