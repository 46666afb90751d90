use crate::aws::ProfileName;
use crate::config::{KeySource, Kind};

/// Whose signature asks for a profile's credentials.
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
    /// Nobody's: the request is not signed.
    Unsigned,
}

impl Source {
    /// The source of a profile of this kind.
    pub fn of(kind: &Kind) -> Self {
        match (kind.key(), kind.source_profile()) {
            (Some(KeySource::Directory(_)), _) => Self::KeyDirectory,
            (Some(KeySource::Environment), _) => Self::Environment,
            (Some(KeySource::Process(_)), _) => Self::Process,
            (Some(KeySource::SharedCredentials { .. }), _) => Self::SharedCredentials,
            (None, Some(profile)) => Self::Profile(profile.clone()),
            (None, None) => Self::Unsigned,
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
            Self::Unsigned => "unsigned",
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
