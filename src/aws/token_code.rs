use super::Invalid;
use crate::secret::Secret;

/// The six digits of an MFA device, leading zeros kept: STS calls them `TokenCode`.
pub struct TokenCode(Secret);

impl TokenCode {
    /// The digits, for the request body.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<String> for TokenCode {
    type Error = Invalid;

    fn try_from(digits: String) -> Result<Self, Invalid> {
        let secret = Secret::from(digits);
        if secret.expose().len() == 6 && secret.expose().bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(secret))
        } else {
            Err(Invalid("must be six digits"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_six_digits() {
        assert!(TokenCode::try_from(String::from("005924")).is_ok_and(|c| c.expose() == "005924"));
        for text in ["", "5924", "0059245", "00592x", "00592٣", " 05924"] {
            assert!(TokenCode::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
