//! Several MFA devices of one user.

use super::super::{Format, MfaCode, parse};
use super::{LEAST, mistakes, toml};

const ONE: &str = "{ mfa_serial = \"GAHT00000001\", mfa_code = { totp_seed_file = \"/one\" } }";
const TWO: &str = "{ mfa_serial = \"GAHT00000002\", mfa_code = { process = [\"/bin/two\"] } }";

fn with(devices: &str) -> String {
    format!("{LEAST}mfa_devices = [{devices}]\n")
}

#[test]
fn are_taken_in_the_order_of_the_file() {
    let plan = toml(&with(&format!("{ONE}, {TWO}"))).unwrap();
    let mfa = plan.profiles[0].kind.mfa().unwrap();
    let serials: Vec<_> = mfa.devices().map(|device| device.serial.as_str()).collect();
    assert_eq!(serials, ["GAHT00000001", "GAHT00000002"]);
    assert!(matches!(mfa.devices().nth(1).unwrap().code, MfaCode::Process(_)));
    let json = r#"{"server": {"token_dir": "/t", "control_socket": "/c"}, "profile": {"ops": {"region": "eu-west-1",
        "key": {"directory": "/k"}, "mfa_devices": [{"mfa_serial": "GAHT00000001", "mfa_code": {"totp_seed_file": "/s"}}]}}}"#;
    let plan = parse(json.as_bytes(), Format::Json, "v.json", &|_| None).unwrap();
    assert_eq!(plan.profiles[0].kind.mfa().unwrap().devices().count(), 1);
}

#[test]
fn a_role_with_a_key_may_have_them_too_and_a_chained_one_not() {
    let role = "role_arn = \"arn:aws:iam::123456789012:role/x\"\n";
    assert!(toml(&(with(ONE) + role)).is_ok());
    let chained =
        format!("{LEAST}[profile.deploy]\nregion = \"x\"\nsource_profile = \"ops\"\n{role}mfa_devices = [{ONE}]\n");
    let found = mistakes(toml(&chained));
    assert!(
        found[0].contains("mfa_devices: must be left out: the source profile's session signs"),
        "{found:?}"
    );
}

#[test]
fn each_mistake_in_them_is_told() {
    let push = "{ mfa_serial = \"GAHT00000003\", mfa_code = { push = true } }";
    for (text, part) in [
        (with(""), "mfa_devices: must be a list of one to eight devices"),
        (
            with(&[ONE; 9].join(", ")),
            "mfa_devices: must be a list of one to eight devices",
        ),
        (with(&format!("{ONE}, {ONE}")), "mfa_devices: names a device twice"),
        (with("{}"), "mfa_devices.mfa_serial: is missing"),
        (
            with("{ mfa_serial = \"GAHT00000001\" }"),
            "mfa_devices.mfa_code: is missing, and `mfa_serial` needs it",
        ),
        (
            with(push),
            "mfa_devices.mfa_code: must be a `totp_seed_file` or a `process`",
        ),
        (
            with("{ mfa_serail = \"GAHT00000001\" }"),
            "mfa_devices.mfa_serail: is not a known key; did you mean `mfa_serial`?",
        ),
        (with("\"GAHT00000001\""), "mfa_devices: found a string; must be a list"),
        (
            with(ONE) + "mfa_serial = \"GAHT00000001\"\nmfa_code = { process = [\"p\"] }\n",
            "mfa_serial: must be left out: `mfa_devices` names the devices",
        ),
        (
            LEAST.to_owned() + "mfa_devices = 1\n",
            "mfa_devices: found an integer; must be a list",
        ),
    ] {
        let found = mistakes(toml(&text));
        assert!(found[0].contains(part), "{part}: {found:?}");
    }
    let both = mistakes(toml(&with("{ mfa_serial = 1 }, { mfa_code = 2 }")));
    assert!(both.len() > 2, "all at once: {both:?}");
}

#[test]
fn another_source_of_codes_another_order_and_one_more_or_less_are_no_other_identity() {
    let profile = |devices: &str| toml(&with(devices)).unwrap().profiles.remove(0);
    let two = TWO.replace("process = [\"/bin/two\"]", "totp_seed_file = \"/two\"");
    let before = profile(&format!("{ONE}, {TWO}"));
    for devices in [format!("{ONE}, {two}"), format!("{TWO}, {ONE}")] {
        let changed = profile(&devices);
        assert!(before.same_identity(&changed) && before != changed, "{devices}");
        assert_eq!(before.digest(), changed.digest(), "{devices}");
    }
    // A device is of one user: where one is left, the user is the same.
    let others = [ONE, TWO].map(profile);
    for fewer in &others {
        assert!(before.same_identity(fewer) && fewer.same_identity(&before));
    }
    assert!(
        !others[0].same_identity(&others[1]),
        "nothing tells that it is the same user"
    );
}
