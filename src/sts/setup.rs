use std::path::PathBuf;

/// Why the client could not be built. No message repeats a proxy's URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The certificates that the user named are not usable.
    #[error(
        "AWS_CA_BUNDLE: {path} {problem}; name a file of certificates in PEM form, or unset it to use the system's",
        path = .path.display()
    )]
    CaBundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The certificates that the user put in the place of the system's are not usable; to go on with others would trust
    /// whom the user did not choose.
    #[error("{variables}: {problem}; name what holds certificates in PEM form, or unset it to use the system's")]
    SystemCertificates {
        /// The environment variables that are set.
        variables: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A proxy that could not be used; going without it would be a surprise.
    #[error("{variable} {problem}; write it as http://host:port or http://user:password@host:port, or unset it")]
    Proxy {
        /// The environment variable.
        variable: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The TLS library refused its settings.
    #[error("the HTTPS client cannot be built: {0}")]
    Client(String),
}

impl SetupError {
    pub(super) fn proxy(variable: &'static str, problem: &'static str) -> Self {
        Self::Proxy { variable, problem }
    }
}
