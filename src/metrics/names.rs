/// One metric: what its name promises to dashboards and alerts.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    /// The whole name, unit included.
    pub name: &'static str,
    /// Counter, gauge or histogram.
    pub kind: Kind,
    /// The label names, in the order of the page.
    pub labels: &'static [&'static str],
    /// The `HELP` line.
    pub help: &'static str,
}

/// A metric's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Counts observations in buckets.
    Histogram,
}

impl Kind {
    /// The word of the `TYPE` line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Every metric of valetkey's own; beside them stand the standard `process_*`. The metrics are built from this list, so
/// that it cannot differ from the page.
pub const NAMES: &[Name] = &[
    BUILD_INFO,
    PROFILE_INFO,
    PROFILE_READY,
    CREDENTIAL_ISSUED,
    CREDENTIAL_RENEWAL,
    CREDENTIAL_EXPIRATION,
    RENEWALS,
    RENEWAL_LAST_SUCCESS,
    RENEWAL_CONSECUTIVE_FAILURES,
    STS_REQUESTS,
    STS_REQUEST_DURATION,
    MFA_CODE_WANTED,
    MFA_CODES,
    CLOCK_OFFSET,
    CLOCK_JUMPS,
    KEY_RELOADS,
    CONFIG_RELOADS,
    CONFIG_LAST_RELOAD_SUCCESSFUL,
    HTTP_REQUESTS,
    HTTP_REQUEST_DURATION,
    HTTP_CONNECTIONS,
    HTTP_REJECTED,
    LOG_LINES_DROPPED,
    STATE_FAILURES,
];

pub(super) const BUILD_INFO: Name = gauge(
    "valetkey_build_info",
    &["version", "revision"],
    "Always 1; the labels say what is running.",
);
pub(super) const PROFILE_INFO: Name = gauge(
    "valetkey_profile_info",
    &["profile", "kind", "source_profile", "region"],
    "Always 1; the labels say how a profile is made.",
);
pub(super) const PROFILE_READY: Name = gauge(
    "valetkey_profile_ready",
    &["profile"],
    "Whether valid credentials are served: 1 or 0.",
);
pub(super) const CREDENTIAL_ISSUED: Name = gauge(
    "valetkey_credential_issued_timestamp_seconds",
    &["profile"],
    "When the latest credentials were issued; absent before the first.",
);
pub(super) const CREDENTIAL_RENEWAL: Name = gauge(
    "valetkey_credential_renewal_timestamp_seconds",
    &["profile"],
    "When the next renewal or try starts; absent while that does not depend on time alone.",
);
pub(super) const CREDENTIAL_EXPIRATION: Name = gauge(
    "valetkey_credential_expiration_timestamp_seconds",
    &["profile"],
    "When the latest credentials expire; absent before the first.",
);
pub(super) const RENEWALS: Name = counter(
    "valetkey_renewals_total",
    &["profile", "result"],
    "Renewals by what came of them.",
);
pub(super) const RENEWAL_LAST_SUCCESS: Name = gauge(
    "valetkey_renewal_last_success_timestamp_seconds",
    &["profile"],
    "When a renewal last brought credentials; absent before the first.",
);
pub(super) const RENEWAL_CONSECUTIVE_FAILURES: Name = gauge(
    "valetkey_renewal_consecutive_failures",
    &["profile"],
    "Renewals that failed since the last that did not.",
);
pub(super) const STS_REQUESTS: Name = counter(
    "valetkey_sts_requests_total",
    &["action", "result"],
    "Requests to STS by their result.",
);
pub(super) const STS_REQUEST_DURATION: Name = histogram(
    "valetkey_sts_request_duration_seconds",
    &["action"],
    "How long requests to STS took, failed ones included.",
);
pub(super) const MFA_CODE_WANTED: Name = gauge(
    "valetkey_mfa_code_wanted",
    &["profile"],
    "Whether a person is asked for an MFA code: 1 or 0.",
);
pub(super) const MFA_CODES: Name = counter(
    "valetkey_mfa_codes_total",
    &["profile", "result"],
    "MFA codes sent to STS by its verdict.",
);
pub(super) const CLOCK_OFFSET: Name = gauge(
    "valetkey_clock_offset_seconds",
    &[],
    "STS's time minus this host's; 0 until STS has told its time.",
);
pub(super) const CLOCK_JUMPS: Name = counter(
    "valetkey_clock_jumps_total",
    &[],
    "How often somebody set this host's clock.",
);
pub(super) const KEY_RELOADS: Name = counter(
    "valetkey_key_reloads_total",
    &["profile", "result"],
    "Long-term keys in a source that are not the one in use, by what came of them: adopted, refused, not a key.",
);
pub(super) const CONFIG_RELOADS: Name = counter(
    "valetkey_config_reloads_total",
    &["result"],
    "Reloads of the configuration; a failed one changed nothing.",
);
pub(super) const CONFIG_LAST_RELOAD_SUCCESSFUL: Name = gauge(
    "valetkey_config_last_reload_successful",
    &[],
    "Whether the last reload of the configuration succeeded: 1 or 0; 1 before the first.",
);
pub(super) const HTTP_REQUESTS: Name = counter(
    "valetkey_http_requests_total",
    &["listener", "route", "code"],
    "Requests answered, by route and status code.",
);
pub(super) const HTTP_REQUEST_DURATION: Name = histogram(
    "valetkey_http_request_duration_seconds",
    &["listener"],
    "From a request's head to its reply, without the time on the wire.",
);
pub(super) const HTTP_CONNECTIONS: Name = gauge("valetkey_http_connections", &["listener"], "Connections open now.");
pub(super) const HTTP_REJECTED: Name = counter(
    "valetkey_http_rejected_total",
    &["listener", "reason"],
    "Requests and connections refused, by the rule that they broke.",
);
pub(super) const LOG_LINES_DROPPED: Name = counter(
    "valetkey_log_lines_dropped_total",
    &[],
    "Log lines that were dropped: their reader did not keep up, or they could not be written.",
);
pub(super) const STATE_FAILURES: Name = counter(
    "valetkey_state_failures_total",
    &[],
    "Times that state_dir could not be read or written; what should be there is in memory alone.",
);

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Name {
    Name {
        name,
        kind: Kind::Counter,
        labels,
        help,
    }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Name {
    Name {
        name,
        kind: Kind::Gauge,
        labels,
        help,
    }
}

const fn histogram(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Name {
    Name {
        name,
        kind: Kind::Histogram,
        labels,
        help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_prometheus_rules_and_are_unique() {
        for name in NAMES {
            assert!(name.name.starts_with("valetkey_"), "{}", name.name);
            assert_eq!(
                name.kind == Kind::Counter,
                name.name.ends_with("_total"),
                "{}",
                name.name
            );
            if name.kind == Kind::Histogram {
                assert!(name.name.ends_with("_seconds"), "{}", name.name);
            }
            assert!(name.help.ends_with('.'), "{}", name.help);
        }
        let mut names: Vec<_> = NAMES.iter().map(|name| name.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NAMES.len());
    }
}
