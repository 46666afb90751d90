#[allow(clippy::duplicate_mod, reason = "the crate has no place for what tests alone share")]
#[path = "../../../tests/common/mutate.rs"]
mod mutate;

use super::super::{Format, parse};
use super::systemd;
use mutate::{Random, mutate};

const TOML: &str = r#"# ä
[server]
credentials = '127.0.0.1:7411'
token_mode = "0600"
[profile.ops]
region = "eu-west-1"
key = { directory = "/k" }
mfa_serial = """arn:aws:iam::123456789012:mfa/ops"""
mfa_code.totp_seed_file = "/s\u00e4"
duration_seconds = 0xa8c0
required = false
[profile.a]
region = "x"
source_profile = "b"
role_arn = "arn:aws:iam::123456789012:role/deploy"
policy_arns = ["arn:aws:iam::aws:policy/x"]
tags = { a = "b" }
[profile.b]
region = "x"
role_arn = "arn:aws:iam::123456789012:role/deploy"
key = { process = ["p", "x"], pass_environment = ["X"] }
mfa_serial = "GAHT12345678"
mfa_code = { push = true, notify = ["n"] }
[profile.c]
region = "x"
key = { directory = "/k" }
mfa_devices = [{ mfa_serial = "GAHT12345678", mfa_code = { process = ["p"] } }, { mfa_serial = "GAHT87654321", mfa_code.totp_seed_file = "/s" }]
[[profile.b.provided_contexts]]
provider_arn = "arn:aws:iam::aws:contextProvider/x"
context_assertion = "xxxx"
"#;

const JSON: &str = r#"{"server": {"credentials": "127.0.0.1:7411"}, "profile": {"ops": {"region":
    "eu-west-1", "key": {"directory": "/k\u00e4"}, "required": true, "duration_seconds": 43200}}}"#;

/// What no key takes, but a parser must.
const ODD_TOML: &str = r#"a.b.c = [1.5, { x = 2026-01-01 }, 07:32:00, -inf]
[[x.y]]
z = [[]]
[[x.y]]
z = """
"""
[a.d]
"#;
const ODD_JSON: &str = r#"[{"a": {"b": [1.5e3, null, {"": -1}, "\ud83d\udd11"]}}, {}]"#;

const TELLING: &[u8] = b"[]{}=.,:\"'\\\n\r\t #0-+eE_\0\x7f\xff\xc3";

#[test]
fn no_text_makes_it_panic() {
    let mut random = Random(1);
    let (mut right, mut wrong) = (0, 0);
    for (sample, format) in [
        (TOML, Format::Toml),
        (JSON, Format::Json),
        (ODD_TOML, Format::Toml),
        (ODD_JSON, Format::Json),
    ] {
        for _ in 0..4_000 {
            let mut bytes = sample.as_bytes().to_vec();
            for _ in 0..=random.below(5) {
                mutate(&mut bytes, TELLING, &mut random);
            }
            match parse(&bytes, format, "v", &systemd) {
                Ok(_) => right += 1,
                Err(errors) => {
                    assert!(!errors.mistakes().is_empty());
                    wrong += 1;
                }
            }
        }
    }
    assert!(right > 100 && wrong > 10_000, "{right} {wrong}");
}
