use hyper::Request;
use hyper::http::uri::PathAndQuery;

use super::hosts::Hosts;

/// What the rules need to know of a head, gathered in one pass over it. A header counts even when it is empty.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a header that is there or not")]
pub(super) struct Head {
    pub(super) is_path: bool,
    pub(super) long_target: bool,
    pub(super) odd_path: bool,
    pub(super) empty_segment: bool,
    pub(super) non_ascii: bool,
    pub(super) hosts: u32,
    pub(super) own_host: bool,
    pub(super) authorizations: u32,
    pub(super) body: bool,
    pub(super) upgrade: bool,
    pub(super) origin: bool,
    pub(super) fetch_metadata: bool,
    pub(super) forwarded: bool,
}

impl Head {
    pub(super) fn of<B>(request: &Request<B>, hosts: &Hosts) -> Self {
        let uri = request.uri();
        let target = uri.path_and_query().map_or("", PathAndQuery::as_str);
        let mut head = Self {
            is_path: uri.authority().is_none() && target.starts_with('/'),
            long_target: target.len() > LONGEST_TARGET,
            non_ascii: !target.is_ascii(),
            ..Self::default()
        };
        head.read_path(uri.path());
        for (name, value) in request.headers() {
            head.non_ascii |= !value.as_bytes().is_ascii();
            // hyper has lower-cased the names.
            match name.as_str() {
                "host" => {
                    head.hosts += 1;
                    head.own_host = hosts.include(value.as_bytes());
                }
                "authorization" => head.authorizations += 1,
                "content-length" => head.body |= value != "0",
                "transfer-encoding" => head.body = true,
                "upgrade" => head.upgrade = true,
                "origin" => head.origin = true,
                "forwarded" | "via" | "x-real-ip" => head.forwarded = true,
                name if name.starts_with("x-forwarded-") => head.forwarded = true,
                name if name.starts_with("sec-fetch-") => head.fetch_metadata = true,
                _ => {}
            }
        }
        head
    }

    /// Nothing that is asked for here has a segment that begins with a dot.
    fn read_path(&mut self, path: &str) {
        let mut previous = 0;
        for byte in path.bytes() {
            match byte {
                b'/' => self.empty_segment |= previous == b'/',
                b'.' => self.odd_path |= previous == b'/',
                b'%' | b';' | b'\\' => self.odd_path = true,
                _ => {}
            }
            previous = byte;
        }
    }
}

/// In bytes, path and query. The longest that is asked for has some 120.
const LONGEST_TARGET: usize = 2048;
