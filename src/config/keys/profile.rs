use super::server::ABSOLUTE_PATH;
use super::{Key, Presence};

pub(crate) const REGION: Key = Key {
    path: "profile.<name>.region",
    presence: Presence::Required,
    must: "must be a region such as \"eu-west-1\"",
    what: "Region whose STS is asked",
};

pub(crate) const KEY: Key = Key {
    path: "profile.<name>.key",
    presence: Presence::Required,
    must: "must be a table with one source, such as { directory = \"/etc/valetkey/key\" }",
    what: "Where the long-term key comes from: one of the sources below. A profile that another one, a token or an assertion \
           opens has none",
};

pub(crate) const KEY_DIRECTORY: Key = Key {
    path: "profile.<name>.key.directory",
    presence: Presence::OneOf,
    must: ABSOLUTE_PATH,
    what: "Folder with the files `aws_access_key_id` and `aws_secret_access_key`",
};

pub(crate) const KEY_SHARED_CREDENTIALS: Key = Key {
    path: "profile.<name>.key.shared_credentials",
    presence: Presence::OneOf,
    must: "must be the name of a profile in the shared credentials file, such as \"default\"",
    what: "Profile of the file that `$AWS_SHARED_CREDENTIALS_FILE` names, else `$HOME/.aws/credentials`",
};

pub(crate) const KEY_PROCESS: Key = Key {
    path: "profile.<name>.key.process",
    presence: Presence::OneOf,
    must: "must be a list of a program and its arguments such as [\"/usr/bin/print-key\", \"ops\"]",
    what: "Program and arguments (no shell) that print the key as the JSON of `credential_process`",
};

pub(crate) const KEY_ENVIRONMENT: Key = Key {
    path: "profile.<name>.key.environment",
    presence: Presence::OneOf,
    must: "must be true; for another source leave it out",
    what: "`true`: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` of the daemon's own environment, which is less safe than files",
};

pub(crate) const KEY_PASS_ENVIRONMENT: Key = Key {
    path: "profile.<name>.key.pass_environment",
    presence: Presence::Optional,
    must: "must be a list of names of environment variables such as [\"GNUPGHOME\"]",
    what: "Environment variables that `process` gets beside `PATH` and `HOME`",
};

pub(crate) const MFA_SERIAL: Key = Key {
    path: "profile.<name>.mfa_serial",
    presence: Presence::Optional,
    must: "must be an MFA device: an ARN such as arn:aws:iam::123456789012:mfa/name, or a hardware serial number",
    what: "MFA device of the IAM user; needs `mfa_code`",
};

pub(crate) const MFA_DEVICES: Key = Key {
    path: "profile.<name>.mfa_devices",
    presence: Presence::Optional,
    must: "must be a list of one to eight devices such as [{ mfa_serial = \"arn:aws:iam::123456789012:mfa/one\", mfa_code = \
           { totp_seed_file = \"/etc/valetkey/mfa/one\" } }]",
    what: "In place of `mfa_serial` and `mfa_code`: several MFA devices of the user, of which the one is used whose next step is free first",
};

pub(crate) const MFA_DEVICES_MFA_SERIAL: Key = Key {
    path: "profile.<name>.mfa_devices.mfa_serial",
    presence: Presence::Required,
    must: MFA_SERIAL.must,
    what: "One of the devices",
};

pub(crate) const MFA_DEVICES_MFA_CODE: Key = Key {
    path: "profile.<name>.mfa_devices.mfa_code",
    presence: Presence::Required,
    must: MFA_CODE.must,
    what: "Where its codes come from: `totp_seed_file` or `process`, as above",
};

pub(crate) const MFA_CODE: Key = Key {
    path: "profile.<name>.mfa_code",
    presence: Presence::Optional,
    must: "must be a table with one source, such as { totp_seed_file = \"/etc/valetkey/mfa/totp_seed\" }",
    what: "Where the device's codes come from: one of the sources below; needs `mfa_serial`",
};

