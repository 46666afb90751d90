//! Tokens and relative URIs that are replaced while the daemon runs: neither the old ones nor the new ones are told.

use std::fs;

use crate::common::{Daemon, World, finish, get, valetkey};
use crate::{GUESS, Output};

/// What turns relative URIs on.
pub(crate) const ON: &str = "relative_uri = \"id\"";

pub(crate) fn turn(daemon: &Daemon, output: &mut Output, world: &World) {
    use_uris(daemon, output, world);
    for args in [&["reload", "--rotate-tokens"][..], &["reload"], &["status", "--json"]] {
        let mut command = valetkey(args);
        let (_, stdout, stderr) = finish(command.arg("--control-socket").arg(world.path("control.sock")));
        output.take(&(stdout + &stderr));
    }
    assert!(
        output.text.contains("new tokens; the old ones are taken until"),
        "{}",
        output.text
    );
    use_uris(daemon, output, world);
    for profile in ["ops", "plain"] {
        output.plant_document(daemon, profile, &world.token(profile));
    }
    for path in [
        format!("/v2/credentials/{GUESS}"),
        format!("/v2/credentials/{GUESS}/{GUESS}"),
    ] {
        let reply = get(daemon.credentials, &path, &[("Authorization", GUESS)]);
        assert_eq!(reply.status, 401);
        output.take(&format!("{}{}", reply.head, reply.body));
    }
}

/// Gets credentials by the paths that are secrets.
fn use_uris(daemon: &Daemon, output: &mut Output, world: &World) {
    for profile in ["ops", "plain"] {
        let uri = fs::read_to_string(world.path("tokens").join(profile).join("relative_uri")).unwrap();
        let id = uri.strip_prefix("/v2/credentials/").unwrap();
        output.canaries.plant("an id of a relative URI", id);
        let reply = get(daemon.credentials, &uri, &[]);
        assert_eq!(reply.status, 200, "{profile}");
        output.take(&reply.head);
        let reply = get(daemon.credentials, &uri, &[("Origin", "https://example.com")]);
        assert_eq!(reply.status, 403, "{profile}");
        output.take(&format!("{}{}", reply.head, reply.body));
    }
}
