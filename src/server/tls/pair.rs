//! A certificate chain and its private key, read as one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use zeroize::Zeroize;

use super::certificate::Certificate;
use crate::config;
use crate::secret_file::{self, Version, read_text};

/// What a listener shows to its peers.
pub(super) struct Pair {
    pub(super) config: Arc<ServerConfig>,
    pub(super) certificate: Certificate,
    /// The files that it was read from.
    pub(super) versions: Versions,
}

/// Of the certificate's file, and of the key's.
pub(super) type Versions = [Version; 2];

/// In bytes. A chain has a few kilobytes.
const LIMIT: u64 = 64 * 1024;

/// Why there is no pair. Each names the key of the configuration, the file and the remedy.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("[server] tls_certificate: {0}")]
    CertificateFile(#[source] secret_file::Error),
    #[error("[server] tls_certificate: {0}: {1}")]
    Certificate(PathBuf, &'static str),
    #[error("[server] tls_private_key: {0}")]
    KeyFile(#[source] secret_file::Error),
    #[error("[server] tls_private_key: {0}: {1}")]
    Key(PathBuf, &'static str),
    #[error(
        "[server] tls_private_key: {key}: is not the key of the first certificate in {certificate}; put in place the two \
         that belong together, the server's own certificate before those that vouch for it"
    )]
    Strangers { certificate: PathBuf, key: PathBuf },
}

const NO_CERTIFICATE: &str =
    "holds no certificate in PEM form; write the chain into it, the server's own certificate first";
const NOT_UNDERSTOOD: &str =
    "its first certificate cannot be read; have another one issued, in X.509 version 3 and PEM form";
const NO_NAME: &str = "its first certificate names no host (subjectAltName), by which clients would know it; have one issued for the \
                       name or address that they ask";
const NO_KEY: &str = "holds no private key in PEM form; write it into the file, from BEGIN to END";
const PASSPHRASE: &str =
    "is protected by a passphrase, which nobody is there to type; write it without one, as `openssl pkey` does";
const OTHER_KIND: &str = "is of no kind that is understood here; take an ECDSA key of P-256 or P-384, an Ed25519 key, or an RSA \
                          key of 2048 to 4096 bits";

/// Which files are there now. Blocks.
pub(super) fn versions(files: &config::Tls) -> Versions {
    [Version::of(&files.certificate), Version::of(&files.private_key)]
}

impl Pair {
    /// Tells all that is wrong with the files. Blocks.
    ///
    /// A file that is written meanwhile has another version than is remembered, and so is read again at the next look.
    pub(super) fn read(files: &config::Tls) -> Result<Self, Vec<Error>> {
        let versions = versions(files);
        let (chain, key) = match (chain(&files.certificate), private_key(&files.private_key)) {
            (Ok(chain), Ok(key)) => (chain, key),
            (chain, key) => return Err([chain.err(), key.err()].into_iter().flatten().collect()),
        };
        Self::of(files, chain, key, versions).map_err(|error| vec![error])
    }

    fn of(
        files: &config::Tls,
        chain: Vec<CertificateDer<'static>>,
        mut key: PrivateKeyDer<'static>,
        versions: Versions,
    ) -> Result<Self, Error> {
        let signing = ring::sign::any_supported_type(&key);
        key.zeroize();
        let signing = signing.map_err(|_| Error::Key(files.private_key.clone(), OTHER_KIND))?;
        let wrong = |what| Error::Certificate(files.certificate.clone(), what);
        let certificate = chain.first().and_then(|first| Certificate::read(first));
        let certificate = certificate.ok_or_else(|| wrong(NOT_UNDERSTOOD))?;
        let certified = CertifiedKey::new(chain, signing);
        match certified.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(Error::Strangers {
                    certificate: files.certificate.clone(),
                    key: files.private_key.clone(),
                });
            }
            Err(_) => return Err(wrong(NOT_UNDERSTOOD)),
        }
        if certificate.names.is_empty() {
            return Err(wrong(NO_NAME));
        }
        Ok(Self {
            config: Arc::new(config(certified)),
            certificate,
            versions,
        })
    }

    /// What an operator must know of the certificate's time.
    pub(super) fn age(&self, now: DateTime<Utc>) -> Option<&'static str> {
        let Certificate {
            not_before, not_after, ..
        } = self.certificate;
        if now >= not_after {
            Some("has expired")
        } else if now < not_before {
            Some("is not valid yet")
        } else if (not_after - now) < (not_after - not_before) / 10 {
            Some("expires soon")
        } else {
            None
        }
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let text = read_text(path, LIMIT).map_err(Error::CertificateFile)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.expose().as_bytes()).collect();
    chain
        .ok()
        .filter(|chain| !chain.is_empty())
        .ok_or_else(|| Error::Certificate(path.to_owned(), NO_CERTIFICATE))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let text = read_text(path, LIMIT).map_err(Error::KeyFile)?;
    let wrong = |what| Error::Key(path.to_owned(), what);
    let text = text.expose();
    if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(wrong(PASSPHRASE));
    }
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| wrong(NO_KEY))
}

/// TLS 1.2 and 1.3 for HTTP/1.1. Nobody resumes a session: a handshake costs a millisecond, and what is kept for one that may
/// never come back costs memory.
#[expect(clippy::expect_used, reason = "ring has suites for both versions")]
fn config(certified: CertifiedKey) -> ServerConfig {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("suites for the versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config
}
