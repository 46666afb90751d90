//! The flags of `serve`, which beat the file.

use super::super::file::parse;
use super::super::{Errors, Format, Overrides, Plan, Source, read};
use super::{LEAST, mistakes, systemd};

fn toml(text: &str, flags: &Overrides) -> Result<Plan, Errors> {
    parse(text.as_bytes(), Format::Toml, "v.toml", flags, &systemd)
}

fn all() -> Overrides {
    let typed = |text: &str| Some(text.to_owned());
    Overrides {
        credentials: typed("[fd00::7]:1"),
        tls_certificate: typed("/flags/chain.pem"),
        tls_private_key: typed("/flags/key.pem"),
        ops: typed("[::]:2"),
        imds: typed("[::1]:3"),
        imds_profile: typed("default"),
        token_dir: typed("/flags/tokens"),
        token_mode: typed("0640"),
        control_socket: typed("/flags/control.sock"),
        state_dir: typed("/flags/state"),
        audit: true,
    }
}

#[test]
fn beat_the_file_and_the_defaults() {
    let written = "[server]\ncredentials = \"127.0.0.1:7\"\ntls_certificate = \"/c\"\ntls_private_key = \"/k\"\nops = \"127.0.0.1:8\"\ntoken_dir = \"/file/tokens\"\n\
                   token_mode = \"0644\"\ncontrol_socket = \"/file/control.sock\"\nstate_dir = \"/file/state\"\naudit = false\n\
                   imds = \"127.0.0.1:9\"\nimds_profile = \"default\"\n";
    let least = LEAST.replace("ops", "default");
    let plain = toml(&least, &all()).unwrap();
    assert_eq!(plain, toml(&format!("{least}{written}"), &all()).unwrap());
    let server = plain.server;
    assert_eq!(server.credentials, "[fd00::7]:1".parse().unwrap());
    let tls = server.tls.as_ref().unwrap();
    assert_eq!(tls.certificate.to_str(), Some("/flags/chain.pem"));
    assert_eq!(tls.private_key.to_str(), Some("/flags/key.pem"));
    assert_eq!(server.ops, "[::]:2".parse().unwrap());
    let imds = server.imds.as_ref().unwrap();
    assert_eq!(
        (imds.address, imds.profile.as_str()),
        ("[::1]:3".parse().unwrap(), "default")
    );
    assert_eq!(server.token_dir.to_str(), Some("/flags/tokens"));
    assert_eq!(server.token_mode, 0o640);
    assert_eq!(server.control_socket.to_str(), Some("/flags/control.sock"));
    assert_eq!(server.state_dir.as_deref(), Some(std::path::Path::new("/flags/state")));
    assert!(server.audit);

    let environment = |name: &str| matches!(name, "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY").then(|| "x".into());
    let env = |name: &str| environment(name).or_else(|| (name == "AWS_REGION").then(|| "eu-west-1".into()));
    assert_eq!(read(&Source::Environment, &all(), &env).unwrap().server, server);
}

#[test]
fn leave_the_file_what_they_do_not_say() {
    let text = format!("{LEAST}[server]\ntoken_dir = \"/file/tokens\"\naudit = true\n");
    let flags = Overrides {
        ops: Some(String::from("[::]:2")),
        ..Overrides::default()
    };
    let server = toml(&text, &flags).unwrap().server;
    assert_eq!(server.token_dir.to_str(), Some("/file/tokens"));
    assert!(server.audit);
}

#[test]
fn keep_the_rules_of_the_file() {
    let typed = |text: &str| Some(text.to_owned());
    let wrong = Overrides {
        credentials: typed("0.0.0.0"),
        tls_certificate: typed("chain.pem"),
        tls_private_key: typed("key.pem"),
        ops: typed(":2"),
        imds: typed("10.0.0.1:3"),
        imds_profile: typed("a b"),
        token_dir: typed("tokens"),
        token_mode: typed("rw"),
        control_socket: typed("control.sock"),
        state_dir: typed("state"),
        audit: false,
    };
    let path = "must be an absolute path; neither a relative one nor ~ is expanded";
    assert_eq!(
        mistakes(toml(&format!("{LEAST}[server]\nops = 1"), &wrong)),
        [
            "v.toml:5:7: server.ops: found an integer; must be an address and port such as \"127.0.0.1:7412\"",
            "--credentials: must be an address and port such as \"127.0.0.1:7411\"",
            &format!("--tls-certificate: {path}"),
            &format!("--tls-private-key: {path}"),
            "--ops: must be an address and port such as \"127.0.0.1:7412\"",
            &format!("--imds: {}", super::imds::ADDRESS),
            "--imds-profile: must be the name of the one profile that is served to whoever reaches the listener",
            "--token-mode: must be a string of octal permissions such as \"0600\"",
            &format!("--token-dir: {path}"),
            &format!("--control-socket: {path}"),
            &format!("--state-dir: {path}"),
        ]
    );
}

#[test]
fn are_blamed_where_they_do_not_fit_together() {
    let fit = |flags: Overrides| mistakes(toml(&format!("{LEAST}[server]\ntoken_dir = \"/t\""), &flags));
    let typed = |text: &str| Some(text.to_owned());
    let ops = Overrides {
        ops: typed("127.0.0.1:7411"),
        ..Overrides::default()
    };
    assert_eq!(
        fit(ops),
        ["--ops: must be another address than `credentials`; give it a port of its own"]
    );
    let credentials = Overrides {
        credentials: typed("127.0.0.1:7412"),
        ..Overrides::default()
    };
    assert_eq!(
        fit(credentials),
        ["v.toml:4:1: server.ops: must be another address than `credentials`; give it a port of its own"]
    );
    let elsewhere = Overrides {
        credentials: typed("0.0.0.0:7411"),
        ..Overrides::default()
    };
    assert_eq!(fit(elsewhere), [format!("--credentials: {}", super::tls::PLAIN)]);
    let half = Overrides {
        tls_certificate: typed("/chain.pem"),
        ..Overrides::default()
    };
    assert_eq!(
        fit(half),
        [format!(
            "--tls-private-key: is missing, and --tls-certificate needs it; {}",
            super::tls::PATH
        )]
    );
    let socket = Overrides {
        control_socket: typed("/t"),
        ..Overrides::default()
    };
    assert_eq!(
        fit(socket),
        [
            "--control-socket: must be another path than `token_dir`, and none above it; \
          give the socket a name of its own"
        ]
    );
}

#[test]
fn show_no_value() {
    let secret = "wJalrXUtnFEMI/K7MDENG";
    let typed = || Some(secret.to_owned());
    let wrong = Overrides {
        credentials: typed(),
        tls_certificate: typed(),
        tls_private_key: typed(),
        ops: typed(),
        imds: typed(),
        imds_profile: typed(),
        token_dir: typed(),
        token_mode: typed(),
        control_socket: typed(),
        state_dir: typed(),
        audit: false,
    };
    let errors = toml(LEAST, &wrong).expect_err("none of it is right");
    assert_eq!(errors.mistakes().len(), 10);
    assert!(!format!("{errors} {errors:?}").contains(secret));
}
