use std::net::SocketAddr;

use crate::aws::{AvailabilityZone, HopLimit, InstanceId, InstanceProfileArn, ProfileName, Region};

/// The IMDSv2 endpoint, and the instance that it tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imds {
    /// Loopback, or one of EC2's own addresses.
    pub address: SocketAddr,
    /// The one profile that is served, as a role of the instance.
    pub profile: ProfileName,
    /// The IP TTL of its replies.
    pub hop_limit: HopLimit,
    /// The profile's.
    pub region: Region,
    /// A zone of that region.
    pub availability_zone: AvailabilityZone,
    /// The instance, if it has an id.
    pub instance_id: Option<InstanceId>,
    /// What gives it the role, if that has a name.
    pub instance_profile_arn: Option<InstanceProfileArn>,
}
