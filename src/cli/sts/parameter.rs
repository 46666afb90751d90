use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, builder::ValueParser};

/// An option of an action. They are a table and not a struct for each action, which would be a parser for each.
pub(super) struct Parameter {
    /// Without the dashes.
    pub(super) name: &'static str,
    value: &'static str,
    what: &'static str,
    form: Form,
}

/// How often and as what a value is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Flag,
    One,
    /// A text that may begin with a hyphen, as what others encode does.
    Encoded,
    Many,
    Path,
    /// A path that the environment may name.
    PathOf(&'static str),
    /// A file with a secret; the option that the AWS CLI takes the secret itself with is refused.
    SecretFile(&'static str),
    /// What is asked for when it is needed, by a name that is refused.
    Asked(&'static str),
}

/// What belongs to no option, by a name that no option has.
pub(super) const STRAY: &str = "stray";

impl Parameter {
    const fn new(name: &'static str, value: &'static str, what: &'static str, form: Form) -> Self {
        Self {
            name,
            value,
            what,
            form,
        }
    }

    pub(super) const fn one(name: &'static str, value: &'static str, what: &'static str) -> Self {
        Self::new(name, value, what, Form::One)
    }

    pub(super) const fn encoded(name: &'static str, value: &'static str, what: &'static str) -> Self {
        Self::new(name, value, what, Form::Encoded)
    }

    pub(super) const fn many(name: &'static str, value: &'static str, what: &'static str) -> Self {
        Self::new(name, value, what, Form::Many)
    }

    pub(super) const fn secret_file(name: &'static str, what: &'static str, typed: &'static str) -> Self {
        Self::new(name, "PATH", what, Form::SecretFile(typed))
    }

    const fn flag(name: &'static str, what: &'static str) -> Self {
        Self::new(name, "", what, Form::Flag)
    }

    pub(super) fn arg(&self) -> Arg {
        let arg = Arg::new(self.name).long(self.name).help(self.what);
        let valued = || arg.clone().value_name(self.value);
        match self.form {
            Form::Flag => arg.action(ArgAction::SetTrue),
            Form::One | Form::Asked(_) => valued(),
            Form::Encoded => valued().allow_hyphen_values(true),
            Form::Many => valued().num_args(1..).action(ArgAction::Append),
            Form::Path | Form::SecretFile(_) => valued().value_parser(ValueParser::path_buf()),
            Form::PathOf(variable) => valued().env(variable).value_parser(ValueParser::path_buf()),
        }
    }

    pub(super) fn usage(&self) -> String {
        format!("--{} <{}>", self.name, self.value)
    }

    /// The option that would show a secret in the arguments, and what to do in its place.
    pub(super) fn refused(&self) -> Option<(&'static str, String)> {
        match self.form {
            Form::SecretFile(typed) => Some((
                typed,
                format!(
                    "write it to a file that you alone can read and name that with --{}, or have it read from standard \
                     input with --{} -",
                    self.name, self.name
                ),
            )),
            Form::Asked(typed) => Some((
                typed,
                "leave it out: it is made, or asked for, when it is needed".to_owned(),
            )),
            _ => None,
        }
    }
}

/// Takes whatever is typed, so that it can be refused without being repeated.
pub(super) fn refused_arg(name: &'static str) -> Arg {
    let taken = Arg::new(name)
        .long(name)
        .hide(true)
        .num_args(0..)
        .action(ArgAction::Append);
    taken.value_parser(ValueParser::os_string()).allow_hyphen_values(true)
}

pub(super) fn stray_arg() -> Arg {
    let taken = Arg::new(STRAY).hide(true).num_args(0..).action(ArgAction::Append);
    taken.value_parser(ValueParser::os_string())
}

/// What [`refused_arg`] and [`stray_arg`] hold.
pub(super) type Refused = OsString;

/// What paths are held as.
pub(super) type Place = PathBuf;

pub(super) const JSON: Parameter = Parameter::flag("json", "Print the answer in JSON, as the AWS CLI prints it");
pub(super) const PROFILE: Parameter = Parameter::one(
    "profile",
    "NAME",
    "The profile that asks; may be left out where there is one",
);
pub(super) const CONFIG: Parameter = Parameter::new(
    "config",
    "FILE",
    "The daemon's configuration file [default: AWS_CONTAINER_CREDENTIALS_FULL_URI, else the environment as `serve` reads it]",
    Form::PathOf("VALETKEY_CONFIG"),
);
pub(super) const AWS_PROFILE: Parameter = Parameter::one(
    "aws-profile",
    "NAME",
    "Instead of a configuration file: this profile of AWS's shared files, as `serve` reads it",
);
pub(super) const REGION: Parameter = Parameter::one(
    "region",
    "REGION",
    "Where no profile is named: the region whose STS is asked [default: AWS_REGION, else AWS_DEFAULT_REGION]",
);
pub(super) const LONG_TERM_KEY: Parameter = Parameter::flag(
    "long-term-key",
    "Sign with the profile's long-term key rather than with the credentials that the daemon serves",
);
pub(super) const CREDENTIALS: Parameter = Parameter::one(
    "credentials",
    "ADDRESS",
    "The daemon's credentials endpoint, where `serve` was told another than the configuration",
);
pub(super) const TOKEN_DIR: Parameter = Parameter::new("token-dir", "FOLDER", "Likewise its tokens", Form::Path);
pub(super) const CONTROL_SOCKET: Parameter = Parameter::new(
    "control-socket",
    "PATH",
    "Likewise its control socket, which is asked for a step of the MFA device",
    Form::PathOf("VALETKEY_CONTROL_SOCKET"),
);

/// What every action has.
pub(super) const COMMON: [&Parameter; 7] = [
    &PROFILE,
    &CONFIG,
    &AWS_PROFILE,
    &REGION,
    &CREDENTIALS,
    &TOKEN_DIR,
    &CONTROL_SOCKET,
];

pub(super) const ROLE_ARN: Parameter = Parameter::one("role-arn", "ARN", "The role");
pub(super) const ROLE_SESSION_NAME: Parameter = Parameter::one(
    "role-session-name",
    "NAME",
    "The name of the session in the role's ARN and in CloudTrail",
);
pub(super) const DURATION_SECONDS: Parameter =
    Parameter::one("duration-seconds", "SECONDS", "How long what STS gives shall live");
pub(super) const POLICY: Parameter = Parameter::one("policy", "JSON", "A session policy, or file://PATH of one");
pub(super) const POLICY_ARNS: Parameter =
    Parameter::many("policy-arns", "arn=ARN", "Managed session policies, at most 10");
pub(super) const TAGS: Parameter = Parameter::many("tags", "Key=KEY,Value=VALUE", "Tags, at most 50");
pub(super) const MINIMUM_SESSION_TOKEN_SIZE: Parameter = Parameter::one(
    "minimum-session-token-size",
    "BYTES",
    "The size to which STS pads the session token",
);
pub(super) const SERIAL_NUMBER: Parameter = Parameter::new(
    "serial-number",
    "DEVICE",
    "The MFA device, with the long-term key [default: that of the profile]; the code of another is asked for",
    Form::Asked("token-code"),
);
pub(super) const NO_MFA: Parameter = Parameter::flag("no-mfa", "Send no MFA code, though the profile has a device");
