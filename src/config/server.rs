use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use super::Env;
use super::imds::{self, Known};
use super::keys::{
    AUDIT, CONTROL_SOCKET, CREDENTIALS, IMDS, Key, RELATIVE_URI, STATE_DIR, TOKEN_DIR, TOKEN_GRACE_SECONDS, TOKEN_MODE,
};
use super::listeners::{self, Listeners, overlap, tells_uids};
use super::mistake::{Mistakes, Reported};
use super::overrides::{Overrides, Settings};
use super::paths::{absolute, runtime_dir};
use super::plan::{RelativeUri, Server};
use super::table::Table;

const SERVER: &str = "must be a table such as [server]";

/// `[server]`, which may be left out, under the flags that beat it.
pub(super) fn of_file(
    root: &Table<'_>,
    flags: &Overrides,
    env: Env<'_>,
    known: &Known<'_>,
    mistakes: &Mistakes,
) -> Result<Server, Reported> {
    let file = Some(root.top_level("server", SERVER)?);
    read(&Settings { flags, file, mistakes }, env, known)
}

/// The control socket of a file, whatever else is wrong in that.
pub(super) fn control_socket_of(root: &Table<'_>, env: Env<'_>, mistakes: &Mistakes) -> Result<PathBuf, Reported> {
    let file = Some(root.top_level("server", SERVER)?);
    let flags = &Overrides::default();
    control_socket(&Settings { flags, file, mistakes }, env)
}

/// The settings where there is no file: flags and defaults.
pub(super) fn of_flags(
    flags: &Overrides,
    env: Env<'_>,
    known: &Known<'_>,
    mistakes: &Mistakes,
) -> Result<Server, Reported> {
    let file = None;
    read(&Settings { flags, file, mistakes }, env, known)
}

fn read(settings: &Settings<'_>, env: Env<'_>, known: &Known<'_>) -> Result<Server, Reported> {
    let listeners = listeners::read(settings);
    let imds = imds::read(settings, known);
    let token_mode = settings.string(&TOKEN_MODE, mode);
    let token_grace = settings.integer(&TOKEN_GRACE_SECONDS, grace);
    let relative_uri = settings.string(&RELATIVE_URI, relative_uri);
    let paths = paths(settings, env);
    let audit = settings.boolean(&AUDIT);
    let Listeners { credentials, tls, ops } = listeners?;
    let imds = imds?;
    if let Some(imds) = &imds
        && (overlap(credentials, imds.address) || overlap(imds.address, ops))
    {
        let text = "must be another address than `credentials` and `ops`; give it a port of its own";
        return Err(settings.report(&IMDS, text));
    }
    let (token_dir, control_socket, state_dir) = paths?;
    if known.profiles.iter().any(|profile| profile.allowed_uids.is_some()) && !tells_uids(credentials.ip()) {
        let text = "is reached by other hosts, too, of whose processes no UID can be told, and a profile has `allowed_uids`: \
                    listen on loopback, or leave `allowed_uids` out";
        return Err(settings.report(&CREDENTIALS, text));
    }
    Ok(Server {
        credentials,
        tls,
        ops,
        imds,
        token_dir,
        token_mode: token_mode?.unwrap_or(0o600),
        token_grace: token_grace?.unwrap_or(TOKEN_GRACE),
        relative_uri: relative_uri?,
        control_socket,
        state_dir,
        audit: audit?,
    })
}

/// Longer than any SDK holds on to a token that it has read: they read the file for each fetch.
const TOKEN_GRACE: Duration = Duration::from_mins(10);

fn grace(seconds: i64) -> Result<Duration, &'static str> {
    let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds <= 86_400);
    seconds.map(Duration::from_secs).ok_or(TOKEN_GRACE_SECONDS.must)
}

fn relative_uri(text: &str) -> Result<RelativeUri, &'static str> {
    match text {
        "id" => Ok(RelativeUri::Id),
        "token" => Ok(RelativeUri::Token),
        _ => Err(RELATIVE_URI.must),
    }
}

