//! AWS's public test suite of Signature Version 4 (`aws-signing-test-suite` of the crate `aws-sigv4` 1.6.4, Apache-2.0), each
//! case as its signed request: the ten of its forty that concern a client that sends `POST /` with a form, and signs in
//! headers. With and without a session token, of a region and a service that are not STS's; `.ci/suites/parity` holds those.
//!
//! What the others try is not ours:
//! - a path, where ours is always `/` (18): `double-*`, `get-relative-*`, `get-slash-*`, `get-slashes-*`, `get-space-*`,
//!   `get-unreserved`, `get-utf8`;
//! - a query, where ours is in the form (7): `get-vanilla-empty-query-key`, `get-vanilla-query-*`, `get-vanilla-utf8-query`,
//!   `post-vanilla-query`, `post-vanilla-empty-query-value`;
//! - a header that is there twice, goes on in another line, or has white space to be cut or folded, where each of ours is
//!   there once, and none has any but the one space of the media type (4): `get-header-*`;
//! - nothing (1): `get-vanilla-query` is `get-vanilla` by another name.
//!
//! The `query-*` files of each case are of URLs that are signed for others to use, which valetkey never makes.

use super::super::*;

#[test]
fn every_case_has_the_signature_of_the_suite() {
    for (name, signed) in [
        ("get-vanilla", include_str!("vectors/get-vanilla.txt")),
        (
            "get-vanilla-with-session-token",
            include_str!("vectors/get-vanilla-with-session-token.txt"),
        ),
        ("post-header-key-case", include_str!("vectors/post-header-key-case.txt")),
        ("post-header-key-sort", include_str!("vectors/post-header-key-sort.txt")),
        (
            "post-header-value-case",
            include_str!("vectors/post-header-value-case.txt"),
        ),
        (
            "post-sts-header-after",
            include_str!("vectors/post-sts-header-after.txt"),
        ),
        (
            "post-sts-header-before",
            include_str!("vectors/post-sts-header-before.txt"),
        ),
        ("post-vanilla", include_str!("vectors/post-vanilla.txt")),
        (
            "post-x-www-form-urlencoded",
            include_str!("vectors/post-x-www-form-urlencoded.txt"),
        ),
        (
            "post-x-www-form-urlencoded-parameters",
            include_str!("vectors/post-x-www-form-urlencoded-parameters.txt"),
        ),
    ] {
        let (head, body) = signed.split_once("\n\n").unwrap();
        let (start, lines) = head.split_once('\n').unwrap();
        let headers: Vec<_> = lines.lines().map(|line| line.split_once(':').unwrap()).collect();
        let expected = value(&headers, "Authorization").unwrap();
        assert_eq!(sign_again(start, &headers, body, expected), expected, "{name}");
    }
}

/// The `Authorization` header that we give the request. What it signs tells whether the token was there by then.
fn sign_again(start: &str, headers: &[(&str, &str)], body: &str, expected: &str) -> String {
    let token = value(headers, "X-Amz-Security-Token").filter(|_| expected.contains("x-amz-security-token"));
    let credentials = Credentials::new(
        "AKIDEXAMPLE",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        token.map(ToOwned::to_owned),
        None,
        "suite",
    );
    let ours = ["Authorization", "X-Amz-Date", "X-Amz-Security-Token"];
    let given = headers.iter().copied().filter(|(name, _)| !ours.contains(name));
    let method = start.split(' ').next().unwrap();
    let url = "https://example.amazonaws.com/";
    let request = SignableRequest::new(method, url, given, SignableBody::Bytes(body.as_bytes())).unwrap();
    let now = "2015-08-30T12:36:00Z".parse().unwrap();
    let signature = signature(request, credentials, "us-east-1", "service", now).unwrap();
    let found = signature.headers().find(|(name, _)| *name == "authorization");
    found.unwrap().1.to_owned()
}

fn value<'h>(headers: &[(&str, &'h str)], name: &str) -> Option<&'h str> {
    headers
        .iter()
        .find(|(other, _)| *other == name)
        .map(|(_, value)| *value)
}
