use crate::aws::ProfileName;
use crate::config::{KeySource, Kind, SignedBy};

/// Whose signature asks for a profile's credentials, or what opens them where nothing signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A long-term key in a folder.
    KeyDirectory,
    /// A long-term key of the daemon's environment.
    Environment,
    /// A long-term key that a process prints.
    Process,
    /// A long-term key of a shared credentials file.
    SharedCredentials,
    /// The temporary credentials of another profile.
    Profile(ProfileName),
    /// The token of an identity provider.
    WebIdentityTokenFile,
    /// The SAML assertion of an identity provider.
    SamlAssertion,
}

impl Source {
    /// The source of a profile of this kind.
    pub fn of(kind: &Kind) -> Self {
        let key = match kind {
            Kind::Session(session) => &session.key,
            Kind::Federation(federation) => &federation.key,
            Kind::Role(role) => match &role.signed_by {
                SignedBy::Key { key, .. } => key,
                SignedBy::Profile(source) => return Self::Profile(source.clone()),
            },
            Kind::Root(root) => return Self::Profile(root.source.clone()),
            Kind::WebIdentity(_) => return Self::WebIdentityTokenFile,
            Kind::Saml(_) => return Self::SamlAssertion,
        };
        match key {
            KeySource::Directory(_) => Self::KeyDirectory,
            KeySource::Environment => Self::Environment,
            KeySource::Process(_) => Self::Process,
            KeySource::SharedCredentials { .. } => Self::SharedCredentials,
        }
    }

    /// The word in `status`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::KeyDirectory => "key_directory",
            Self::Environment => "environment",
            Self::Process => "process",
            Self::SharedCredentials => "shared_credentials",
            Self::Profile(_) => "source_profile",
            Self::WebIdentityTokenFile => "web_identity_token_file",
            Self::SamlAssertion => "saml_assertion",
        }
    }

    /// The source profile's name.
    pub fn profile(&self) -> Option<&ProfileName> {
        match self {
            Self::Profile(name) => Some(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::SessionDuration;
    use crate::config::Session;
    use crate::process::Command;

    #[test]
    fn every_kind_of_key_has_its_word() {
        let command = Command::new(vec!["secret".into()], Vec::new()).unwrap();
        let shared = KeySource::SharedCredentials {
            file: "/file".into(),
            form: crate::aws_file::Form::Credentials,
            profile: "x".into(),
        };
        for (key, word) in [
            (KeySource::Directory("/key".into()), "key_directory"),
            (KeySource::Environment, "environment"),
            (KeySource::Process(command), "process"),
            (shared, "shared_credentials"),
        ] {
            let kind = Kind::Session(Session {
                key,
                mfa: None,
                duration: SessionDuration::default(),
            });
            assert_eq!(Source::of(&kind).as_str(), word);
        }
    }
}
