use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::keys::{
    IMDS, IMDS_AVAILABILITY_ZONE, IMDS_HOP_LIMIT, IMDS_INSTANCE_ID, IMDS_INSTANCE_PROFILE_ARN, IMDS_PROFILE, Key,
};
use super::mistake::Reported;
use super::overrides::Settings;
use super::plan::{Imds, Profile};
use super::source_profile::guess;
use crate::aws::{AvailabilityZone, HopLimit, Invalid, ProfileName};

/// What the settings need to know of the profiles.
pub(super) struct Known<'p> {
    /// What they are called, right or wrong; empty where that cannot be told, which is a mistake elsewhere.
    pub(super) names: Vec<&'p str>,
    /// All of them, if all are right.
    pub(super) profiles: &'p [Profile],
}

impl<'p> Known<'p> {
    pub(super) fn of(profiles: &'p [Profile]) -> Self {
        let names = profiles.iter().map(|profile| profile.name.as_str()).collect();
        Self { names, profiles }
    }
}

/// The IMDSv2 endpoint. None also where the profiles are wrong, of which there is no plan.
pub(super) fn read(settings: &Settings<'_>, known: &Known<'_>) -> Result<Option<Imds>, Reported> {
    let address = settings.string(&IMDS, address);
    let profile = settings.string(&IMDS_PROFILE, |text| text.parse().map_err(|_| IMDS_PROFILE.must));
    let hop_limit = settings.integer(&IMDS_HOP_LIMIT, |number| {
        HopLimit::try_from(number).map_err(|Invalid(rule)| rule)
    });
    let zone = settings.string(&IMDS_AVAILABILITY_ZONE, |text| Ok(text.to_owned()));
    let instance_id = settings.string(&IMDS_INSTANCE_ID, |text| text.parse().map_err(|Invalid(rule)| rule));
    let instance_profile_arn = settings.string(&IMDS_INSTANCE_PROFILE_ARN, |text| {
        text.parse().map_err(|Invalid(rule)| rule)
    });
    let lonely = check_lonely(settings);
    let served = profile.and_then(|name| served(settings, name.as_ref(), known));
    let (address, served, hop_limit, zone) = (address?, served?, hop_limit?, zone?);
    let (instance_id, instance_profile_arn) = (instance_id?, instance_profile_arn?);
    lonely?;
    let (Some(address), Some(profile)) = (address, served) else {
        return Ok(None);
    };
    let region = profile.region.clone();
    let availability_zone = zone.map_or_else(
        || Ok(AvailabilityZone::first(&region)),
        |text| {
            let zone = AvailabilityZone::of(&region, &text);
            zone.map_err(|Invalid(rule)| settings.report(&IMDS_AVAILABILITY_ZONE, rule))
        },
    )?;
    Ok(Some(Imds {
        address,
        profile: profile.name.clone(),
        hop_limit: hop_limit.unwrap_or_default(),
        region,
        availability_zone,
        instance_id,
        instance_profile_arn,
    }))
}

/// Where EC2's instances find the service.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>
const OF_EC2: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// IPv4 in the form of IPv6 is IPv4: the hop limit of its packets is another one.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    let address: SocketAddr = text.parse().map_err(|_| IMDS.must)?;
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    if address.ip().is_loopback() || OF_EC2.contains(&address.ip()) {
        Ok(address)
    } else {
        Err(
            "must be a loopback address such as \"127.0.0.1:7413\", or EC2's own 169.254.169.254 or [fd00:ec2::254] where \
             this host has it: whoever reaches the listener may have the credentials, in plain HTTP; run a valetkey \
             beside each application, or serve others by `credentials`, which asks for a token",
        )
    }
}

/// What tells of the instance says nothing where nobody asks.
fn check_lonely(settings: &Settings<'_>) -> Result<(), Reported> {
    let keys: [&Key; 5] = [
        &IMDS_PROFILE,
        &IMDS_HOP_LIMIT,
        &IMDS_AVAILABILITY_ZONE,
        &IMDS_INSTANCE_ID,
        &IMDS_INSTANCE_PROFILE_ARN,
    ];
    let text = "says nothing without `imds`; name an address such as imds = \"127.0.0.1:7413\", or leave this out";
    let checked = keys.map(|key| settings.beside(key, &IMDS, text));
    checked.into_iter().collect()
}

/// The profile that `imds_profile` names, or the only one.
fn served<'p>(
    settings: &Settings<'_>,
    imds_profile: Option<&ProfileName>,
    known: &Known<'p>,
) -> Result<Option<&'p Profile>, Reported> {
    let name = match (imds_profile.map(ProfileName::as_str), known.names.as_slice()) {
        (_, []) => return Ok(None),
        (Some(name), others) if !others.contains(&name) => {
            let text = match guess(name, "", others) {
                Some(guess) => format!("names none of the profiles; did you mean `{guess}`?"),
                None => String::from("names none of the profiles; name the one that may be had without a secret"),
            };
            return Err(settings.report(&IMDS_PROFILE, text));
        }
        (Some(name), _) => name,
        (None, [only]) => only,
        (None, _) => {
            settings.pair(&IMDS, &IMDS_PROFILE)?;
            return Ok(None);
        }
    };
    Ok(known.profiles.iter().find(|profile| profile.name.as_str() == name))
}
