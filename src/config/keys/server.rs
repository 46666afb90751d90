use super::{Key, Presence};

pub(crate) const ABSOLUTE_PATH: &str = "must be an absolute path; neither a relative one nor ~ is expanded";

pub(crate) const CREDENTIALS: Key = Key {
    path: "server.credentials",
    presence: Presence::Default("127.0.0.1:7411"),
    must: "must be an address and port such as \"127.0.0.1:7411\"",
    what: "Address of the container-credentials endpoint: loopback, `169.254.170.2`, `169.254.170.23` or `[fd00:ec2::23]`; any \
           with a certificate",
};

pub(crate) const TLS_CERTIFICATE: Key = Key {
    path: "server.tls_certificate",
    presence: Presence::Optional,
    must: ABSOLUTE_PATH,
    what: "File of the certificate chain, in PEM, that `credentials` shows: it then speaks TLS alone, on any address. Read again \
           when it changes",
};

pub(crate) const TLS_PRIVATE_KEY: Key = Key {
    path: "server.tls_private_key",
    presence: Presence::Optional,
    must: ABSOLUTE_PATH,
    what: "File of the certificate's private key, in PEM and without a passphrase",
};

pub(crate) const OPS: Key = Key {
    path: "server.ops",
    presence: Presence::Default("127.0.0.1:7412"),
    must: "must be an address and port such as \"127.0.0.1:7412\"",
    what: "Address of `/metrics` and the probes; any address, since no secret is there",
};

pub(crate) const TOKEN_DIR: Key = Key {
    path: "server.token_dir",
    presence: Presence::Default("<runtime dir>/tokens"),
    must: ABSOLUTE_PATH,
    what: "Folder of the authorization tokens: `<token_dir>/<profile>/token`. The runtime dir is the first of \
           `$RUNTIME_DIRECTORY`, else `$XDG_RUNTIME_DIR/valetkey`",
};

pub(crate) const TOKEN_MODE: Key = Key {
    path: "server.token_mode",
    presence: Presence::Default("0600"),
    must: "must be a string of octal permissions such as \"0600\"",
    what: "Permissions of a token file; whoever may read it may have the credentials",
};

pub(crate) const TOKEN_GRACE_SECONDS: Key = Key {
    path: "server.token_grace_seconds",
    presence: Presence::Default("600"),
    must: "must be an integer from 0 to 86400",
    what: "How long an old token is taken after `valetkey reload --rotate-tokens`, 0 to 86400 seconds",
};

pub(crate) const RELATIVE_URI: Key = Key {
    path: "server.relative_uri",
    presence: Presence::Optional,
    must: "must be \"id\" or \"token\"",
    what: "Whether `credentials` serves `/v2/credentials/…` for `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`. `id`: the path that \
           `<token_dir>/<profile>/relative_uri` holds is the secret; `token`: the path is `/v2/credentials/<profile>`, and the \
           token is asked for",
};

pub(crate) const CONTROL_SOCKET: Key = Key {
    path: "server.control_socket",
    presence: Presence::Default("<runtime dir>/control.sock"),
    must: ABSOLUTE_PATH,
    what: "Socket of `valetkey status`, `mfa submit`, `reload` and `sts`; its owner's alone",
};

pub(crate) const STATE_DIR: Key = Key {
    path: "server.state_dir",
    presence: Presence::Optional,
    must: ABSOLUTE_PATH,
    what: "Folder in which used MFA steps and sealed sessions outlive a restart; without it nothing is kept",
};

pub(crate) const IMDS: Key = Key {
    path: "server.imds",
    presence: Presence::Optional,
    must: "must be a loopback address and port such as \"127.0.0.1:7413\"",
    what: "Address of the IMDSv2 endpoint, which asks for no secret; loopback only, or `169.254.169.254:80` and \
           `[fd00:ec2::254]:80` as on EC2",
};

pub(crate) const IMDS_PROFILE: Key = Key {
    path: "server.imds_profile",
    presence: Presence::Optional,
    must: "must be the name of the one profile that is served to whoever reaches the listener",
    what: "The one profile that `imds` serves, to whoever reaches it; may be left out where there is one alone",
};

pub(crate) const IMDS_HOP_LIMIT: Key = Key {
    path: "server.imds_hop_limit",
    presence: Presence::Default("1"),
    must: "must be an integer from 1 to 64",
    what: "IP TTL of the replies of `imds`, 1 to 64: with 1 no router passes them on",
};

pub(crate) const IMDS_AVAILABILITY_ZONE: Key = Key {
    path: "server.imds_availability_zone",
    presence: Presence::Optional,
    must: "must be a zone of the region of the profile that `imds` serves: the region and a letter, such as \
           \"eu-west-1a\"",
    what: "Zone that `imds` tells; without it the `a` of the profile's region",
};

pub(crate) const IMDS_INSTANCE_ID: Key = Key {
    path: "server.imds_instance_id",
    presence: Presence::Optional,
    must: "must be an instance's id such as \"i-0123456789abcdef0\"",
    what: "Instance id that `imds` tells; without it there is none",
};

pub(crate) const IMDS_INSTANCE_PROFILE_ARN: Key = Key {
    path: "server.imds_instance_profile_arn",
    presence: Presence::Optional,
    must: "must be an ARN such as \"arn:aws:iam::123456789012:instance-profile/ops\"",
    what: "Instance profile that `imds` tells under `iam/info`; without it there is none",
};

pub(crate) const AUDIT: Key = Key {
    path: "server.audit",
    presence: Presence::Default("false"),
    must: "must be true or false",
    what: "Whether each serving of credentials is a line in the log",
};
