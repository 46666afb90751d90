//! Every element of every action's reply, put wrong in every way. That what is told is whole and lawful, and that no error
//! shows a secret, is held by [`crate::sts::fuzzing::judged`].

use super::samples::Sample;
use crate::sts::Class;
use crate::sts::fuzzing::CANARIES;

/// Without one of these there is nothing to tell.
const NEEDED: [&str; 12] = [
    "AccessKeyId",
    "Account",
    "Arn",
    "Credentials",
    "DecodedMessage",
    "Expiration",
    "RequestId",
    "ResponseMetadata",
    "SecretAccessKey",
    "SessionToken",
    "UserId",
    "WebIdentityToken",
];

/// Whether the action cannot do without the element. An ARN is needed by who asks for one: elsewhere it is beside the
/// credentials.
fn is_needed(sample: &Sample, name: &str) -> bool {
    let is_user = sample.around(name)[0].contains("User>") || name == "Arn" && sample.body.contains("<Credentials>");
    NEEDED.contains(&name) && !is_user || name.ends_with("Result") || name.ends_with("Response")
}

#[test]
fn every_action_has_a_reply_that_is_told() {
    let samples = Sample::of_every_action();
    assert_eq!(samples.len(), 11);
    for sample in &samples {
        assert!(sample.told().len() >= 2, "{}", sample.body);
    }
    let with_credentials = samples.iter().filter(|sample| sample.told().len() == 6);
    assert_eq!(with_credentials.count(), 7);
}

#[test]
fn an_element_that_is_missing_or_there_twice_or_elsewhere_gives_an_error_or_all_the_rest() {
    for sample in Sample::of_every_action() {
        for name in sample.names() {
            let [before, element, inner, after] = sample.around(name);
            let foreign = element.replacen(&format!("<{name}"), &format!(r#"<{name} xmlns="urn:x""#), 1);
            // Two elements are at home at the root's end.
            let elsewhere = if name.ends_with("Result") || name == "ResponseMetadata" {
                "</RequestId>".to_owned()
            } else {
                format!("</{}Response>", sample.action.as_str())
            };
            for body in [
                format!("{before}{after}"),
                format!("{before}{element}{element}{after}"),
                format!("{before}<{name}/>{after}"),
                format!("{before}<{name}> \r\n</{name}>{after}"),
                format!("{before}<X>{element}</X>{after}"),
                format!("{before}<{name}><{name}>{inner}</{name}></{name}>{after}"),
                format!("{before}{foreign}{after}"),
                format!(
                    "{before}{}",
                    after.replace(&elsewhere, &format!("{element}{elsewhere}"))
                ),
            ] {
                let told = sample.with(body.as_bytes());
                let failed = told.as_ref().is_err_and(|error| error.class == Class::Malformed);
                assert!(failed || told.is_ok(), "{body}");
                assert!(failed || !is_needed(&sample, name), "{name}: {body}");
            }
        }
    }
}

#[test]
fn a_value_that_cannot_be_gives_an_error_or_all_the_rest() {
    const WRONG: [&str; 26] = [
        "-1",
        "1e9",
        "0x10",
        "NaN",
        "true",
        "null",
        "4294967296",
        "99999999999999999999",
        "1999-12-31T23:59:59Z",
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:60Z",
        "2026-01-03T16:04:06Z",
        "9999-12-31T23:59:59Z",
        "+275760-09-13T00:00:00Z",
        "-9999-01-01T00:00:00+23:59",
        "{}",
        "&#0;",
        "&#x110000;",
        "&#xD800;",
        "&a;",
        "&#13;&#10;X: y",
        "<b/>",
        "\u{feff}",
        "\u{202e}\u{85}",
        "\u{ff12}",
        "\0",
    ];
    for sample in Sample::of_every_action() {
        for name in sample.leaves() {
            let [before, _, inner, after] = sample.around(name);
            for wrong in WRONG {
                for text in [
                    wrong.to_owned(),
                    format!("{inner}{wrong}"),
                    format!("{wrong}{inner}"),
                    wrong.repeat(50),
                ] {
                    let body = format!("{before}<{name}>{text}</{name}>{after}");
                    let _ = sample.with(body.as_bytes());
                }
            }
            for (text, length) in [("x", 60_000), ("1", 60_000), ("&lt;", 15_000)] {
                let _ = sample.with(format!("{before}<{name}>{}</{name}>{after}", text.repeat(length)).as_bytes());
            }
        }
    }
}

#[test]
fn what_means_the_same_tells_the_same() {
    for sample in Sample::of_every_action() {
        let told = sample.told();
        for name in sample.leaves() {
            let [before, _, inner, after] = sample.around(name);
            let first = inner.chars().next().unwrap();
            let rest = &inner[first.len_utf8()..];
            for text in [format!("\n {inner} \t"), format!("&#{};{rest}", u32::from(first))] {
                // An escape of which the first letter is one of an escape is another thing.
                if first != '&' {
                    let body = format!("{before}<{name}>{text}</{name}>{after}");
                    assert_eq!(sample.with(body.as_bytes()).ok().as_ref(), Some(&told), "{body}");
                }
            }
            if !inner.contains('&') {
                let body = format!("{before}<{name}><![CDATA[{inner}]]></{name}>{after}");
                assert_eq!(sample.with(body.as_bytes()).ok().as_ref(), Some(&told), "{body}");
            }
            for text in [
                format!("{first}<!-- -->{rest}"),
                format!("<?x y?>{inner}"),
                format!("{inner}<b/>"),
            ] {
                let body = format!("{before}<{name}>{text}</{name}>{after}");
                let found = sample.with(body.as_bytes());
                assert!(found.is_err_and(|error| error.class == Class::Malformed), "{body}");
            }
        }
    }
}

#[test]
fn values_in_each_others_place_are_never_shown() {
    for sample in Sample::of_every_action() {
        // One without the characters that no id has, too.
        for secret in [CANARIES[0], CANARIES[2]] {
            let sample = Sample {
                body: sample.body.replace(CANARIES[0], secret),
                ..sample
            };
            let leaves = sample.leaves();
            for one in &leaves {
                for other in leaves.iter().filter(|other| *other != one) {
                    let texts = [sample.around(one)[2], sample.around(other)[2]];
                    let [before, _, _, after] = sample.around(one);
                    let body = format!("{before}<{one}>{}</{one}>{after}", texts[1]);
                    let half = Sample { body, ..sample };
                    let _ = half.with(half.body.as_bytes());
                    let [before, _, _, after] = half.around(other);
                    let body = format!("{before}<{other}>{}</{other}>{after}", texts[0]);
                    let _ = half.with(body.as_bytes());
                }
            }
        }
    }
}

#[test]
fn an_error_shows_no_credential_wherever_it_stands() {
    for sample in Sample::errors() {
        assert!(sample.with(sample.body.as_bytes()).is_err());
        for name in sample.leaves() {
            let [before, _, inner, after] = sample.around(name);
            for canary in CANARIES {
                for text in [
                    canary.to_owned(),
                    format!("{inner} {canary}."),
                    format!("'{canary}'{inner}"),
                ] {
                    let body = format!("{before}<{name}>{text}</{name}>{after}");
                    assert!(sample.with(body.as_bytes()).is_err(), "{body}");
                }
            }
        }
    }
}
