use tracing::{info, warn};

use super::operator::url;
use super::{App, Listeners};
use crate::aws::{ProfileName, SessionPolicies};
use crate::config::{KeySource, Kind, Profile};
use crate::harden::Protections;
use crate::server::Limits;
use crate::sts::StsClient;

impl App {
    /// Says in the log what an operator must know of this start: where it listens, whom it asks and by which way, and
    /// how the process is protected.
    pub fn announce(&self, protections: Protections, listeners: &Listeners) {
        let address = |listener: &tokio::net::TcpListener| {
            listener.local_addr().map_or_else(|_| String::new(), |a| a.to_string())
        };
        info!(
            version = env!("CARGO_PKG_VERSION"),
            credentials = address(&listeners.credentials),
            credentials_url = listeners.credentials.local_addr().ok().map(|at| url(self.tls.as_deref(), at)),
            imds = listeners.imds.as_ref().map(address),
            ops = address(&listeners.ops),
            control_socket = %self.plan.server.control_socket.display(),
            state_dir = self.plan.server.state_dir.as_deref().map(|dir| tracing::field::display(dir.display())),
            token_dir = %self.plan.server.token_dir.display(),
            certificates = %self.sts.roots(),
            "valetkey starts"
        );
        let for_all = |name: &ProfileName| {
            let mut profiles = self.plan.profiles.iter();
            profiles.any(|profile| profile.name == *name && profile.allowed_uids.is_none())
        };
        if let Some(imds) = self.plan.server.imds.as_ref().filter(|imds| for_all(&imds.profile)) {
            warn!(
                profile = %imds.profile,
                "whoever reaches the IMDS listener may have the credentials of this profile: the IMDSv2 form asks for no \
                 secret; serve by the credentials listener what not everybody here may have, or give the profile allowed_uids"
            );
        }
        for each in &self.plan.profiles {
            profile(each, &self.sts);
        }
        if !protections.not_dumpable {
            warn!("other processes of this user may read this process's memory: the system has no PR_SET_DUMPABLE");
        }
        if !protections.no_core {
            warn!("a crash may write a core file with secrets: the core limit could not be set to 0");
        }
        if let Some(files) = protections.descriptors.filter(|files| *files < Limits::DESCRIPTORS) {
            warn!(
                "only {files} files may be open at once, so that fewer connections are taken; raise the limit (ulimit -n, LimitNOFILE=) \
                 to {}",
                Limits::DESCRIPTORS
            );
        }
    }
}

/// Says what a profile is, and what is unwise about it.
pub(super) fn profile(profile: &Profile, sts: &StsClient) {
    let kind = &profile.kind;
    let signing_region = &profile.endpoint.signing_region;
    let elsewhere = *signing_region != profile.region;
    info!(
        profile = %profile.name,
        kind = kind.as_str(),
        source_profile = kind.source_profile().map(tracing::field::display),
        region = %profile.region,
        allowed_uids = profile.allowed_uids.as_deref().map(tracing::field::debug),
        mfa_serial = kind.mfa().map(|mfa| mfa.serial.as_str()),
        endpoint = %profile.endpoint.url,
        signing_region = elsewhere.then(|| tracing::field::display(signing_region)),
        route = %sts.route(&profile.endpoint.url),
        "profile"
    );
    if let Kind::Federation(federation) = kind
        && federation.request.policies == SessionPolicies::default()
    {
        warn!(
            profile = %profile.name,
            "a federated user without policy and policy_arns may do nothing but what resources allow him by name"
        );
    }
    if kind.key() == Some(&KeySource::Environment) {
        warn!(
            profile = %profile.name,
            "the long-term key is in the environment, which is copied to every child process and shown by many tools: \
             a file is safer: key = {{ directory = … }}"
        );
    }
}
