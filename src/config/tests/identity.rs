//! What a changed profile leaves of the credentials that it has.

use super::super::Profile;
use super::{LEAST, ROLE, toml};

const MFA: &str = "mfa_serial = \"GAHT12345678\"\nmfa_code = { push = true }\n";

fn profile(text: &str) -> Profile {
    let text = format!(
        "{text}\n[profile.other]\nregion = \"x\"\nkey = {{ environment = true }}\n[profile.third]\nregion = \"x\"\nkey = {{ environment = true }}"
    );
    toml(&text).unwrap().profiles.remove(0)
}

fn web() -> String {
    LEAST.replace("key = { directory = \"/k\" }", "web_identity_token_file = \"/t\"") + ROLE
}

fn saml() -> String {
    let saml = "principal_arn = \"arn:aws:iam::123456789012:saml-provider/ADFS\"\nsaml_assertion = { file = \"/a\" }";
    LEAST.replace("key = { directory = \"/k\" }", saml) + ROLE
}

fn federation() -> String {
    format!("{LEAST}federation_name = \"jane\"\n")
}

#[test]
fn stays_when_only_the_terms_change() {
    let session = format!("{LEAST}{MFA}");
    let role = format!("{LEAST}{ROLE}{MFA}");
    let chained = format!("{LEAST}{ROLE}").replace("key = { directory = \"/k\" }", "source_profile = \"other\"");
    for (text, changed) in [
        (&session, session.clone()),
        (&session, format!("{session}required = false")),
        (&session, format!("{session}duration_seconds = 900")),
        (&session, session.replace("push = true", "totp_seed_file = \"/s\"")),
        (&role, format!("{role}duration_seconds = 900\nrequired = false")),
        (&role, role.replace("push = true", "process = [\"p\"]")),
        (&chained, format!("{chained}duration_seconds = 900")),
        (&session, format!("{session}expected_account_id = \"123456789012\"")),
        (&web(), web() + "duration_seconds = 900"),
        (&saml(), saml() + "duration_seconds = 900"),
        (&federation(), federation() + "duration_seconds = 900"),
    ] {
        assert!(profile(text).same_identity(&profile(&changed)), "{changed}");
        assert!(profile(&changed).same_identity(&profile(text)), "{changed}");
        assert_eq!(profile(&changed).digest(), profile(text).digest(), "{changed}");
    }
}

#[test]
fn goes_when_anything_else_changes() {
    let session = format!("{LEAST}{MFA}");
    let role = format!("{LEAST}{ROLE}{MFA}");
    let plain_role = format!("{LEAST}{ROLE}");
    let chained = plain_role.replace("key = { directory = \"/k\" }", "source_profile = \"other\"");
    for (text, changed) in [
        (&session, session.replace("profile.ops", "profile.dev")),
        (&session, session.replace("eu-west-1", "eu-west-2")),
        (&session, session.replace("/k", "/l")),
        (&session, session.replace("GAHT12345678", "GAHT12345679")),
        (&session, LEAST.to_owned()),
        (&session, format!("{session}endpoint_url = \"https://sts.example\"")),
        (&session, role.clone()),
        (&role, plain_role.clone()),
        (&role, role.replace("role/deploy", "role/other")),
        (&role, role.replace("/k", "/l")),
        (&role, role.replace("GAHT12345678", "GAHT12345679")),
        (&role, format!("{role}external_id = \"xx\"")),
        (&role, format!("{role}tags = {{ a = \"b\" }}")),
        (&plain_role, chained.clone()),
        (&chained, chained.replace("other", "third")),
        (&web(), web().replace("/t", "/u")),
        (&web(), web() + "provider_id = \"www.amazon.com\""),
        (&saml(), saml().replace("/a\"", "/b\"")),
        (&saml(), saml().replace("ADFS", "Okta")),
        (&federation(), federation().replace("jane", "joan")),
        (&web(), saml()),
    ] {
        assert!(!profile(text).same_identity(&profile(&changed)), "{changed}");
        assert!(!profile(&changed).same_identity(&profile(text)), "{changed}");
        assert_ne!(profile(&changed).digest(), profile(text).digest(), "{changed}");
    }
}
