//! Files that nobody would write.

#[path = "../common/mutate.rs"]
mod mutate;

use std::ffi::OsString;
use std::fs;

use mutate::{Random, mutate};
use valetkey::config;

const CONFIG: &str = r#"# ä
[default]
region = eu-west-1
[profile deploy]
role_arn = arn:aws:iam::123456789012:role/deploy
source_profile = ops
external_id = id
duration_seconds = 3600
services = local
[profile "ops"] ; comment
mfa_serial = arn:aws:iam::123456789012:mfa/ops
mfa_process = pass 'otp' "o\ps"
credential_process = keys
  --user ops
region = eu-west-1
[services local]
sts =
  endpoint_url = https://sts.example
"#;

const CREDENTIALS: &str = "[deploy]\nregion = eu-west-1\n[ops]\naws_access_key_id = AKIAEXAMPLEOPS000001\n\
                           aws_secret_access_key = secret-of-ops\n";

const TELLING: &[u8] = b"[]=:\"'\\\n\r\t #;-0p\0\xef\xbb\xbf\xff\xc3";

#[test]
fn no_text_makes_it_panic() {
    let folder = tempfile::tempdir().unwrap();
    let files = [("config", CONFIG), ("credentials", CREDENTIALS)];
    fs::create_dir(folder.path().join(".aws")).unwrap();
    let env = |name: &str| (name == "HOME").then(|| OsString::from(folder.path()));
    let mut random = Random(1);
    let (mut right, mut wrong) = (0, 0);
    for round in 0..2_000 {
        for (index, (name, sample)) in files.iter().enumerate() {
            let mut bytes = sample.as_bytes().to_vec();
            // One of the two stays whole in two rounds of three, so that mistakes lie deep.
            for _ in 0..=random.below(4) {
                if round % 3 != index {
                    mutate(&mut bytes, TELLING, &mut random);
                }
            }
            fs::write(folder.path().join(".aws").join(name), &bytes).unwrap();
        }
        match config::profiles_of("deploy", &env) {
            Ok(profiles) => {
                assert!(profiles[0].required);
                right += 1;
            }
            Err(errors) => {
                assert!(!errors.mistakes().is_empty() && !errors.to_string().contains("secret-of"));
                wrong += 1;
            }
        }
    }
    assert!(right > 100 && wrong > 1_000, "{right} {wrong}");
}
