mod attention;
mod table;
mod time;

use std::io::Write;

use serde_json::Value;

use super::control::{self, Socket};
use super::{Exit, Failed, runtime};
use crate::control::client::Command;
use crate::sanitise::without_controls;

const EXIT_CODES: &str = "\
Exit codes: 0 every required profile has valid credentials, 1 one has none, 64 wrong use, 69 the daemon cannot be reached,
75 it is busy, 78 the configuration is wrong.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Args {
    #[command(flatten)]
    socket: Socket,
    /// Print the daemon's answer as it is: one JSON document
    #[arg(long)]
    json: bool,
}

/// Shows what the daemon holds; an error when a required profile has no credentials.
pub(super) fn run(args: &Args) -> Result<(), Failed> {
    let path = args.socket.path()?;
    let answer = runtime()?.block_on(control::ask(&path, Command::Status))?;
    let status = &answer.document["status"];
    let shown = if args.json {
        answer.line + "\n"
    } else {
        page(status, &args.socket.as_argument())
    };
    let _ = std::io::stdout().write_all(shown.as_bytes());
    match missing(status).as_slice() {
        [] => Ok(()),
        missing => {
            let missing = missing.join(", ");
            Err(Failed::new(
                Exit::Unhealthy,
                &format_args!("not ready: no valid credentials for {missing}"),
            ))
        }
    }
}

/// The required profiles without credentials.
fn missing(status: &Value) -> Vec<String> {
    let required = profiles(status).filter(|profile| profile["required"] == true && profile["state"] != "ready");
    required.map(|profile| text(&profile["name"])).collect()
}

/// What a person reads; `socket` is what a command needs to reach the same daemon.
fn page(status: &Value, socket: &str) -> String {
    let mut page = head(status);
    page.push('\n');
    page.push_str(&table::of(status));
    let wanted = attention::of(status, socket);
    if !wanted.is_empty() {
        page.push_str("\nAttention\n");
    }
    for line in wanted {
        page.extend(["  ", &line, "\n"]);
    }
    page
}

fn head(status: &Value) -> String {
    let (listeners, configuration) = (&status["listeners"], &status["configuration"]);
    let up = time::between(&status["started"], &status["now"]).map_or_else(String::new, |up| format!(", up {up}"));
    let clock = status["clock_offset_seconds"].as_f64();
    let clock = clock.map_or_else(|| "not held against STS's yet".to_owned(), clock_words);
    let imds = listeners["imds"].as_str().map_or_else(String::new, |address| {
        let profile = text(&listeners["imds_profile"]);
        format!("imds on {} (profile {profile}), ", without_controls(address))
    });
    let certificate = time::when(&listeners["certificate_expiration"])
        .map_or_else(String::new, |until| format!(" (certificate until {until})"));
    let kept = status["state_dir"]["path"].as_str();
    let kept = kept.map_or_else(String::new, |path| format!(", state in {}", without_controls(path)));
    format!(
        "valetkey {} ({}){up}, configured by {}{kept}\n\
         credentials on {}{certificate}, {imds}ops on {}, control on {}; the host's clock: {clock}\n",
        text(&status["version"]),
        text(&status["revision"]),
        text(&configuration["source"]),
        text(&listeners["credentials_url"]),
        text(&listeners["ops"]),
        text(&listeners["control_socket"]),
    )
}

/// The offset is STS's time minus the host's.
fn clock_words(offset: f64) -> String {
    format!("{:.1} s {} STS's", offset.abs(), side(offset))
}

/// Where the host's clock is.
fn side(offset: f64) -> &'static str {
    if offset < 0.0 { "ahead of" } else { "behind" }
}

fn profiles(status: &Value) -> impl Iterator<Item = &Value> {
    status["profiles"].as_array().into_iter().flatten()
}

/// What is not there is a dash.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| "-".to_owned(), without_controls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_ahead_of_sts_has_a_negative_offset() {
        assert_eq!(clock_words(-1.5), "1.5 s ahead of STS's");
        assert_eq!(clock_words(3600.04), "3600.0 s behind STS's");
    }
}