/// The longest path of a Unix socket, in bytes: 108 with the zero that ends it. macOS takes four less.
///
/// <https://man7.org/linux/man-pages/man7/unix.7.html>
const LONGEST_SOCKET_PATH: usize = 107;

/// Where the control socket is, unless a file or a flag says otherwise: what a command looks for that knows no more.
pub fn default_control_socket(env: Env<'_>) -> Option<PathBuf> {
    Some(runtime_dir(env)?.join(CONTROL_SOCKET_NAME))
}

const CONTROL_SOCKET_NAME: &str = "control.sock";

fn paths(settings: &Settings<'_>, env: Env<'_>) -> Result<(PathBuf, PathBuf, Option<PathBuf>), Reported> {
    let token_dir = path(settings, &TOKEN_DIR, "tokens", env);
    let control_socket = control_socket(settings, env);
    let state_dir = settings.string(&STATE_DIR, absolute);
    let (token_dir, control_socket, state_dir) = (token_dir?, control_socket?, state_dir?);
    if token_dir.starts_with(&control_socket) {
        let text = "must be another path than `token_dir`, and none above it; give the socket a name of its own";
        return Err(settings.report(&CONTROL_SOCKET, text));
    }
    if let Some(state_dir) = &state_dir
        && (state_dir.starts_with(&token_dir) || state_dir.starts_with(&control_socket))
    {
        let text = "must be another path than `token_dir` and `control_socket`, and none below them: consumers may read \
                    there";
        return Err(settings.report(&STATE_DIR, text));
    }
    Ok((token_dir, control_socket, state_dir))
}

fn control_socket(settings: &Settings<'_>, env: Env<'_>) -> Result<PathBuf, Reported> {
    let control_socket = path(settings, &CONTROL_SOCKET, CONTROL_SOCKET_NAME, env)?;
    if control_socket.as_os_str().as_bytes().len() > LONGEST_SOCKET_PATH {
        let text =
            "must be at most 107 bytes long, since the path of a Unix socket cannot be longer; name a shorter one";
        return Err(settings.report(&CONTROL_SOCKET, text));
    }
    Ok(control_socket)
}

/// A path that is given, or `name` in the runtime dir.
fn path(settings: &Settings<'_>, key: &Key, name: &str, env: Env<'_>) -> Result<PathBuf, Reported> {
    let given = settings.string(key, absolute)?;
    given
        .or_else(|| runtime_dir(env).map(|folder| folder.join(name)))
        .ok_or_else(|| {
            let unset = "is missing, and neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR gives a folder";
            settings.report(key, format!("{unset}; {}", key.must))
        })
}

/// Three octal digits, or four of which the first is 0.
fn mode(text: &str) -> Result<u32, &'static str> {
    let octal = (3..=4).contains(&text.len()) && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    let mode = u32::from_str_radix(text, 8)
        .ok()
        .filter(|_| octal)
        .ok_or(TOKEN_MODE.must)?;
    let allowed = [
        (
            mode <= 0o777,
            "must have no set-user-id, set-group-id or sticky bit; use \"0600\"",
        ),
        (mode & 0o111 == 0, "must not make the token executable; use \"0600\""),
        (
            mode & 0o022 == 0,
            "must not let the group or others write the token; use \"0600\" or \"0644\"",
        ),
        (mode & 0o400 != 0, "must let the owner read the token; use \"0600\""),
    ];
    match allowed.iter().find(|(holds, _)| !holds) {
        None => Ok(mode),
        Some((_, rule)) => Err(rule),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever other addresses a listener may have one day, of these alone are the peers processes of this host.
    #[test]
    fn the_uids_of_whoever_is_on_this_host_can_be_told() {
        let tells = |address: &str| tells_uids(address.parse().unwrap());
        for own in [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
            "169.254.170.2",
            "169.254.170.23",
            "fd00:ec2::23",
        ] {
            assert!(tells(own), "{own}");
        }
        for of_others in [
            "0.0.0.0",
            "::",
            "10.0.0.1",
            "169.254.170.3",
            "fd00:ec2::24",
            "192.0.2.1",
        ] {
            assert!(!tells(of_others), "{of_others}");
        }
    }
}
