use url::Url;

/// A URL whose host is an address or a name of ASCII letters, digits and `-._`. What else a host may be written in (`%`
/// escapes, other scripts) needs Unicode's tables, which are left out of the URL parser; names have their `xn--` form.
pub fn parse_url(text: &str) -> Option<Url> {
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    if !host.bytes().all(plain) {
        return None;
    }
    let user = authority.strip_suffix(host)?;
    let host = host.to_ascii_lowercase();
    Url::parse(&format!("{scheme}://{user}{host}{path}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_plain_ascii() {
        for (text, url) in [
            ("https://STS.Example", "https://sts.example/"),
            ("https://XN--exmple-CUA:8443/", "https://xn--exmple-cua:8443/"),
            ("http://[::1]:4566", "http://[::1]:4566/"),
            ("http://User:p%41ss@Proxy:3128", "http://User:p%41ss@proxy:3128/"),
            ("http://127.0.0.1/a%2Fb?c=d#e", "http://127.0.0.1/a%2Fb?c=d#e"),
        ] {
            assert_eq!(parse_url(text).unwrap().as_str(), url);
        }
    }

    #[test]
    fn what_would_need_tables_is_none() {
        for text in [
            "",
            "sts.example",
            "https://",
            "https://a%41b",
            "https://o12..f7W0%61",
            "https://sts.exämple",
            "https://a b",
            "https://a\tb",
            "http:/a%41",
        ] {
            assert_eq!(parse_url(text), None, "{text:?}");
        }
    }
}
