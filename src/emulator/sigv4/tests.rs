use super::*;

/// The suite that AWS publishes for signers: key, time, region and service are the same in every case.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-test-suite.html>
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const EXPECTED: Expected<'_> = Expected {
    region: "us-east-1",
    service: "service",
    tolerance: TimeDelta::minutes(15),
};

fn time(text: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(text, BASIC_FORMAT).unwrap().and_utc()
}

fn now() -> DateTime<Utc> {
    time("20150830T123600Z")
}

/// A request as the suite writes it in `signed-request`: one string a line.
fn request(text: &str) -> Request {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let method = first.next().unwrap().to_owned();
    let target = first.next().unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_owned(), value.trim().to_owned())
    };
    Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: lines.map(header).collect(),
        body: body.as_bytes().to_vec(),
    }
}

const FORM: &str = "\
POST / HTTP/1.1
Content-Type:application/x-www-form-urlencoded
Host:example.amazonaws.com
Content-Length:13
X-Amz-Date:20150830T123600Z
x-amz-content-sha256:9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e
Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=content-length;content-type;host;x-amz-content-sha256;x-amz-date, Signature=d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b

Param1=value1";

const SESSION: &str = "\
GET / HTTP/1.1
Host:example.amazonaws.com
X-Amz-Security-Token:6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267
X-Amz-Date:20150830T123600Z
Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8
";

const DUPLICATE_HEADER: &str = "\
GET / HTTP/1.1
Host:example.amazonaws.com
My-Header1:value2
My-Header1:value2
My-Header1:value1
X-Amz-Date:20150830T123600Z
Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;my-header1;x-amz-date, Signature=c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea
";

const SPACES: &str = "\
GET / HTTP/1.1
Host:example.amazonaws.com
My-Header1: value1
My-Header2: \"a   b   c\"
X-Amz-Date:20150830T123600Z
Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;my-header1;my-header2;x-amz-date, Signature=acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736
";

const QUERY: &str = "\
GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1 HTTP/1.1
Host:example.amazonaws.com
X-Amz-Date:20150830T123600Z
Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac
";

#[test]
fn published_vectors_verify_and_nothing_like_them_does() {
    for vector in [FORM, SESSION, DUPLICATE_HEADER, SPACES, QUERY] {
        let request = request(vector);
        let signed = Signed::read(&request, &EXPECTED, now()).unwrap_or_else(|e| panic!("{vector}: {e:?}"));
        assert_eq!(signed.access_key_id(), "AKIDEXAMPLE");
        assert_eq!(signed.verify(SECRET), Ok(()), "{vector}");
        let wrong = signed.verify("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEx");
        assert_eq!(wrong, Err(Error::signature_does_not_match(MISMATCH)));
    }
    let changed = |from: &str, to: &str| verdict(&FORM.replacen(from, to, 1));
    for (from, to) in [
        ("Param1=value1", "Param1=value2"),
        ("Host:example", "Host:exampla"),
        ("20150830T123600Z", "20150830T123601Z"),
        ("POST", "PUT"),
        ("POST / ", "POST /x "),
        ("POST / ", "POST /?a "),
        ("Signature=d3", "Signature=d4"),
    ] {
        assert_eq!(
            changed(from, to),
            Err(Error::signature_does_not_match(MISMATCH)),
            "{from}"
        );
    }
}

fn verdict(text: &str) -> Result<(), Error> {
    Signed::read(&request(text), &EXPECTED, now())?.verify(SECRET)
}

fn with_authorization(authorization: &str) -> Result<(), Error> {
    verdict(&format!(
        "GET / HTTP/1.1\nHost:x\nX-Amz-Date:20150830T123600Z\nAuthorization:{authorization}\n"
    ))
}

#[test]
fn unsigned_requests_and_other_schemes_have_no_token() {
    for text in [
        "GET / HTTP/1.1\nHost:x\n",
        "GET / HTTP/1.1\nHost:x\nAuthorization:Basic eDp5\n",
        "GET / HTTP/1.1\nHost:x\nAuthorization:\n",
    ] {
        assert_eq!(verdict(text), Err(Error::missing_authentication_token()), "{text}");
    }
}

