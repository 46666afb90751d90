use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use super::callers::Identity;

/// A role and whom it trusts. That the caller's own policies allow `sts:AssumeRole` is taken for granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    arn: String,
    /// ARNs of users, of roles, of identity providers, and of accounts' roots, which stand for all of the account.
    trusted: Vec<String>,
    requires_mfa: bool,
    requires_source_identity: bool,
    external_id: Option<String>,
    audience: Option<String>,
    subject: Option<String>,
    max_session_duration: u32,
}

/// What a trust policy looks at.
pub(super) struct Asking<'a> {
    pub(super) identity: &'a Identity,
    /// Whether there was MFA, in this call or in the one that made the caller's session.
    pub(super) mfa: bool,
    pub(super) external_id: Option<&'a str>,
    pub(super) source_identity: Option<&'a str>,
}

/// Somebody whom an identity provider vouches for.
pub(super) struct VouchedFor<'a> {
    /// The provider's ARN.
    pub(super) provider: &'a str,
    pub(super) subject: &'a str,
    pub(super) audience: &'a str,
}

/// A session of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RoleSession {
    pub(super) role: Role,
    pub(super) name: String,
    /// The tags that go on into the sessions that are made from this one.
    pub(super) transitive_tags: Vec<(String, String)>,
    /// It goes on too.
    pub(super) source_identity: Option<String>,
}

impl Role {
    /// A role of this ARN (`arn:aws:iam::123456789012:role/path/name`) that trusts nobody, for at most an hour.
    pub fn new(arn: &str) -> Self {
        Self {
            arn: arn.to_owned(),
            trusted: Vec::new(),
            requires_mfa: false,
            requires_source_identity: false,
            external_id: None,
            audience: None,
            subject: None,
            max_session_duration: 3_600,
        }
    }

    /// The same role, trusting this user, this role, this identity provider, or (`…:root`) all of this account.
    #[must_use]
    pub fn trusting(mut self, arn: &str) -> Self {
        self.trusted.push(arn.to_owned());
        self
    }

    /// The same role for callers with MFA (`aws:MultiFactorAuthPresent`).
    #[must_use]
    pub fn requiring_mfa(self) -> Self {
        Self {
            requires_mfa: true,
            ..self
        }
    }

    /// The same role for callers that set a source identity.
    #[must_use]
    pub fn requiring_source_identity(self) -> Self {
        Self {
            requires_source_identity: true,
            ..self
        }
    }

    /// The same role for callers that know this external id.
    #[must_use]
    pub fn with_external_id(self, external_id: &str) -> Self {
        Self {
            external_id: Some(external_id.to_owned()),
            ..self
        }
    }

    /// The same role for those that an identity provider vouches for to this audience (`<provider>:aud`, `SAML:aud`).
    #[must_use]
    pub fn with_audience(self, audience: &str) -> Self {
        Self {
            audience: Some(audience.to_owned()),
            ..self
        }
    }

    /// The same role for those that an identity provider vouches for by this name (`<provider>:sub`, `SAML:sub`), in
    /// which `*` stands for any text.
    #[must_use]
    pub fn with_subject(self, subject: &str) -> Self {
        Self {
            subject: Some(subject.to_owned()),
            ..self
        }
    }

    /// The same role with sessions of up to this many seconds.
    #[must_use]
    pub fn with_max_session_duration(self, seconds: u32) -> Self {
        Self {
            max_session_duration: seconds,
            ..self
        }
    }

    /// `arn:aws:iam::<account>:role/<path><name>`
    pub fn arn(&self) -> &str {
        &self.arn
    }

    pub(super) fn account(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }

    /// Without the path, which the ARNs of sessions do not have.
    pub(super) fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    pub(super) fn max_session_duration(&self) -> u32 {
        self.max_session_duration
    }

    pub(super) fn admits(&self, asking: &Asking<'_>) -> bool {
        let trusted = self.trusted.iter().any(|arn| is_trusted(arn, asking.identity));
        trusted
            && (asking.mfa || !self.requires_mfa)
            && (asking.source_identity.is_some() || !self.requires_source_identity)
            && (self.external_id.is_none() || self.external_id.as_deref() == asking.external_id)
    }

    /// MFA and external ids are nothing that an identity provider vouches for.
    pub(super) fn admits_vouched(&self, vouched: &VouchedFor<'_>, source_identity: Option<&str>) -> bool {
        let trusted = self.trusted.iter().any(|arn| arn == vouched.provider);
        trusted
            && !self.requires_mfa
            && self.external_id.is_none()
            && (source_identity.is_some() || !self.requires_source_identity)
            && self
                .audience
                .as_ref()
                .is_none_or(|audience| audience == vouched.audience)
            && self
                .subject
                .as_ref()
                .is_none_or(|subject| is_like(subject, vouched.subject))
    }

    /// `AROA…`
    fn id(&self) -> String {
        let digest = Sha256::digest(&self.arn);
        format!("AROA{}", &BASE32_NOPAD.encode(&digest)[..17])
    }
}

/// `StringLike` with `*` alone.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| is_like(rest, &text[at..]))
        }),
    }
}

fn is_trusted(arn: &str, identity: &Identity) -> bool {
    let own = identity.principal_arn();
    let root_of_account = format!("arn:aws:iam::{}:root", identity.account());
    [own, root_of_account].iter().any(|known| known == arn)
}

