//! A private CA: what a client trusts, and the certificates that a server shows.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ALL_VERSIONS, ClientConfig, RootCertStore, SupportedProtocolVersion};
use valetkey::config;

pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
}

/// A certificate and its private key, in PEM.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) private_key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new([]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = parameters.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(parameters, key);
        Self { issuer, root }
    }

    /// For these hosts: names or IP addresses.
    pub(crate) fn issue(&self, hosts: &[&str]) -> Issued {
        self.issue_with(hosts, |_| {})
    }

    pub(crate) fn issue_with(&self, hosts: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let hosts: Vec<_> = hosts.iter().map(|&host| host.to_owned()).collect();
        let mut parameters = CertificateParams::new(hosts).unwrap();
        change(&mut parameters);
        let key = KeyPair::generate().unwrap();
        Issued {
            certificate: parameters.signed_by(&key, &self.issuer).unwrap().pem(),
            private_key: key.serialize_pem(),
        }
    }

    /// The client's side that trusts this CA and nobody else.
    pub(crate) fn client(&self) -> ClientConfig {
        self.client_of(ALL_VERSIONS)
    }

    /// The same, which speaks these versions.
    pub(crate) fn client_of(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

impl Issued {
    /// Puts both in place, as a tool does that replaces files by renaming others.
    pub(crate) fn install(&self, folder: &Path) -> config::Tls {
        let put = |name: &str, text: &str| {
            let (new, path) = (folder.join("new"), folder.join(name));
            fs::write(&new, text).unwrap();
            fs::rename(new, &path).unwrap();
            path
        };
        config::Tls {
            certificate: put("chain.pem", &self.certificate),
            private_key: put("key.pem", &self.private_key),
        }
    }
}