#[test]
fn a_signature_that_cannot_be_read_is_incomplete() {
    let incomplete = |message: &str| Err(Error::incomplete_signature(message.to_owned()));
    assert_eq!(
        verdict("GET / HTTP/1.1\nHost:x\nAuthorization:AWS4-HMAC-SHA256 Credential=a\n"),
        incomplete(
            "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' \
             parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. \
             Authorization=AWS4-HMAC-SHA256 Credential=a"
        )
    );
    assert_eq!(
        with_authorization("AWS4-HMAC-SHA256 Credential"),
        incomplete(
            "'Credential' not a valid key=value pair (missing equal-sign) in Authorization header: \
             'AWS4-HMAC-SHA256 Credential'."
        )
    );
    assert_eq!(
        with_authorization("AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host;x-amz-date, Signature=0"),
        incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
             'a/b/c/d'"
        )
    );
    assert_eq!(
        verdict(&FORM.replace("X-Amz-Date:20150830T123600Z", "X-Amz-Date:2015-08-30T12:36:00Z")),
        incomplete(
            "Date must be in ISO-8601 'basic format'. Got '2015-08-30T12:36:00Z'. See \
             http://en.wikipedia.org/wiki/ISO_8601"
        )
    );
    assert_eq!(
        verdict(&FORM.replace("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA25 ")),
        incomplete("Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). ")
    );
}

#[test]
fn host_time_and_session_token_must_be_signed() {
    let must_sign = |name: &str| {
        Err(Error::signature_does_not_match(format!(
            "{name} must be a 'SignedHeader' in the AWS Authorization."
        )))
    };
    let without = |name: &str| verdict(&SESSION.replace(name, ""));
    assert_eq!(without("host;"), must_sign("'Host' or ':authority'"));
    assert_eq!(without("x-amz-date;"), must_sign("'X-Amz-Date'"));
    assert_eq!(without(";x-amz-security-token"), must_sign("'X-Amz-Security-Token'"));
}

#[test]
fn the_scope_must_be_this_service_and_this_day() {
    let mismatch = |message: &str| Err(Error::signature_does_not_match(message));
    let scoped = |scope: &str| verdict(&FORM.replace("20150830/us-east-1/service/aws4_request", scope));
    assert_eq!(
        scoped("20150830/eu-west-1/service/aws4_request"),
        mismatch("Credential should be scoped to a valid region. ")
    );
    assert_eq!(
        scoped("20150830/eu-west-1/sts/aws5_request"),
        mismatch(
            "Credential should be scoped to a valid region. Credential should be scoped to correct service: \
             'service'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. "
        )
    );
    assert_eq!(
        scoped("20150829/us-east-1/service/aws4_request"),
        mismatch(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != \
             '20150830', from '20150830T123600Z'."
        )
    );
}

#[test]
fn the_time_may_be_off_by_the_tolerance_and_no_more() {
    let at = |now: &str, minutes: i64| {
        let expected = Expected {
            tolerance: TimeDelta::minutes(minutes),
            ..EXPECTED
        };
        let request = request(FORM);
        Signed::read(&request, &expected, time(now)).map(drop)
    };
    let mismatch = |message: &str| Err(Error::signature_does_not_match(message));
    assert_eq!(at("20150830T125100Z", 15), Ok(()));
    assert_eq!(
        at("20150830T125101Z", 15),
        mismatch(
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"
        )
    );
    assert_eq!(at("20150830T122100Z", 15), Ok(()));
    assert_eq!(
        at("20150830T122059Z", 15),
        mismatch(
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z \
             (20150830T122059Z + 15 min.)"
        )
    );
    assert_eq!(
        at("20150830T124101Z", 5),
        mismatch(
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
        )
    );
}
