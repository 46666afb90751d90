use super::super::{Format, parse};
use super::systemd;

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

/// The multiplier and increment of Knuth's MMIX: the same texts in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    const TELLING: &[u8] = b"[]{}=.,:\"'\\\n\r\t #0-+eE_\0\x7f\xff\xc3";
    let at = random.below(bytes.len());
    let end = bytes.len().min(at + 1 + random.below(12));
    match random.below(5) {
        0 => bytes[at] = TELLING[random.below(TELLING.len())],
        1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes.insert(at, TELLING[random.below(TELLING.len())]),
        3 => drop(bytes.drain(at..end)),
        _ => {
            let copy = bytes[at..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, copy);
        }
    }
}

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
                mutate(&mut bytes, &mut random);
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
