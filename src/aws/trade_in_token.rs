use super::Invalid;
use crate::secret::Secret;

/// A token that GetDelegatedAccessToken trades for credentials; never empty (`tradeInTokenType` of the STS model).
pub struct TradeInToken(Secret);

impl TradeInToken {
    /// The token, for the request body.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<Secret> for TradeInToken {
    type Error = Invalid;

    fn try_from(token: Secret) -> Result<Self, Invalid> {
        if token.expose().is_empty() {
            Err(Invalid("must be a trade-in token; it is empty"))
        } else {
            Ok(Self(token))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_not_empty() {
        assert!(TradeInToken::try_from(Secret::from("t")).is_ok_and(|token| token.expose() == "t"));
        assert!(TradeInToken::try_from(Secret::from("")).is_err());
    }
}
