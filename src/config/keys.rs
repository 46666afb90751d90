//! The configuration language as data: the one list that reading, messages and documents are made from.

use std::fmt;

/// A key that this version understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The tables it lies in and its name, such as `profile.<name>.region`.
    pub path: &'static str,
    /// Whether it may be left out, and what holds then.
    pub presence: Presence,
    /// What a value must be, as the end of a sentence.
    pub must: &'static str,
    /// What it means, in one line.
    pub what: &'static str,
}

/// What holds when a key is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// A mistake.
    Required,
    /// Nothing: the feature is off.
    Optional,
    /// This value.
    Default(&'static str),
}

impl Key {
    /// The last part of the path.
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }
}

/// As a table of keys shows it.
impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Default(value) => value,
        })
    }
}

/// Every key that this version understands.
pub const KEYS: &[Key] = &[
    CREDENTIALS,
    OPS,
    TOKEN_DIR,
    TOKEN_MODE,
    REGION,
    KEY,
    KEY_DIRECTORY,
    MFA_SERIAL,
    MFA_CODE,
    MFA_CODE_TOTP_SEED_FILE,
    DURATION_SECONDS,
    REQUIRED,
    ENDPOINT_URL,
    INSECURE_ENDPOINT,
];

pub(super) const ABSOLUTE_PATH: &str = "must be an absolute path; neither a relative one nor ~ is expanded";

pub(super) const CREDENTIALS: Key = Key {
    path: "server.credentials",
    presence: Presence::Default("127.0.0.1:7411"),
    must: "must be a loopback address and port such as \"127.0.0.1:7411\"",
    what: "Address of the container-credentials endpoint; loopback only",
};

pub(super) const OPS: Key = Key {
    path: "server.ops",
    presence: Presence::Default("127.0.0.1:7412"),
    must: "must be an address and port such as \"127.0.0.1:7412\"",
    what: "Address of `/metrics` and the probes; any address, since no secret is there",
};

pub(super) const TOKEN_DIR: Key = Key {
    path: "server.token_dir",
    presence: Presence::Default("<runtime dir>/tokens"),
    must: ABSOLUTE_PATH,
    what: "Folder of the authorization tokens: `<token_dir>/<profile>/token`. The runtime dir is the first of \
           `$RUNTIME_DIRECTORY`, else `$XDG_RUNTIME_DIR/valetkey`",
};

pub(super) const TOKEN_MODE: Key = Key {
    path: "server.token_mode",
    presence: Presence::Default("0600"),
    must: "must be octal permissions in quotes such as \"0600\"",
    what: "Permissions of a token file; whoever may read it may have the credentials",
};

pub(super) const REGION: Key = Key {
    path: "profile.<name>.region",
    presence: Presence::Required,
    must: "must be a region such as \"eu-west-1\"",
    what: "Region whose STS is asked",
};

pub(super) const KEY: Key = Key {
    path: "profile.<name>.key",
    presence: Presence::Required,
    must: "must be a table with one source, such as { directory = \"/etc/valetkey/key\" }",
    what: "Where the long-term key comes from: one of the sources below",
};

pub(super) const KEY_DIRECTORY: Key = Key {
    path: "profile.<name>.key.directory",
    presence: Presence::Required,
    must: ABSOLUTE_PATH,
    what: "Folder with the files `aws_access_key_id` and `aws_secret_access_key`",
};

pub(super) const MFA_SERIAL: Key = Key {
    path: "profile.<name>.mfa_serial",
    presence: Presence::Optional,
    must: "must be an MFA device: an ARN such as arn:aws:iam::123456789012:mfa/name, or a hardware serial number",
    what: "MFA device of the IAM user; needs `mfa_code`",
};

pub(super) const MFA_CODE: Key = Key {
    path: "profile.<name>.mfa_code",
    presence: Presence::Optional,
    must: "must be a table with one source, such as { totp_seed_file = \"/etc/valetkey/mfa/totp_seed\" }",
    what: "Where the device's codes come from: one of the sources below; needs `mfa_serial`",
};

