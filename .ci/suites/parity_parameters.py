"""The parameter sets of parity.py: what every action may be asked, from the least to the most, and what it may not."""

ROLE = "arn:aws:iam::123456789012:role/deploy"
ZEROS = "arn:aws:iam::000000000012:role/0/00"
PROVIDER = "arn:aws:iam::123456789012:saml-provider/ADFS"
TASKS = "arn:aws:iam::aws:policy/root-task/"
MFA = {"SerialNumber": "arn:aws:iam::123456789012:mfa/path/o+p=s,.@-_", "TokenCode": "000042"}
LINES = '{\n\t"Version": "2012-10-17",\r\n  "Statement": []\n}\n'
LATIN = '{"é": "ÿ\u00a0¿ &=+ %20 ~*\'()"}'
FULL = '{"a":"' + "x" * 2040 + '"}'
MARKS = "a b&c=d+e%20/?#[]@!$'()*,;:~-._\"\\<>|^`{}"
UNICODE = "Zürich 部門 Отдел ǅ \u00a0½ é\u2028ש"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0-_.c2lnbmF0dXJl"


def arns(count):
    return [{"arn": f"arn:aws:iam::aws:policy/job-function/p{n:02}+=,.@_-"} for n in range(count)]


def tags(count, value="v"):
    return [{"Key": f"key {n:02}", "Value": value} for n in range(count)]


def tag(key, value):
    return [{"Key": key, "Value": value}]


def with_each(base, more):
    return {name: base | added for name, added in more.items()}


POLICIES = {
    "newlines in the policy": {"Policy": LINES},
    "all of Latin-1 in the policy": {"Policy": LATIN},
    "the longest policy": {"Policy": FULL},
    "the shortest policy": {"Policy": "{}"},
    "one managed policy": {"PolicyArns": arns(1)},
    "ten managed policies": {"PolicyArns": arns(10)},
    "both policies": {"Policy": LINES, "PolicyArns": arns(2)},
    "no managed policies": {"PolicyArns": []},
}
TAGS = {
    "one tag": {"Tags": tag("Team", "ops")},
    "an empty value": {"Tags": tag("Stage", "")},
    "fifty tags": {"Tags": tags(50)},
    "the longest tag": {"Tags": tag("k" * 128, "v" * 256)},
    "marks in a tag": {"Tags": tag("a_.:/=+-@", "-@ +=/:._")},
    "Unicode in a tag": {"Tags": tag("é" * 128, UNICODE)},
    "leading zeros in a tag": {"Tags": tag("007", "000")},
    "no tags": {"Tags": []},
}
SIZES = {
    "no token size": {"MinimumSessionTokenSize": 0},
    "the largest token size": {"MinimumSessionTokenSize": 4096},
}
ROLES = {"the shortest": {"DurationSeconds": 900}, "the longest": {"DurationSeconds": 43200}}
SESSIONS = {"the shortest": {"DurationSeconds": 900}, "the longest": {"DurationSeconds": 129600}}

ASSUME = {"RoleArn": ROLE, "RoleSessionName": "ab", "DurationSeconds": 3600}
SAML = {"RoleArn": ROLE, "PrincipalArn": PROVIDER, "SAMLAssertion": "PHNhbWw+", "DurationSeconds": 3600}
WEB = {"RoleArn": ROLE, "RoleSessionName": "ab", "WebIdentityToken": JWT, "DurationSeconds": 3600}
ROOT = {"TargetPrincipal": "123456789012", "TaskPolicyArn": {"arn": TASKS + "S3UnlockBucketPolicy"}, "DurationSeconds": 900}
FEDERATION = {"Name": "bob", "DurationSeconds": 43200}
SESSION = {"DurationSeconds": 43200}
TOKEN = {"Audience": ["https://a.example"], "DurationSeconds": 300, "SigningAlgorithm": "RS256"}


def texts(name, texts_):
    return {what: {name: value} for what, value in texts_.items()}


def context(count):
    provider = "arn:aws:iam::aws:contextProvider/IdentityCenter"
    return [{"ProviderArn": provider, "ContextAssertion": f"eyJ{n}.+/=&" + "x" * (2035 + n)} for n in range(count)]


