//! What a reply's `Date` does to its lifetime.

use super::*;

#[test]
fn without_a_date_the_lifetime_is_counted_from_the_signature_and_no_longer_than_asked() {
    for date in [None, Some("yesterday")] {
        for (expiration, seconds) in [
            ("02:32:50", 59),
            ("14:31:50", 43_199),
            ("14:31:59", 43_200),
            ("16:31:50", 43_200),
        ] {
            let body = GOOD.replace("14:31:59", expiration);
            let verdict = judge_with(200, date, Some(body.as_bytes()));
            let (granted, _) = verdict.result.ok().unwrap();
            assert_eq!(
                (granted.lifetime, verdict.date),
                (Duration::from_secs(seconds), None),
                "{expiration}"
            );
        }
    }
}

/// The call is signed as of 02:31:50.
#[test]
fn a_far_date_is_believed_over_tls_only() {
    let plain = Endpoint {
        url: "http://sts.example:8080/".parse().unwrap(),
        signing_region: "eu-west-1".parse().unwrap(),
    };
    for (date, expiration, far) in [
        ("Sun, 22 Nov 2026 02:16:50 GMT", "2026-11-22T14:16:50", None),
        ("Sun, 22 Nov 2026 02:46:50 GMT", "2026-11-22T14:46:50", None),
        ("Sun, 22 Nov 2026 02:16:49 GMT", "2026-11-22T14:16:49", Some("901 s")),
        ("Sun, 22 Nov 2026 02:46:51 GMT", "2026-11-22T14:46:51", Some("901 s")),
        (
            "Sat, 01 Jan 2000 00:00:00 GMT",
            "2000-01-01T12:00:00",
            Some("848629910 s"),
        ),
    ] {
        let body = GOOD.replace("2026-11-22T14:31:59", expiration);
        let over_tls = judge_with(200, Some(date), Some(body.as_bytes()));
        assert!(over_tls.result.is_ok(), "{date}");

        let over_http = judge_from(&plain, 200, Some(date), Some(body.as_bytes()));
        assert_eq!(over_http.date, times::date(date), "whoever keeps the time decides");
        let error = over_http.result.err();
        let expected = far.map(|seconds| Error {
            class: Class::Malformed,
            message: format!(
                "GetSessionToken at sts.example:8080: STS's Date header differs by {seconds} from this host's clock, \
                 and over plain http it is not believed: set the host's clock"
            ),
            code: None,
            request_id: Some(ID.to_owned()),
            sent: true,
        });
        assert_eq!(error, expected, "{date}");

        let refused = judge_from(&plain, 403, Some(date), Some(REFUSED.as_bytes()));
        assert_eq!(refused.result.err().unwrap().class, Class::MfaRejected, "{date}");
    }
}
