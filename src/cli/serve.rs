use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ArgMatches;
use clap::parser::ValueSource;
use tracing::level_filters::LevelFilter;

use super::{Exit, Failed, runtime};
use crate::app::logs::{self, Format};
use crate::app::{App, Listeners, Reread, ServiceManager, Surroundings, signals};
use crate::clock::SystemClock;
use crate::config::{self, Overrides, Source};
use crate::harden::Protections;

const EXIT_CODES: &str = "\
Exit codes: 0 ended by SIGTERM or SIGINT, 64 wrong use, 69 an address cannot be bound, 70 a defect of valetkey,
78 the configuration, a key, a seed or a certificate is wrong.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Args {
    /// The configuration, in TOML (.toml) or JSON (.json) [default: the environment is one profile, `default`]
    #[arg(long, env = "VALETKEY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Instead of a file of its own: this profile of AWS's shared config and credentials files, and what it needs
    #[arg(long, value_name = "NAME")]
    aws_profile: Option<String>,
    /// Check the configuration, the keys and the seeds that it names, say every mistake, and end
    #[arg(long)]
    check_config: bool,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    log: LogArgs,
}

/// What beats `[server]` of the file. The configuration reads them, so that the same rules hold.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Instead of [server] in the file")]
struct ServerArgs {
    /// Address of the container-credentials endpoint, on loopback unless it speaks TLS
    #[arg(long, value_name = "ADDRESS")]
    credentials: Option<String>,
    /// File of the certificate chain that it shows; it then speaks TLS alone
    #[arg(long, value_name = "FILE")]
    tls_certificate: Option<String>,
    /// File of the certificate's private key
    #[arg(long, value_name = "FILE")]
    tls_private_key: Option<String>,
    /// Address of /metrics and the probes
    #[arg(long, value_name = "ADDRESS")]
    ops: Option<String>,
    /// Address of the IMDSv2 endpoint, which asks for no secret; off unless it is given
    #[arg(long, value_name = "ADDRESS")]
    imds: Option<String>,
    /// The one profile that it serves, to whoever reaches it
    #[arg(long, value_name = "PROFILE")]
    imds_profile: Option<String>,
    /// Folder of the authorization tokens
    #[arg(long, value_name = "FOLDER")]
    token_dir: Option<String>,
    /// Permissions of a token file, such as 0600
    #[arg(long, value_name = "MODE")]
    token_mode: Option<String>,
    /// Socket of `valetkey status`, `mfa submit`, `reload` and `sts`
    #[arg(long, value_name = "PATH")]
    control_socket: Option<String>,
    /// Folder in which used MFA steps and sealed sessions outlive a restart
    #[arg(long, value_name = "FOLDER")]
    state_dir: Option<String>,
    /// Log each serving of credentials
    #[arg(long)]
    audit: bool,
}

impl ServerArgs {
    fn overrides(&self) -> Overrides {
        Overrides {
            credentials: self.credentials.clone(),
            tls_certificate: self.tls_certificate.clone(),
            tls_private_key: self.tls_private_key.clone(),
            ops: self.ops.clone(),
            imds: self.imds.clone(),
            imds_profile: self.imds_profile.clone(),
            token_dir: self.token_dir.clone(),
            token_mode: self.token_mode.clone(),
            control_socket: self.control_socket.clone(),
            state_dir: self.state_dir.clone(),
            audit: self.audit,
        }
    }
}

/// How a daemon logs.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct LogArgs {
    /// The form of the log lines on standard error
    #[arg(long, env = "VALETKEY_LOG_FORMAT", value_enum, default_value_t = Format::Text)]
    pub(super) log_format: Format,
    /// How much is logged: off, error, warn, info, debug or trace
    #[arg(long, env = "VALETKEY_LOG_LEVEL", value_name = "LEVEL", default_value_t = LevelFilter::INFO)]
    pub(super) log_level: LevelFilter,
}

/// What is typed names one configuration; what is typed beats the variable.
pub(super) fn names_two_configurations(matches: &ArgMatches) -> bool {
    let typed = |argument| matches.value_source(argument) == Some(ValueSource::CommandLine);
    typed("config") && typed("aws_profile")
}

impl Args {
    fn source(&self) -> Source {
        match (&self.config, &self.aws_profile) {
            (_, Some(name)) => Source::AwsProfile(name.clone()),
            (Some(file), None) => Source::File(file.clone()),
            (None, None) => Source::Environment,
        }
    }
}

/// Runs the daemon until a signal ends it.
pub(super) fn run(args: &Args, protections: Protections) -> Result<(), Failed> {
    let env: config::Env<'_> = &|name| std::env::var_os(name);
    let wrong = |mistakes: &dyn Display| Failed::new(Exit::Configuration, mistakes);
    let source = args.source();
    let flags = args.server.overrides();
    let plan = config::read(&source, &flags, env).map_err(|mistakes| wrong(&mistakes))?;
    let described_by = source.to_string();
    let reread: Reread = Arc::new(move || {
        let env: config::Env<'_> = &|name| std::env::var_os(name);
        config::read(&source, &flags, env).map_err(|mistakes| mistakes.to_string())
    });
    let logs = logs::start(args.log.log_format, args.log.log_level);
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let app = App::prepare(plan, env, Arc::new(SystemClock), logs.dropped());
        let app = app.await.map_err(|mistakes| wrong(&mistakes))?;
        if args.check_config {
            let _ = writeln!(std::io::stdout(), "{described_by}: no mistakes");
            return Ok(());
        }
        let listeners = Listeners::bind(app.plan()).await;
        let listeners = listeners.map_err(|error| Failed::new(Exit::Unavailable, &error))?;
        let tokens = app.issue_tokens().await.map_err(|mistakes| wrong(&mistakes))?;
        let (shutdown, hangups) = signals::listen().map_err(|error| Failed::new(Exit::Internal, &error))?;
        app.announce(protections, &listeners);
        let surroundings = Surroundings {
            source: described_by,
            reread,
            hangups,
            protections,
            manager: ServiceManager::of(env),
        };
        let ended = app.run(listeners, tokens, surroundings, shutdown.asked()).await;
        ended.map_err(|broken| Failed::new(Exit::Internal, &broken))
    });
    // A file system that hangs may still hold a thread that reads a key; nobody waits for it.
    runtime.shutdown_background();
    ended
}
