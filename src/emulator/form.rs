use std::collections::BTreeSet;

use url::form_urlencoded;

use super::errors::Error;
use super::message::Request;

/// The parameters of a call. Of parameters with the same name the first counts; unknown ones are ignored, as by AWS.
#[derive(Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// The parameters in the body of a POST, or in the query of a GET. A POST whose content type is not that of a form
    /// has none.
    pub(super) fn of(request: &Request) -> Self {
        match request.method.as_str() {
            "POST" if is_form(request) => Self::parse(&request.body),
            "GET" => Self::parse(request.query.as_bytes()),
            _ => Self::default(),
        }
    }

    pub(super) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The numbers of the members of a list, in their order: `<name>.member.<number>`, counted from 1, and what goes on
    /// after that.
    pub(super) fn members(&self, name: &str) -> Vec<u32> {
        let prefix = format!("{name}.member.");
        let number = |(key, _): &(String, String)| {
            let rest = key.strip_prefix(&prefix)?;
            rest.split('.').next()?.parse().ok()
        };
        let numbers: BTreeSet<u32> = self.0.iter().filter_map(number).filter(|n| *n > 0).collect();
        numbers.into_iter().collect()
    }

    /// A 32-bit integer, with a sign and leading zeros if the sender likes.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i32>, Error> {
        match self.text(name) {
            None => Ok(None),
            Some("") => Err(Error::malformed_input(Some("missing value for decimal type"))),
            Some(text) => text.parse().map(Some).map_err(|_| Error::malformed_input(None)),
        }
    }
}

#[cfg(test)]
impl From<Vec<(String, String)>> for Form {
    fn from(parameters: Vec<(String, String)>) -> Self {
        Self(parameters)
    }
}

fn is_form(request: &Request) -> bool {
    let content_type = request.header("content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_names_counts() {
        let form = Form::parse(b"A=1&A=2&B=a%2Fb+c&C=");
        assert_eq!(form.text("A"), Some("1"));
        assert_eq!(form.text("B"), Some("a/b c"));
        assert_eq!(form.text("C"), Some(""));
        assert_eq!(form.text("D"), None);
    }

    #[test]
    fn members_of_a_list_are_counted_once_and_in_order() {
        let form = Form::parse(
            b"T.member.10.Key=a&T.member.2.Key=b&T.member.2.Value=c&U.member.1=d&T.member.x=e&T.member.0=f&T.m=g",
        );
        assert_eq!(form.members("T"), [2, 10]);
        assert_eq!(form.members("U"), [1]);
        assert!(form.members("V").is_empty());
    }

    #[test]
    fn integers_are_of_32_bits() {
        let integer = |text: &str| Form::parse(format!("N={text}").as_bytes()).integer("N");
        for (text, value) in [("900", 900), ("%2B900", 900), ("0900", 900), ("-1", -1)] {
            assert_eq!(integer(text), Ok(Some(value)), "{text}");
        }
        assert_eq!(integer("2147483647"), Ok(Some(i32::MAX)));
        for text in ["abc", "900.0", "2147483648", "-2147483649", "9+0"] {
            assert_eq!(integer(text), Err(Error::malformed_input(None)), "{text}");
        }
        let empty = Error::malformed_input(Some("missing value for decimal type"));
        assert_eq!(integer(""), Err(empty));
        assert_eq!(Form::default().integer("N"), Ok(None));
    }

    #[test]
    fn a_post_needs_the_content_type_of_a_form() {
        let action = |method: &str, content_type: &str| {
            let request = Request {
                method: method.to_owned(),
                query: "Action=Q".to_owned(),
                headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
                body: b"Action=B".to_vec(),
                ..Request::default()
            };
            Form::of(&request).text("Action").map(str::to_owned)
        };
        let form = "application/x-www-form-urlencoded";
        assert_eq!(action("POST", form).as_deref(), Some("B"));
        assert_eq!(action("POST", &format!("{form}; charset=utf-8")).as_deref(), Some("B"));
        assert_eq!(action("POST", "text/plain"), None);
        assert_eq!(action("GET", "text/plain").as_deref(), Some("Q"));
        assert_eq!(action("PUT", form), None);
    }
}
