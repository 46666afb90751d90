use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::core::Sts;
use super::handle::Handle;
use super::ids::{Ids, random_seed};
use super::oidc::OidcProvider;
use super::roles::Role;
use super::rules::Rules;
use super::shell::serve;
use super::users::User;
use crate::clock::Clock;

/// What an emulator with one IAM user, one access key and one MFA device starts from.
#[derive(Debug, Clone)]
pub struct Options {
    /// A loopback address; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The account's twelve digits.
    pub account: String,
    /// The name of the IAM user, and of its virtual MFA device.
    pub user: String,
    /// The name of a role of the account, which the user may assume for at most an hour.
    pub role: String,
    /// The device's TOTP seed in base32; made up when left out.
    pub totp_seed: Option<String>,
    /// Identity providers that roles can trust.
    pub oidc_providers: Vec<OidcProvider>,
    /// Whatever else it can be told.
    pub rules: Rules,
}

/// What a client needs. All of it is made up for this run and protects nothing, so all of it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// `http://127.0.0.1:7413`
    pub url: String,
    /// The region to sign for.
    pub region: String,
    /// The user's long-term key.
    pub access_key_id: String,
    /// Its other half.
    pub secret_access_key: String,
    /// The ARN of the user's MFA device.
    pub mfa_serial: String,
    /// Its seed in base32.
    pub totp_seed: String,
    /// The ARN of the role that the user may assume.
    pub role_arn: String,
}

/// An emulator that is bound and waits to be served.
pub struct Emulator {
    listener: TcpListener,
    handle: Handle,
    clock: Arc<dyn Clock>,
    access: Access,
}

/// An emulator that serves in a task of its own, until this is dropped.
pub struct Running {
    /// To change and to watch it.
    pub handle: Handle,
    /// To call it.
    pub access: Access,
    task: JoinHandle<()>,
}

/// Why the emulator did not start, or not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address can be reached from elsewhere.
    #[error("cannot listen on {0}: the emulator speaks plain HTTP, so its address must be a loopback one (127.0.0.1)")]
    NotLoopback(SocketAddr),
    /// The address is taken, or not this host's.
    #[error("cannot listen on {address}: {source}; choose another address")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// An option that cannot be.
    #[error("{option} must be {rule}")]
    Invalid {
        /// Its name.
        option: &'static str,
        /// The rule that it broke.
        rule: &'static str,
    },
    /// What it started with could not be printed.
    #[error("cannot print how to reach the emulator: {0}")]
    Print(#[source] io::Error),
}

/// The whole of `valetkey sts-emulator`: binds, prints [`Access`] to `out`, and serves until `shutdown` is done.
pub async fn run(
    options: Options,
    clock: Arc<dyn Clock>,
    mut out: impl io::Write,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let emulator = Emulator::bind(options, clock).await?;
    let printed = write!(out, "{}", emulator.access()).and_then(|()| out.flush());
    printed.map_err(Error::Print)?;
    emulator.serve(shutdown).await;
    Ok(())
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            account: "123456789012".to_owned(),
            user: "demo".to_owned(),
            role: "demo".to_owned(),
            totp_seed: None,
            oidc_providers: Vec::new(),
            rules: Rules::default(),
        }
    }
}

impl Emulator {
    /// Checks the options, makes up the user, and binds.
    pub async fn bind(options: Options, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        check(&options)?;
        let listen_error = |source| Error::Listen {
            address: options.listen,
            source,
        };
        let listener = TcpListener::bind(options.listen).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;

        let mut ids = Ids::new(random_seed());
        let access = Access {
            url: format!("http://{address}"),
            region: options.rules.region.clone(),
            access_key_id: ids.access_key_id("AKIA"),
            secret_access_key: ids.secret_access_key(),
            mfa_serial: format!("arn:aws:iam::{}:mfa/{}", options.account, options.user),
            totp_seed: options.totp_seed.unwrap_or_else(|| ids.totp_seed()),
            role_arn: format!("arn:aws:iam::{}:role/{}", options.account, options.role),
        };
        let seed = decode_seed(&access.totp_seed)?;
        let user = User::iam(&options.account, &options.user)
            .with_key(&access.access_key_id, &access.secret_access_key)
            .with_device(&access.mfa_serial, &seed);
        let mut sts = Sts::new(options.rules, random_seed());
        sts.add_role(Role::new(&access.role_arn).trusting(&user.arn()));
        sts.add_user(user);
        options
            .oidc_providers
            .into_iter()
            .for_each(|provider| sts.add_oidc_provider(provider));
        Ok(Self {
            listener,
            handle: Handle::new(sts),
            clock,
            access,
        })
    }

    /// What a client needs.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// To change and to watch it.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Serves until `shutdown` is done.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        serve(self.listener, self.handle, self.clock, shutdown).await;
    }

    /// Serves in a task of its own.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn(self) -> Running {
        Running {
            handle: self.handle(),
            access: self.access.clone(),
            task: tokio::spawn(self.serve(std::future::pending())),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Lines for a shell: `eval` them, or read them.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# A strict STS on this machine. Everything here is made up and ends with it."
        )?;
        for (name, value) in [
            ("AWS_ENDPOINT_URL_STS", &self.url),
            // Some tools read one, some the other.
            ("AWS_REGION", &self.region),
            ("AWS_DEFAULT_REGION", &self.region),
            ("AWS_ACCESS_KEY_ID", &self.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", &self.secret_access_key),
            ("MFA_SERIAL", &self.mfa_serial),
            ("TOTP_SEED", &self.totp_seed),
            ("ROLE_ARN", &self.role_arn),
        ] {
            writeln!(f, "export {name}='{value}'")?;
        }
        writeln!(
            f,
            "# aws sts get-session-token --serial-number \"$MFA_SERIAL\" \
             --token-code \"$(oathtool --totp --base32 \"$TOTP_SEED\")\""
        )?;
        writeln!(
            f,
            "# aws sts assume-role --role-arn \"$ROLE_ARN\" --role-session-name me"
        )
    }
}

fn check(options: &Options) -> Result<(), Error> {
    let invalid = |option, rule| Err(Error::Invalid { option, rule });
    let digit = |c: char| c.is_ascii_digit();
    let of_name = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !options.listen.ip().is_loopback() {
        return Err(Error::NotLoopback(options.listen));
    }
    if options.account.len() != 12 || !options.account.chars().all(digit) {
        return invalid("account", "twelve digits");
    }
    for (option, name) in [("user", &options.user), ("role", &options.role)] {
        if !(1..=64).contains(&name.len()) || !name.chars().all(of_name) {
            return invalid(option, "1 to 64 letters, digits or characters of \"_+=,.@-\"");
        }
    }
    if options.rules.step_seconds < 1 {
        return invalid("step_seconds", "at least 1");
    }
    if options.rules.lifetime_seconds == Some(0) {
        return invalid("lifetime", "at least 1 second");
    }
    Ok(())
}

/// As people paste it: in groups, in small letters, with or without padding.
fn decode_seed(text: &str) -> Result<Vec<u8>, Error> {
    let compact: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '=')).collect();
    BASE32_NOPAD
        .decode(compact.to_ascii_uppercase().as_bytes())
        .ok()
        .filter(|seed| !seed.is_empty())
        .ok_or(Error::Invalid {
            option: "totp_seed",
            rule: "base32",
        })
}
