//! Which of several settings counts, and what is a mistake.

use std::ffi::OsString;

use valetkey::config::{Errors, Profile};

use super::{Files, parse};

const URL_STS: &str = "AWS_ENDPOINT_URL_STS";
const URL: &str = "AWS_ENDPOINT_URL";
const IGNORE: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
const FIPS: &str = "AWS_USE_FIPS_ENDPOINT";
const DUAL_STACK: &str = "AWS_USE_DUALSTACK_ENDPOINT";
const LEGACY: &str = "AWS_STS_REGIONAL_ENDPOINTS";

type Variables<'v> = &'v [(&'v str, &'v str)];

fn toml(settings: &str, variables: Variables<'_>) -> Result<Profile, Errors> {
    parse("eu-west-1", settings, &|name| value(variables, name))
}

fn aws(settings: &str, variables: Variables<'_>) -> Result<Profile, Errors> {
    let settings = format!("region = eu-west-1\n{settings}");
    Files::new().profile(&settings, &|name| value(variables, name))
}

fn value(variables: Variables<'_>, name: &str) -> Option<OsString> {
    let (_, value) = variables.iter().find(|(set, _)| *set == name)?;
    Some(value.into())
}

#[track_caller]
fn url(profile: Result<Profile, Errors>) -> String {
    profile.unwrap().endpoint.url.into()
}

/// The mistakes, without the places of files.
#[track_caller]
fn mistakes<T>(result: Result<T, Errors>) -> Vec<String> {
    let Err(errors) = result else {
        panic!("there is no mistake")
    };
    let each = errors.mistakes().iter();
    each.map(|mistake| format!("{}: {}", mistake.path, mistake.text))
        .collect()
}

#[test]
fn our_file_comes_before_the_environment_which_fills_in_the_rest() {
    for (settings, variables, expected) in [
        ("", &[(URL_STS, "https://b.example")][..], "https://b.example/"),
        ("", &[(URL, "https://c.example")], "https://c.example/"),
        (
            "",
            &[(URL, "https://c.example"), (URL_STS, "https://b.example")],
            "https://b.example/",
        ),
        ("", &[(URL, "https://c.example"), (URL_STS, "")], "https://c.example/"),
        (
            "endpoint_url = \"https://a.example\"",
            &[(URL_STS, "https://b.example")],
            "https://a.example/",
        ),
        // What is not needed is not looked at.
        (
            "endpoint_url = \"https://a.example\"",
            &[(URL_STS, "no URL"), (URL, "")],
            "https://a.example/",
        ),
        // The wish to ignore addresses is about those of the environment.
        (
            "",
            &[(URL_STS, "https://b.example"), (IGNORE, "true")],
            "https://sts.eu-west-1.amazonaws.com/",
        ),
        (
            "endpoint_url = \"https://a.example\"",
            &[(IGNORE, "TRUE")],
            "https://a.example/",
        ),
        ("", &[(FIPS, "true")], "https://sts-fips.eu-west-1.amazonaws.com/"),
        (
            "use_fips_endpoint = false",
            &[(FIPS, "true")],
            "https://sts.eu-west-1.amazonaws.com/",
        ),
        (
            "use_fips_endpoint = true",
            &[(FIPS, "false"), (DUAL_STACK, "True")],
            "https://sts-fips.eu-west-1.api.aws/",
        ),
        (
            "use_dualstack_endpoint = true",
            &[(DUAL_STACK, "false")],
            "https://sts.eu-west-1.api.aws/",
        ),
        ("", &[(LEGACY, "legacy")], "https://sts.amazonaws.com/"),
        (
            "sts_regional_endpoints = \"regional\"",
            &[(LEGACY, "legacy")],
            "https://sts.eu-west-1.amazonaws.com/",
        ),
    ] {
        assert_eq!(url(toml(settings, variables)), expected, "{settings} {variables:?}");
    }
}

