//! The roles of a chain, and who signs for each.

use super::chain::served_name;
use super::location::Location;
use super::mfa;
use super::settings::AwsProfile;
use crate::aws::{AssumeRole, ProfileName, RoleDuration, SerialNumber, SessionName};
use crate::config::mistake::Reported;
use crate::config::{KeySource, Kind, Mfa, Profile, Role, SignedBy};

/// A role with all that is made of its own settings.
pub(super) struct RoleOnTheWay<'f> {
    pub(super) profile: AwsProfile<'f>,
    pub(super) location: Result<Location, Reported>,
    name: Result<ProfileName, Reported>,
    mfa: Result<Option<Mfa>, Reported>,
    request: Result<AssumeRole, Reported>,
}

impl<'f> RoleOnTheWay<'f> {
    pub(super) fn read(profile: AwsProfile<'f>, location: Result<Location, Reported>) -> Self {
        let name = served_name(&profile);
        Self {
            request: request(&profile, &name),
            mfa: mfa::of(&profile),
            profile,
            location,
            name,
        }
    }

    fn signed(&self, signer: Result<SignedBy, Reported>) -> Result<Profile, Reported> {
        let (name, location, request) = (self.name.clone()?, self.location.clone()?, self.request.clone()?);
        Ok(Profile {
            name,
            required: false,
            endpoint: location.endpoint,
            expected_account_id: None,
            allowed_uids: None,
            region: location.region,
            kind: Kind::Role(Role {
                signed_by: signer?,
                request,
            }),
        })
    }

    /// The one that is chained from temporary credentials gives no code: STS takes codes with a user's own key alone.
    fn chained(&self, from: &Result<ProfileName, Reported>, device: &Device<'_>) -> Result<SignedBy, Reported> {
        let too_long = match (&self.request, self.profile.setting("duration_seconds")) {
            (Ok(request), Some(setting)) if request.duration > RoleDuration::LONGEST_CHAINED => Err(setting.report(
                "must be at most 3600 seconds, which is all that AWS gives to a role that is asked for with the temporary \
                 credentials of another profile (role chaining)",
            )),
            _ => Ok(()),
        };
        let same_device = self.same_device(device);
        too_long.and(same_device)?;
        from.clone().map(SignedBy::Profile)
    }

    fn same_device(&self, device: &Device<'_>) -> Result<(), Reported> {
        let mfa = self.mfa.as_ref().map_err(|&reported| reported)?;
        let (Some(mfa), Some(setting)) = (mfa, self.profile.setting("mfa_serial")) else {
            return Ok(());
        };
        match device.serial {
            Some(serial) if *serial == mfa.serial => Ok(()),
            Some(_) => Err(setting.report(format!(
                "is another device than that of the profile {}, whose credentials ask for this role; remove it, or name \
                 that device",
                device.shown
            ))),
            None if !device.has_key => Err(setting.report(format!(
                "is of no use here: this role is asked for with the temporary credentials of the profile {}, which has no \
                 long-term key, and STS takes a code with such a key alone; remove it",
                device.shown
            ))),
            None => Err(setting.report(format!(
                "is of no use here: this role is asked for with temporary credentials, and STS takes a code with the \
                 long-term key alone; move it to the profile {}",
                device.shown
            ))),
        }
    }
}

/// What the first request of a chain is made with, where no role of the chain is.
pub(super) enum Foot {
    /// A long-term key, which signs for the last role itself.
    Key(KeySource),
    /// A profile with temporary credentials, from which the last role is chained.
    Profile(Box<Profile>),
}

/// What gives the codes of a chain, and the profile that does.
struct Device<'a> {
    serial: Option<&'a SerialNumber>,
    shown: &'a str,
    /// Whether that profile could give any.
    has_key: bool,
}

/// The roles as profiles, NAME first: the last is signed by what the chain stands on, a key with the role's own code, each
/// other by the one after it.
pub(super) fn signed_roles(
    roles: &[RoleOnTheWay<'_>],
    foot: Result<&Foot, Reported>,
) -> Result<Vec<Profile>, Reported> {
    let foot = foot?;
    let Some((last, others)) = roles.split_last() else {
        return Ok(Vec::new());
    };
    let (device, last_signed) = match foot {
        Foot::Key(key) => {
            let of_last = last.mfa.as_ref().ok().and_then(Option::as_ref);
            let device = Device {
                serial: of_last.map(|mfa| &mfa.serial),
                shown: last.profile.shown(),
                has_key: true,
            };
            let key = key.clone();
            let signer = last.mfa.clone().map(|mfa| SignedBy::Key { key, mfa });
            (device, last.signed(signer))
        }
        Foot::Profile(profile) => {
            let device = Device {
                serial: profile.kind.mfa().map(|mfa| &mfa.serial),
                shown: profile.name.as_str(),
                has_key: profile.kind.key().is_some(),
            };
            let signer = last.chained(&Ok(profile.name.clone()), &device);
            (device, last.signed(signer))
        }
    };
    let signers = roles.iter().skip(1);
    let others = others
        .iter()
        .zip(signers)
        .map(|(role, signer)| role.signed(role.chained(&signer.name, &device)));
    let profiles: Vec<_> = others.chain([last_signed]).collect();
    profiles.into_iter().collect()
}

fn request(profile: &AwsProfile<'_>, name: &Result<ProfileName, Reported>) -> Result<AssumeRole, Reported> {
    let role_arn = profile.read("role_arn");
    let session_name = profile.read("role_session_name");
    let external_id = profile.read("external_id");
    let duration = profile.seconds("duration_seconds");
    let by_default = name.as_ref().map(SessionName::of_profile).map_err(|&reported| reported);
    Ok(AssumeRole {
        duration: duration?,
        external_id: external_id?,
        ..AssumeRole::new(
            role_arn?.ok_or_else(|| profile.report("has no role_arn; add it"))?,
            session_name?.map_or(by_default, Ok)?,
        )
    })
}
