use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use hyper::http::uri::PathAndQuery;

use super::hosts::Hosts;
use super::rules::Rule;

/// What the rules need to know of a head, gathered in one pass over it.
pub(super) struct Head<'r> {
    marks: Marks,
    pub(super) authorization: Option<&'r HeaderValue>,
}

/// What is odd about a head, a bit each; nothing about most. A header counts even when it is empty.
pub(super) type Marks = u16;

pub(super) const NO_PATH: Marks = 1;
pub(super) const LONG_TARGET: Marks = 1 << 1;
pub(super) const BEYOND_ASCII: Marks = 1 << 2;
pub(super) const ODD_PATH: Marks = 1 << 3;
pub(super) const EMPTY_SEGMENT: Marks = 1 << 4;
pub(super) const BODY: Marks = 1 << 5;
pub(super) const UPGRADES: Marks = 1 << 6;
pub(super) const NOT_ONE_HOST: Marks = 1 << 7;
pub(super) const FOREIGN_HOST: Marks = 1 << 8;
pub(super) const HAS_ORIGIN: Marks = 1 << 9;
pub(super) const OF_A_BROWSER: Marks = 1 << 10;
pub(super) const FORWARDS: Marks = 1 << 11;
pub(super) const AUTHORIZATIONS: Marks = 1 << 12;

/// In bytes, path and query. The longest that is asked for has some 120.
const LONGEST_TARGET: usize = 2048;

impl<'r> Head<'r> {
    pub(super) fn of(request: &'r Parts, hosts: &Hosts) -> Self {
        let mut head = Self {
            marks: of_target(request),
            authorization: None,
        };
        let mut has_host = false;
        for (name, value) in &request.headers {
            head.marks |= marks(BEYOND_ASCII, !value.as_bytes().is_ascii());
            // hyper has lower-cased the names. Compared as bytes, for which a tree of lengths and letters is compiled.
            head.marks |= match name.as_str().as_bytes() {
                b"host" => {
                    let second = marks(NOT_ONE_HOST, has_host);
                    has_host = true;
                    second | marks(FOREIGN_HOST, !hosts.include(value.as_bytes()))
                }
                b"authorization" => marks(AUTHORIZATIONS, head.authorization.replace(value).is_some()),
                b"content-length" => marks(BODY, value != "0"),
                b"transfer-encoding" => BODY,
                b"upgrade" => UPGRADES,
                b"origin" => HAS_ORIGIN,
                b"forwarded" | b"via" | b"x-real-ip" => FORWARDS,
                [b'x', name @ ..] if name.starts_with(b"-forwarded-") => FORWARDS,
                [b's', name @ ..] if name.starts_with(b"ec-fetch-") => OF_A_BROWSER,
                _ => 0,
            };
        }
        head.marks |= marks(NOT_ONE_HOST | FOREIGN_HOST, !has_host);
        head
    }

    /// The first rule that the request breaks.
    pub(super) fn broken(&self, rules: &'static [Rule]) -> Option<&'static Rule> {
        if self.marks == 0 {
            return None;
        }
        rules.iter().find(|rule| self.marks & rule.broken_by != 0)
    }
}

fn of_target(request: &Parts) -> Marks {
    let uri = &request.uri;
    let target = uri.path_and_query().map_or("", PathAndQuery::as_str);
    marks(NO_PATH, uri.authority().is_some() || !target.starts_with('/'))
        | marks(LONG_TARGET, target.len() > LONGEST_TARGET)
        | marks(BEYOND_ASCII, !target.is_ascii())
        | of_path(uri.path())
}

/// Nothing that is asked for here has a segment that begins with a dot.
fn of_path(path: &str) -> Marks {
    let mut seen = 0;
    let mut previous = 0;
    for byte in path.bytes() {
        seen |= match byte {
            b'/' => marks(EMPTY_SEGMENT, previous == b'/'),
            b'.' => marks(ODD_PATH, previous == b'/'),
            b'%' | b';' | b'\\' => ODD_PATH,
            _ => 0,
        };
        previous = byte;
    }
    seen
}

/// These, if that holds.
fn marks(these: Marks, holds: bool) -> Marks {
    if holds { these } else { 0 }
}
