use std::path::PathBuf;

/// The files that a listener shows who it is with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate and those that vouch for it.
    pub certificate: PathBuf,
    /// The key of the certificate.
    pub private_key: PathBuf,
}
