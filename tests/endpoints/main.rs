//! Endpoint and signing region of every wish that a profile can have, in each of the ways to say it, against a table of what
//! botocore does: `table.txt`, or the whole one that `.ci/suites/endpoints` makes.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test ends at the first surprise"
)]

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use tempfile::TempDir;
use valetkey::aws::Variant;
use valetkey::config::{self, Errors, Format, Overrides, Profile, Source};

mod precedence;

#[test]
fn is_what_botocore_asks() {
    let whole = std::env::var_os("ENDPOINTS");
    let least = if whole.is_some() { 1_500 } else { 200 };
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/endpoints/table.txt");
    let text = fs::read_to_string(whole.map_or(committed, Into::into)).unwrap();
    let files = Files::new();
    let mut lines = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let wish = Wish::read(line);
        for (way, profile) in [
            ("the file", toml(&wish)),
            ("the environment beside the file", toml_and_environment(&wish)),
            ("the environment", environment(wish.region, &|name| wish.variable(name))),
            ("the AWS files", files.ask(&wish, true)),
            ("the environment beside the AWS files", files.ask(&wish, false)),
        ] {
            assert_eq!(found(profile), wish.expected, "{line}: {way}");
        }
        lines += 1;
    }
    assert!(lines >= least, "{lines}");
}

/// For a region of each partition: what is asked where nobody has said anything, and where somebody wants the global endpoint, which is
/// that of `aws` alone, and there of the regions that had it.
#[test]
fn f07_regional_unless_asked_otherwise() {
    let files = Files::new();
    for (region, regional, global) in [
        (
            "eu-west-1",
            "amazonaws.com",
            Some("https://sts.amazonaws.com/ us-east-1"),
        ),
        ("eu-south-1", "amazonaws.com", None),
        ("cn-north-1", "amazonaws.com.cn", None),
        ("us-gov-west-1", "amazonaws.com", None),
        ("eusc-de-east-1", "amazonaws.eu", None),
        ("us-iso-east-1", "c2s.ic.gov", None),
        ("us-isob-east-1", "sc2s.sgov.gov", None),
        ("eu-isoe-west-1", "cloud.adc-e.uk", None),
        ("us-isof-south-1", "csp.hci.ic.gov", None),
    ] {
        let regional = format!("https://sts.{region}.{regional}/ {region}");
        for (wish, expected) in [(None, &*regional), (Some("legacy"), global.unwrap_or(&regional))] {
            let variable = |name: &str| match name {
                "AWS_STS_REGIONAL_ENDPOINTS" => wish.map(OsString::from),
                _ => None,
            };
            let line = |quote: &str| wish.map(|wish| format!("sts_regional_endpoints = {quote}{wish}{quote}\n"));
            let in_aws_files = format!("region = {region}\n{}", line("").unwrap_or_default());
            for (way, profile) in [
                ("the file", parse(region, &line("\"").unwrap_or_default(), &|_| None)),
                ("the environment beside the file", parse(region, "", &variable)),
                ("the environment", environment(region, &variable)),
                ("the AWS files", files.profile(&in_aws_files, &|_| None)),
            ] {
                assert_eq!(found(profile), expected, "{region}: {wish:?} by {way}");
            }
        }
    }
}

/// A line of the table.
struct Wish<'l> {
    region: &'l str,
    variant: Variant,
    elsewhere: bool,
    expected: &'l str,
}

impl<'l> Wish<'l> {
    fn read(line: &'l str) -> Self {
        let parts: Vec<_> = line.splitn(6, ' ').collect();
        let [region, fips, dual_stack, legacy, elsewhere, expected] = parts[..] else {
            panic!("{line}")
        };
        let is = |word: &str, name: &str| match word {
            "-" => false,
            _ if word == name => true,
            _ => panic!("{line}"),
        };
        Self {
            region,
            variant: Variant {
                fips: is(fips, "fips"),
                dual_stack: is(dual_stack, "dualstack"),
                legacy_global: is(legacy, "legacy"),
            },
            elsewhere: is(elsewhere, "elsewhere"),
            expected,
        }
    }

