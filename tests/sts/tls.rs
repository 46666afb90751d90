use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tempfile::NamedTempFile;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use valetkey::sts::{Class, Error};

use crate::server::{Ending, Server, good};
use crate::{HASTY_CONNECT, PATIENT, call, client, error};

/// A private CA, as a file and as what signs.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    bundle: NamedTempFile,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new([]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let bundle = NamedTempFile::new().unwrap();
        std::fs::write(&bundle, parameters.self_signed(&key).unwrap().pem()).unwrap();
        let issuer = Issuer::new(parameters, key);
        Self { issuer, bundle }
    }

    /// The path for `AWS_CA_BUNDLE`.
    pub(crate) fn bundle(&self) -> &str {
        self.bundle.path().to_str().unwrap()
    }

    /// A server's side with a certificate for `name`.
    pub(crate) fn server(&self, name: &str) -> ServerConfig {
        self.server_with(name, |_| {})
    }

    fn server_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut parameters);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap()
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_named() {
    let authority = Authority::new();
    let server = Server::tls(Ending::Answer(good()), authority.server("127.0.0.1")).await;
    let client = client(&[("AWS_CA_BUNDLE", authority.bundle())], PATIENT);
    assert!(
        client
            .roots()
            .to_string()
            .starts_with("1 certificates of AWS_CA_BUNDLE")
    );
    let reply = call(&client, &format!("https://{}", server.address)).await;
    assert!(reply.sample.unwrap().authenticated);
    assert!(reply.result.is_ok());
    assert_eq!(server.seen().await.0, 1);
    assert!(
        CryptoProvider::get_default().is_none(),
        "no default of the process is needed"
    );
}

#[tokio::test]
async fn other_certificates_are_refused_before_anything_is_sent() {
    let authority = Authority::new();
    let named = [("AWS_CA_BUNDLE", authority.bundle())];
    let expired = |p: &mut CertificateParams| p.not_after = date_time_ymd(2020, 1, 1);
    let early = |p: &mut CertificateParams| p.not_before = date_time_ymd(3000, 1, 1);
    for (what, config, environment) in [
        ("unknown authority", authority.server("127.0.0.1"), [].as_slice()),
        (
            "other authority",
            Authority::new().server("127.0.0.1"),
            named.as_slice(),
        ),
        ("wrong name", authority.server("sts.example"), named.as_slice()),
        ("expired", authority.server_with("127.0.0.1", expired), named.as_slice()),
        (
            "not yet valid",
            authority.server_with("127.0.0.1", early),
            named.as_slice(),
        ),
    ] {
        let error = refused(config, environment).await;
        assert_eq!((error.class, error.sent), (Class::Tls, false), "{what}: {error}");
        assert!(error.message.contains("certificate"), "{what}: {error}");
    }
}

async fn refused(config: ServerConfig, environment: &[(&str, &str)]) -> Error {
    let server = Server::tls(Ending::Answer(good()), config).await;
    let url = format!("https://{}", server.address);
    let error = error(call(&client(environment, PATIENT), &url).await);
    let (connections, requests) = server.seen().await;
    assert_eq!((connections, requests.len()), (1, 0), "{error}");
    error
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_has_received_nothing() {
    let no_tls = ": the server does not speak TLS; check endpoint_url's scheme and port";
    let no_connection = ": no connection within 0.15 s; ";
    for (ending, timeouts, class, words) in [
        (Ending::Greet("SSH-2.0-OpenSSH_9.9\r\n"), PATIENT, Class::Tls, no_tls),
        (Ending::Greet("HTTP/1.1 400 Bad\r\n\r\n"), PATIENT, Class::Tls, no_tls),
        (Ending::Stall, HASTY_CONNECT, Class::Timeout, no_connection),
    ] {
        let server = Server::plain(ending).await;
        let url = format!("https://{}", server.address);
        let error = error(call(&client(&[], timeouts), &url).await);
        assert_eq!((error.class, error.sent), (class, false), "{error}");
        assert!(error.message.contains(words), "{error}");
        assert_eq!(server.seen().await.0, 1);
    }
}
