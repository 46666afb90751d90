use std::path::PathBuf;

use crate::aws::SerialNumber;
use crate::{aws_file, process};

/// `key = { … }`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeySource {
    /// A folder with `aws_access_key_id` and `aws_secret_access_key`.
    Directory(PathBuf),
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` of the daemon's environment.
    Environment,
    /// A process that prints the JSON of `credential_process`.
    Process(process::Command),
    /// A profile of a shared credentials (or config) file.
    SharedCredentials {
        /// The file.
        file: PathBuf,
        /// Which of the two.
        form: aws_file::Form,
        /// The profile in it.
        profile: String,
    },
}

/// `mfa_serial` and `mfa_code`, or `mfa_devices`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mfa {
    /// The device.
    pub serial: SerialNumber,
    /// Where its codes come from.
    pub code: MfaCode,
    /// Other devices of the user, with none of their own, whose codes are as good; none of them is a person's, nor is the first then.
    pub others: Vec<Self>,
}

impl Mfa {
    /// One device.
    pub fn new(serial: SerialNumber, code: MfaCode) -> Self {
        Self {
            serial,
            code,
            others: Vec::new(),
        }
    }

    /// All devices, in the order of the configuration.
    pub fn devices(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }
}

/// `mfa_code = { … }`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MfaCode {
    /// A process that prints the code.
    Process(process::Command),
    /// A person, who submits it over the control socket.
    Push {
        /// Run whenever a code is asked for.
        notify: Option<process::Command>,
    },
    /// A file with the TOTP seed, in base32 or as an `otpauth://` URI.
    TotpSeedFile(PathBuf),
}

impl MfaCode {
    /// The process that tells a person that a code is wanted.
    pub fn notify(&self) -> Option<&process::Command> {
        match self {
            Self::Push { notify } => notify.as_ref(),
            Self::Process(_) | Self::TotpSeedFile(_) => None,
        }
    }
}

/// `saml_assertion = { … }`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AssertionSource {
    /// A file that something else replaces whenever the identity provider gives another one.
    File(PathBuf),
    /// A process that prints a fresh one.
    Process(process::Command),
}
