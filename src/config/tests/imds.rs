use super::super::{Overrides, Source, read};
use super::{LEAST, mistake, mistakes, systemd, toml};

/// What is said of an address that others may reach.
pub(super) const ADDRESS: &str = "must be a loopback address such as \"127.0.0.1:7413\", or EC2's own 169.254.169.254 or \
     [fd00:ec2::254] where this host has it: whoever reaches the listener may have the credentials, in plain HTTP; run a \
     valetkey beside each application, or serve others by `credentials`, which asks for a token";

const ON: &str = "imds = \"127.0.0.1:7413\"";

/// The mistake of these lines of `[server]`, which begins on the fifth line.
#[track_caller]
fn server(lines: &str) -> String {
    mistake(&format!("{LEAST}[server]\n{lines}\n"))
}

#[test]
fn is_off_unless_it_is_asked_for() {
    assert_eq!(toml(LEAST).unwrap().server.imds, None);
}

#[test]
fn serves_the_only_profile_by_default() {
    let imds = toml(&format!("{LEAST}[server]\n{ON}")).unwrap().server.imds.unwrap();
    assert_eq!(imds.address, "127.0.0.1:7413".parse().unwrap());
    assert_eq!((imds.profile.as_str(), imds.region.as_str()), ("ops", "eu-west-1"));
    assert_eq!(
        (imds.hop_limit.get(), imds.availability_zone.as_str()),
        (1, "eu-west-1a")
    );
    assert_eq!((imds.instance_id, imds.instance_profile_arn), (None, None));
}

#[test]
fn takes_all_that_ec2_says_of_an_instance() {
    let lines = "imds_profile = \"ops\"\nimds_hop_limit = 64\nimds_availability_zone = \"eu-west-1c\"\n\
                 imds_instance_id = \"i-0123456789abcdef0\"\n\
                 imds_instance_profile_arn = \"arn:aws:iam::123456789012:instance-profile/ops\"";
    let other = LEAST.replace("ops", "other").replace("eu-west-1", "us-east-1");
    let plan = toml(&format!("{LEAST}{other}[server]\n{ON}\n{lines}")).unwrap();
    let imds = plan.server.imds.unwrap();
    assert_eq!((imds.profile.as_str(), imds.region.as_str()), ("ops", "eu-west-1"));
    assert_eq!(
        (imds.hop_limit.get(), imds.availability_zone.as_str()),
        (64, "eu-west-1c")
    );
    assert_eq!(imds.instance_id.unwrap().as_str(), "i-0123456789abcdef0");
    let arn = imds.instance_profile_arn.unwrap();
    assert_eq!(arn.as_str(), "arn:aws:iam::123456789012:instance-profile/ops");
}

#[test]
fn listens_where_nobody_else_can_reach_it() {
    for (address, expected) in [
        ("127.0.0.1:0", "127.0.0.1:0"),
        ("127.9.9.9:80", "127.9.9.9:80"),
        ("[::1]:7413", "[::1]:7413"),
        ("169.254.169.254:80", "169.254.169.254:80"),
        ("[fd00:ec2::254]:80", "[fd00:ec2::254]:80"),
        ("[::ffff:127.0.0.1]:7413", "127.0.0.1:7413"),
    ] {
        let plan = toml(&format!("{LEAST}[server]\nimds = \"{address}\"")).unwrap();
        assert_eq!(plan.server.imds.unwrap().address.to_string(), expected);
    }
    for address in [
        "0.0.0.0:7413",
        "[::]:7413",
        "10.0.0.1:7413",
        "169.254.170.2:80",
        "[fd00:ec2::23]:80",
        "[fe80::1]:7413",
    ] {
        let expected = format!("5:8: server.imds: {ADDRESS}");
        assert_eq!(server(&format!("imds = \"{address}\"")), expected, "{address}");
    }
    for address in ["", "7413", "127.0.0.1", "localhost:7413", "http://127.0.0.1:7413"] {
        assert_eq!(
            server(&format!("imds = \"{address}\"")),
            "5:8: server.imds: must be a loopback address and port such as \"127.0.0.1:7413\""
        );
    }
}

#[test]
fn has_an_address_of_its_own() {
    for lines in [
        "imds = \"127.0.0.1:7411\"",
        "imds = \"127.0.0.1:7412\"",
        "imds = \"127.0.0.1:1\"\nops = \"[::]:1\"",
    ] {
        assert_eq!(
            server(lines),
            "5:8: server.imds: must be another address than `credentials` and `ops`; give it a port of its own",
            "{lines}"
        );
    }
    for lines in [
        "imds = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"",
        "imds = \"169.254.169.254:80\"\nops = \"127.0.0.1:80\"",
    ] {
        assert!(toml(&format!("{LEAST}[server]\n{lines}")).is_ok(), "{lines}");
    }
}

