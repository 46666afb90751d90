use std::path::Path;

use super::super::{Format, RelativeUri, parse};
use super::{LEAST, json, mistake, mistakes, toml};

#[track_caller]
fn server(line: &str) -> String {
    mistake(&format!("{LEAST}[server]\n{line}\n"))
}

#[test]
fn has_its_defaults() {
    let plan = toml(LEAST).unwrap();
    assert_eq!(plan.server.credentials, "127.0.0.1:7411".parse().unwrap());
    assert_eq!(plan.server.ops, "127.0.0.1:7412".parse().unwrap());
    assert_eq!(plan.server.token_dir, Path::new("/run/valetkey/tokens"));
    assert_eq!(plan.server.token_mode, 0o600);
    assert_eq!(plan.server.control_socket, Path::new("/run/valetkey/control.sock"));
    assert_eq!(plan.server.token_grace.as_secs(), 600);
    assert_eq!(plan.server.relative_uri, None);
    assert!(!plan.server.audit);
}

#[test]
fn serves_ops_anywhere() {
    let plan = toml(&format!("{LEAST}[server]\nops = \"[::]:7412\"")).unwrap();
    assert_eq!(plan.server.ops, "[::]:7412".parse().unwrap());
    assert_eq!(
        server("ops = \":7412\""),
        "5:7: server.ops: must be an address and port such as \"127.0.0.1:7412\""
    );
}

#[test]
fn needs_two_addresses() {
    for lines in [
        "credentials = \"127.0.0.1:1\"\nops = \"127.0.0.1:1\"",
        "credentials = \"127.0.0.1:1\"\nops = \"0.0.0.0:1\"",
        "credentials = \"127.0.0.1:1\"\nops = \"[::]:1\"",
        "credentials = \"127.0.0.1:1\"\nops = \"[::ffff:127.0.0.1]:1\"",
        "credentials = \"[::1]:1\"\n  ops = \"[::]:1\"",
    ] {
        let message = server(lines);
        let (place, text) = message.split_once(": ").unwrap();
        assert!(place.starts_with("6:"), "{lines}");
        assert_eq!(
            text,
            "server.ops: must be another address than `credentials`; give it a port of its own"
        );
    }
    assert_eq!(
        server("credentials = \"127.0.0.1:7412\""),
        "4:1: server.ops: must be another address than `credentials`; give it a port of its own"
    );
    for lines in [
        "credentials = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"",
        "credentials = \"127.0.0.1:1\"\nops = \"127.0.0.2:1\"",
        "credentials = \"[::1]:1\"\nops = \"0.0.0.0:1\"",
    ] {
        assert!(toml(&format!("{LEAST}[server]\n{lines}")).is_ok(), "{lines}");
    }
}

#[test]
fn takes_a_token_dir_that_is_absolute() {
    let plan = toml(&format!("{LEAST}[server]\ntoken_dir = \"/t\"")).unwrap();
    assert_eq!(plan.server.token_dir, Path::new("/t"));
    for path in ["", "tokens", "./tokens", "~/tokens"] {
        assert_eq!(
            server(&format!("token_dir = \"{path}\"")),
            "5:13: server.token_dir: must be an absolute path; neither a relative one nor ~ is expanded"
        );
    }
    assert_eq!(
        server("token_dir = \"/t\\u0000\""),
        "5:13: server.token_dir: must be a path without control characters"
    );
}

#[test]
fn finds_its_paths_in_the_environment() {
    let with = |systemd: &str, session: &str| {
        let env = |name: &str| match name {
            "RUNTIME_DIRECTORY" => (systemd != "unset").then(|| systemd.into()),
            "XDG_RUNTIME_DIR" => (session != "unset").then(|| session.into()),
            _ => None,
        };
        parse(LEAST.as_bytes(), Format::Toml, "v.toml", &env)
    };
    for (systemd, session, expected) in [
        ("/run/a", "/run/user/1", "/run/a"),
        ("/run/a:/run/b", "unset", "/run/a"),
        ("unset", "/run/user/1", "/run/user/1/valetkey"),
        ("", "/run/user/1", "/run/user/1/valetkey"),
        ("a", "/run/user/1", "/run/user/1/valetkey"),
    ] {
        let plan = with(systemd, session).unwrap();
        assert_eq!(plan.server.token_dir, Path::new(expected).join("tokens"));
        assert_eq!(plan.server.control_socket, Path::new(expected).join("control.sock"));
    }
    for (systemd, session) in [("unset", "unset"), ("", ""), ("a", "b")] {
        let missing = ["token_dir", "control_socket"].map(|key| {
            format!(
                "v.toml:1:1: server.{key}: is missing, and neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR gives a \
                 folder; must be an absolute path; neither a relative one nor ~ is expanded"
            )
        });
        assert_eq!(mistakes(with(systemd, session)), missing);
    }
}

#[test]
fn takes_a_control_socket_that_can_be_one() {
    let with = |line: &str| toml(&format!("{LEAST}[server]\n{line}"));
    let longest = format!("/{}", "s".repeat(106));
    let plan = with(&format!("control_socket = \"{longest}\"")).unwrap();
    assert_eq!(plan.server.control_socket, Path::new(&longest));
    assert_eq!(
        server(&format!("control_socket = \"{longest}s\"")),
        "5:18: server.control_socket: must be at most 107 bytes long, since the path of a Unix socket cannot be longer; \
         name a shorter one"
    );
    assert_eq!(
        server("control_socket = \"control.sock\""),
        "5:18: server.control_socket: must be an absolute path; neither a relative one nor ~ is expanded"
    );
    for socket in ["/run/valetkey/tokens", "/run/valetkey/tokens/", "/run/valetkey"] {
        assert_eq!(
            server(&format!("control_socket = \"{socket}\"")),
            "5:18: server.control_socket: must be another path than `token_dir`, and none above it; \
             give the socket a name of its own"
        );
    }
    assert!(
        with("token_dir = \"/run/valetkey\"").is_ok(),
        "beside the tokens' folders"
    );
}

