use hyper::header::{
    AUTHORIZATION, CONTENT_LENGTH, FORWARDED, HOST, HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING, UPGRADE, VIA,
};
use hyper::http::uri::PathAndQuery;

use super::hosts::Hosts;
use super::rules::Rule;
use crate::server::asked::RequestHead;

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
    pub(super) fn of(request: RequestHead<'r>, hosts: &Hosts) -> Self {
        let target = request.uri.path_and_query().map_or("", PathAndQuery::as_str);
        let is_path = request.uri.authority().is_none() && target.starts_with('/');
        let mut head = Self {
            marks: marks(NO_PATH, !is_path) | marks(LONG_TARGET, target.len() > LONGEST_TARGET) | of_path(request.path),
            authorization: None,
        };
        let mut seen = bits(target.as_bytes());
        let mut has_host = false;
        for (name, value) in request.headers {
            let text = value.as_bytes();
            if *name == HOST {
                head.marks |= marks(NOT_ONE_HOST, has_host);
                has_host = true;
                // Our own names are ASCII.
                if !hosts.include(text) {
                    head.marks |= FOREIGN_HOST;
                    seen |= bits(text);
                }
            } else {
                seen |= bits(text);
                head.marks |= if *name == AUTHORIZATION {
                    marks(AUTHORIZATIONS, head.authorization.replace(value).is_some())
                } else {
                    of_header(name, value)
                };
            }
        }
        head.marks |= marks(NOT_ONE_HOST | FOREIGN_HOST, !has_host) | marks(BEYOND_ASCII, seen & HIGH_BITS != 0);
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

/// What no consumer sends by itself.
fn of_header(name: &HeaderName, value: &HeaderValue) -> Marks {
    if *name == CONTENT_LENGTH {
        marks(BODY, value != "0")
    } else if *name == TRANSFER_ENCODING {
        BODY
    } else if *name == UPGRADE {
        UPGRADES
    } else if *name == ORIGIN {
        HAS_ORIGIN
    } else if *name == FORWARDED || *name == VIA {
        FORWARDS
    } else {
        // hyper has lower-cased the names.
        match name.as_str().as_bytes() {
            b"x-real-ip" => FORWARDS,
            [b'x', name @ ..] if name.starts_with(b"-forwarded-") => FORWARDS,
            [b's', name @ ..] if name.starts_with(b"ec-fetch-") => OF_A_BROWSER,
            _ => 0,
        }
    }
}

/// Nothing that is asked for here has a segment that begins with a dot.
fn of_path(path: &str) -> Marks {
    let mut seen = 0;
    // What nearly everybody asks for is not looked through byte by byte.
    let (mut previous, rest) = match path.strip_prefix("/credentials/") {
        Some(rest) => (b'/', rest),
        None => (0, path),
    };
    for byte in rest.bytes() {
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

/// Set in a byte beyond ASCII.
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

/// The bits that are set in any byte of a text, of which some are looked at twice. What the standard library has for this is made
/// for longer texts than stand in a head.
fn bits(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        let mut seen = u64::from_ne_bytes(*first) | u64::from_ne_bytes(*last);
        if text.len() > 16 {
            for word in text[8..].as_chunks().0 {
                seen |= u64::from_ne_bytes(*word);
            }
        }
        seen
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        u64::from(u32::from_ne_bytes(*first) | u32::from_ne_bytes(*last))
    } else {
        text.iter().fold(0, |seen, byte| seen | u64::from(*byte))
    }
}

/// These, if that holds.
fn marks(these: Marks, holds: bool) -> Marks {
    if holds { these } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_beyond_ascii_is_seen_wherever_it_stands() {
        for length in 0..70 {
            let text = vec![b'x'; length];
            assert_eq!(bits(&text) & HIGH_BITS, 0, "{length}");
            for place in 0..length {
                let mut text = text.clone();
                text[place] = 0x80;
                assert_ne!(bits(&text) & HIGH_BITS, 0, "{place} of {length}");
            }
        }
    }

    #[test]
    fn paths_are_looked_through_whatever_they_begin_with() {
        for (path, odd) in [
            ("/credentials/ops", 0),
            ("/credentials/ops/", 0),
            ("/credentials/", 0),
            ("/credentials//", EMPTY_SEGMENT),
            ("/credentials//ops", EMPTY_SEGMENT),
            ("//credentials/ops", EMPTY_SEGMENT),
            ("/credentials/.", ODD_PATH),
            ("/credentials/../ops", ODD_PATH),
            ("/.credentials", ODD_PATH),
            ("/credentials/%6fps", ODD_PATH),
            ("/credentials/ops;x", ODD_PATH),
            ("/credentials\\ops", ODD_PATH),
            ("/credentials/a.b", 0),
        ] {
            assert_eq!(of_path(path), odd, "{path}");
        }
    }
}
