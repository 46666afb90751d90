use std::fmt;
use std::str::FromStr;

use crate::aws::{Arn, Invalid};

/// The most context assertions that a session may have.
const MOST: usize = 5;

/// Context assertions of trusted providers: at most 5 (`ProvidedContextsListType` of the STS model).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ProvidedContexts(Vec<ProvidedContext>);

/// A context assertion and who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProvidedContext {
    /// The provider, such as `arn:aws:iam::aws:contextProvider/IdentityCenter`.
    pub provider_arn: Arn,
    /// What it asserts, signed by it.
    pub context_assertion: ContextAssertion,
}

/// What a context provider asserts: 4 to 2048 characters (`contextAssertionType` of the STS model). It is signed and good
/// for whoever holds it, so its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ContextAssertion(Box<str>);

impl ProvidedContexts {
    /// In the order given.
    pub fn as_slice(&self) -> &[ProvidedContext] {
        &self.0
    }
}

impl TryFrom<Vec<ProvidedContext>> for ProvidedContexts {
    type Error = Invalid;

    fn try_from(contexts: Vec<ProvidedContext>) -> Result<Self, Invalid> {
        if contexts.len() <= MOST {
            Ok(Self(contexts))
        } else {
            Err(Invalid("must be at most 5 context assertions"))
        }
    }
}

impl ContextAssertion {
    /// The assertion, for the request body.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for ContextAssertion {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.chars().count() {
            4..=2048 => Ok(Self(text.into())),
            _ => Err(Invalid("must be 4 to 2048 characters")),
        }
    }
}

impl fmt::Debug for ContextAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContextAssertion(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(assertion: &str) -> ProvidedContext {
        ProvidedContext {
            provider_arn: "arn:aws:iam::aws:contextProvider/X".parse().unwrap(),
            context_assertion: assertion.parse().unwrap(),
        }
    }

    #[test]
    fn there_are_at_most_five() {
        assert!(ProvidedContexts::try_from(vec![context("abcd"); 5]).is_ok());
        assert!(ProvidedContexts::try_from(vec![context("abcd"); 6]).is_err());
    }

    #[test]
    fn an_assertion_has_the_length_of_the_model_and_is_not_shown() {
        for (length, valid) in [(3, false), (4, true), (2048, true), (2049, false)] {
            assert_eq!(
                "é".repeat(length).parse::<ContextAssertion>().is_ok(),
                valid,
                "{length}"
            );
        }
        assert!(!format!("{:?}", context("eyJhbGciOi")).contains("eyJ"));
    }
}
