//! One file an action: its parameters, what is asked of them, and what of the reply is printed.

mod assume_role;
mod assume_role_with_saml;
mod assume_role_with_web_identity;
mod assume_root;
mod decode_authorization_message;
mod get_access_key_info;
mod get_caller_identity;
mod get_delegated_access_token;
mod get_federation_token;
mod get_session_token;
mod get_web_identity_token;

use super::action::Action;

/// In the order of their names.
pub(super) const ALL: [&Action; 11] = [
    &assume_role::ACTION,
    &assume_role_with_saml::ACTION,
    &assume_role_with_web_identity::ACTION,
    &assume_root::ACTION,
    &decode_authorization_message::ACTION,
    &get_access_key_info::ACTION,
    &get_caller_identity::ACTION,
    &get_delegated_access_token::ACTION,
    &get_federation_token::ACTION,
    &get_session_token::ACTION,
    &get_web_identity_token::ACTION,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sts::Action as Asked;

    /// `GetCallerIdentity` as `get-caller-identity`, as the AWS CLI makes it.
    fn name(action: Asked) -> String {
        let name = action.as_str().replace("SAML", "Saml");
        let mut words = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() && !words.is_empty() {
                words.push('-');
            }
            words.push(c.to_ascii_lowercase());
        }
        words
    }

    #[test]
    fn every_action_of_sts_is_a_command() {
        assert_eq!(ALL.map(|action| action.name.to_owned()), Asked::ALL.map(name));
    }

    #[test]
    fn every_command_can_be_built() {
        for action in ALL {
            action.command().debug_assert();
        }
    }
}
