/// What kind of trouble a call met: the `result` label of the metrics, and what decides on the next try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// STS will not serve this setup: a parameter, or a region that is not activated.
    Config,
    /// The signature's time was off; the next call is signed with the time that this reply told.
    ClockSkew,
    /// STS denied the call, or what an identity provider vouched for.
    Denied,
    /// The endpoint's name did not resolve.
    Dns,
    /// What signed is unknown, inactive, expired or has another secret: the long-term key, or the credentials of the
    /// source profile.
    KeyInvalid,
    /// What came back is not a reply of STS: a captive portal, a truncated document, an impossible expiration.
    Malformed,
    /// The MFA device is not this user's.
    MfaDevice,
    /// The MFA code was refused.
    MfaRejected,
    /// The connection failed.
    Network,
    /// STS failed (5xx).
    Server,
    /// STS asked for fewer calls.
    Throttled,
    /// No answer in time.
    Timeout,
    /// The certificate was not accepted, or the handshake failed.
    Tls,
}

impl Class {
    /// Every class, in the order of their words.
    pub const ALL: [Self; 13] = [
        Self::ClockSkew,
        Self::Config,
        Self::Denied,
        Self::Dns,
        Self::KeyInvalid,
        Self::Malformed,
        Self::MfaDevice,
        Self::MfaRejected,
        Self::Network,
        Self::Server,
        Self::Throttled,
        Self::Timeout,
        Self::Tls,
    ];

    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClockSkew => "clock_skew",
            Self::Config => "config",
            Self::Denied => "denied",
            Self::Dns => "dns",
            Self::KeyInvalid => "key_invalid",
            Self::Malformed => "malformed",
            Self::MfaDevice => "mfa_device",
            Self::MfaRejected => "mfa_rejected",
            Self::Network => "network",
            Self::Server => "server",
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
        }
    }
}
