//! The README against the code: what it lists is what there is.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use valetkey::clock::SystemClock;
use valetkey::config::{self, Format, KEYS};
use valetkey::metrics::Metrics;
use valetkey::metrics::{Listener, NAMES};
use valetkey::renew::{CodeVerdict, KeyReload, Outcome, Table};
use valetkey::sts::{Action, Class};

fn readme() -> String {
    fs::read_to_string("README.md").unwrap()
}

/// The rows of the table under this heading row, without the ruler.
fn table(heading: &str) -> Vec<String> {
    let readme = readme();
    let rows = readme.lines().skip_while(|line| *line != heading).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn every_configuration_key_is_listed() {
    let expected: Vec<_> = KEYS
        .iter()
        .map(|key| {
            format!(
                "| `{}` | {} | {} |",
                key.path,
                code(&key.presence.to_string()),
                key.what
            )
        })
        .collect();
    assert_eq!(
        table("| key | default | what |"),
        expected,
        "expected:\n{}",
        expected.join("\n")
    );
}

/// A value is set as code, a word about it is not.
fn code(presence: &str) -> String {
    if matches!(presence, "required" | "optional" | "one of these") {
        presence.to_owned()
    } else {
        format!("`{presence}`")
    }
}

#[test]
fn every_metric_is_listed() {
    let expected: Vec<_> = NAMES
        .iter()
        .map(|metric| {
            let labels = metric.labels.join(", ");
            format!(
                "| `{}` | {} | {labels} | {} |",
                metric.name,
                metric.kind.as_str(),
                metric.help
            )
        })
        .collect();
    assert_eq!(
        table("| metric | type | labels | what |"),
        expected,
        "expected:\n{}",
        expected.join("\n")
    );
}

#[test]
fn every_word_of_a_label_is_listed() {
    let row = |label: &str, words: Vec<&str>| format!("| {label} | `{}` |", words.join("`, `"));
    let classes = || Class::ALL.into_iter().map(Class::as_str);
    let reasons = |listener: Listener| listener.reasons().iter().map(|reason| reason.as_str()).collect();
    let expected = [
        row(
            "`result` of `valetkey_renewals_total`",
            Outcome::all().map(Outcome::as_str).collect(),
        ),
        row(
            "`result` of `valetkey_sts_requests_total`",
            std::iter::once("success").chain(classes()).collect(),
        ),
        row(
            "`result` of `valetkey_mfa_codes_total`",
            CodeVerdict::ALL.into_iter().map(CodeVerdict::as_str).collect(),
        ),
        row(
            "`result` of `valetkey_key_reloads_total`",
            KeyReload::ALL.into_iter().map(KeyReload::as_str).collect(),
        ),
        row(
            "`result` of `valetkey_config_reloads_total`",
            results_on(&page(), "valetkey_config_reloads_total"),
        ),
        row(
            "`reason` where `listener` is `credentials`",
            reasons(Listener::Credentials),
        ),
        row("`reason` where `listener` is `imds`", reasons(Listener::Imds)),
        row("`reason` where `listener` is `ops`", reasons(Listener::Ops)),
    ];
    assert_eq!(
        table("| label | words |"),
        expected,
        "expected:\n{}",
        expected.join("\n")
    );
}

/// The page of a daemon that has not begun.
fn page() -> String {
    let table = Arc::new(Table::new(&[]));
    String::from_utf8(Metrics::new(table, Arc::new(SystemClock), || 0).render()).unwrap()
}

fn results_on<'p>(page: &'p str, metric: &str) -> Vec<&'p str> {
    let series = format!("{metric}{{result=\"");
    let results = page
        .lines()
        .filter_map(|line| line.strip_prefix(&series)?.split('"').next());
    results.collect()
}

#[test]
fn every_action_of_sts_is_listed() {
    let rows = table("| action | signed by | secrets that are read |");
    let listed: Vec<_> = rows
        .iter()
        .map(|row| row.split('`').nth(1).unwrap().replace('-', ""))
        .collect();
    let expected = Action::ALL.map(|action| action.as_str().to_lowercase());
    assert_eq!(listed, expected);
}

#[test]
fn the_configuration_of_the_five_minutes_is_a_plan() {
    let readme = readme();
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (toml, _) = rest.split_once("```").unwrap();
    let plan = config::parse(toml.as_bytes(), Format::Toml, "README.md", &|_| None).unwrap();
    assert_eq!(plan.profiles[0].name.as_str(), "ops");
    // What the SDK is pointed at is what that file serves.
    assert!(readme.contains(&format!("http://{}/credentials/ops", plan.server.credentials)));
    assert!(readme.contains(&format!("TOKEN_FILE={}/ops/token", plan.server.token_dir.display())));
}

#[test]
fn the_examples_of_the_configuration_are_plans() {
    assert_eq!(kinds("Configuration", ""), ["session", "role", "role"]);
    let server = "[server]\ntoken_dir = \"/t\"\ncontrol_socket = \"/c\"\n";
    let of_others = kinds("Roles, federation and the organization", server);
    assert_eq!(of_others, ["web_identity", "role", "saml"]);
}

