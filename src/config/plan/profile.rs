use std::hash::{Hash, Hasher};

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

use super::{Kind, Mfa};
use crate::aws::{AccountId, Endpoint, ProfileName, Region, RoleDuration, RootDuration, SerialNumber, SessionDuration};

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

/// Who the credentials of a profile are of.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    /// The profile, without what may differ.
    profile: Profile,
    /// The serial numbers of its MFA devices, in no order of anybody's; without any it has no MFA.
    devices: Vec<SerialNumber>,
}

impl Profile {
    /// Whether credentials of `other` are what this profile would be given, too, so that they may be served until their
    /// renewal: nothing differs but `required`, who may have them, the duration that is asked for, where the codes of the same MFA device
    /// come from, and which account is expected, which is for those to compare who know the credentials' account. Of several devices one
    /// must be left: a device is of one user, who is the same then.
    pub fn same_identity(&self, other: &Self) -> bool {
        let (mine, other) = (self.identity(), other.identity());
        let is_left = mine.devices.iter().any(|device| other.devices.contains(device));
        mine.profile == other.profile && (is_left || mine.devices == other.devices)
    }

    /// A digest of what [`Profile::same_identity`] compares, and of all devices: who the credentials are of. It says the same at the
    /// next start; in another version of valetkey it may say something else.
    pub fn digest(&self) -> [u8; SHA256_OUTPUT_LEN] {
        let mut sum = Sum(Context::new(&SHA256));
        self.identity().hash(&mut sum);
        let mut copy = [0; SHA256_OUTPUT_LEN];
        copy.copy_from_slice(sum.0.finish().as_ref());
        copy
    }

    fn identity(&self) -> Identity {
        let mut profile = Self {
            required: true,
            expected_account_id: None,
            allowed_uids: None,
            ..self.clone()
        };
        let mfa = match &mut profile.kind {
            Kind::Session(session) => {
                session.duration = SessionDuration::default();
                session.mfa.take()
            }
            Kind::Role(role) => {
                role.request.duration = RoleDuration::default();
                role.signed_by.take_mfa()
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
        let devices = mfa.iter().flat_map(Mfa::devices);
        let mut devices: Vec<_> = devices.map(|device| device.serial.clone()).collect();
        devices.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        Identity { profile, devices }
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
