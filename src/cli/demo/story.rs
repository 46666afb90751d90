use std::io;
use std::path::{Path, PathBuf};

use crate::app::Listeners;
use crate::emulator::Access;

/// The demo's one profile.
pub(super) const PROFILE: &str = "demo";

/// The file that a user would write.
pub(super) fn configuration(folder: &Path, access: &Access) -> String {
    let folder = folder.display();
    format!(
        r#"[server]
credentials    = "127.0.0.1:0"
ops            = "127.0.0.1:0"
token_dir      = "{folder}/tokens"
control_socket = "{folder}/control.sock"

[profile.{PROFILE}]
region       = "{region}"
endpoint_url = "{url}"
key          = {{ directory = "{folder}/key" }}
mfa_serial   = "{serial}"
mfa_code     = {{ totp_seed_file = "{folder}/totp_seed" }}
"#,
        region = access.region,
        url = access.url,
        serial = access.mfa_serial,
    )
}

/// What the demo says before and after the first session.
pub(super) struct Story {
    folder: PathBuf,
    sts: String,
    region: String,
    mfa_serial: String,
    /// The last four characters of the long-term key's id.
    key: String,
    lifetime: u32,
    credentials: String,
    ops: String,
}

impl Story {
    pub(super) fn new(folder: &Path, access: &Access, lifetime: u32, listeners: &Listeners) -> io::Result<Self> {
        let id = &access.access_key_id;
        Ok(Self {
            folder: folder.to_owned(),
            sts: access.url.clone(),
            region: access.region.clone(),
            mfa_serial: access.mfa_serial.clone(),
            key: id.chars().skip(id.len() - 4).collect(),
            lifetime,
            credentials: listeners.credentials.local_addr()?.to_string(),
            ops: listeners.ops.local_addr()?.to_string(),
        })
    }

    pub(super) fn beginning(&self) -> String {
        format!(
            "valetkey demo: an IAM user, an MFA device and an STS, all made up and all on this machine\n\
             \n\
             The STS is an emulator at {sts}. It checks signatures, MFA codes and time stamps\n\
             as AWS does, and cuts every session to {lifetime} s, so that you see renewals.\n\
             The daemon holds the user's long-term key (…{key}) and the seed of its MFA device\n\
             {serial}, both in {folder}.\n\
             An application never sees them: it gets the session.\n\
             \n\
             What happens (times are UTC):\n",
            sts = self.sts,
            lifetime = self.lifetime,
            key = self.key,
            serial = self.mfa_serial,
            folder = self.folder.display(),
        )
    }

    /// The commands for a second terminal; each can be pasted as it is.
    pub(super) fn commands(&self) -> String {
        let folder = self.folder.display();
        format!(
            "\n\
             Now ask as an application would, in a second terminal:\n\
             \n\
             \x20   curl -sS -H \"Authorization: $(cat {folder}/tokens/{PROFILE}/token)\" http://{credentials}/credentials/{PROFILE}\n\
             \n\
             or with an SDK (the last three lines keep other credentials of yours out of the way):\n\
             \n\
             \x20   export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://{credentials}/credentials/{PROFILE}\n\
             \x20   export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE={folder}/tokens/{PROFILE}/token\n\
             \x20   export AWS_REGION={region} AWS_DEFAULT_REGION={region} AWS_ENDPOINT_URL_STS={sts}\n\
             \x20   export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null\n\
             \x20   unset AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN\n\
             \x20   unset AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI\n\
             \n\
             \x20   aws sts get-caller-identity\n\
             \x20   python3 -c 'import boto3; print(boto3.client(\"sts\").get_caller_identity()[\"Arn\"])'\n\
             \n\
             and as an operator: curl -sS http://{ops}/metrics\n\
             \n\
             \x20   {valetkey} status --control-socket {folder}/control.sock\n\
             \n\
             Ctrl-C ends the demo.\n\
             \n",
            credentials = self.credentials,
            region = self.region,
            sts = self.sts,
            ops = self.ops,
            valetkey = this_program(),
        )
    }
}

/// How to start it again from another terminal, whatever its working folder and its `PATH`.
fn this_program() -> String {
    std::env::current_exe().map_or_else(|_| String::from("valetkey"), |path| path.display().to_string())
}
