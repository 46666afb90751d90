use super::super::{Format, MAX_BYTES, parse};
use super::{LEAST, json, mistake, mistakes, systemd, toml};

#[test]
fn toml_that_is_broken_names_every_broken_line() {
    assert_eq!(
        mistakes(toml("[profile.ops]\nregion = eu-west-1\nrequired = \"\nkey = 1\nkey\n")),
        [
            "v.toml:2:10: is not TOML: string values must be quoted, expected literal string",
            "v.toml:3:13: is not TOML: invalid basic string, expected `\"`",
            "v.toml:5:4: is not TOML: key with no value, expected `=`",
        ]
    );
    assert_eq!(
        mistake("[server]\ntoken_mode = 0600"),
        "2:14: is not TOML: unexpected leading zero, expected nothing"
    );
    assert_eq!(
        mistake("x = 2026-13-01"),
        "1:5: is not TOML: invalid date, expected month between 01 and 12"
    );
    assert_eq!(
        mistake("a = 1\n[a.b]"),
        "2:2: is not TOML: cannot extend value of type integer with a dotted key"
    );
}

#[test]
fn json_that_is_broken_names_the_first_place() {
    for (text, expected) in [
        ("", "1:1: is not JSON: EOF while parsing a value"),
        ("{\n  \"a\": 1,\n}", "3:1: is not JSON: key must be a string"),
        ("{\"a\" 1}", "1:6: is not JSON: expected `:`"),
        ("{a: 1}", "1:2: is not JSON: key must be a string"),
        ("{} x", "1:4: is not JSON: trailing characters"),
        ("{\"ä\": 01}", "1:8: is not JSON: invalid number"),
        (
            "{\"server\": {\"ops\": \"\\ud800\"}}",
            "1:27: is not JSON: unexpected end of hex escape",
        ),
        ("{\"\\ud800\": 1}", "1:9: is not JSON: unexpected end of hex escape"),
        ("AKIAIOSFODNN7EXAMPLE", "1:1: is not JSON: expected value"),
        ("{\"a\": tru}", "1:10: is not JSON: expected ident"),
    ] {
        assert_eq!(mistakes(json(text)), [format!("v.json:{expected}")], "{text}");
    }
}

#[test]
fn is_utf8_without_a_byte_order_mark() {
    for (format, file) in [(Format::Toml, "v.toml"), (Format::Json, "v.json")] {
        assert_eq!(
            mistakes(parse(b"# \xc3\xa4\n \xff", format, file, &systemd)),
            [format!("{file}:2:2: is not UTF-8 from here on; save the file as UTF-8")]
        );
        assert_eq!(
            mistakes(parse(b"\xef\xbb\xbf{}", format, file, &systemd)),
            [format!(
                "{file}:1:1: begins with a byte order mark; save the file as UTF-8 without one"
            )]
        );
    }
}

#[test]
fn is_of_a_bounded_size() {
    let mut text = LEAST.to_owned();
    text.push_str(&"#".repeat(MAX_BYTES - LEAST.len()));
    assert!(toml(&text).is_ok());
    text.push('#');
    assert_eq!(mistakes(toml(&text)), ["v.toml: is larger than 1 MiB; make it smaller"]);
}

#[test]
fn is_of_a_bounded_depth() {
    let too_deep = "is nested deeper than 16 levels; no key lies deeper than five";
    let nested = |depth| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert_eq!(mistakes(json(&nested(17))), [format!("v.json:1:86: {too_deep}")]);
    assert_eq!(mistakes(json(&nested(100_000))), [format!("v.json:1:86: {too_deep}")]);
    assert!(mistakes(json(&nested(16)))[1].contains("is not a known key"));

    let dotted = |levels| format!("{}a", "a.".repeat(levels));
    let tables = |count, open: &str| format!("{} = {{{open}", dotted(15)).repeat(count) + &"}".repeat(count);
    for (text, place) in [
        (format!("{} = 1", dotted(17)), "1:34"),
        (format!("[{}]", dotted(16)), "1:33"),
        (format!("[[{}]]", dotted(15)), "1:32"),
        (format!("a = {}", "[".repeat(100_000)), "1:21"),
        (tables(79, ""), "1:37"),
        (tables(79, "]"), "1:38"),
        (tables(79, "\n"), "2:2"),
    ] {
        assert_eq!(mistakes(toml(&text)), [format!("v.toml:{place}: {too_deep}")], "{text}");
    }
    for text in [
        format!("{} = 1", dotted(16)),
        format!("[{}]", dotted(15)),
        format!("{} = [{{}}]\n{0}.b = 1.1", dotted(12)),
    ] {
        assert!(!mistakes(toml(&text))[0].contains(too_deep), "{text}");
    }
}

#[test]
fn many_mistakes_on_a_long_line_take_no_long_time() {
    let text = format!("{{{}}}", vec!["\"x y\":1"; 100_000].join(","));
    let errors = json(&text).expect_err("the text is wrong");
    assert_eq!(errors.mistakes().len(), 100_001);
    let last = errors.mistakes().last().map(ToString::to_string);
    assert_eq!(last.as_deref(), Some("v.json:1:799994: a key is given twice; keep one"));
    let message = errors.to_string();
    assert_eq!(message.lines().count(), 102, "nobody reads so many");
    assert!(message.ends_with("\n… and 99901 more\n100001 mistakes in v.json"));
}

#[test]
fn columns_are_characters_and_lines_may_end_as_on_windows() {
    assert_eq!(
        mistake("# ä\r\n[profile.ops]\r\nregion = 'x'\r\nkey = { directory = '/ä€🔑', more = 1 } # ä\r\n"),
        "4:29: profile.ops.key.more: is not a known key; known here: `directory`, `shared_credentials`, `process`, \
         `environment`, `pass_environment`"
    );
    assert_eq!(
        mistakes(json("{\"ä€🔑\": 1, \"profile\": 1}"))[1],
        "v.json:1:23: profile: found an integer; must be one or more tables such as [profile.ops]"
    );
}
