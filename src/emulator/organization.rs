/// The organisation of the accounts: who may act as root in whose account. Without one nobody may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organization {
    /// The management account.
    pub management: String,
    /// Accounts that administer IAM in its place.
    pub delegated_administrators: Vec<String>,
    /// All other accounts.
    pub members: Vec<String>,
}

impl Organization {
    /// Whether this account may act as root in that one, which must be a member: the management account's own root
    /// is out of reach.
    pub(super) fn lets_assume_root(&self, caller: &str, target: &str) -> bool {
        let is = |accounts: &[String], account: &str| accounts.iter().any(|known| known == account);
        let administers = caller == self.management || is(&self.delegated_administrators, caller);
        administers && (is(&self.members, target) || is(&self.delegated_administrators, target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn administrators_reach_members_alone() {
        let organization = Organization {
            management: "1".to_owned(),
            delegated_administrators: vec!["2".to_owned()],
            members: vec!["3".to_owned()],
        };
        for (caller, target, may) in [
            ("1", "3", true),
            ("1", "2", true),
            ("2", "3", true),
            ("1", "1", false),
            ("2", "1", false),
            ("3", "2", false),
            ("1", "4", false),
            ("", "3", false),
        ] {
            assert_eq!(organization.lets_assume_root(caller, target), may, "{caller} {target}");
        }
        assert!(!Organization::default().lets_assume_root("1", "3"));
    }
}