impl RoleSession {
    /// `arn:aws:sts::<account>:assumed-role/<role>/<session>`
    pub(super) fn arn(&self) -> String {
        let (account, role) = (self.role.account(), self.role.name());
        format!("arn:aws:sts::{account}:assumed-role/{role}/{}", self.name)
    }

    /// `AROA…:<session>`
    pub(super) fn id(&self) -> String {
        format!("{}:{}", self.role.id(), self.name)
    }
}

/// Every role that the emulator knows.
#[derive(Default)]
pub(super) struct Roles(Vec<Role>);

impl Roles {
    /// A role with the ARN of an older one takes its place.
    pub(super) fn add(&mut self, role: Role) {
        self.0.retain(|known| known.arn != role.arn);
        self.0.push(role);
    }

    pub(super) fn by_arn(&self, arn: &str) -> Option<&Role> {
        self.0.iter().find(|role| role.arn == arn)
    }

    pub(super) fn arns(&self) -> Vec<String> {
        self.0.iter().map(|role| role.arn.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::users::User;

    const ARN: &str = "arn:aws:iam::123456789012:role/team/deploy";

    fn user() -> Identity {
        Identity::User(User::iam("123456789012", "ops"))
    }

    fn session() -> RoleSession {
        RoleSession {
            role: Role::new(ARN),
            name: "s1".to_owned(),
            transitive_tags: Vec::new(),
            source_identity: None,
        }
    }

    fn asking(identity: &Identity) -> Asking<'_> {
        Asking {
            identity,
            mfa: false,
            external_id: None,
            source_identity: None,
        }
    }

    #[test]
    fn names_are_those_of_sts() {
        assert_eq!(session().arn(), "arn:aws:sts::123456789012:assumed-role/deploy/s1");
        let id = session().id();
        assert!(id.starts_with("AROA") && id.ends_with(":s1") && id.len() == 21 + 3);
    }

    #[test]
    fn trusts_a_user_a_role_or_an_account() {
        let of_role = Identity::Role(session());
        for (trusted, by_user, by_role) in [
            ("arn:aws:iam::123456789012:user/ops", true, false),
            (ARN, false, true),
            ("arn:aws:iam::123456789012:root", true, true),
            ("arn:aws:iam::123456789012:user/dev", false, false),
            ("arn:aws:iam::210987654321:root", false, false),
        ] {
            let role = Role::new(ARN).trusting("arn:aws:iam::1:user/x").trusting(trusted);
            let found = (role.admits(&asking(&user())), role.admits(&asking(&of_role)));
            assert_eq!(found, (by_user, by_role), "{trusted}");
        }
        assert!(!Role::new(ARN).admits(&asking(&user())));
    }

    #[test]
    fn conditions_hold_each_for_itself() {
        let role = || Role::new(ARN).trusting("arn:aws:iam::123456789012:root");
        let identity = user();
        let mfa = Asking {
            mfa: true,
            ..asking(&identity)
        };
        let named = Asking {
            source_identity: Some("jane"),
            ..asking(&identity)
        };
        let knowing = |id| Asking {
            external_id: Some(id),
            ..asking(&identity)
        };
        assert!(role().requiring_mfa().admits(&mfa) && !role().requiring_mfa().admits(&named));
        assert!(role().requiring_source_identity().admits(&named));
        assert!(!role().requiring_source_identity().admits(&mfa));
        let secretive = role().with_external_id("x-1");
        assert!(secretive.admits(&knowing("x-1")) && !secretive.admits(&knowing("x-2")));
        assert!(!secretive.admits(&mfa));
        assert!(role().admits(&knowing("whatever")));
    }

    #[test]
    fn an_identity_provider_vouches_for_a_subject_to_an_audience() {
        let provider = "arn:aws:iam::123456789012:oidc-provider/id.example.com";
        let vouched = VouchedFor {
            provider,
            subject: "repo:us/app:ref:main",
            audience: "sts",
        };
        let role = || Role::new(ARN).trusting(provider);
        assert!(role().admits_vouched(&vouched, None));
        assert!(
            !Role::new(ARN)
                .trusting("arn:aws:iam::123456789012:root")
                .admits_vouched(&vouched, None)
        );
        assert!(!role().requiring_mfa().admits_vouched(&vouched, None));
        assert!(!role().with_external_id("x-1").admits_vouched(&vouched, None));
        assert!(!role().requiring_source_identity().admits_vouched(&vouched, None));
        assert!(
            role()
                .requiring_source_identity()
                .admits_vouched(&vouched, Some("jane"))
        );
        assert!(role().with_audience("sts").admits_vouched(&vouched, None));
        assert!(!role().with_audience("st").admits_vouched(&vouched, None));
        for (subject, good) in [
            ("repo:us/app:ref:main", true),
            ("repo:us/*", true),
            ("*:ref:*", true),
            ("*", true),
            ("repo:us/app:ref:main*", true),
            ("repo:us", false),
            ("*:ref", false),
            ("repo:them/*", false),
        ] {
            assert_eq!(
                role().with_subject(subject).admits_vouched(&vouched, None),
                good,
                "{subject}"
            );
        }
    }

    #[test]
    fn a_role_added_again_replaces_the_older_one() {
        let mut roles = Roles::default();
        roles.add(Role::new(ARN));
        roles.add(Role::new(ARN).with_max_session_duration(900));
        assert_eq!(roles.arns(), [ARN]);
        assert_eq!(roles.by_arn(ARN).unwrap().max_session_duration(), 900);
        assert!(roles.by_arn("arn:aws:iam::123456789012:role/deploy").is_none());
    }
}
