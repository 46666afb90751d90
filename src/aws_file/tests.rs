//! One case for every rule of the dialect.

use std::fmt::Write as _;

use super::{AwsFile, Form, Section, parse};

/// A file as one text: `x{key=value nested{…}}`, sorted.
fn shown(file: &AwsFile) -> String {
    let mut text = String::new();
    for (prefix, sections) in [("", &file.profiles), ("services ", &file.services)] {
        for (name, section) in sections {
            write!(text, "{prefix}{name}{{{}}} ", properties(section)).unwrap();
        }
    }
    text.trim_end().to_owned()
}

fn properties(section: &Section) -> String {
    let shown = section.properties.iter().map(|(name, property)| {
        let value = property.value.expose().escape_debug();
        match properties(&property.nested) {
            nested if nested.is_empty() => format!("{name}={value}"),
            nested => format!("{name}{{{nested}}}"),
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn config(text: &str) -> String {
    match parse(text, Form::Config) {
        Ok(file) => shown(&file),
        Err(mistakes) => panic!("{text:?}: {mistakes:?}"),
    }
}

fn mistakes(text: &str) -> Vec<(usize, &'static str)> {
    let mistakes = parse(text, Form::Config).err().unwrap_or_default();
    mistakes.iter().map(|mistake| (mistake.at, mistake.rule)).collect()
}

#[test]
fn sections_are_profiles_and_services_and_what_is_of_no_use() {
    for (text, expected) in [
        ("", ""),
        ("[profile x]", "x{}"),
        ("[default]\na=1", "default{a=1}"),
        ("[ profile\tx\t]", "x{}"),
        ("[profile \"a b\"]\n[profile 'c d']", "a b{} c d{}"),
        ("[profile a b]\n[profile]\n[profilex]\n[x]\n[profile 'x]", ""),
        ("[sso-session s]\nsso_region=r\n[plugins]\ncli=x\n[preview]", ""),
        (
            "[services s]\nsts =\n  endpoint_url = u",
            "services s{sts{endpoint_url=u}}",
        ),
        ("[profile a-b_c.d/e@f+g%h:i]", "a-b_c.d/e@f+g%h:i{}"),
        ("[DEFAULT]\na=1\n[profile x]", "x{}"),
    ] {
        assert_eq!(config(text), expected, "{text:?}");
    }
    let credentials = parse("[x]\na=1\n[default]\n[profile y]", Form::Credentials);
    assert_eq!(shown(&credentials.ok().unwrap()), "default{} profile y{} x{a=1}");
}

#[test]
fn a_default_with_its_prefix_replaces_the_one_without() {
    for text in [
        "[profile default]\na=1\n[default]\nb=2",
        "[default]\nb=2\n[profile default]\na=1",
    ] {
        assert_eq!(config(text), "default{a=1}");
    }
}

#[test]
fn the_same_name_again_is_merged_and_the_last_value_counts() {
    assert_eq!(
        config("[profile x]\na=1\nb=1\n[default]\n[profile x]\nB=2\nb=3\nc=1"),
        "default{} x{a=1 b=3 c=1}"
    );
    assert_eq!(config("[profile x]\ns3=\n a=1\ns3=\n b=2"), "x{s3{b=2}}");
}

#[test]
fn values_are_trimmed_and_may_have_anything_in_them() {
    for (line, expected) in [
        ("a=1", "a=1"),
        ("a \t=\t 1 \t", "a=1"),
        ("A_B=1", "a_b=1"),
        ("a=", "a="),
        ("a=b=c:d", "a=b=c:d"),
        ("a=😂", "a=😂"),
        ("a=\"1\"", "a=\\\"1\\\""),
        ("a=1 # comment ; more", "a=1"),
        ("a=1\t; comment", "a=1"),
        ("a= # comment", "a="),
        ("a=#1;2", "a=#1;2"),
        ("a b=1", "a b=1"),
    ] {
        assert_eq!(config(&format!("[default]\n{line}")), format!("default{{{expected}}}"));
    }
}

#[test]
fn lines_end_in_any_way_and_may_be_empty_or_comments() {
    for text in [
        "[default]\na=1\nb=2",
        "[default]\r\na=1\r\nb=2\r\n",
        "\u{feff}[default]\na=1\nb=2\n",
        "\n \t\n# c\n;c\n[default] # c\n  # c\na=1\n\n\nb=2",
        "[default];c\na=1\n[default]#c\nb=2",
    ] {
        assert_eq!(config(text), "default{a=1 b=2}", "{text:?}");
    }
}

#[test]
fn an_indented_line_continues_the_value_above() {
    for (text, expected) in [
        ("a=1\n 2\n\t3 ", "a=1\\n2\\n3"),
        ("a=1\n\n  # left out\n 2 # kept", "a=1\\n2 # kept"),
        ("a=1\n [profile y]", "a=1\\n[profile y]"),
        ("a=1\n b=2\nc=3", "a=1\\nb=2 c=3"),
        ("s3 =\n  X = 1=2\n\n  y =\nb=2", "b=2 s3{x=1=2 y=}"),
        ("  a=1\n  b=2\n   3\n c=4", "a=1 b=2\\n3 c=4"),
    ] {
        assert_eq!(config(&format!("[default]\n{text}")), format!("default{{{expected}}}"));
    }
    assert_eq!(config(" [default]\n a=1\n [profile x]\n b=2"), "default{a=1} x{b=2}");
}

#[test]
fn what_the_dialect_does_not_have_is_named_by_place_and_rule() {
    use super::parse::{AFTER, COLON, NESTED, NO_EQUALS, NO_KEY, NO_SECTION, OPEN, UNNAMED};
    for (text, expected) in [
        ("a=1", &[(0, NO_SECTION)][..]),
        (" a\n", &[(1, NO_EQUALS)]),
        ("[default]\nsecret", &[(10, NO_EQUALS)]),
        ("[default]\na: 1", &[(10, NO_EQUALS)]),
        ("[default]\na: b=1", &[(10, COLON)]),
        ("[default]\n=1", &[(10, NO_KEY)]),
        ("[default]\na #=1", &[(10, NO_EQUALS)]),
        ("[default", &[(0, OPEN)]),
        ("[ ]", &[(0, UNNAMED)]),
        ("[default] x", &[(0, AFTER)]),
        ("[a]]", &[(0, AFTER)]),
        ("[x]\ns3=\n 1", &[(9, NESTED)]),
        ("[x]\ns3=\n =1", &[(9, NESTED)]),
        (
            "a=1\n b\n[x]\nsecret\n more\nb=2\n[y\n=3\n",
            &[(0, NO_SECTION), (11, NO_EQUALS), (28, OPEN), (31, NO_KEY)],
        ),
    ] {
        assert_eq!(mistakes(text), expected, "{text:?}");
    }
}