pub(super) const MFA_CODE_TOTP_SEED_FILE: Key = Key {
    path: "profile.<name>.mfa_code.totp_seed_file",
    presence: Presence::Required,
    must: ABSOLUTE_PATH,
    what: "File with the TOTP seed, in base32 or as an `otpauth://` URI",
};

pub(super) const DURATION_SECONDS: Key = Key {
    path: "profile.<name>.duration_seconds",
    presence: Presence::Default("43200"),
    must: "must be 900 to 129600 seconds (15 minutes to 36 hours)",
    what: "How long a session is asked for, 900 to 129600 seconds",
};

pub(super) const REQUIRED: Key = Key {
    path: "profile.<name>.required",
    presence: Presence::Default("true"),
    must: "must be true or false",
    what: "Whether readiness waits for this profile",
};

pub(super) const ENDPOINT_URL: Key = Key {
    path: "profile.<name>.endpoint_url",
    presence: Presence::Default("https://sts.<region>.<AWS's domain>"),
    must: "must be a URL such as \"https://sts.example\"",
    what: "Another STS: https, or plain http to loopback",
};

pub(super) const INSECURE_ENDPOINT: Key = Key {
    path: "profile.<name>.insecure_endpoint",
    presence: Presence::Default("false"),
    must: "must be true or false",
    what: "Allows plain http to an `endpoint_url` beyond loopback: whoever is on the way reads the credentials",
};

/// Words of the language that this version does not have yet, and what they come with.
pub(super) const LATER: &[(&str, &str)] = &[
    ("server.imds", "the IMDSv2 endpoint"),
    ("server.imds_profile", "the IMDSv2 endpoint"),
    ("server.control_socket", "the control socket"),
    ("server.state_dir", "the state directory"),
    ("profile.<name>.key.environment", "keys from the environment"),
    (
        "profile.<name>.key.shared_credentials",
        "keys from the shared credentials file",
    ),
    ("profile.<name>.key.process", "keys from a process"),
    ("profile.<name>.mfa_code.process", "MFA codes from a process"),
    ("profile.<name>.mfa_code.push", "MFA codes that a person submits"),
    ("profile.<name>.source_profile", "role chaining"),
    ("profile.<name>.role_arn", "roles"),
    ("profile.<name>.role_session_name", "roles"),
    ("profile.<name>.external_id", "roles"),
    ("profile.<name>.source_identity", "roles"),
    ("profile.<name>.policy", "session policies"),
    ("profile.<name>.policy_arns", "session policies"),
    ("profile.<name>.tags", "session tags"),
    ("profile.<name>.transitive_tag_keys", "session tags"),
    ("profile.<name>.web_identity_token_file", "AssumeRoleWithWebIdentity"),
    ("profile.<name>.principal_arn", "AssumeRoleWithSAML"),
    ("profile.<name>.saml_assertion", "AssumeRoleWithSAML"),
    ("profile.<name>.federation_name", "GetFederationToken"),
    ("profile.<name>.target_principal", "AssumeRoot"),
    ("profile.<name>.expected_account_id", "the check of the account"),
];

/// The names directly in a table that this version understands; `""` is the file itself.
pub(super) fn supported(table: &str) -> Vec<&'static str> {
    let mut names: Vec<_> = KEYS.iter().filter_map(|key| name_in(table, key.path)).collect();
    names.dedup();
    names
}

/// The names directly in a table that a later version has, each with what it comes with.
pub(super) fn later(table: &str) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
    LATER
        .iter()
        .filter_map(|&(path, feature)| path.rsplit_once('.').map(|(parent, name)| (parent, name, feature)))
        .filter_map(move |(parent, name, feature)| (parent == table).then_some((name, feature)))
}

fn name_in(table: &str, path: &'static str) -> Option<&'static str> {
    let rest = match table {
        "" => path,
        _ => path.strip_prefix(table)?.strip_prefix('.')?,
    };
    rest.split('.').next()
}
