"""The replies of parity.py: what STS may answer to every action, and the errors of its model."""

import datetime
from xml.sax.saxutils import escape

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
ID = "c6104cbe-af31-11e0-8154-cbc7ccf896c7"
STAMPS = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.999Z", "%Y-%m-%dT%H:%M:%S.123456Z", "%Y-%m-%dT%H:%M:%S+00:00"]


def elements(pairs):
    return "".join(f"<{name}>{value}</{name}>" for name, value in pairs.items())


def credentials(token="AQoEXAMPLEH4aoAH0gNCAPyJxz4BlCFFxWNE1OPTgk5TthT+FvwqnKwRcOIfrRh3c/L=="):
    parts = {
        "AccessKeyId": "ASIAREPLY00000000001",
        "SecretAccessKey": "replySecret/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "SessionToken": token,
        "Expiration": "EXPIRATION",
    }
    return {"Credentials": elements(parts)}


ROLE = {
    "AssumedRoleUser": elements(
        {"AssumedRoleId": "AROA3XFRBF535PLBIFPI4:s-1", "Arn": "arn:aws:sts::000000000012:assumed-role/deploy/s-1"}
    )
}
FEDERATED = {
    "FederatedUser": elements(
        {"FederatedUserId": "123456789012:bob", "Arn": "arn:aws:sts::123456789012:federated-user/bob"}
    )
}
SIZES = {"SessionTokenUtilization": "37", "SessionTokenSize": "1024"}
MORE = {"PackedPolicySize": "6", "SourceIdentity": "jane@example"} | SIZES
SAML = {
    "Subject": escape("Jän & <dóe>"),
    "SubjectType": "persistent",
    "Issuer": "https://idp.example/SAML?a=b&amp;c",
    "Audience": "https://signin.aws.amazon.com/saml",
    "NameQualifier": "SbdGOnUkh1i4+/EXAMPLExL/jEvs=",
}
WEB = {
    "SubjectFromWebIdentityToken": "amzn1.account.AF6RHO7KZU5XRVQJGXK6HB56KR2A 部門",
    "Provider": "https://idp.example&#x2F;x",
    "Audience": "client.5498841531868486423.1548@apps.example.com",
}
DECODED = '{"allowed":false,"explicitDeny":true,"context":{"é 部":"<a&b>\'\\n"}}'
LONG = "IQoJb3JpZ2lu+/=" * 2000

GOOD = {
    "AssumeRole": [ROLE | credentials(), ROLE | credentials() | MORE, credentials(LONG) | ROLE | {"PackedPolicySize": "0"}],
    "AssumeRoleWithSAML": [ROLE | credentials() | SAML | MORE, ROLE | credentials(), SAML | credentials() | ROLE],
    "AssumeRoleWithWebIdentity": [ROLE | credentials() | WEB | MORE, ROLE | credentials(), WEB | credentials() | ROLE],
    "AssumeRoot": [credentials(), credentials() | {"SourceIdentity": "jane"} | SIZES],
    "DecodeAuthorizationMessage": [
        {"DecodedMessage": escape(DECODED)},
        {"DecodedMessage": escape(DECODED, {'"': "&quot;"})},
        {"DecodedMessage": f"<![CDATA[{DECODED}]]>"},
        {"DecodedMessage": '{"a":"' + "x" * 40000 + '"}'},
    ],
    "GetAccessKeyInfo": [{"Account": "123456789012"}, {"Account": "000000000012"}],
    "GetCallerIdentity": [
        {"Arn": "arn:aws:iam::000000000012:user/path/o+p=s", "UserId": "AIDAEXAMPLE", "Account": "000000000012"},
        {"UserId": "AROA1:s-1", "Account": "123456789012", "Arn": "arn:aws:sts::123456789012:assumed-role/deploy/s-1"},
        {"UserId": "123456789012", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:root"},
    ],
    "GetDelegatedAccessToken": [
        credentials(),
        credentials() | {"PackedPolicySize": "6", "AssumedPrincipal": "arn:aws:iam::000000000012:root"},
    ],
    "GetFederationToken": [FEDERATED | credentials(), FEDERATED | credentials(LONG) | {"PackedPolicySize": "99"} | SIZES],
    "GetSessionToken": [credentials(), credentials(LONG) | SIZES],
    "GetWebIdentityToken": [{"WebIdentityToken": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln-_", "Expiration": "EXPIRATION"}],
}

COMMON = [
    (403, "AccessDenied", "User: arn:aws:iam::123456789012:user/ops is not authorized to perform: it"),
    (400, "ValidationError", "1 validation error detected: the parameter failed to satisfy constraint"),
    (400, "Throttling", "Rate exceeded"),
    (403, "RegionDisabledException", "STS is not activated in this region for account:123456789012"),
    (500, "InternalFailure", ""),
    (503, "ServiceUnavailable", "try again"),
    (403, "InvalidClientTokenId", "The security token included in the request is invalid"),
]
POLICY = [
    (400, "MalformedPolicyDocument", "Syntax errors in policy"),
    (400, "PackedPolicyTooLarge", "Packed size of session tags consumes 112% of allotted space"),
]
TOKEN = [
    (403, "IDPRejectedClaim", "Not authorized"),
    (400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://idp.example"),
    (400, "ExpiredTokenException", "Token expired: current date/time 1 must be before the expiration date/time 0"),
]
ERRORS = {
    "AssumeRole": [*POLICY, (400, "ExpiredTokenException", "The security token included in the request is expired")],
    "AssumeRoleWithSAML": POLICY + TOKEN,
    "AssumeRoleWithWebIdentity": [*POLICY, *TOKEN, (400, "IDPCommunicationError", "no answer")],
    "AssumeRoot": [(400, "ExpiredTokenException", "expired")],
    "DecodeAuthorizationMessage": [(400, "InvalidAuthorizationMessageException", "Message is not valid")],
    "GetDelegatedAccessToken": [(400, "ExpiredTradeInTokenException", "expired"), POLICY[1]],
    "GetFederationToken": POLICY,
    "GetWebIdentityToken": [
        (403, "SessionDurationEscalationException", "longer than the session"),
        (403, "OutboundWebIdentityFederationDisabledException", "not enabled"),
        (400, "JWTPayloadSizeExceededException", "too large"),
    ],
}


def good(action, pairs, indented):
    result = elements(pairs)
    if indented and "CDATA" not in result:
        result = result.replace("><", ">\n  <")
    return (
        f'<{action}Response xmlns="{NAMESPACE}">\n<{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>{ID}</RequestId></ResponseMetadata></{action}Response>"
    )


def error(code, message):
    return (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{ID}</RequestId></ErrorResponse>"
    )


REPLIES = {
    action: [(200, good(action, pairs, indented)) for indented in (False, True) for pairs in replies]
    + [(status, error(code, message)) for status, code, message in ERRORS.get(action, []) + COMMON]
    for action, replies in GOOD.items()
}


def reply(action, number, now):
    """The status and the body of one reply, in turn."""
    replies = REPLIES[action]
    status, body = replies[number % len(replies)]
    end = now + datetime.timedelta(seconds=600)
    return status, body.replace("EXPIRATION", end.strftime(STAMPS[number % len(STAMPS)]))
