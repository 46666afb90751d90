use std::fmt;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_native_certs::CertificateResult;

use crate::config::Env;
use crate::sts::setup::SetupError;

/// Which certificates a server's must lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// This many of the system's.
    System(usize),
    /// This many of the file that `AWS_CA_BUNDLE` names, and no others.
    Bundle(PathBuf, usize),
    /// This many of Mozilla's, built in: the system has none.
    Mozilla(usize),
}

impl fmt::Display for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(count) => write!(f, "the system's {count} certificates"),
            Self::Bundle(path, count) => write!(f, "{count} certificates of AWS_CA_BUNDLE {}", path.display()),
            Self::Mozilla(count) => write!(f, "Mozilla's {count} built-in certificates (the system has none)"),
        }
    }
}

/// Reads the certificates. Blocking.
pub(super) fn load(env: Env<'_>) -> Result<(RootCertStore, Roots), SetupError> {
    match env("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
        Some(path) => bundle(Path::new(&path)),
        None => choose(rustls_native_certs::load_native_certs(), named(env)),
    }
}

fn bundle(path: &Path) -> Result<(RootCertStore, Roots), SetupError> {
    let error = |problem: String| SetupError::CaBundle {
        path: path.to_owned(),
        problem,
    };
    let pem = std::fs::read(path).map_err(|e| error(format!("cannot be read ({e})")))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|_| error("is not PEM".to_owned()))?;
    let mut store = RootCertStore::empty();
    for (index, certificate) in certificates.into_iter().enumerate() {
        let refused = |e| {
            error(format!(
                "has a certificate, its number {}, that cannot be used ({e})",
                index + 1
            ))
        };
        store.add(certificate).map_err(refused)?;
    }
    if store.is_empty() {
        return Err(error("holds no certificate in PEM form".to_owned()));
    }
    let count = store.len();
    Ok((store, Roots::Bundle(path.to_owned(), count)))
}

/// The variables by which the user tells the loader of the system's certificates where these are.
fn named(env: Env<'_>) -> Option<&'static str> {
    let set = |name| env(name).is_some_and(|value| !value.is_empty());
    match (set("SSL_CERT_FILE"), set("SSL_CERT_DIR")) {
        (true, true) => Some("SSL_CERT_FILE and SSL_CERT_DIR"),
        (true, false) => Some("SSL_CERT_FILE"),
        (false, true) => Some("SSL_CERT_DIR"),
        (false, false) => None,
    }
}

/// What was loaded, if a certificate in it can be used. An image without any (`scratch`) must still reach AWS; but a
/// slip in what the user named must not silently trust others.
fn choose(loaded: CertificateResult, named: Option<&'static str>) -> Result<(RootCertStore, Roots), SetupError> {
    let mut store = RootCertStore::empty();
    let (count, _) = store.add_parsable_certificates(loaded.certs);
    if count > 0 {
        return Ok((store, Roots::System(count)));
    }
    if let Some(variables) = named {
        let problem = loaded.errors.first().map(ToString::to_string);
        let problem = problem.unwrap_or_else(|| "no certificate there can be used".to_owned());
        return Err(SetupError::SystemCertificates { variables, problem });
    }
    store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let count = store.len();
    Ok((store, Roots::Mozilla(count)))
}

#[cfg(test)]
mod tests {
    use rustls_native_certs::load_certs_from_paths;

    use super::*;

    fn load_bundle(pem: &[u8]) -> Result<Roots, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, pem).unwrap();
        let loaded = load(&|name| (name == "AWS_CA_BUNDLE").then(|| path.clone().into()));
        loaded.map(|(_, roots)| roots).map_err(|error| error.to_string())
    }

    fn certificate() -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(["ca.example".to_owned()]).unwrap();
        parameters.self_signed(&key).unwrap().pem()
    }

    #[test]
    fn all_certificates_of_the_bundle_count() {
        let pem = format!("# comment\n{}\n{}", certificate(), certificate());
        let roots = load_bundle(pem.as_bytes()).unwrap();
        assert!(matches!(&roots, Roots::Bundle(_, 2)), "{roots}");
        assert!(roots.to_string().starts_with("2 certificates of AWS_CA_BUNDLE /"));
    }

    #[test]
    fn a_bundle_that_is_not_one_is_an_error_that_names_it() {
        let good = certificate();
        let (first, _) = good.split_at(good.len() / 2);
        for (pem, words) in [
            ("", "no certificate"),
            ("garbage", "no certificate"),
            (first, "is not PEM"),
            (
                "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
                "is not PEM",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "its number 1",
            ),
            (
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "no certificate",
            ),
        ] {
            let error = load_bundle(pem.as_bytes()).unwrap_err();
            assert!(
                error.starts_with("AWS_CA_BUNDLE: /") && error.contains(words),
                "{pem:?}: {error}"
            );
        }
        for path in ["/nonexistent/ca.pem", "/"] {
            let error = load(&|name| (name == "AWS_CA_BUNDLE").then(|| path.into()))
                .err()
                .unwrap();
            assert!(error.to_string().contains("cannot be read"), "{error}");
        }
    }

    #[test]
    fn without_certificates_of_the_system_mozillas_count() {
        let mut unusable = CertificateResult::default();
        unusable.certs.push(CertificateDer::from(vec![0]));
        let missing = load_certs_from_paths(Some(Path::new("/nonexistent/ca.pem")), None);
        assert!(!missing.errors.is_empty());
        for loaded in [CertificateResult::default(), unusable, missing] {
            let (store, roots) = choose(loaded, None).unwrap();
            assert_eq!(roots, Roots::Mozilla(store.len()));
            assert!(store.len() > 100, "{roots}");
        }
    }

    #[test]
    fn certificates_that_the_user_named_have_no_substitute() {
        let empty = tempfile::NamedTempFile::new().unwrap();
        for (path, words) in [
            (Path::new("/nonexistent/ca.pem"), "'/nonexistent/ca.pem'"),
            (empty.path(), "no certificate"),
        ] {
            for variables in ["SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CERT_FILE and SSL_CERT_DIR"] {
                let set = |name: &str| variables.contains(name).then(|| "/somewhere".into());
                let loaded = load_certs_from_paths(Some(path), None);
                let error = choose(loaded, named(&set)).err().unwrap().to_string();
                assert!(error.starts_with(&format!("{variables}: ")), "{error}");
                assert!(error.contains(words), "{error}");
            }
        }
        assert_eq!(named(&|_| Some("".into())), None);
    }

    #[test]
    fn what_can_be_used_is_used() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), certificate()).unwrap();
        let nothing = file.path().with_extension("d");
        let mut loaded = load_certs_from_paths(Some(file.path()), Some(&nothing));
        loaded.certs.push(CertificateDer::from(vec![0]));
        assert!(!loaded.errors.is_empty());
        let (_, roots) = choose(loaded, Some("SSL_CERT_FILE")).unwrap();
        assert_eq!(roots, Roots::System(1));
    }

    #[test]
    fn there_are_always_roots() {
        for unset in [None, Some("")] {
            let (store, roots) = load(&|_| unset.map(Into::into)).ok().unwrap();
            assert!(store.len() > 20, "{roots}");
        }
    }
}
