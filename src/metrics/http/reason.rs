/// Why a request or a connection was refused: the `reason` label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// More than one `Authorization` header.
    Authorization,
    /// As many connections as allowed are open.
    Connections,
    /// Fetch metadata (`Sec-Fetch-*`): a browser asks.
    FetchMetadata,
    /// A forwarding header: a proxy, or a server tricked into asking, stands between.
    Forwarded,
    /// A request with a body.
    Framing,
    /// The head of a request has more than 16 KB, or more than 100 headers.
    HeaderSize,
    /// The head of a request did not arrive in time.
    HeaderTimeout,
    /// A `Host` that is not this listener.
    Host,
    /// What arrived is not HTTP/1.1.
    Malformed,
    /// A method that is not allowed.
    Method,
    /// A byte that is not ASCII.
    NonAscii,
    /// An `Origin` header: a browser asks.
    Origin,
    /// The task of a connection panicked.
    Panic,
    /// A path that is not the profile of the token.
    Path,
    /// A path that could be written in another way: escapes, empty segments, segments of dots.
    PathForm,
    /// A reply was not taken in time.
    RequestTimeout,
    /// A request target that is not a path.
    Target,
    /// A request target of more than 2 KB.
    TargetSize,
    /// No TLS came about: the peer speaks none that is known here, or does not trust the certificate.
    Tls,
    /// A token whose time is over.
    TokenExpired,
    /// No authorization token.
    TokenMissing,
    /// A token was asked for without a TTL of 1 to 21600 seconds.
    TokenTtl,
    /// An authorization token, or an id in a path, that nobody was given.
    TokenUnknown,
    /// A process of a user who may not have the profile, or of whom the kernel does not tell.
    Uid,
    /// An offer to change the protocol.
    Upgrade,
}

impl Reason {
    /// Every reason, in the order of declaration.
    pub const ALL: [Self; 25] = [
        Self::Authorization,
        Self::Connections,
        Self::FetchMetadata,
        Self::Forwarded,
        Self::Framing,
        Self::HeaderSize,
        Self::HeaderTimeout,
        Self::Host,
        Self::Malformed,
        Self::Method,
        Self::NonAscii,
        Self::Origin,
        Self::Panic,
        Self::Path,
        Self::PathForm,
        Self::RequestTimeout,
        Self::Target,
        Self::TargetSize,
        Self::Tls,
        Self::TokenExpired,
        Self::TokenMissing,
        Self::TokenTtl,
        Self::TokenUnknown,
        Self::Uid,
        Self::Upgrade,
    ];

    /// The word in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Connections => "connections",
            Self::FetchMetadata => "fetch_metadata",
            Self::Forwarded => "forwarded",
            Self::Framing => "framing",
            Self::HeaderSize => "header_size",
            Self::HeaderTimeout => "header_timeout",
            Self::Host => "host",
            Self::Malformed => "malformed",
            Self::Method => "method",
            Self::NonAscii => "non_ascii",
            Self::Origin => "origin",
            Self::Panic => "panic",
            Self::Path => "path",
            Self::PathForm => "path_form",
            Self::RequestTimeout => "request_timeout",
            Self::Target => "target",
            Self::TargetSize => "target_size",
            Self::Tls => "tls",
            Self::TokenExpired => "token_expired",
            Self::TokenMissing => "token_missing",
            Self::TokenTtl => "token_ttl",
            Self::TokenUnknown => "token_unknown",
            Self::Uid => "uid",
            Self::Upgrade => "upgrade",
        }
    }
}
