//! The IMDSv2 form: a token and a document go out, each by its own reply alone.

use crate::common::{Daemon, request};
use crate::{GUESS, Output};

/// What turns it on.
pub(crate) const ON: &str = "imds = \"127.0.0.1:0\"\nimds_profile = \"ops\"";

const ROLE: &str = "/latest/meta-data/iam/security-credentials/ops";
const TTL: &str = "X-aws-ec2-metadata-token-ttl-seconds";
const TOKEN: &str = "X-aws-ec2-metadata-token";

/// Takes what is right, and asks in every wrong way.
pub(crate) fn knock(daemon: &Daemon, output: &mut Output) {
    let address = daemon.imds.unwrap();
    let reply = request(address, "PUT", "/latest/api/token", &[(TTL, "21600")]);
    let token = reply.body;
    output.take(&reply.head);
    output.canaries.plant("an IMDS token", &token);
    let served = request(address, "GET", ROLE, &[(TOKEN, &token)]);
    assert_eq!(served.status, 200);
    output.take(&served.head);

    let own = (TOKEN, token.as_str());
    for (method, path, headers) in [
        ("GET", ROLE, vec![(TOKEN, GUESS)]),
        ("GET", ROLE, vec![own, (TOKEN, GUESS)]),
        ("GET", ROLE, vec![own, ("X-Forwarded-For", GUESS)]),
        ("GET", ROLE, vec![own, ("Origin", GUESS)]),
        ("GET", "/latest/meta-data/guessed-token-canary-4711", vec![own]),
        ("GET", "/guessed-token-canary-4711", vec![]),
        ("PUT", "/guessed-token-canary-4711", vec![own]),
        ("PUT", "/latest/api/token", vec![own]),
        ("PUT", "/latest/api/token", vec![own, (TTL, GUESS)]),
        ("POST", ROLE, vec![own]),
    ] {
        let reply = request(address, method, path, &headers);
        assert_ne!(reply.status, 200, "{method} {path} {headers:?}");
        output.take(&format!("{}{}", reply.head, reply.body));
    }
}
