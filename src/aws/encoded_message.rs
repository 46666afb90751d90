use std::str::FromStr;

use super::Invalid;

/// The encoded part of a denial, as some services append it to their error: 1 to 10240 characters (`encodedMessageType` of
/// the STS model), none of them white space, which STS refuses.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedMessage(Box<str>);

impl EncodedMessage {
    /// The message as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EncodedMessage {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if (1..=10_240).contains(&text.chars().count()) && !text.contains(char::is_whitespace) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid(
                "must be the encoded message alone, 1 to 10240 characters without line breaks or spaces",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_piece() {
        for text in ["a", "ab-C_d.e+/=", &"x".repeat(10_240)] {
            assert_eq!(text.parse::<EncodedMessage>().unwrap().as_str(), text);
        }
        for text in ["", "a\nb", "a b", "ab\r\n", &"x".repeat(10_241)] {
            assert!(text.parse::<EncodedMessage>().is_err(), "{text:?}");
        }
    }
}