#[test]
fn the_example_of_imds_is_what_the_sdk_is_pointed_at() {
    let readme = readme();
    let (_, section) = readme.split_once("\n### As EC2 answers: IMDSv2\n").unwrap();
    let (_, rest) = section.split_once("```toml\n").unwrap();
    let (toml, rest) = rest.split_once("```").unwrap();
    let profile = "[profile.ops]\nregion = \"eu-west-1\"\nkey = { directory = \"/k\" }\n";
    let text = toml.replace("[server]", "[server]\ntoken_dir = \"/t\"\ncontrol_socket = \"/c\"") + profile;
    let plan = config::parse(text.as_bytes(), Format::Toml, "README.md", &|_| None).unwrap();
    let imds = plan.server.imds.unwrap();
    assert_eq!(imds.profile.as_str(), "ops");
    assert!(rest.contains(&format!("AWS_EC2_METADATA_SERVICE_ENDPOINT=http://{}\n", imds.address)));
}

#[test]
fn the_example_of_relative_uris_is_where_sdks_ask() {
    let readme = readme();
    let (_, section) = readme.split_once("\n## Who may ask\n").unwrap();
    let (_, rest) = section.split_once("```toml\n").unwrap();
    let (toml, rest) = rest.split_once("```").unwrap();
    let profile = "[profile.ops]\nregion = \"eu-west-1\"\nkey = { directory = \"/k\" }\n";
    let server = "[server]\ntoken_dir = \"/run/valetkey/tokens\"\ncontrol_socket = \"/c\"";
    let text = toml.replace("[server]", server) + profile;
    let plan = config::parse(text.as_bytes(), Format::Toml, "README.md", &|_| None).unwrap();
    assert_eq!(plan.server.credentials, "169.254.170.2:80".parse().unwrap());
    assert_eq!(plan.server.relative_uri, Some(config::RelativeUri::Id));
    assert!(rest.contains(&format!("{}/ops/relative_uri", plan.server.token_dir.display())));
}

#[test]
fn the_example_of_tls_is_what_the_sdk_is_pointed_at() {
    let readme = readme();
    let (_, section) = readme.split_once("\n### Beyond this machine: TLS\n").unwrap();
    let (_, rest) = section.split_once("```toml\n").unwrap();
    let (toml, rest) = rest.split_once("```").unwrap();
    let profile = "[profile.ops]\nregion = \"eu-west-1\"\nkey = { directory = \"/k\" }\n";
    let text = toml.replace("[server]", "[server]\ntoken_dir = \"/t\"\ncontrol_socket = \"/c\"") + profile;
    let plan = config::parse(text.as_bytes(), Format::Toml, "README.md", &|_| None).unwrap();
    assert!(plan.server.tls.is_some() && plan.server.credentials.ip().is_unspecified());
    let port = plan.server.credentials.port();
    assert!(rest.contains(&format!("FULL_URI=https://valetkey.example:{port}/credentials/ops ")));
}

/// The kinds of the profiles in the first configuration under this heading.
fn kinds(heading: &str, before: &str) -> Vec<&'static str> {
    let readme = readme();
    let (_, section) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, rest) = section.split_once("```toml\n").unwrap();
    let (toml, _) = rest.split_once("```").unwrap();
    let text = format!("{before}{toml}");
    let home = |name: &str| (name == "HOME").then(|| "/home/ops".into());
    let plan = config::parse(text.as_bytes(), Format::Toml, "README.md", &home).unwrap();
    plan.profiles.iter().map(|profile| profile.kind.as_str()).collect()
}

#[test]
fn the_examples_of_the_guides_are_plans() {
    let server = "[server]\ntoken_dir = \"/t\"\ncontrol_socket = \"/c\"\n";
    let mut found = Vec::new();
    for path in guides() {
        let text = fs::read_to_string(&path).unwrap();
        for block in text.split("```toml\n").skip(1) {
            let (toml, _) = block.split_once("```").unwrap();
            let before = if toml.contains("[server]") { "" } else { server };
            let plan = config::parse(format!("{before}{toml}").as_bytes(), Format::Toml, &path, &|_| None);
            let plan = plan.unwrap_or_else(|error| panic!("{path}: {error}"));
            found.extend(plan.profiles.iter().map(|profile| profile.kind.as_str()));
        }
    }
    found.sort_unstable();
    assert_eq!(found, ["role", "role", "session", "session", "web_identity"]);
}

fn guides() -> Vec<String> {
    let files = fs::read_dir("docs").unwrap();
    files.map(|file| file.unwrap().path().display().to_string()).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let pages = [
        "README.md",
        "SECURITY.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "ARCHITECTURE.md",
    ];
    let pages = pages.map(ToOwned::to_owned).into_iter().chain(guides());
    let mut count = 0;
    for page in pages.chain(["deploy/monitoring/RUNBOOK.md".to_owned()]) {
        for link in links(&fs::read_to_string(&page).unwrap()) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = Path::new(&page).parent().unwrap().join(file);
            let target = if file.is_empty() { Path::new(&page) } else { &target };
            assert!(target.exists(), "{page} links to {link}");
            let is_there =
                anchor.is_empty() || anchors(&fs::read_to_string(target).unwrap()).any(|found| found == anchor);
            assert!(is_there, "{page} links to {link}");
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
}

/// Where the page's links within the repository lead.
fn links(page: &str) -> Vec<String> {
    let ends = page.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let links = ends.map(|(link, _)| link.to_owned());
    links.filter(|link| !link.starts_with("https:")).collect()
}

/// The headings as links name them.
fn anchors(page: &str) -> impl Iterator<Item = String> {
    let headings = page.lines().filter_map(|line| line.strip_prefix('#'));
    headings.map(|heading| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

#[test]
fn the_two_commands_come_first() {
    let readme = readme();
    let head: Vec<_> = readme.lines().take(12).collect();
    for command in ["cargo run --release -- demo", "cargo test"] {
        assert!(head.iter().any(|line| line.starts_with(command)), "{command}");
    }
}