#[test]
fn the_environment_comes_before_the_aws_files() {
    for (settings, variables, expected) in [
        (
            "endpoint_url = https://a.example\n",
            &[(URL, "https://c.example")][..],
            "https://c.example/",
        ),
        (
            "use_fips_endpoint = true\n",
            &[(FIPS, "false")],
            "https://sts.eu-west-1.amazonaws.com/",
        ),
        (
            "use_fips_endpoint = TRUE\n",
            &[(FIPS, "")],
            "https://sts-fips.eu-west-1.amazonaws.com/",
        ),
        (
            "use_dualstack_endpoint = false\n",
            &[(DUAL_STACK, "true")],
            "https://sts.eu-west-1.api.aws/",
        ),
        (
            "sts_regional_endpoints = legacy\n",
            &[(LEGACY, "regional")],
            "https://sts.eu-west-1.amazonaws.com/",
        ),
        (
            "use_fips_endpoint = true\nendpoint_url = https://a.example\n",
            &[(IGNORE, "true")],
            "https://sts-fips.eu-west-1.amazonaws.com/",
        ),
        (
            "use_fips_endpoint = true\nignore_configured_endpoint_urls = true\n",
            &[(URL, "https://c.example")],
            "https://sts-fips.eu-west-1.amazonaws.com/",
        ),
    ] {
        assert_eq!(url(aws(settings, variables)), expected, "{settings} {variables:?}");
    }
}

#[test]
fn a_source_takes_what_it_does_not_say_from_whom_it_is_for() {
    let role = "role_arn = arn:aws:iam::123456789012:role/r\nregion = eu-west-1\nsource_profile = ops\n";
    let ops = "[profile ops]\naws_access_key_id = AKIAEXAMPLEOPS000001\naws_secret_access_key = x\n\
               mfa_serial = GAHT12345678\n";
    let ask = |of_role: &str, of_ops: &str| {
        let text = format!("[profile r]\n{role}{of_role}{ops}{of_ops}");
        Files::new().profiles("r", &text, &|_| None)
    };
    let urls = |of_role: &str, of_ops: &str| {
        let profiles = ask(of_role, of_ops).unwrap();
        let urls = profiles.iter().map(|profile| profile.endpoint.url.to_string());
        urls.collect::<Vec<_>>()
    };
    let fips = "use_fips_endpoint = true\n";
    let [regional, of_fips] = [
        "https://sts.eu-west-1.amazonaws.com/",
        "https://sts-fips.eu-west-1.amazonaws.com/",
    ];
    assert_eq!(urls(fips, ""), [of_fips, of_fips]);
    assert_eq!(urls("", fips), [regional, of_fips]);
    assert_eq!(urls(fips, "use_fips_endpoint = false\n"), [of_fips, regional]);
    assert_eq!(
        urls("sts_regional_endpoints = legacy\n", "use_dualstack_endpoint = true\n"),
        ["https://sts.amazonaws.com/", "https://sts.eu-west-1.api.aws/"]
    );
    assert_eq!(
        mistakes(ask(fips, "endpoint_url = https://a.example\n")),
        [
            "[profile ops]: has its use_fips_endpoint from elsewhere, which asks for an endpoint of AWS, but endpoint_url \
             names another STS; leave one of them out"
        ]
    );
}

