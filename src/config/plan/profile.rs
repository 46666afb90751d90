use super::{Kind, Mfa};
use crate::aws::{AccountId, Endpoint, ProfileName, Region};

/// `[profile.<name>]`: a named set of temporary credentials that is kept fresh and served.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        let mut adapted = other.clone();
        adapted.required = self.required;
        adapted.expected_account_id.clone_from(&self.expected_account_id);
        adapted.allowed_uids.clone_from(&self.allowed_uids);
        adapt(&mut adapted.kind, &self.kind);
        adapted == *self
    }
}

/// Takes over what may differ, if both are of one kind.
fn adapt(theirs: &mut Kind, ours: &Kind) {
    match (&mut *theirs, ours) {
        (Kind::Session(theirs), Kind::Session(ours)) => theirs.duration = ours.duration,
        (Kind::Role(theirs), Kind::Role(ours)) => theirs.request.duration = ours.request.duration,
        (Kind::WebIdentity(theirs), Kind::WebIdentity(ours)) => theirs.request.duration = ours.request.duration,
        (Kind::Saml(theirs), Kind::Saml(ours)) => theirs.request.duration = ours.request.duration,
        (Kind::Federation(theirs), Kind::Federation(ours)) => theirs.request.duration = ours.request.duration,
        (Kind::Root(theirs), Kind::Root(ours)) => theirs.request.duration = ours.request.duration,
        _ => return,
    }
    if let (Some(theirs), Some(ours)) = (mfa_of(theirs), ours.mfa()) {
        theirs.code = ours.code.clone();
    }
}

fn mfa_of(kind: &mut Kind) -> Option<&mut Mfa> {
    match kind {
        Kind::Session(session) => session.mfa.as_mut(),
        Kind::Role(role) => role.signed_by.mfa_mut(),
        Kind::WebIdentity(_) | Kind::Saml(_) | Kind::Federation(_) | Kind::Root(_) => None,
    }
}
