//! A configuration file as users write it, from the disk to the plan.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use valetkey::aws::{AssumeRole, Endpoint, Region, SessionPolicies, Tag, Tags};
use valetkey::config::{
    self, Errors, Format, KeySource, Kind, Mfa, MfaCode, Plan, Profile, Role, Server, Session, SignedBy,
};

const EXAMPLE: &str = include_str!("config/example.toml");
const EXAMPLE_JSON: &str = include_str!("config/example.json");
const WHOLE_LANGUAGE: &str = include_str!("config/whole_language.toml");

#[test]
fn an_example_becomes_a_plan() {
    assert_eq!(Folder::new().load("valetkey.toml", EXAMPLE), Ok(plan()));
}

#[test]
fn the_same_in_json_becomes_the_same_plan() {
    assert_eq!(Folder::new().load("valetkey.json", EXAMPLE_JSON), Ok(plan()));
}

#[test]
fn the_whole_language_is_a_plan() {
    let home = |name: &str| (name == "HOME").then(|| OsString::from("/home/ops"));
    let plan = config::parse(WHOLE_LANGUAGE.as_bytes(), Format::Toml, "whole.toml", &home).unwrap();
    let kinds: Vec<_> = plan.profiles.iter().map(|profile| profile.kind.as_str()).collect();
    let expected = [
        "session",
        "role",
        "role",
        "session",
        "session",
        "session",
        "web_identity",
        "saml",
        "saml",
        "federation",
        "root",
    ];
    assert_eq!(kinds, expected);
}

/// Every key stands in the file that shows the whole language.
#[test]
fn the_whole_language_is_shown() {
    for key in config::KEYS {
        let name = key.path.rsplit('.').next().unwrap();
        let shown = [" ", "]"].map(|end| WHOLE_LANGUAGE.contains(&format!("{name}{end}")));
        assert!(shown.contains(&true), "{}", key.path);
    }
}

#[test]
fn every_mistake_is_reported_in_the_order_of_the_file() {
    let folder = Folder::new();
    let text = "[profile.ops]\nregion = 1\nduration_seconds = 60\n[server]\ntoken_mode = \"0666\"\nopps = 1\n";
    let errors = folder.load("valetkey.toml", text).unwrap_err();
    let file = folder.path("valetkey.toml").display().to_string();
    let expected = [
        ":1:1: profile.ops.key: is missing; must be a table with one source, such as \
         { directory = \"/etc/valetkey/key\" }",
        ":2:10: profile.ops.region: found an integer; must be a region such as \"eu-west-1\"",
        ":3:20: profile.ops.duration_seconds: must be 900 to 129600 seconds (15 minutes to 36 hours)",
        ":4:1: server.token_dir: is missing, and neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR gives a folder; \
         must be an absolute path; neither a relative one nor ~ is expanded",
        ":4:1: server.control_socket: is missing, and neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR gives a folder; \
         must be an absolute path; neither a relative one nor ~ is expanded",
        ":5:14: server.token_mode: must not let the group or others write the token; use \"0600\" or \"0644\"",
        ":6:1: server.opps: is not a known key; did you mean `ops`?",
    ];
    let mut lines: Vec<_> = expected.iter().map(|line| format!("{file}{line}")).collect();
    lines.push(format!("7 mistakes in {file}"));
    assert_eq!(errors.to_string(), lines.join("\n"));
}

#[test]
fn a_file_that_cannot_be_read_says_what_to_do() {
    let folder = Folder::new();
    fs::create_dir(folder.path("folder.toml")).unwrap();
    for name in ["valetkey.yaml", "valetkey"] {
        fs::write(folder.path(name), "").unwrap();
    }
    let pipe = folder.path("pipe.toml");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let unnamed = "is not named .toml or .json; rename it after what it holds";
    for (name, expected) in [
        (
            "none.toml",
            "cannot be read (No such file or directory (os error 2)); create it, or name another file",
        ),
        (
            "folder.toml",
            "cannot be read (Is a directory (os error 21)); name the file in it",
        ),
        (
            "pipe.toml",
            "cannot be read (it is not a regular file); name a readable file",
        ),
        ("valetkey.yaml", unnamed),
        ("valetkey", unnamed),
    ] {
        let path = folder.path(name);
        let errors = config::load(&path, &no_environment).unwrap_err();
        let file = path.display();
        assert_eq!(errors.to_string(), format!("{file}: {expected}\n1 mistake in {file}"));
    }
}

#[test]
fn a_file_beyond_the_limit_is_refused() {
    let text = "#".repeat(config::MAX_BYTES * 2);
    let errors = Folder::new().load("valetkey.toml", &text).unwrap_err();
    assert!(errors.to_string().contains(": is larger than 1 MiB; make it smaller\n"));
}

fn plan() -> Plan {
    Plan {
        server: Server {
            credentials: "127.0.0.1:7411".parse().unwrap(),
            tls: None,
            ops: "[::]:7412".parse().unwrap(),
            imds: None,
            token_dir: PathBuf::from("/run/valetkey/tokens"),
            token_mode: 0o644,
            token_grace: Duration::from_mins(10),
            relative_uri: None,
            control_socket: PathBuf::from("/run/valetkey/control.sock"),
            state_dir: None,
            audit: true,
        },
        profiles: vec![session(), role()],
    }
}

fn session() -> Profile {
    Profile {
        name: "ops".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        required: false,
        endpoint: Endpoint {
            url: "http://127.0.0.1:4566".parse().unwrap(),
            signing_region: "eu-west-1".parse().unwrap(),
        },
        expected_account_id: None,
        allowed_uids: None,
        kind: Kind::Session(Session {
            key: KeySource::Directory(PathBuf::from("/etc/valetkey/key")),
            mfa: Some(Mfa::new(
                "arn:aws:iam::123456789012:mfa/ops".parse().unwrap(),
                MfaCode::TotpSeedFile(PathBuf::from("/etc/valetkey/mfa/totp_seed")),
            )),
            duration: 3600.try_into().unwrap(),
        }),
    }
}

fn role() -> Profile {
    let region: Region = "eu-west-1".parse().unwrap();
    let tag = Tag {
        key: "Team".parse().unwrap(),
        value: "ops".parse().unwrap(),
    };
    let read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess".parse().unwrap();
    Profile {
        name: "deploy".parse().unwrap(),
        required: true,
        endpoint: Endpoint::regional(&region),
        expected_account_id: None,
        allowed_uids: None,
        region,
        kind: Kind::Role(Role {
            signed_by: SignedBy::Profile("ops".parse().unwrap()),
            request: AssumeRole {
                policies: SessionPolicies::new(None, vec![read_only]).unwrap(),
                tags: Tags::new(vec![tag], Vec::new()).unwrap(),
                ..AssumeRole::new(
                    "arn:aws:iam::123456789012:role/deploy".parse().unwrap(),
                    "valetkey-deploy".parse().unwrap(),
                )
            },
        }),
    }
}

fn no_environment(_: &str) -> Option<OsString> {
    None
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, name: &str, text: &str) -> Result<Plan, Errors> {
        fs::write(self.path(name), text).unwrap();
        config::load(&self.path(name), &no_environment)
    }
}