pub(crate) const MFA_CODE_TOTP_SEED_FILE: Key = Key {
    path: "profile.<name>.mfa_code.totp_seed_file",
    presence: Presence::OneOf,
    must: ABSOLUTE_PATH,
    what: "File with the TOTP seed, in base32 or as an `otpauth://` URI",
};

pub(crate) const MFA_CODE_PROCESS: Key = Key {
    path: "profile.<name>.mfa_code.process",
    presence: Presence::OneOf,
    must: "must be a list of a program and its arguments such as [\"/usr/bin/print-code\", \"ops\"]",
    what: "Program and arguments (no shell) that print the code",
};

pub(crate) const MFA_CODE_PUSH: Key = Key {
    path: "profile.<name>.mfa_code.push",
    presence: Presence::OneOf,
    must: "must be true; for another source leave it out",
    what: "`true`: a person hands codes in with `valetkey mfa submit`",
};

pub(crate) const MFA_CODE_NOTIFY: Key = Key {
    path: "profile.<name>.mfa_code.notify",
    presence: Presence::Optional,
    must: "must be a list of a program and its arguments such as [\"notify-send\", \"valetkey\"]",
    what: "With `push`: program and arguments that are run when a code is asked for",
};

pub(crate) const MFA_CODE_PASS_ENVIRONMENT: Key = Key {
    path: "profile.<name>.mfa_code.pass_environment",
    presence: Presence::Optional,
    must: "must be a list of names of environment variables such as [\"GNUPGHOME\"]",
    what: "Environment variables that `process` or `notify` gets beside `PATH` and `HOME`",
};

pub(crate) const DURATION_SECONDS: Key = Key {
    path: "profile.<name>.duration_seconds",
    presence: Presence::Default("43200"),
    must: "must be 900 to 129600 seconds (15 minutes to 36 hours)",
    what: "How long the credentials are asked for: a session or a federated user 900 to 129600 seconds; a role 900 to 43200, by \
           default 3600, which is the most with a `source_profile`; a root session 60 to 900, by default 900",
};

pub(crate) const ALLOWED_UIDS: Key = Key {
    path: "profile.<name>.allowed_uids",
    presence: Presence::Optional,
    must: "must be a list of UIDs such as [1000, 1001]",
    what: "UIDs whose processes may have the credentials, as the kernel tells them of each connection; beside the token, and in \
           the IMDSv2 form in its place. Without it everybody's may",
};

pub(crate) const REQUIRED: Key = Key {
    path: "profile.<name>.required",
    presence: Presence::Default("true"),
    must: "must be true or false",
    what: "Whether readiness waits for this profile",
};

pub(crate) const USE_FIPS_ENDPOINT: Key = Key {
    path: "profile.<name>.use_fips_endpoint",
    presence: Presence::Default("false"),
    must: "must be true or false",
    what: "Whether AWS's FIPS endpoint is asked",
};

pub(crate) const USE_DUALSTACK_ENDPOINT: Key = Key {
    path: "profile.<name>.use_dualstack_endpoint",
    presence: Presence::Default("false"),
    must: "must be true or false",
    what: "Whether AWS's dual-stack endpoint is asked, which has IPv6, too",
};

pub(crate) const STS_REGIONAL_ENDPOINTS: Key = Key {
    path: "profile.<name>.sts_regional_endpoints",
    presence: Presence::Default("regional"),
    must: "must be \"regional\" or \"legacy\"",
    what: "`legacy`: in AWS's older regions the global endpoint, whose credentials some of the newer ones refuse",
};

pub(crate) const ENDPOINT_URL: Key = Key {
    path: "profile.<name>.endpoint_url",
    presence: Presence::Default("https://sts.<region>.<AWS's domain>"),
    must: "must be a URL such as \"https://sts.example\"",
    what: "Another STS: https, or plain http to loopback. It cannot stand beside FIPS or dual-stack",
};

pub(crate) const INSECURE_ENDPOINT: Key = Key {
    path: "profile.<name>.insecure_endpoint",
    presence: Presence::Default("false"),
    must: "must be true or false",
    what: "Allows plain http to an `endpoint_url` beyond loopback: whoever is on the way reads the credentials",
};