    /// As settings of a profile; TOML has its texts in quotes.
    fn settings(&self, quote: &str) -> String {
        let Variant { fips, dual_stack, .. } = self.variant;
        let url = if self.elsewhere {
            format!("endpoint_url = {quote}https://sts.example{quote}\n")
        } else {
            String::new()
        };
        format!(
            "use_fips_endpoint = {fips}\nuse_dualstack_endpoint = {dual_stack}\n\
             sts_regional_endpoints = {quote}{}{quote}\n{url}",
            self.regional_endpoints()
        )
    }

    fn regional_endpoints(&self) -> &'static str {
        if self.variant.legacy_global {
            "legacy"
        } else {
            "regional"
        }
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        let boolean = |value: bool| Some(OsString::from(value.to_string()));
        match name {
            "AWS_USE_FIPS_ENDPOINT" => boolean(self.variant.fips),
            "AWS_USE_DUALSTACK_ENDPOINT" => boolean(self.variant.dual_stack),
            "AWS_STS_REGIONAL_ENDPOINTS" => Some(self.regional_endpoints().into()),
            "AWS_ENDPOINT_URL_STS" => self.elsewhere.then(|| "https://sts.example".into()),
            _ => None,
        }
    }
}

/// As the table has it.
fn found(profile: Result<Profile, Errors>) -> String {
    match profile {
        Ok(Profile { endpoint, .. }) => format!("{} {}", endpoint.url, endpoint.signing_region),
        Err(errors) => {
            assert_eq!(errors.mistakes().len(), 1, "{errors}");
            assert!(
                errors.mistakes()[0]
                    .text
                    .starts_with("asks for an endpoint of AWS, but "),
                "{errors}"
            );
            String::from("refused")
        }
    }
}

fn toml(wish: &Wish<'_>) -> Result<Profile, Errors> {
    parse(wish.region, &wish.settings("\""), &|_| None)
}

fn toml_and_environment(wish: &Wish<'_>) -> Result<Profile, Errors> {
    parse(wish.region, "", &|name| wish.variable(name))
}

/// A file of one profile in the language of valetkey.
fn parse(region: &str, settings: &str, env: config::Env<'_>) -> Result<Profile, Errors> {
    let text = format!("[profile.ops]\nregion = \"{region}\"\nkey = {{ directory = \"/k\" }}\n{settings}");
    let env = |name: &str| match name {
        "RUNTIME_DIRECTORY" => Some("/run/valetkey".into()),
        _ => env(name),
    };
    let plan = config::parse(text.as_bytes(), Format::Toml, "v.toml", &env);
    plan.map(|mut plan| plan.profiles.remove(0))
}

fn environment(region: &str, env: config::Env<'_>) -> Result<Profile, Errors> {
    let env = |name: &str| match name {
        "RUNTIME_DIRECTORY" => Some("/run/valetkey".into()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("x".into()),
        "AWS_REGION" => Some(region.into()),
        _ => env(name),
    };
    let plan = config::read(&Source::Environment, &Overrides::default(), &env);
    plan.map(|mut plan| plan.profiles.remove(0))
}

/// The AWS files.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn ask(&self, wish: &Wish<'_>, in_file: bool) -> Result<Profile, Errors> {
        let settings = if in_file { wish.settings("") } else { String::new() };
        let env = |name: &str| if in_file { None } else { wish.variable(name) };
        self.profile(&format!("region = {}\n{settings}", wish.region), &env)
    }

    fn profile(&self, settings: &str, env: config::Env<'_>) -> Result<Profile, Errors> {
        let text =
            format!("[profile ops]\n{settings}aws_access_key_id = AKIAEXAMPLEOPS000001\naws_secret_access_key = x\n");
        self.profiles("ops", &text, env).map(|mut profiles| profiles.remove(0))
    }

    fn profiles(&self, name: &str, text: &str, env: config::Env<'_>) -> Result<Vec<Profile>, Errors> {
        let config = self.0.path().join("config");
        fs::write(&config, text).unwrap();
        let env = |name: &str| match name {
            "HOME" => Some(self.0.path().into()),
            "AWS_CONFIG_FILE" => Some(config.clone().into()),
            _ => env(name),
        };
        config::profiles_of(name, &env)
    }
}
