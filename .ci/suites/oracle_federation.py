"""The checks of federation: roles for OIDC tokens and SAML assertions, federated users, and tokens of the emulator."""

import base64
import datetime
import hashlib
import json
import time
import urllib.request

import botocore.session
from botocore.config import Config

from oracle_jwt import Issuer, verified
from oracle_texts import CONSTRAINT

ISSUER = "https://id.example.com/realm"
NO_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)
TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
EXPIRED = "The security token included in the request is expired"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def parts(oracle):
    it = Federation(oracle)
    return [it.web_identity, it.web_identity_refusals, it.saml, it.federated_user, it.web_identity_token]


class Federation:
    def __init__(self, oracle):
        self.oracle, self.issuer = oracle, Issuer()
        self.account = oracle.args.role_arn.split(":")[4]
        self.user = oracle.args.mfa_serial.replace(":mfa/", ":user/")
        self.provider = f"arn:aws:iam::{self.account}:oidc-provider/id.example.com/realm"
        self.saml_provider = f"arn:aws:iam::{self.account}:saml-provider/Corp"
        self.unsigned = botocore.session.Session().create_client(
            "sts",
            region_name=oracle.args.region,
            endpoint_url=oracle.args.url,
            config=Config(
                signature_version=botocore.UNSIGNED, parameter_validation=False, retries={"total_max_attempts": 1}
            ),
        )

    # --- how to ask ---

    def role(self, name, **settings):
        arn = f"arn:aws:iam::{self.account}:role/federated/{name}"
        self.oracle.control("POST", "roles", {"arn": arn, **settings})
        return arn

    def oidc_provider(self, **settings):
        document = {"account": self.account, "issuer": ISSUER, "client_ids": ["sts.amazonaws.com", "app"]}
        self.oracle.control("POST", "oidc-providers", {**document, "jwks": self.issuer.jwks(), **settings})

    def token(self, algorithm="RS256", key_id=None, **claims):
        good = {"iss": ISSUER, "sub": "repo:us/app:main", "aud": "app", "exp": int(time.time()) + 300}
        claims = {key: value for key, value in {**good, **claims}.items() if value is not None}
        return self.issuer.sign(claims, algorithm, key_id)

    def by_token(self, arn, token, **more):
        asked = {"RoleArn": arn, "RoleSessionName": "s1", "WebIdentityToken": token, **more}
        return self.unsigned.assume_role_with_web_identity(**asked)

    def by_assertion(self, arn, assertion, provider=None, **more):
        asked = {"RoleArn": arn, "PrincipalArn": provider or self.saml_provider, "SAMLAssertion": assertion, **more}
        return self.unsigned.assume_role_with_saml(**asked)

    def federate(self, client=None, **more):
        return (client or self.oracle.client()).get_federation_token(**{"Name": "bob", **more})

    def issued(self):
        return self.oracle.state()["issued"][-1]

    # --- how to judge ---

    def check_is(self, name, reply, arn, seconds):
        left = reply["Credentials"]["Expiration"].timestamp() - time.time()
        self.oracle.check(f"{name} lives as long as it should", seconds - 5 < left <= seconds, left)
        client = self.oracle.client_of(reply["Credentials"])
        who = client.get_caller_identity()
        self.oracle.check(f"{name} is itself", who["Arn"] == arn, who)
        skewed = {"clock_skew_seconds": seconds + 1} if seconds < 850 else None
        if skewed:
            call = client.get_caller_identity
            expect = lambda: self.expect(f"{name} ends", call, "ExpiredToken", EXPIRED, 403)
            self.oracle.with_faults(skewed, expect)
        return client

    def expect(self, name, call, code, message, status=400):
        self.oracle.expect_error(name, call, status, code, message)

    # --- what is checked ---

    def web_identity(self):
        check = self.oracle.check
        self.oidc_provider()
        arn = self.role("web", trusts=[self.provider], audience="app", subject="repo:us/*", max_session_duration=7200)
        session = f"arn:aws:sts::{self.account}:assumed-role/web/s1"
        for algorithm in ("RS256", "ES256"):
            reply = self.by_token(arn, self.token(algorithm), DurationSeconds=7200)
            check(f"{algorithm}: the session", reply["AssumedRoleUser"]["Arn"] == session, reply)
            names = ("SubjectFromWebIdentityToken", "Provider", "Audience")
            found = [reply[name] for name in names]
            check(f"{algorithm}: what the token says", found == ["repo:us/app:main", ISSUER, "app"], found)
            self.check_is(f"a role by {algorithm}", reply, session, 7200)
        policy = json.dumps({"Version": "2012-10-17", "Statement": []})
        tags = {"principal_tags": {"Team": ["a"]}, "transitive_tag_keys": ["Team"]}
        claims = {"https://aws.amazon.com/tags": tags, "https://aws.amazon.com/source_identity": "jane"}
        reply = self.by_token(arn, self.token(**claims), Policy=policy, PolicyArns=[{"arn": READ_ONLY}])
        check("a source identity", reply["SourceIdentity"] == "jane", reply)
        check("a packed size", reply["PackedPolicySize"] > 0, reply)
        expected = {
            "action": "AssumeRoleWithWebIdentity",
            "arn": session,
            "by": "repo:us/app:main",
            "seconds": 3600,
            "policy": policy,
            "policy_arns": [READ_ONLY],
            "tags": {"Team": "a"},
        }
        check("every parameter arrived", self.issued() == expected, self.issued())
        client = self.check_is("an hour", reply, session, 3600)
        second = self.role("second", trusts=[arn])
        client.assume_role(RoleArn=second, RoleSessionName="s2")
        found = self.oracle.state()["assumed"][-1]
        check("tags and identity go on", (found["tags"], found["source_identity"]) == ({"Team": "a"}, "jane"), found)

    def web_identity_refusals(self):
        self.oidc_provider()
        arn = self.role("web", trusts=[self.provider], audience="app", subject="repo:us/*")
        good, now = self.token(), int(time.time())
        invalid, denied = "InvalidIdentityToken", "Not authorized to perform sts:AssumeRoleWithWebIdentity"
        forged = self.token(sub="repo:us/other").rsplit(".", 1)[0] + "." + good.rsplit(".", 1)[1]
        for name, token, code, message in [
            ("no JWT", "opaque-token", invalid, NO_JWT),
            ("a token without a subject", self.token(sub=None), invalid, "Missing a required claim: sub"),
            ("a token without an audience", self.token(aud=None), invalid, "Missing a required claim: aud"),
            (
                "a token of another issuer",
                self.token(iss="https://elsewhere"),
                invalid,
                "No OpenIDConnect provider found in your account for https://elsewhere",
            ),
            ("a key that is not there", self.token(key_id="gone"), invalid, NO_KEY),
            ("a forged token", forged, invalid, "Token signature invalid"),
            ("another audience", self.token(aud="other"), invalid, "Incorrect token audience"),
        ]:
            self.expect(name, lambda t=token: self.by_token(arn, t), code, message)
        past = self.token(exp=now - 60)
        try:
            self.by_token(arn, past)
            self.oracle.check("an expired token", False, "it was taken")
        except self.unsigned.exceptions.ExpiredTokenException as error:
            text = error.response["Error"]["Message"]
            end = f"must be before the expiration date/time {now - 60}"
            self.oracle.check("an expired token", text.startswith("Token expired: ") and text.endswith(end), text)
        wrong = [("another subject", {"subject": "repo:them/*"}), ("another audience of the role", {"audience": "x"})]
        for name, settings in [*wrong, ("a role with MFA", {"requires_mfa": True}), ("no trust", {"trusts": []})]:
            other = self.role("wrong", **{"trusts": [self.provider], **settings})
            self.expect(name, lambda o=other: self.by_token(o, good), "AccessDenied", denied, 403)
        self.expect("a role that is not there", lambda: self.by_token(arn + "x", good), "AccessDenied", denied, 403)
        call = lambda **more: lambda: self.by_token(arn, good, **more)
        self.expect("beyond the role's maximum", call(DurationSeconds=3601), "ValidationError", TOO_LONG)
        self.expect("a bad policy", call(Policy="{no"), "MalformedPolicyDocument", "Syntax errors in policy.")
        hidden = f"1 validation error detected: Value at 'webIdentityToken' {CONSTRAINT} have length"
        short, long = f"{hidden} greater than or equal to 4", f"{hidden} less than or equal to 20000"
        self.expect("a token too short", lambda: self.by_token(arn, "abc"), "ValidationError", short)
        self.expect("a token too long", lambda: self.by_token(arn, "x" * 20001), "ValidationError", long)
        self.oidc_provider(unreachable=True)
        text = "The identity provider that was asked to verify the incoming identity token could not be reached"
        self.expect("a provider out of reach", lambda: self.by_token(arn, good), "IDPCommunicationError", text)
        self.oidc_provider()

    def saml(self):
        check, provider = self.oracle.check, self.saml_provider
        arn = self.role("saml", trusts=[provider], max_session_duration=7200)
        moment = lambda seconds: (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)).isoformat()

        def register(assertion, role=arn, by=provider, life=300, **more):
            document = {"assertion": assertion, "roles": [[role, by]], "subject": "jane", "issuer": "https://corp/saml"}
            self.oracle.control("POST", "saml-assertions", {**document, "not_on_or_after": moment(life), **more})
            return assertion

        good = register("PHNhbWw+", source_identity="jane-d", role_session_name="jane@corp")
        reply = self.by_assertion(arn, good, DurationSeconds=7200)
        session = f"arn:aws:sts::{self.account}:assumed-role/saml/jane@corp"
        self.check_is("a role by SAML", reply, session, 7200)
        qualifier = hashlib.sha1(f"https://corp/saml{self.account}/Corp".encode()).digest()
        expected = {
            "Subject": "jane",
            "SubjectType": "persistent",
            "Issuer": "https://corp/saml",
            "Audience": "https://signin.aws.amazon.com/saml",
            "NameQualifier": base64.b64encode(qualifier).decode(),
            "SourceIdentity": "jane-d",
        }
        found = {name: reply[name] for name in expected}
        check("what the assertion says", found == expected, found)
        capped = self.by_assertion(arn, register("Y2FwcGVk", session_not_on_or_after=moment(600)))
        self.check_is("a session until SessionNotOnOrAfter", capped, session.replace("jane@corp", "jane"), 600)

        other = provider + "2"
        register("b3RoZXI=", by=other)
        late = register("bGF0ZQ==", life=-1)
        invalid, denied = "InvalidIdentityToken", "Not authorized to perform sts:AssumeRoleWithSAML"
        redeemed = "Token must be redeemed within 5 minutes of issuance"
        foreign = self.role("foreign", trusts=[provider])
        distrusting = self.role("distrusting", trusts=[])
        register("ZGlz", role=distrusting)
        for name, call, code, message, status in [
            ("a late assertion", lambda: self.by_assertion(arn, late), "ExpiredTokenException", redeemed, 400),
            (
                "an assertion made up",
                lambda: self.by_assertion(arn, "bWFkZQ=="),
                invalid,
                "Response signature invalid",
                400,
            ),
            (
                "another provider",
                lambda: self.by_assertion(arn, good, other),
                invalid,
                "Issuer not present in specified provider",
                400,
            ),
            (
                "no provider",
                lambda: self.by_assertion(arn, good, provider + "3"),
                invalid,
                "Specified provider doesn't exist",
                400,
            ),
            ("a role of no assertion", lambda: self.by_assertion(foreign, good), "AccessDenied", denied, 403),
            ("a role that does not trust", lambda: self.by_assertion(distrusting, "ZGlz"), "AccessDenied", denied, 403),
            (
                "over its maximum",
                lambda: self.by_assertion(arn, good, DurationSeconds=7201),
                "ValidationError",
                TOO_LONG,
                400,
            ),
        ]:
            self.expect(name, call, code, message, status)
        hidden = (
            f"1 validation error detected: Value at 'sAMLAssertion' "
            f"{CONSTRAINT} have length greater than or equal to 4"
        )
        self.expect("an assertion too short", lambda: self.by_assertion(arn, "abc"), "ValidationError", hidden)

    def federated_user(self):
        check = self.oracle.check
        arn = f"arn:aws:sts::{self.account}:federated-user/bob"
        policy = json.dumps({"Version": "2012-10-17", "Statement": []})
        tags = [{"Key": "Cost Center", "Value": "Zürich"}]
        reply = self.federate(Policy=policy, PolicyArns=[{"arn": READ_ONLY}], Tags=tags, DurationSeconds=129600)
        check("the user", reply["FederatedUser"] == {"FederatedUserId": f"{self.account}:bob", "Arn": arn}, reply)
        check("a packed size", reply["PackedPolicySize"] > 0, reply)
        client = self.check_is("a federated user", reply, arn, 129600)
        found = self.issued()
        asked = (found["by"], found["policy"], found["tags"], found["seconds"])
        check("every parameter arrived", asked == (self.user, policy, {"Cost Center": "Zürich"}, 129600), found)
        self.check_is("without a duration", self.federate(), arn, 43200)
        plain = self.oracle.client_of(self.oracle.client().get_session_token()["Credentials"])
        for name, session in [("a federated user", client), ("a session", plain)]:
            text = "Cannot call GetFederationToken with session credentials"
            self.expect(f"GetFederationToken by {name}", lambda s=session: self.federate(s), "AccessDenied", text, 403)
            text = "Cannot call GetAccessKeyInfo with session credentials"
            call = lambda s=session: s.get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")
            self.expect(f"GetAccessKeyInfo by {name}", call, "AccessDenied", text, 403)
        text = "Cannot call AssumeRole with session credentials"
        call = lambda: client.assume_role(RoleArn=self.oracle.args.role_arn, RoleSessionName="s1")
        self.expect("AssumeRole by a federated user", call, "AccessDenied", text, 403)
        one = "1 validation error detected: Value"
        for name, more, message in [
            (
                "a name too long", {"Name": "x" * 33},
                f"{one} '{'x' * 33}' at 'name' {CONSTRAINT} have length less than or equal to 32",
            ),
            (
                "a name too short", {"Name": "x"},
                f"{one} 'x' at 'name' {CONSTRAINT} have length greater than or equal to 2",
            ),
            (
                "a duration too long", {"DurationSeconds": 129601},
                f"{one} '129601' at 'durationSeconds' {CONSTRAINT} have value less than or equal to 129600",
            ),
        ]:
            self.expect(name, lambda m=more: self.federate(**m), "ValidationError", message)
        call = lambda: self.federate(Policy="{no")
        self.expect("no policy", call, "MalformedPolicyDocument", "Syntax errors in policy.")

    def web_identity_token(self):
        check, client = self.oracle.check, self.oracle.client()
        least = {"Audience": ["app"], "SigningAlgorithm": "RS256"}
        ask = lambda by=client, **more: by.get_web_identity_token(**{**least, **more})
        fetch = lambda url: json.load(urllib.request.urlopen(url, timeout=5))
        for algorithm in ("RS256", "ES384"):
            reply = ask(SigningAlgorithm=algorithm, DurationSeconds=600, Tags=[{"Key": "job", "Value": "7"}])
            token = reply["WebIdentityToken"]
            issuer = self.oracle.args.url + "/_emulator/issuer"
            discovery = fetch(issuer + "/.well-known/openid-configuration")
            jwks = fetch(discovery["jwks_uri"])
            header, claims = verified(token, jwks) or ({}, {})
            check(f"{algorithm}: signed by a key of its issuer", header.get("alg") == algorithm, token)
            found = (claims["iss"], claims["aud"], claims["sub"])
            check(f"{algorithm}: its claims", found == (discovery["issuer"], "app", self.user), claims)
            own = claims["https://sts.amazonaws.com/"]
            check(f"{algorithm}: its tags", own["request_tags"] == {"job": "7"}, own)
            left = reply["Expiration"].timestamp() - time.time()
            check(f"{algorithm}: its life", 595 < left <= 600 and claims["exp"] - claims["iat"] == 600, claims)
            changed = token[:-8] + ("A" * 8 if token[-8:] != "A" * 8 else "B" * 8)
            check(f"{algorithm}: a changed signature is wrong", verified(changed, jwks) is None, changed)
        bad = (
            f"1 validation error detected: Value 'HS256' at 'signingAlgorithm' "
            f"{CONSTRAINT} satisfy enum value set: [ES384, RS256]"
        )
        self.expect("another algorithm", lambda: ask(SigningAlgorithm="HS256"), "ValidationError", bad)
        arn = self.role("short", trusts=[self.user])
        reply = client.assume_role(RoleArn=arn, RoleSessionName="s1", DurationSeconds=900)
        text = "The requested token duration would extend the session beyond its original expiration time"
        by_role = self.oracle.client_of(reply["Credentials"])
        call = lambda: ask(by_role, DurationSeconds=901)
        self.expect("longer than the session", call, "SessionDurationEscalationException", text, 403)
        large = [{"Key": f"k{n}", "Value": "v" * 256} for n in range(50)]
        text = "The requested token payload size exceeds the maximum allowed size"
        self.expect("too many tags", lambda: ask(Tags=large), "JWTPayloadSizeExceededException", text)
        self.oracle.control("POST", "outbound-federation", {"enabled": False})
        text = "The outbound web identity federation feature is not enabled for this account"
        self.expect("switched off", ask, "OutboundWebIdentityFederationDisabledException", text, 403)
        self.oracle.control("POST", "outbound-federation", {"enabled": True})