MESSAGES = {
    "one character": "x",
    "a usual one": "aeCmBbZ3nD0-_kqh5S4QvL" * 20,
    "the longest": "A" * 10240,
    "the longest in escapes": "é" * 10240,
    "marks": MARKS.replace(" ", ""),
    "Unicode": "部門Отдел½",
    "leading zeros": "000123",
    "a percent sign": "%",
    "an escape": "%2B",
    "an ampersand": "a&Action=x",
    "an equals sign": "a=b==",
    "a plus sign": "a+b",
    "a tilde": "~a~",
    "an emoji": "🔑",
    "base64": "q83vEjRWeJA+/w==",
    "quotes": "'\"`",
}
TOKENS = MESSAGES | {
    "a JWT": JWT,
    "newlines": "line\nline\r\n\tline",
    "spaces": " a  b ",
}
OPAQUE = {what: token for what, token in TOKENS.items() if len(token) >= 4}
KEYS = {
    "the shortest": "A" * 16,
    "the longest": "A" * 128,
    "a long-term key": "AKIAIOSFODNN7EXAMPLE",
    "a temporary key": "ASIAIOSFODNN7EXAMPLE",
    "leading zeros": "00000000000000000001",
    "digits": "1234567890123456",
    "underscores": "_" * 16,
    "small letters": "abcdefghijklmnopqrstuvwxyz",
    **{f"{length} characters": "Z9_x" * (length // 4) for length in (20, 24, 32, 40, 64, 96, 124)},
}

SETS = {
    "AssumeRole": with_each(
        ASSUME,
        {"the least": {}}
        | ROLES
        | POLICIES
        | TAGS
        | SIZES
        | {
            "the longest names": {"RoleArn": ROLE + "x" * (2048 - len(ROLE)), "RoleSessionName": "x" * 64},
            "leading zeros": {"RoleArn": ZEROS, "RoleSessionName": "007"} | MFA,
            "marks": {"RoleSessionName": "a+=,.@-_b", "ExternalId": "a_+=,.@:/-", "SourceIdentity": "a+=,.@-_"},
            "a hardware device": {"SerialNumber": "GAHT12345678", "TokenCode": "999999"},
            "the longest device": {"SerialNumber": "x" * 256, "TokenCode": "000000"},
            "the longest external id": {"ExternalId": "x" * 1224},
            "fifty transitive tags": {"Tags": tags(50), "TransitiveTagKeys": [one["Key"] for one in tags(50)]},
            "a transitive key in another case": {"Tags": tag("Team", "ops"), "TransitiveTagKeys": ["TEAM"]},
            "no transitive tags": {"TransitiveTagKeys": []},
            "one context": {"ProvidedContexts": context(1)},
            "five contexts": {"ProvidedContexts": context(5)},
            "everything": {
                "PolicyArns": arns(3),
                "Policy": LATIN,
                "Tags": tags(3, "é"),
                "TransitiveTagKeys": ["key 01"],
                "ExternalId": "a:b/c",
                "SourceIdentity": "jane@example",
                "ProvidedContexts": context(2),
                "MinimumSessionTokenSize": 1024,
            }
            | MFA,
        },
    ),
    "AssumeRoleWithSAML": with_each(
        SAML,
        {"the least": {"SAMLAssertion": "PHM+"}, "the largest assertion": {"SAMLAssertion": "PHNhbWw+" * 12500}}
        | ROLES
        | POLICIES
        | SIZES
        | texts("SAMLAssertion", OPAQUE)
        | {
            "leading zeros": {"RoleArn": ZEROS, "PrincipalArn": "arn:aws:iam::000000000012:saml-provider/007"},
            "another partition": {"PrincipalArn": "arn:aws-cn:iam::123456789012:saml-provider/a.b_c-d"},
            "everything": {"PolicyArns": arns(3), "Policy": LATIN, "MinimumSessionTokenSize": 1024},
        },
    ),
    "AssumeRoleWithWebIdentity": with_each(
        WEB,
        {"the least": {"WebIdentityToken": "abcd"}, "the largest token": {"WebIdentityToken": "eyJh.-_~" * 2500}}
        | ROLES
        | POLICIES
        | SIZES
        | texts("WebIdentityToken", OPAQUE)
        | {
            "a provider": {"ProviderId": "www.amazon.com"},
            "the longest provider": {"ProviderId": "é" * 2048},
            "a provider of marks": {"ProviderId": MARKS},
            "leading zeros": {"RoleArn": ZEROS, "RoleSessionName": "007"},
            "everything": {"ProviderId": "graph.facebook.com", "PolicyArns": arns(3), "Policy": LINES}
            | {"MinimumSessionTokenSize": 1024},
        },
    ),
    "AssumeRoot": with_each(
        ROOT,
        {"the most": {}, "no time": {"DurationSeconds": 0}, "a second": {"DurationSeconds": 1}}
        | SIZES
        | {
            task: {"TaskPolicyArn": {"arn": TASKS + task}}
            for task in (
                "IAMAuditRootUserCredentials",
                "IAMCreateRootUserPassword",
                "IAMDeleteRootUserCredentials",
                "S3UnlockBucketPolicy",
                "SQSUnlockQueuePolicy",
            )
        }
        | {
            "leading zeros": {"TargetPrincipal": "000000000012"},
            "only zeros": {"TargetPrincipal": "000000000000"},
            "a root user": {"TargetPrincipal": "arn:aws:iam::123456789012:root"},
            "a root user elsewhere": {"TargetPrincipal": "arn:aws-us-gov:iam::000000000012:root"},
            "another partition": {"TaskPolicyArn": {"arn": TASKS.replace("aws:", "aws-cn:", 1) + "SQSUnlockQueuePolicy"}},
            "everything": {"DurationSeconds": 450, "MinimumSessionTokenSize": 1024},
        },
    ),
    "DecodeAuthorizationMessage": with_each({}, texts("EncodedMessage", MESSAGES)),
    "GetAccessKeyInfo": with_each({}, texts("AccessKeyId", KEYS)),
    # It has no parameters: times, places and keys are what differs.
    "GetCallerIdentity": {f"no parameters {n}": {} for n in range(16)},
    "GetDelegatedAccessToken": with_each({}, texts("TradeInToken", TOKENS)),
    "GetFederationToken": with_each(
        FEDERATION,
        {"the least": {"Name": "ab"}, "the longest name": {"Name": "x" * 32}, "marks": {"Name": "a+=,.@-_b"}}
        | SESSIONS
        | POLICIES
        | TAGS
        | SIZES
        | {
            "leading zeros": {"Name": "007"},
            "everything": {"Policy": LATIN, "PolicyArns": arns(3), "Tags": tags(3)}
            | {"MinimumSessionTokenSize": 1024},
        },
    ),
    "GetSessionToken": with_each(
        SESSION,
        {"the least": {}}
        | SESSIONS
        | SIZES
        | {f"the code {code}": MFA | {"TokenCode": code} for code in ("000000", "000001", "005924", "999999")}
        | {
            f"the device {serial[:40]}": {"SerialNumber": serial, "TokenCode": "005924"}
            for serial in ("GAHT12345678", "x" * 9, "x" * 256, "a_+=/:,.@-b", "000000000", "arn:aws-cn:iam::000000000012:mfa/0")
        }
        | {"an hour": {"DurationSeconds": 3600}, "everything": MFA | {"MinimumSessionTokenSize": 1024}},
    ),
    "GetWebIdentityToken": with_each(
        TOKEN,
        {"the least": {"Audience": ["a"]}, "the other algorithm": {"SigningAlgorithm": "ES384"}}
        | {"the shortest": {"DurationSeconds": 60}, "the longest": {"DurationSeconds": 3600}}
        | TAGS
        | {
            "ten audiences": {"Audience": [f"https://{n}.example/?a=b&c" for n in range(10)]},
            "the longest audience": {"Audience": ["é" * 1000]},
            "Unicode audiences": {"Audience": [UNICODE, "🔑"]},
            "marks": {"Audience": [MARKS]},
            "newlines": {"Audience": ["a\nb\r\n\tc", " a "]},
            "leading zeros": {"Audience": ["007", "0"]},
            "everything": {"Audience": ["a", "b"], "SigningAlgorithm": "ES384", "Tags": tags(3, UNICODE)},
        },
    ),
}

NO_POLICIES = {
    "eleven managed policies": {"PolicyArns": arns(11)},
    "an empty policy": {"Policy": ""},
    "a policy of other letters": {"Policy": '{"a":"Ā"}'},
    "a policy over the limit": {"Policy": FULL.replace("x", "xx", 1)},
    "policies over the limit together": {"Policy": FULL, "PolicyArns": arns(1)},
    "a managed policy that is none": {"PolicyArns": [{"arn": ROLE}]},
}
NO_TAGS = {
    "fifty-one tags": {"Tags": tags(51)},
    "a tag twice": {"Tags": tag("Team", "a") + tag("TEAM", "b")},
    "an empty key": {"Tags": tag("", "a")},
    "a key too long": {"Tags": tag("k" * 129, "a")},
    "a value too long": {"Tags": tag("k", "v" * 257)},
    "a newline in a tag": {"Tags": tag("k", "a\nb")},
}
NO_SIZES = {
    "a negative token size": {"MinimumSessionTokenSize": -1},
    "a token size too large": {"MinimumSessionTokenSize": 4097},
}


def seconds(*all_):
    return {f"{one} seconds": {"DurationSeconds": one} for one in all_}


REFUSED = {
    "AssumeRole": with_each(
        ASSUME,
        NO_POLICIES
        | NO_TAGS
        | NO_SIZES
        | seconds(-1, 0, 899, 43201)
        | texts("RoleArn", {"no role": "", "a user": ROLE.replace("role", "user"), "a role too long": ROLE + "x" * 2048})
        | texts("RoleSessionName", {"no name": "", "a letter": "a", "a space": "a b", "65 letters": "x" * 65})
        | texts("ExternalId", {"an id too short": "a", "an id too long": "x" * 1225, "a space in an id": "a b"})
        | texts("SourceIdentity", {"an identity too short": "a", "an identity too long": "x" * 65})
        | {
            "a code too short": MFA | {"TokenCode": "12345"},
            "letters in a code": MFA | {"TokenCode": "12345x"},
            "a device too short": MFA | {"SerialNumber": "12345678"},
            "six contexts": {"ProvidedContexts": context(6)},
            "a short assertion": {"ProvidedContexts": [context(1)[0] | {"ContextAssertion": "abc"}]},
            "a transitive tag that is not there": {"Tags": tags(1), "TransitiveTagKeys": ["other"]},
        },
    ),
    "AssumeRoleWithSAML": with_each(
        SAML,
        NO_POLICIES
        | NO_SIZES
        | seconds(899, 43201)
        | texts("SAMLAssertion", {"a short assertion": "abc", "a long assertion": "x" * 100001})
        | texts("PrincipalArn", {"no provider": "", "a role": ROLE}),
    ),
    "AssumeRoleWithWebIdentity": with_each(
        WEB,
        NO_POLICIES
        | NO_SIZES
        | seconds(899, 43201)
        | texts("WebIdentityToken", {"a short token": "abc", "a long token": "x" * 20001})
        | texts("ProviderId", {"a short provider": "abc", "a long provider": "x" * 2049}),
    ),
    "AssumeRoot": with_each(
        ROOT,
        NO_SIZES
        | seconds(-1, 901)
        | texts("TargetPrincipal", {"no principal": "", "eleven digits": "1" * 11, "a role": ROLE})
        | {"a policy that is no task": {"TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}},
    ),
    "DecodeAuthorizationMessage": with_each(
        {}, texts("EncodedMessage", {"nothing": "", "a line break": "a\nb", "too long": "x" * 10241})
    ),
    "GetAccessKeyInfo": with_each({}, texts("AccessKeyId", {"short": "A" * 15, "long": "A" * 129, "a slash": "A" * 15 + "/"})),
    "GetCallerIdentity": {},
    "GetDelegatedAccessToken": with_each({}, texts("TradeInToken", {"nothing": ""})),
    "GetFederationToken": with_each(
        FEDERATION,
        NO_POLICIES
        | NO_TAGS
        | NO_SIZES
        | seconds(899, 129601)
        | texts("Name", {"a letter": "a", "33 letters": "x" * 33, "a space": "a b"}),
    ),
    "GetSessionToken": with_each(SESSION, NO_SIZES | seconds(0, 899, 129601) | {"a short code": MFA | {"TokenCode": "1"}}),
    "GetWebIdentityToken": with_each(
        TOKEN,
        NO_TAGS
        | seconds(59, 3601)
        | texts("SigningAlgorithm", {"no algorithm": "none", "small letters": "rs256"})
        | texts("Audience", {"no audience": [], "an empty audience": [""], "eleven": ["a"] * 11, "long": ["x" * 1001]}),
    ),
}
