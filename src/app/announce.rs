use tracing::{info, warn};

use super::{App, Listeners};
use crate::harden::Protections;

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
            ops = address(&listeners.ops),
            token_dir = %self.plan.server.token_dir.display(),
            certificates = %self.sts.roots(),
            "valetkey starts"
        );
        for profile in &self.plan.profiles {
            info!(
                profile = %profile.name,
                kind = profile.kind.as_str(),
                region = %profile.region,
                mfa_serial = profile.kind.mfa().map(|mfa| mfa.serial.as_str()),
                endpoint = %profile.endpoint.url,
                route = %self.sts.route(&profile.endpoint.url),
                "profile"
            );
        }
        if !protections.not_dumpable {
            warn!("other processes of this user may read this process's memory: the system has no PR_SET_DUMPABLE");
        }
        if !protections.no_core {
            warn!("a crash may write a core file with secrets: the core limit could not be set to 0");
        }
    }
}
