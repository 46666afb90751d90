//! Lists as the AWS CLI takes them: words `Key=a,Value=b`, or one list in JSON.

use serde_json::Value;

/// A list of texts.
pub(super) fn texts(words: &[String]) -> Result<Vec<String>, String> {
    let [word] = words else {
        return Ok(words.to_vec());
    };
    if !word.trim_start().starts_with('[') {
        return Ok(words.to_vec());
    }
    serde_json::from_str(word).map_err(|_| "must be a list of texts in JSON, or texts one after the other".to_owned())
}

/// A list of structures, each with its values in the order of `names`.
pub(super) fn read<const N: usize>(words: &[String], names: [&'static str; N]) -> Result<Vec<[String; N]>, String> {
    let rule = || {
        let shorthand: Vec<_> = names.iter().map(|name| format!("{name}=…")).collect();
        format!(
            "must be {}, once for each, or a list of objects in JSON",
            shorthand.join(",")
        )
    };
    let structures = words.iter().map(|word| {
        // A file may begin with an empty line.
        match word.trim_start() {
            list if list.starts_with('[') && words.len() == 1 => json(list),
            object if object.starts_with('{') => json(object),
            _ => Some(vec![shorthand(word)?]),
        }
    });
    let structures: Option<Vec<_>> = structures.collect();
    let ordered = |members: Vec<(String, String)>| {
        let value = |name: &str| {
            members
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        };
        let values: Option<Vec<_>> = names.iter().map(|name| value(name)).collect();
        values.filter(|_| members.len() == N)?.try_into().ok()
    };
    let structures = structures.and_then(|all| all.into_iter().flatten().map(ordered).collect());
    structures.ok_or_else(rule)
}

type Members = Vec<(String, String)>;

fn json(text: &str) -> Option<Vec<Members>> {
    let members = |value: &Value| -> Option<Members> {
        let member = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        value.as_object()?.iter().map(member).collect()
    };
    match serde_json::from_str(text).ok()? {
        Value::Array(all) => all.iter().map(members).collect(),
        one => Some(vec![members(&one)?]),
    }
}

/// `Key=a,Value="b, c"`: a value ends at a comma, unless that stands in quotes or after a backslash.
fn shorthand(word: &str) -> Option<Members> {
    let (mut members, mut rest) = (Vec::new(), word);
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = value(after)?;
        members.push((key.trim().to_owned(), value));
        match after {
            None => return Some(members),
            Some(after) => rest = after,
        }
    }
}

/// A value, and what follows the comma behind it.
fn value(text: &str) -> Option<(String, Option<&str>)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let mut value = String::new();
    let mut characters = text.char_indices().skip(usize::from(quote.is_some()));
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => value.push(characters.next()?.1),
            ',' if quote.is_none() => return Some((value, Some(&text[at + 1..]))),
            c if Some(c) == quote => {
                let after = &text[at + 1..];
                let next = after.strip_prefix(',');
                return (after.is_empty() || next.is_some()).then_some((value, next));
            }
            c => value.push(c),
        }
    }
    quote.is_none().then_some((value, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(words: &[&str]) -> Option<Vec<[String; 2]>> {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        read(&words, ["Key", "Value"]).ok()
    }

    fn tag(key: &str, value: &str) -> [String; 2] {
        [key.to_owned(), value.to_owned()]
    }

    #[test]
    fn words_and_json_say_the_same() {
        let expected = Some(vec![tag("Team", "a=b, c"), tag("Job", "")]);
        for words in [
            &["Key=Team,Value=\"a=b, c\"", "Value=,Key=Job"][..],
            &["Key=Team,Value='a=b, c'", "Key=Job,Value="],
            &["Key=Team,Value=a=b\\, c", "Key=Job,Value=''"],
            &[r#"[{"Key": "Team", "Value": "a=b, c"}, {"Value": "", "Key": "Job"}]"#],
            &["\n [{\"Key\": \"Team\", \"Value\": \"a=b, c\"}, {\"Value\": \"\", \"Key\": \"Job\"}]"],
            &[
                r#"{"Key": "Team", "Value": "a=b, c"}"#,
                r#" {"Value": "", "Key": "Job"}"#,
            ],
            &[r#"{"Key": "Team", "Value": "a=b, c"}"#, "Key=Job,Value="],
        ] {
            assert_eq!(tags(words), expected, "{words:?}");
        }
        assert_eq!(tags(&[r#"{"Key": "a", "Value": "b"}"#]), Some(vec![tag("a", "b")]));
        assert_eq!(tags(&[]), Some(vec![]));
    }

    #[test]
    fn what_is_neither_is_told_and_not_repeated() {
        for word in [
            "canary",
            "Key=canary",
            "Key=canary,Value=b,More=c",
            "Key=canary,Value=\"b",
            "Key=canary,Value=\"b\"c",
            "Key=canary,Value=b\\",
            "[{\"Key\": \"canary\"}]",
            "[{\"Key\": \"canary\", \"Value\": 1}]",
            "[canary",
        ] {
            let error = read(&[word.to_owned()], ["Key", "Value"]).unwrap_err();
            assert_eq!(
                error,
                "must be Key=…,Value=…, once for each, or a list of objects in JSON"
            );
        }
    }

    #[test]
    fn texts_are_words_or_a_list() {
        let read = |words: &[&str]| texts(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).ok();
        assert_eq!(read(&["a", "b,c"]), Some(vec!["a".into(), "b,c".into()]));
        assert_eq!(read(&["\n[\"a\", \"b\"]"]), Some(vec!["a".into(), "b".into()]));
        assert_eq!(read(&[r#"["a", "b"]"#]), Some(vec!["a".into(), "b".into()]));
        assert_eq!(read(&["[a"]), None);
    }
}
