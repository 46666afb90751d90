use super::{LEAST, mistake, mistakes, toml};

#[track_caller]
fn refused(url: &str) -> String {
    let message = mistake(&format!("{LEAST}endpoint_url = \"{url}\"\n"));
    let prefix = "4:16: profile.ops.endpoint_url: ";
    message.strip_prefix(prefix).expect(prefix).to_owned()
}

#[test]
fn is_the_regions_own_by_default() {
    let plan = toml(LEAST).unwrap();
    assert_eq!(
        plan.profiles[0].endpoint.url.as_str(),
        "https://sts.eu-west-1.amazonaws.com/"
    );
}

#[test]
fn may_be_another_sts_signed_for_the_profiles_region() {
    for url in [
        "https://sts.example",
        "https://sts.example:8443/",
        "https://sts.xn--exmple-cua/",
        "http://127.0.0.1:4566",
        "http://[::1]:4566",
        "http://localhost:4566/",
    ] {
        let plan = toml(&format!("{LEAST}endpoint_url = \"{url}\"")).unwrap();
        let endpoint = &plan.profiles[0].endpoint;
        assert_eq!(endpoint.url, url.parse().unwrap());
        assert_eq!(endpoint.signing_region.as_str(), "eu-west-1");
    }
}

#[test]
fn refuses_what_is_no_address_of_a_server() {
    assert_eq!(
        refused("https://sts.exämple"),
        "must be ASCII; write the host's name in its xn-- form"
    );
    for url in [
        "",
        "unix:/sts",
        "data:,x",
        "https://%73ts.example",
        "sts.example",
        "//sts.example",
        "https://",
        "https://a b",
    ] {
        assert_eq!(refused(url), "must be a URL such as \"https://sts.example\"", "{url}");
    }
    for url in ["ftp://sts.example", "file:///sts"] {
        assert_eq!(
            refused(url),
            "must begin with https://, or with http:// for loopback",
            "{url}"
        );
    }
    for url in [
        "https://u@sts.example",
        "https://u:p@sts.example",
        "https://:p@sts.example",
    ] {
        assert_eq!(
            refused(url),
            "must have no user or password: a request to STS is signed instead"
        );
    }
    for url in ["https://sts.example?", "https://sts.example/?Action=x"] {
        assert_eq!(refused(url), "must have no query; end it after the host and port");
    }
    for url in ["https://sts.example#", "https://sts.example/#x"] {
        assert_eq!(refused(url), "must have no fragment; end it after the host and port");
    }
    for url in ["https://sts.example/sts", "https://sts.example//"] {
        assert_eq!(refused(url), "must have no path; end it after the host and port");
    }
    assert_eq!(
        mistake(&format!("{LEAST}endpoint_url = 1\n")),
        "4:16: profile.ops.endpoint_url: found an integer; must be a URL such as \"https://sts.example\""
    );
}

#[test]
fn leaves_this_machine_in_plain_http_only_when_told_so() {
    for lines in ["", "insecure_endpoint = false\n"] {
        assert_eq!(
            mistake(&format!("{LEAST}endpoint_url = \"http://sts.example\"\n{lines}")),
            "4:16: profile.ops.endpoint_url: must begin with https://: plain http would show the credentials on the \
             way (where that is acceptable, set insecure_endpoint = true in the configuration file)"
        );
    }
    let url = "endpoint_url = \"http://sts.example\"\n";
    let plan = toml(&format!("{LEAST}{url}insecure_endpoint = true")).unwrap();
    assert_eq!(plan.profiles[0].endpoint.url.as_str(), "http://sts.example/");
    assert_eq!(
        mistakes(toml(&format!("{LEAST}{url}insecure_endpoint = 1"))),
        ["v.toml:5:21: profile.ops.insecure_endpoint: found an integer; must be true or false"]
    );
}
