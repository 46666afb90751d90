use super::Refusal;
use crate::sts::Class;

/// Why a renewal failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The credentials are of another account than the one that is expected.
    Account,
    /// The MFA code could not be made: the seed file or the process that gives it is missing or wrong.
    Code,
    /// The web identity token or the SAML assertion could not be read.
    Identity,
    /// A defect of valetkey.
    Internal,
    /// The long-term key could not be read.
    Key,
    /// STS refused the MFA code that was made for the call, and why it did is known.
    Mfa(Refusal),
    /// The call to STS brought nothing.
    Sts(Class),
}

/// What came of a renewal: the `result` label of `valetkey_renewals_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// New credentials are served.
    Success,
    /// What was served before is served on.
    Failed(Failure),
}

impl Outcome {
    /// How many outcomes there are.
    pub const COUNT: usize = 6 + Refusal::ALL.len() + Class::ALL.len();

    /// Every outcome; the position of one is its [`Outcome::index`].
    pub fn all() -> impl Iterator<Item = Self> {
        let own = [
            Failure::Account,
            Failure::Code,
            Failure::Identity,
            Failure::Internal,
            Failure::Key,
        ];
        let refusals = Refusal::ALL.into_iter().map(Failure::Mfa);
        let failures = own
            .into_iter()
            .chain(refusals)
            .chain(Class::ALL.into_iter().map(Failure::Sts));
        std::iter::once(Self::Success).chain(failures.map(Self::Failed))
    }

    /// Its place in [`Outcome::all`].
    pub fn index(self) -> usize {
        Self::all().position(|outcome| outcome == self).unwrap_or_default()
    }

    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed(Failure::Account) => "account_mismatch",
            Self::Failed(Failure::Code) => "code_unavailable",
            Self::Failed(Failure::Identity) => "identity_unreadable",
            Self::Failed(Failure::Internal) => "internal",
            Self::Failed(Failure::Key) => "key_unreadable",
            Self::Failed(Failure::Mfa(refusal)) => refusal.as_str(),
            Self::Failed(Failure::Sts(class)) => class.as_str(),
        }
    }
}

/// What STS said of an MFA code: the `result` label of `valetkey_mfa_codes_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeVerdict {
    /// The code was taken.
    Accepted,
    /// The code was refused.
    Rejected,
    /// There was no verdict; STS may or may not have seen the code.
    Unknown,
}

impl CodeVerdict {
    /// Every verdict, in the order of declaration.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Rejected, Self::Unknown];

    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
        }
    }
}

/// What came of another long-term key than before: the `result` label of `valetkey_key_reloads_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyReload {
    /// It brought credentials.
    Adopted,
    /// It was refused: STS does not take it, or it is of another account. The one before is used on.
    Failed,
    /// It could not be read, or there is none any more; the one before is used on.
    Unreadable,
}

impl KeyReload {
    /// Every result, in the order of declaration.
    pub const ALL: [Self; 3] = [Self::Adopted, Self::Failed, Self::Unreadable];

    /// The word in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adopted => "adopted",
            Self::Failed => "failed",
            Self::Unreadable => "unreadable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_a_place_and_a_word_of_its_own() {
        let all: Vec<_> = Outcome::all().collect();
        assert_eq!(all.len(), Outcome::COUNT);
        for (place, outcome) in all.iter().enumerate() {
            assert_eq!(outcome.index(), place);
        }
        let mut words: Vec<_> = all.iter().map(|o| o.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all.len());
    }
}
