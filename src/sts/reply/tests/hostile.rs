//! Documents that nobody writes by mistake, in place of every action's reply.

use super::samples::Sample;
use crate::sts::Class;

/// What entities are defined by, and the body that uses one in each text.
fn dtds(sample: &Sample) -> Vec<String> {
    let used = sample.body.replace("</", "&a;</");
    let laughs = ('b'..='k').zip('a'..).fold(String::new(), |all, (one, before)| {
        all + &format!("<!ENTITY {one} '{}'>", format!("&{before};").repeat(10))
    });
    let definitions = [
        "<!ENTITY a 'x'>".to_owned(),
        "<!ENTITY a '&a;'>".to_owned(),
        "<!ENTITY a SYSTEM 'file:///etc/passwd'>".to_owned(),
        "<!ENTITY % p SYSTEM 'http://sts.example/x'> %p;".to_owned(),
        format!("<!ENTITY a 'ha'>{laughs}"),
        "<!ATTLIST Credentials xmlns CDATA 'urn:x'>".to_owned(),
        String::new(),
    ];
    let bodies = definitions.iter().map(|definition| {
        let body = if definition.contains("ENTITY a") {
            &used
        } else {
            &sample.body
        };
        format!("<!DOCTYPE x [{definition}]>{body}")
    });
    let external = format!("<!DOCTYPE x SYSTEM 'http://sts.example/x'>{}", sample.body);
    bodies.chain([external]).collect()
}

#[test]
fn no_document_type_is_read() {
    for sample in Sample::of_every_action() {
        for body in dtds(&sample) {
            let error = sample.with(body.as_bytes()).unwrap_err();
            assert!(error.message.contains("not XML"), "{error}");
        }
    }
}

/// The name of number `n`, as short as can be.
fn name(mut n: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    let mut name = String::new();
    while name.is_empty() || n > 0 {
        name.push(char::from(LETTERS[n % LETTERS.len()]));
        n /= LETTERS.len();
    }
    name
}

fn attributes(count: usize, of: fn(String) -> String) -> String {
    (0..count).map(|n| of(name(n))).collect()
}

/// The parser's work with attributes grows with the square of their number, and with its cube across elements that declare
/// namespaces: a reply of 54 kB took half a minute, on the one thread that there is.
#[test]
fn what_would_take_long_is_not_parsed() {
    let plain = attributes(8_000, |name| format!("{name}='' "));
    let declared = attributes(3_500, |name| format!("xmlns:{name}='b' "));
    let declaring = "<a xmlns:q='c'/>".repeat(500);
    for sample in Sample::of_every_action() {
        for attributes in [&plain, &declared] {
            let root = sample.body.replacen(' ', &format!(" {attributes}"), 1);
            for body in [
                root.replacen("</", &format!("{declaring}</"), 1),
                format!("<a {attributes}>{declaring}</a>"),
            ] {
                let error = sample.with(body.as_bytes()).unwrap_err();
                assert!(error.message.contains("more attributes"), "{error}");
            }
        }
    }
}

#[test]
fn a_few_more_attributes_do_no_harm() {
    let few =
        attributes(15, |name| format!("xmlns:{name}='urn:{name}' ")) + &attributes(300, |name| format!("{name}='' "));
    for sample in Sample::of_every_action() {
        let body = sample.body.replacen(' ', &format!(" {few}"), 1);
        assert_eq!(sample.with(body.as_bytes()).ok(), Some(sample.told()), "{body}");
    }
}

#[test]
fn depth_width_and_size_give_an_error() {
    for sample in Sample::of_every_action() {
        for many in [
            "<b>".repeat(100_000),
            "<b>".repeat(10_000) + &"</b>".repeat(10_000),
            "</b>".repeat(10_000),
            "<b/>".repeat(10_000),
            "<!---->".repeat(10_000),
            "<?x?>".repeat(10_000),
        ] {
            let nested = sample.body.replacen("</", &format!("{many}</"), 1);
            for body in [&many, &nested] {
                let error = sample.with(body.as_bytes()).unwrap_err();
                assert_eq!(error.class, Class::Malformed, "{error}");
            }
        }
        let huge = sample.body.replacen("</", &format!("{}</", "x".repeat(1 << 20)), 1);
        let _ = sample.with(huge.as_bytes());
    }
}

#[test]
fn what_is_not_utf_8_is_an_error_and_a_mark_of_it_is_not() {
    for sample in Sample::of_every_action() {
        let text = &sample.body;
        let told = sample.told();
        let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
        let latin_1: Vec<_> = text.replacen("</", "\u{e9}</", 1).chars().map(|c| c as u8).collect();
        let cut = [&text.as_bytes()[..10], b"\xf0\x9f", &text.as_bytes()[10..]].concat();
        for body in [
            wide(u16::to_le_bytes),
            wide(u16::to_be_bytes),
            [&[0xff, 0xfe], &*wide(u16::to_le_bytes)].concat(),
            [&[0xfe, 0xff], &*wide(u16::to_be_bytes)].concat(),
            [b"\0", text.as_bytes()].concat(),
            [text.as_bytes(), b"\0"].concat(),
            [text.as_bytes(), b"<x/>"].concat(),
            [text.as_bytes(), text.as_bytes()].concat(),
            [b"\xef\xbb", text.as_bytes()].concat(),
            [b"\xff", text.as_bytes()].concat(),
            [b"x", text.as_bytes()].concat(),
            latin_1,
            cut,
        ] {
            let error = sample.with(&body).unwrap_err();
            assert_eq!(error.class, Class::Malformed, "{}", String::from_utf8_lossy(&body));
        }
        for body in [
            format!("\u{feff}{text}"),
            format!("<?xml version='1.0' encoding='UTF-8'?>\r\n<!-- x -->{text}\n<?x y?>\n"),
        ] {
            assert_eq!(sample.with(body.as_bytes()).ok().as_ref(), Some(&told), "{body}");
        }
    }
}
