use super::TOKENS;
use super::scene::Form;

/// What a head must have to be answered with 200, read line by line and without hyper. None of what is not one head alone, where
/// somebody else could see two.
pub fn lawful(head: &[u8], form: Form, good: &[String]) -> Option<bool> {
    let lines = lines(head)?;
    let (request, fields) = lines.split_first()?;
    let fields: Vec<_> = fields.iter().map(|line| field(line)).collect();
    let values = |wanted: &str| {
        let of_name = fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes()));
        of_name.map(|(_, value)| *value).collect::<Vec<_>>()
    };
    let own_host = matches!(*values("host"), [host] if is_own(host, form));
    let honest = fields
        .iter()
        .all(|(name, value)| is_honest(&name.to_ascii_lowercase(), value));
    let asks = match form {
        Form::Container => {
            let path = request.starts_with(b"GET /credentials/ops");
            path && values("authorization") == [TOKENS[0].as_bytes()]
        }
        Form::Imds if request.starts_with(b"PUT /") => {
            let ttl = values("x-aws-ec2-metadata-token-ttl-seconds");
            matches!(*ttl, [[b'1'..=b'9', rest @ ..]] if rest.iter().all(u8::is_ascii_digit))
        }
        Form::Imds => {
            let token = values("x-aws-ec2-metadata-token");
            request.starts_with(b"GET /")
                && matches!(*token, [token] if good.iter().any(|good| good.as_bytes() == token))
        }
    };
    Some(own_host && honest && asks)
}

/// The lines of one head, with nothing behind it. Lines that are empty may stand before it.
fn lines(head: &[u8]) -> Option<Vec<&[u8]>> {
    let lines = head.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut lines: Vec<_> = lines.skip_while(|line| line.is_empty()).collect();
    // Behind the last line's end, and the empty line.
    let ends = lines.pop()?.is_empty() && lines.pop()?.is_empty();
    (ends && lines.iter().all(|line| !line.is_empty())).then_some(lines)
}

fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
    let value = line.get(colon + 1..).unwrap_or_default();
    (&line[..colon], value.trim_ascii())
}

fn is_own(host: &[u8], form: Form) -> bool {
    let host = host.to_ascii_lowercase();
    let (names, ports): (&[&str], &[&str]) = match form {
        Form::Container => (&["127.0.0.1", "localhost", "[::1]"], &["", ":7411"]),
        Form::Imds => {
            let names = &["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "[fd00:ec2::254]"];
            (names, &["", ":80", ":7413"])
        }
    };
    names.iter().any(|name| {
        let port = host.strip_prefix(name.as_bytes());
        port.is_some_and(|port| ports.iter().any(|known| known.as_bytes() == port))
    })
}

/// Neither a browser's nor a proxy's, and nothing with a body.
fn is_honest(name: &[u8], value: &[u8]) -> bool {
    match name {
        b"origin" | b"forwarded" | b"via" | b"x-real-ip" | b"transfer-encoding" | b"upgrade" => false,
        b"content-length" => value == b"0",
        _ => !name.starts_with(b"sec-fetch-") && !name.starts_with(b"x-forwarded-"),
    }
}
