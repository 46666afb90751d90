/// A reply, as it was read.
pub struct Reply {
    pub status: u16,
    is_http_1_0: bool,
    fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|field| field.0 == name);
        let value = found.next()?.1.as_str();
        assert!(found.next().is_none(), "{name} twice");
        Some(value)
    }

    /// hyper answers what it cannot read, and says nothing of it.
    pub fn is_hypers(&self) -> bool {
        self.header("content-type").is_none()
    }

    /// Nothing follows it.
    pub fn is_last(&self) -> bool {
        match self.header("connection") {
            None => self.is_http_1_0,
            Some(option) => option == "close",
        }
    }
}

/// Reads nothing but whole replies in HTTP/1, none behind one that closes.
pub fn read(mut said: &[u8]) -> Vec<Reply> {
    let mut replies: Vec<Reply> = Vec::new();
    while !said.is_empty() {
        assert!(!replies.last().is_some_and(Reply::is_last), "a reply behind the last");
        let end = said.windows(4).position(|window| window == b"\r\n\r\n");
        let (head, rest) = said.split_at(end.expect("a head has an end") + 4);
        let mut reply = read_head(std::str::from_utf8(head).expect("a head is text"));
        let length = reply.header("content-length").expect("a reply has a length");
        assert!(length.bytes().all(|byte| byte.is_ascii_digit()), "{length}");
        let length: usize = length.parse().expect("a number");
        // A reply to HEAD has none of its body.
        let length = if rest.is_empty() && reply.is_last() { 0 } else { length };
        let (body, rest) = rest.split_at(length);
        reply.body = body.into();
        said = rest;
        replies.push(reply);
    }
    replies
}

fn read_head(head: &str) -> Reply {
    let mut lines = head.strip_suffix("\r\n\r\n").expect("its end").split("\r\n");
    let line = lines.next().expect("a first line");
    let (version, status) = line.split_at(9);
    assert!(["HTTP/1.1 ", "HTTP/1.0 "].contains(&version), "{line}");
    let (status, reason) = status.split_once(' ').expect("a status and a reason");
    assert!(!reason.chars().any(char::is_control), "{line:?}");
    let fields = lines.map(|line| {
        let (name, value) = line.split_once(": ").expect("a field");
        assert!(
            name.bytes().all(|byte| byte == b'-' || byte.is_ascii_alphanumeric()),
            "{line:?}"
        );
        assert!(!value.chars().any(char::is_control), "{line:?}");
        (name.to_ascii_lowercase(), value.to_owned())
    });
    let reply = Reply {
        status: status.parse().expect("a number"),
        is_http_1_0: version == "HTTP/1.0 ",
        fields: fields.collect(),
        body: Vec::new(),
    };
    for never in [
        "transfer-encoding",
        "location",
        "set-cookie",
        "access-control-allow-origin",
    ] {
        assert_eq!(reply.header(never), None);
    }
    assert!(reply.header("date").is_some());
    reply
}
