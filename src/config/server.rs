use std::env::split_paths;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::Env;
use super::keys::{CREDENTIALS, OPS, TOKEN_DIR, TOKEN_MODE};
use super::mistake::Reported;
use super::plan::Server;
use super::profile::absolute_path;
use super::table::Table;

/// `[server]`, which may be left out.
pub(super) fn read(root: &Table<'_>, env: Env<'_>) -> Result<Server, Reported> {
    let server = root.top_level("server", "must be a table such as [server]")?;
    let listeners = listeners(&server);
    let token_dir = token_dir(&server, env);
    let token_mode = server.string(&TOKEN_MODE, mode);
    let (credentials, ops) = listeners?;
    Ok(Server {
        credentials,
        ops,
        token_dir: token_dir?,
        token_mode: token_mode?.unwrap_or(0o600),
        control_socket: PathBuf::new(), // MERGE
        audit: false,
    })
}

fn listeners(server: &Table<'_>) -> Result<(SocketAddr, SocketAddr), Reported> {
    let credentials = server.string(&CREDENTIALS, loopback_address);
    let ops = server.string(&OPS, |text| text.parse().map_err(|_| OPS.must));
    let credentials = credentials?.unwrap_or_else(|| loopback(7411));
    let ops = ops?.unwrap_or_else(|| loopback(7412));
    if overlap(credentials, ops) {
        return Err(server.report(
            &OPS,
            "must be another address than `credentials`; give it a port of its own",
        ));
    }
    Ok((credentials, ops))
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn loopback_address(text: &str) -> Result<SocketAddr, &'static str> {
    let address: SocketAddr = text.parse().map_err(|_| CREDENTIALS.must)?;
    if address.ip().to_canonical().is_loopback() {
        Ok(address)
    } else {
        Err("must be a loopback address such as \"127.0.0.1:7411\": \
             credentials are served in plain HTTP, which must not leave this machine")
    }
}

/// Whether the system refuses to bind both. Port 0 is a new port each time; `[::]` takes IPv4 as well.
fn overlap(credentials: SocketAddr, ops: SocketAddr) -> bool {
    let (served, any) = (credentials.ip().to_canonical(), ops.ip().to_canonical());
    let takes_all = any.is_unspecified() && (any.is_ipv6() || served.is_ipv4());
    credentials.port() != 0 && credentials.port() == ops.port() && (served == any || takes_all)
}

fn token_dir(server: &Table<'_>, env: Env<'_>) -> Result<PathBuf, Reported> {
    let given = server.string(&TOKEN_DIR, absolute_path)?;
    given
        .or_else(|| runtime_dir(env).map(|folder| folder.join("tokens")))
        .ok_or_else(|| {
            let unset = "is missing, and neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR gives a folder";
            server.report(&TOKEN_DIR, format!("{unset}; {}", TOKEN_DIR.must))
        })
}

/// systemd gives `$RUNTIME_DIRECTORY` (several folders are separated by colons), a desktop session `$XDG_RUNTIME_DIR`,
/// which counts only if it is absolute.
///
/// <https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=>
/// <https://specifications.freedesktop.org/basedir-spec/latest/>
fn runtime_dir(env: Env<'_>) -> Option<PathBuf> {
    let systemd = env("RUNTIME_DIRECTORY").and_then(|folders| split_paths(&folders).next());
    let session = || env("XDG_RUNTIME_DIR").map(PathBuf::from);
    systemd
        .filter(|folder| folder.is_absolute())
        .or_else(|| Some(session().filter(|folder| folder.is_absolute())?.join("valetkey")))
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