#[test]
fn serves_a_profile_that_there_is() {
    assert_eq!(
        server(&format!("{ON}\nimds_profile = \"opss\"")),
        "6:16: server.imds_profile: names none of the profiles; did you mean `ops`?"
    );
    assert_eq!(
        server(&format!("{ON}\nimds_profile = \"deploy\"")),
        "6:16: server.imds_profile: names none of the profiles; name the one that may be had without a secret"
    );
    let must = "must be the name of the one profile that is served to whoever reaches the listener";
    assert_eq!(
        server(&format!("{ON}\nimds_profile = \"a b\"")),
        format!("6:16: server.imds_profile: {must}")
    );
    let two = format!("{LEAST}{}[server]\n{ON}", LEAST.replace("ops", "deploy"));
    assert_eq!(
        mistake(&two),
        format!("8:1: server.imds_profile: is missing, and `imds` needs it; {must}")
    );
    assert!(toml(&format!("{two}\nimds_profile = \"deploy\"")).is_ok());
}

/// All mistakes are told at once.
#[test]
fn is_checked_beside_wrong_profiles() {
    let text = format!("{LEAST}required = 1\n[server]\n{ON}\nimds_profile = \"opss\"");
    assert_eq!(
        mistakes(toml(&text)),
        [
            "v.toml:4:12: profile.ops.required: found an integer; must be true or false",
            "v.toml:7:16: server.imds_profile: names none of the profiles; did you mean `ops`?",
        ]
    );
    let right = text.replace("opss", "ops");
    assert_eq!(mistakes(toml(&right)).len(), 1);
    let unnamed = text
        .replace("imds_profile = \"opss\"", "")
        .replace("profile.ops", "profile.\"o s\"");
    assert!(mistakes(toml(&unnamed)).iter().all(|line| !line.contains("imds")));
}

#[test]
fn what_tells_of_it_says_nothing_where_it_is_off() {
    for line in [
        "imds_profile = \"ops\"",
        "imds_hop_limit = 2",
        "imds_availability_zone = \"eu-west-1a\"",
        "imds_instance_id = \"i-0123456789abcdef0\"",
        "imds_instance_profile_arn = \"arn:aws:iam::123456789012:instance-profile/ops\"",
    ] {
        let key = line.split(' ').next().unwrap();
        let text = "says nothing without `imds`; name an address such as imds = \"127.0.0.1:7413\", or leave this out";
        assert_eq!(server(line), format!("5:1: server.{key}: {text}"));
    }
    assert_eq!(
        server("imdss = \"127.0.0.1:7413\"\nimds_profile = \"ops\""),
        "5:1: server.imdss: is not a known key; did you mean `imds`?",
        "and not that the other is alone"
    );
}

#[test]
fn keeps_ec2s_rules() {
    for limit in ["0", "65", "-1", "256"] {
        assert_eq!(
            server(&format!("{ON}\nimds_hop_limit = {limit}")),
            "6:18: server.imds_hop_limit: must be an integer from 1 to 64"
        );
    }
    assert_eq!(
        server(&format!("{ON}\nimds_instance_id = \"i-1\"")),
        "6:20: server.imds_instance_id: must be an instance's id such as \"i-0123456789abcdef0\""
    );
    for zone in ["us-east-1a", "eu-west-1", "a", ""] {
        assert_eq!(
            server(&format!("{ON}\nimds_availability_zone = \"{zone}\"")),
            "6:26: server.imds_availability_zone: must be a zone of the region of the profile that `imds` serves: the \
             region and a letter, such as \"eu-west-1a\""
        );
    }
    assert_eq!(
        server(&format!(
            "{ON}\nimds_instance_profile_arn = \"arn:aws:iam::123456789012:role/ops\""
        )),
        "6:29: server.imds_instance_profile_arn: must be an ARN such as \
         \"arn:aws:iam::123456789012:instance-profile/ops\""
    );
}

#[test]
fn flags_alone_can_turn_it_on() {
    let environment = |name: &str| {
        let value = match name {
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "x",
            "AWS_REGION" => "eu-west-1",
            _ => return systemd(name),
        };
        Some(value.into())
    };
    let with = |imds: Option<&str>, profile: Option<&str>| {
        let flags = Overrides {
            imds: imds.map(ToOwned::to_owned),
            imds_profile: profile.map(ToOwned::to_owned),
            ..Overrides::default()
        };
        read(&Source::Environment, &flags, &environment)
    };
    let imds = with(Some("127.0.0.1:1"), None).unwrap().server.imds.unwrap();
    assert_eq!((imds.profile.as_str(), imds.region.as_str()), ("default", "eu-west-1"));
    let said = |imds, profile| with(imds, profile).unwrap_err().to_string();
    let unknown = said(Some("127.0.0.1:1"), Some("ops"));
    assert!(
        unknown.starts_with("--imds-profile: names none of the profiles; "),
        "{unknown}"
    );
    let lonely = said(None, Some("default"));
    assert!(
        lonely.starts_with("--imds-profile: says nothing without `imds`; "),
        "{lonely}"
    );
    let two = format!("{LEAST}{}", LEAST.replace("ops", "deploy"));
    let flags = Overrides {
        imds: Some(String::from("127.0.0.1:1")),
        ..Overrides::default()
    };
    let plan = super::super::file::parse(two.as_bytes(), super::Format::Toml, "v.toml", &flags, &systemd);
    let text = plan.unwrap_err().to_string();
    assert!(
        text.starts_with("--imds-profile: is missing, and --imds needs it; "),
        "{text}"
    );
}