#[test]
fn an_endpoint_of_aws_and_another_sts_exclude_each_other() {
    let (here, there) = (
        "asks for an endpoint of AWS, but endpoint_url names another STS; leave one of them out",
        "asks for an endpoint of AWS, but AWS_ENDPOINT_URL_STS names another STS; unset AWS_ENDPOINT_URL_STS, set \
         AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true, or leave this out",
    );
    let another = "endpoint_url = \"https://a.example\"\n";
    for (settings, variables, expected) in [
        (
            format!("{another}use_fips_endpoint = true"),
            &[][..],
            format!("profile.ops.use_fips_endpoint: {here}"),
        ),
        (
            format!("{another}use_dualstack_endpoint = true"),
            &[],
            format!("profile.ops.use_dualstack_endpoint: {here}"),
        ),
        (
            String::from("use_fips_endpoint = true"),
            &[(URL_STS, "https://b.example")],
            format!("profile.ops.use_fips_endpoint: {there}"),
        ),
        (
            another.to_owned(),
            &[(FIPS, "true")],
            String::from(
                "profile.ops.endpoint_url: names another STS, but AWS_USE_FIPS_ENDPOINT asks for an endpoint of AWS; \
                 remove this, or set use_fips_endpoint = false beside it",
            ),
        ),
        (
            String::new(),
            &[(DUAL_STACK, "true"), (URL_STS, "https://b.example")],
            format!("AWS_USE_DUALSTACK_ENDPOINT: {there}"),
        ),
    ] {
        assert_eq!(mistakes(toml(&settings, variables)), [expected]);
    }
    let region = parse("us-east-1-fips", another, &|_| None);
    assert_eq!(mistakes(region), [format!("profile.ops.region: {here}")]);
    let both = format!("{another}use_fips_endpoint = false");
    assert_eq!(url(toml(&both, &[(FIPS, "true")])), "https://a.example/");

    let another = "endpoint_url = https://a.example\n";
    let fips = format!("{another}use_fips_endpoint = true\n");
    let expected = format!("[profile ops] use_fips_endpoint: {here}");
    assert_eq!(mistakes(aws(&fips, &[])), [expected]);
    let expected = format!("AWS_USE_FIPS_ENDPOINT: {here}");
    assert_eq!(mistakes(aws(another, &[(FIPS, "true")])), [expected]);
    let expected = format!("[profile ops] use_fips_endpoint: {there}");
    let variables = &[(URL_STS, "https://b.example")];
    assert_eq!(mistakes(aws("use_fips_endpoint = true\n", variables)), [expected]);
}

#[test]
fn a_value_that_sdks_would_take_for_no_is_a_mistake() {
    let boolean = "must be true or false";
    let words = "must be \"regional\" or \"legacy\"";
    for (variable, value, rule) in [
        (FIPS, "yes", boolean),
        (DUAL_STACK, "1", boolean),
        (IGNORE, "on", boolean),
        (LEGACY, "Legacy", words),
    ] {
        let expected = [format!("{variable}: {rule}")];
        assert_eq!(mistakes(toml("", &[(variable, value)])), expected);
        assert_eq!(mistakes(aws("", &[(variable, value)])), expected);
    }
    for (key, rule) in [
        ("use_fips_endpoint", boolean),
        ("use_dualstack_endpoint", boolean),
        ("ignore_configured_endpoint_urls", boolean),
        ("sts_regional_endpoints", words),
    ] {
        let expected = [format!("[profile ops] {key}: {rule}")];
        assert_eq!(mistakes(aws(&format!("{key} = on\n"), &[])), expected);
    }
    assert_eq!(
        mistakes(toml("sts_regional_endpoints = \"global\"", &[])),
        [format!("profile.ops.sts_regional_endpoints: {words}")]
    );
}

/// Even where a thousand profiles need it.
#[test]
fn a_wrong_variable_is_told_once() {
    let more = "[profile.b]\nregion = \"eu-west-1\"\nkey = { directory = \"/k\" }\n";
    assert_eq!(
        mistakes(toml(more, &[(URL_STS, "no URL")])),
        ["AWS_ENDPOINT_URL_STS: must be a URL such as \"https://sts.example\""]
    );
}

#[test]
fn a_variable_leaves_this_machine_in_plain_http_only_where_the_profile_allows_it() {
    let variables = &[(URL, "http://c.example")];
    assert_eq!(
        mistakes(toml("", variables)),
        [
            "profile.ops.endpoint_url: is left out, and AWS_ENDPOINT_URL must begin with https://: plain http would show the \
             credentials on the way (where that is acceptable, set insecure_endpoint = true in the configuration file)"
        ]
    );
    assert_eq!(url(toml("insecure_endpoint = true", variables)), "http://c.example/");
    assert_eq!(
        url(toml("", &[(URL, "http://127.0.0.1:4566")])),
        "http://127.0.0.1:4566/"
    );
    assert_eq!(
        mistakes(aws("", variables)),
        ["AWS_ENDPOINT_URL: must begin with https://: plain http would show the credentials on the way"]
    );
}
