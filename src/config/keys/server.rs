use super::{Key, Presence};

pub(crate) const ABSOLUTE_PATH: &str = "must be an absolute path; neither a relative one nor ~ is expanded";

pub(crate) const CREDENTIALS: Key = Key {
    path: "server.credentials",
    presence: Presence::Default("127.0.0.1:7411"),
    must: "must be a loopback address and port such as \"127.0.0.1:7411\"",
    what: "Address of the container-credentials endpoint; loopback only",
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

pub(crate) const CONTROL_SOCKET: Key = Key {
    path: "server.control_socket",
    presence: Presence::Default("<runtime dir>/control.sock"),
    must: ABSOLUTE_PATH,
    what: "Socket of `valetkey status`, `mfa submit`, `reload` and `sts`; its owner's alone",
};

pub(crate) const AUDIT: Key = Key {
    path: "server.audit",
    presence: Presence::Default("false"),
    must: "must be true or false",
    what: "Whether each serving of credentials is a line in the log",
};
