//! Where credentials are served, and over what.

use std::path::Path;

use super::{LEAST, mistake, toml};

pub(super) const PLAIN: &str = "must be a loopback address such as \"127.0.0.1:7411\", or 169.254.170.2, 169.254.170.23 or \
    [fd00:ec2::23] where this host has it: credentials are served in plain HTTP, which must not leave this machine; to serve others, \
    give a certificate with `tls_certificate` and `tls_private_key`";

pub(super) const PATH: &str = "must be an absolute path; neither a relative one nor ~ is expanded";

const TLS: &str = "tls_certificate = \"/tls/chain.pem\"\ntls_private_key = \"/tls/key.pem\"\n";

#[track_caller]
fn server(lines: &str) -> String {
    mistake(&format!("{LEAST}[server]\n{lines}\n"))
}

#[test]
fn in_plain_http_credentials_stay_on_this_machine() {
    for address in [
        "127.0.0.1:0",
        "127.9.9.9:80",
        "[::1]:7411",
        "[::ffff:127.0.0.1]:7411",
        "169.254.170.2:80",
        "169.254.170.23:80",
        "[::ffff:169.254.170.23]:80",
        "[fd00:ec2::23]:80",
    ] {
        let plan = toml(&format!("{LEAST}[server]\ncredentials = \"{address}\"")).unwrap();
        assert_eq!(plan.server.credentials, address.parse().unwrap());
        assert_eq!(plan.server.tls, None);
    }
    for address in [
        "0.0.0.0:7411",
        "[::]:7411",
        "[::ffff:0.0.0.0]:7411",
        "10.0.0.1:7411",
        "169.254.170.3:80",
        "169.254.169.254:80",
        "[fd00:ec2::254]:80",
        "[fe80::1]:80",
    ] {
        assert_eq!(
            server(&format!("credentials = \"{address}\"")),
            format!("5:15: server.credentials: {PLAIN}"),
            "{address}"
        );
    }
}

#[test]
fn over_tls_they_are_served_anywhere() {
    for address in [
        "0.0.0.0:8443",
        "[::]:8443",
        "10.0.0.1:443",
        "127.0.0.1:7411",
        "[fd00:ec2::23]:443",
    ] {
        let plan = toml(&format!("{LEAST}[server]\n{TLS}credentials = \"{address}\"")).unwrap();
        assert_eq!(plan.server.credentials, address.parse().unwrap());
        let tls = plan.server.tls.unwrap();
        assert_eq!(tls.certificate, Path::new("/tls/chain.pem"));
        assert_eq!(tls.private_key, Path::new("/tls/key.pem"));
    }
    let imds = format!("{TLS}imds = \"0.0.0.0:7413\"");
    assert_eq!(server(&imds), format!("7:8: server.imds: {}", super::imds::ADDRESS));
}

#[test]
fn what_is_no_address_is_none_over_tls_either() {
    for address in [
        "",
        "localhost:7411",
        "127.0.0.1",
        "7411",
        "127.0.0.1:65536",
        "https://127.0.0.1:7411",
    ] {
        for tls in ["", TLS] {
            assert!(
                server(&format!("credentials = \"{address}\"\n{tls}"))
                    .ends_with("server.credentials: must be an address and port such as \"127.0.0.1:7411\"")
            );
        }
    }
}

#[test]
fn a_certificate_and_its_key_come_together() {
    assert_eq!(
        server("tls_certificate = \"/chain.pem\""),
        format!("5:1: server.tls_private_key: is missing, and `tls_certificate` needs it; {PATH}")
    );
    assert_eq!(
        server("tls_private_key = \"/key.pem\""),
        format!("5:1: server.tls_certificate: is missing, and `tls_private_key` needs it; {PATH}")
    );
    assert_eq!(
        server("credentials = \"0.0.0.0:1\"\ntls_private_key = \"/key.pem\""),
        format!("6:1: server.tls_certificate: is missing, and `tls_private_key` needs it; {PATH}"),
        "not also that it is plain"
    );
    assert_eq!(
        server("tls_certificate = \"chain.pem\"\ntls_private_key = \"/key.pem\""),
        format!("5:19: server.tls_certificate: {PATH}")
    );
}

#[test]
fn an_address_that_takes_all_leaves_none_of_its_port() {
    for (credentials, ops, fits) in [
        ("0.0.0.0:1", "127.0.0.1:1", false),
        ("[::]:1", "127.0.0.1:1", false),
        ("[::]:1", "[::1]:1", false),
        ("[::]:1", "[::]:1", false),
        ("[::]:1", "0.0.0.0:1", false),
        ("0.0.0.0:1", "[::1]:1", true),
        ("0.0.0.0:1", "0.0.0.0:2", true),
        ("0.0.0.0:0", "0.0.0.0:0", true),
    ] {
        let text = format!("{LEAST}[server]\n{TLS}credentials = \"{credentials}\"\nops = \"{ops}\"");
        assert_eq!(toml(&text).is_ok(), fits, "{credentials} {ops}");
    }
    assert_eq!(
        server(&format!("{TLS}credentials = \"0.0.0.0:1\"\nimds = \"127.0.0.1:1\"")),
        "8:8: server.imds: must be another address than `credentials` and `ops`; give it a port of its own"
    );
}
