use std::hash::{Hash, Hasher};

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

use super::{Kind, MfaCode};
use crate::aws::{AccountId, Endpoint, ProfileName, Region, RoleDuration, RootDuration, SessionDuration};

/// `[profile.<name>]`: a named set of temporary credentials that is kept fresh and served.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Profile {
    /// The name in the file, the path and the metrics.
    pub name: ProfileName,
    /// Where the credentials are asked for.
    pub region: Region,
    /// Whether readiness waits for it.
    pub required: bool,
    /// STS's address and the signature's region.
    pub endpoint: Endpoint,
    /// The account that the credentials must be of; those of another are never served.
    pub expected_account_id: Option<AccountId>,
    /// The UIDs whose processes may have the credentials; at least one. Without them everybody's may.
    pub allowed_uids: Option<Vec<u32>>,
    /// How the credentials are made.
    pub kind: Kind,
}

impl Profile {
    /// Whether credentials of `other` are what this profile would be given, too, so that they may be served until their
    /// renewal: nothing differs but `required`, who may have them, the duration that is asked for, where the codes of the same MFA device
    /// come from, and which account is expected, which is for those to compare who know the credentials' account.
    pub fn same_identity(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    /// A digest of what [`Profile::same_identity`] compares: who the credentials are of. It says the same at the next
    /// start; in another version of valetkey it may say something else.
    pub fn digest(&self) -> [u8; SHA256_OUTPUT_LEN] {
        let mut sum = Sum(Context::new(&SHA256));
        self.identity().hash(&mut sum);
        let mut copy = [0; SHA256_OUTPUT_LEN];
        copy.copy_from_slice(sum.0.finish().as_ref());
        copy
    }

    /// This profile, without what may differ.
    fn identity(&self) -> Self {
        let mut identity = Self {
            required: true,
            expected_account_id: None,
            allowed_uids: None,
            ..self.clone()
        };
        let mfa = match &mut identity.kind {
            Kind::Session(session) => {
                session.duration = SessionDuration::default();
                session.mfa.as_mut()
            }
            Kind::Role(role) => {
                role.request.duration = RoleDuration::default();
                role.signed_by.mfa_mut()
            }
            Kind::WebIdentity(role) => {
                role.request.duration = RoleDuration::default();
                None
            }
            Kind::Saml(role) => {
                role.request.duration = RoleDuration::default();
                None
            }
            Kind::Federation(federation) => {
                federation.request.duration = SessionDuration::default();
                None
            }
            Kind::Root(root) => {
                root.request.duration = RootDuration::default();
                None
            }
        };
        if let Some(mfa) = mfa {
            for device in std::iter::once(&mut mfa.code).chain(mfa.others.iter_mut().map(|other| &mut other.code)) {
                *device = MfaCode::Push { notify: None };
            }
        }
        identity
    }
}

/// Everything that is hashed goes into a digest.
struct Sum(Context);

impl Hasher for Sum {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest is taken instead.
    fn finish(&self) -> u64 {
        0
    }
}
