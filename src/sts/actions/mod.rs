//! One file an action: what is asked, the form that is sent, how the result is read. A new one is a file here, its line
//! in the client and in [`super::Action`].

pub(super) mod assume_role;
pub(super) mod assume_role_with_saml;
pub(super) mod assume_role_with_web_identity;
pub(super) mod assume_root;
pub(super) mod decode_authorization_message;
pub(super) mod get_access_key_info;
pub(super) mod get_caller_identity;
pub(super) mod get_delegated_access_token;
pub(super) mod get_federation_token;
pub(super) mod get_session_token;
pub(super) mod get_web_identity_token;

#[cfg(test)]
mod tests;

use super::element::ResultElement;
use super::wire::Call;
use super::xml::Malformed;

/// One call of an action.
pub(super) trait Ask {
    /// What its result tells.
    type Told;

    /// The request.
    fn call(&self) -> Call<'_>;

    /// What its result element gives.
    fn read(result: &ResultElement<'_>) -> Result<Self::Told, Malformed>;
}

/// A token and, of a JWT, its parts: a message may quote one alone. Short parts stand in many a word by chance.
fn with_parts(token: &str) -> impl Iterator<Item = &str> {
    const LONG: usize = 16;
    let parts = token
        .split('.')
        .filter(|part| (LONG..token.len()).contains(&part.len()));
    std::iter::once(token).chain(parts)
}