#[test]
fn keeps_nothing_unless_a_folder_of_its_own_is_named() {
    let with = |line: &str| toml(&format!("{LEAST}[server]\n{line}"));
    assert_eq!(with("").unwrap().server.state_dir, None);
    for folder in ["/var/lib/valetkey", "/run/valetkey", "/run/valetkey/tokens.state"] {
        let plan = with(&format!("state_dir = \"{folder}\"")).unwrap();
        assert_eq!(plan.server.state_dir.as_deref(), Some(Path::new(folder)));
    }
    for folder in [
        "/run/valetkey/tokens",
        "/run/valetkey/tokens/ops",
        "/run/valetkey/control.sock",
    ] {
        assert_eq!(
            server(&format!("state_dir = \"{folder}\"")),
            "5:13: server.state_dir: must be another path than `token_dir` and `control_socket`, and none below them: \
             consumers may read there"
        );
    }
    assert_eq!(
        server("state_dir = \"~/state\""),
        "5:13: server.state_dir: must be an absolute path; neither a relative one nor ~ is expanded"
    );
}

#[test]
fn audits_when_asked_to() {
    assert!(toml(&format!("{LEAST}[server]\naudit = true")).unwrap().server.audit);
    assert_eq!(
        server("audit = \"yes\""),
        "5:9: server.audit: found a string; must be true or false"
    );
}

#[test]
fn takes_token_modes_that_are_safe() {
    for (text, mode) in [
        ("0600", 0o600),
        ("600", 0o600),
        ("0644", 0o644),
        ("0440", 0o440),
        ("0400", 0o400),
    ] {
        let plan = toml(&format!("{LEAST}[server]\ntoken_mode = \"{text}\"")).unwrap();
        assert_eq!(plan.server.token_mode, mode);
    }
    for text in ["", "0o600", "06000", "60", "0680", "+600", "rw-"] {
        assert_eq!(
            server(&format!("token_mode = \"{text}\"")),
            "5:14: server.token_mode: must be a string of octal permissions such as \"0600\""
        );
    }
    for (text, rule) in [
        (
            "4600",
            "must have no set-user-id, set-group-id or sticky bit; use \"0600\"",
        ),
        ("0700", "must not make the token executable; use \"0600\""),
        ("0610", "must not make the token executable; use \"0600\""),
        ("0601", "must not make the token executable; use \"0600\""),
        (
            "0620",
            "must not let the group or others write the token; use \"0600\" or \"0644\"",
        ),
        (
            "0602",
            "must not let the group or others write the token; use \"0600\" or \"0644\"",
        ),
        ("0200", "must let the owner read the token; use \"0600\""),
        ("0044", "must let the owner read the token; use \"0600\""),
    ] {
        assert_eq!(
            server(&format!("token_mode = \"{text}\"")),
            format!("5:14: server.token_mode: {rule}")
        );
    }
}

#[test]
fn says_which_type_it_found() {
    for (line, expected) in [
        (
            "credentials = 7411",
            "5:15: server.credentials: found an integer; must be an address and port such as \"127.0.0.1:7411\"",
        ),
        (
            "ops = false",
            "5:7: server.ops: found a boolean; must be an address and port such as \"127.0.0.1:7412\"",
        ),
        (
            "token_dir = []",
            "5:13: server.token_dir: found an array; must be an absolute path; neither a relative one nor ~ is expanded",
        ),
        (
            "token_mode = 0o600",
            "5:14: server.token_mode: found an integer; must be a string of octal permissions such as \"0600\"",
        ),
        (
            "token_mode = 6.0",
            "5:14: server.token_mode: found a float; must be a string of octal permissions such as \"0600\"",
        ),
        (
            "token_mode = 2026-01-01",
            "5:14: server.token_mode: found a date or time; must be a string of octal permissions such as \"0600\"",
        ),
        (
            "token_mode = {}",
            "5:14: server.token_mode: found a table; must be a string of octal permissions such as \"0600\"",
        ),
    ] {
        assert_eq!(server(line), expected);
    }
    assert_eq!(
        mistake(&format!("server = 1\n{LEAST}")),
        "1:10: server: found an integer; must be a table such as [server]"
    );
    assert_eq!(
        mistakes(json(
            r#"{"profile": {"ops": {"region": "x", "key": {"directory": "/k"}}}, "server": {"ops": null}}"#
        )),
        ["v.json:1:85: server.ops: found null; must be an address and port such as \"127.0.0.1:7412\""]
    );
}

#[test]
fn keeps_old_tokens_for_a_day_at_most() {
    for seconds in [0, 1, 86_400] {
        let plan = toml(&format!("{LEAST}[server]\ntoken_grace_seconds = {seconds}")).unwrap();
        assert_eq!(plan.server.token_grace.as_secs(), seconds);
    }
    for wrong in ["-1", "86401", "9223372036854775807"] {
        assert_eq!(
            server(&format!("token_grace_seconds = {wrong}")),
            "5:23: server.token_grace_seconds: must be an integer from 0 to 86400"
        );
    }
}

#[test]
fn knows_two_forms_of_relative_uris() {
    for (word, form) in [("id", RelativeUri::Id), ("token", RelativeUri::Token)] {
        let plan = toml(&format!("{LEAST}[server]\nrelative_uri = \"{word}\"")).unwrap();
        assert_eq!(plan.server.relative_uri, Some(form));
    }
    assert_eq!(
        server("relative_uri = \"Id\""),
        "5:16: server.relative_uri: must be \"id\" or \"token\""
    );
}
