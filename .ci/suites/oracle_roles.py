"""The checks of AssumeRole: botocore asks with every parameter, wrongly, through chains, and as its users' files say."""

import json
import os
import re
import tempfile
import time
from unittest import mock

import botocore.session

from oracle_texts import CONSTRAINT, HALF, WRONG_CODE, WRONG_DEVICE

CHAINED = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
DUPLICATE = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
INHERITED = (
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the "
    "calling session."
)
NOT_A_TAG = "The specified transitive tag key must be included in the requested tags."
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def parts(oracle):
    roles = Roles(oracle)
    return [roles.whole, roles.trust, roles.parameters, roles.limits, roles.chains, roles.tags, roles.files]


class Roles:
    def __init__(self, oracle):
        self.oracle = oracle
        self.user = oracle.args.mfa_serial.replace(":mfa/", ":user/")
        self.demo = oracle.args.role_arn
        self.count = 0

    # --- how to ask ---

    def role(self, **settings):
        """A new role, which trusts all of the account unless the settings say otherwise."""
        self.count += 1
        arn = f"{self.demo}-{self.count}"
        self.oracle.control("POST", "roles", {"arn": arn, **settings})
        return arn

    def assume(self, arn=None, client=None, **more):
        more = {"RoleArn": arn or self.demo, "RoleSessionName": "s1", **more}
        return (client or self.oracle.client()).assume_role(**{k: v for k, v in more.items() if v is not None})

    def client_of(self, reply):
        return self.oracle.client_of(reply["Credentials"])

    def expect(self, name, code, message, arn=None, client=None, status=400, **more):
        self.oracle.expect_error(name, lambda: self.assume(arn, client, **more), status, code, message)

    def expect_denied(self, name, arn, client=None, caller=None, action="sts:AssumeRole", **more):
        message = f"User: {caller or self.user} is not authorized to perform: {action} on resource: {arn}"
        self.expect(name, "AccessDenied", message, arn, client, status=403, **more)

    def check_life(self, name, reply, seconds):
        left = reply["Credentials"]["Expiration"].timestamp() - time.time()
        self.oracle.check(name, seconds - 5 < left <= seconds, left)

    def assumed(self):
        return self.oracle.state()["assumed"][-1]

    # --- what is checked ---

    def whole(self):
        check, args = self.oracle.check, self.oracle.args
        arn = self.role(requires_mfa=True, requires_source_identity=True, external_id="a:b/c,d=e+f.g@h-i_j")
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "é": "&<+ %"}]})
        step = self.oracle.fresh_step()
        reply = self.assume(
            arn,
            PolicyArns=[{"arn": READ_ONLY}, {"arn": "arn:aws:iam::123456789012:policy/mine"}],
            Policy=policy,
            DurationSeconds=900,
            Tags=[{"Key": "Cost Center", "Value": "Zürich"}, {"Key": "Stage", "Value": ""}],
            TransitiveTagKeys=["Cost Center"],
            ExternalId="a:b/c,d=e+f.g@h-i_j",
            SerialNumber=args.mfa_serial,
            TokenCode=self.oracle.code(step),
            SourceIdentity="jane@example",
            ProvidedContexts=[{"ProviderArn": "arn:aws:iam::aws:contextProvider/X", "ContextAssertion": "assertion"}],
        )
        self.check_life("a role lives as long as asked", reply, 900)
        user = reply["AssumedRoleUser"]
        session = arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/s1"
        check("its ARN", user["Arn"] == session, user)
        check("its id", re.fullmatch(r"AROA[A-Z2-7]{17}:s1", user["AssumedRoleId"]), user)
        check("its packed size", 0 < reply["PackedPolicySize"] <= 100, reply["PackedPolicySize"])
        check("its source identity", reply["SourceIdentity"] == "jane@example", reply["SourceIdentity"])
        expected = {
            "arn": session,
            "caller": self.user,
            "seconds": 900,
            "mfa": True,
            "external_id": "a:b/c,d=e+f.g@h-i_j",
            "source_identity": "jane@example",
            "policy": policy,
            "policy_arns": [READ_ONLY, "arn:aws:iam::123456789012:policy/mine"],
            "tags": {"Cost Center": "Zürich", "Stage": ""},
            "transitive_tag_keys": ["Cost Center"],
        }
        check("every parameter arrived", self.assumed() == expected, self.assumed())
        successes = self.oracle.state()["successes"][args.mfa_serial]
        check("its step is used once", successes.count(step) == 1, successes)
        code = {"SerialNumber": args.mfa_serial, "TokenCode": self.oracle.code(step)}
        self.expect("a re-used code for a role", "AccessDenied", WRONG_CODE, arn, status=403, **code)
        again = lambda: self.oracle.client().get_session_token(**code)
        self.oracle.expect_error("and for a session", again, 403, "AccessDenied", WRONG_CODE)

        who = self.client_of(reply).get_caller_identity()
        found = (who["Arn"], who["UserId"], who["Account"])
        check("the session is itself", found == (session, user["AssumedRoleId"], arn.split(":")[4]), who)
        plain = self.assume()
        self.check_life("without a duration it is an hour", plain, 3600)
        check("nothing packed, no size", "PackedPolicySize" not in plain and "SourceIdentity" not in plain, plain)

    def trust(self):
        account = self.demo.split(":")[4]
        for name, settings, more in [
            ("a role of nobody", {"trusts": []}, {}),
            ("a role of another user", {"trusts": [f"arn:aws:iam::{account}:user/somebody"]}, {}),
            ("a role of another account", {"trusts": ["arn:aws:iam::999999999999:root"]}, {}),
            ("a role with MFA, without", {"requires_mfa": True}, {}),
            ("a role with an external id, without", {"external_id": "x-1"}, {}),
            ("a role with an external id, another", {"external_id": "x-1"}, {"ExternalId": "x-2"}),
            ("a role with a source identity, without", {"requires_source_identity": True}, {}),
        ]:
            self.expect_denied(name, self.role(**settings), **more)
        self.expect_denied("a role that is not there", self.demo + "-none")
        device = {"SerialNumber": "GAHT12345678", "TokenCode": "123456"}
        self.expect("a foreign device", "AccessDenied", WRONG_DEVICE, status=403, **device)
        self.expect("half an MFA", "AccessDenied", HALF, status=403, TokenCode="123456")

    def parameters(self):
        one = "1 validation error detected: Value"
        pattern = "satisfy regular expression pattern:"
        for name, more, message in [
            ("no name", {"RoleSessionName": None}, f"{one} null at 'roleSessionName' {CONSTRAINT} not be null"),
            (
                "a name with a colon",
                {"RoleSessionName": "Session1:2"},
                f"{one} 'Session1:2' at 'roleSessionName' {CONSTRAINT} {pattern} [\\w+=,.@-]*",
            ),
            (
                "a name too long",
                {"RoleSessionName": "s" * 65},
                f"{one} '{'s' * 65}' at 'roleSessionName' {CONSTRAINT} have length less than or equal to 64",
            ),
            (
                "a duration too short",
                {"DurationSeconds": 899},
                f"{one} '899' at 'durationSeconds' {CONSTRAINT} have value greater than or equal to 900",
            ),
            (
                "a duration too long",
                {"DurationSeconds": 43201},
                f"{one} '43201' at 'durationSeconds' {CONSTRAINT} have value less than or equal to 43200",
            ),
            (
                "an external id too short",
                {"ExternalId": "x"},
                f"{one} 'x' at 'externalId' {CONSTRAINT} have length greater than or equal to 2",
            ),
            (
                "a tag's key",
                {"Tags": [{"Key": "a;b", "Value": ""}]},
                f"{one} 'a;b' at 'tags.1.member.key' {CONSTRAINT} {pattern} [\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]+",
            ),
            (
                "51 tags",
                {"Tags": [{"Key": str(n), "Value": ""} for n in range(51)]},
                re.compile(f"{one} .* at 'tags' {CONSTRAINT} have length less than or equal to 50"),
            ),
            (
                "11 policies",
                {"PolicyArns": [{"arn": READ_ONLY}] * 11},
                re.compile(f"{one} .* at 'policyArns' {CONSTRAINT} have length less than or equal to 10"),
            ),
            (
                "a source identity and a code at once",
                {"SourceIdentity": "a b", "TokenCode": "12345"},
                re.compile("2 validation errors detected: .*'tokenCode'.*'sourceIdentity'.*"),
            ),
            ("no ARN", {"RoleArn": "nothing-valid-in-here"}, "nothing-valid-in-here is invalid"),
            ("an ARN without a service", {"RoleArn": "arn:a::::something/x"}, "arn:a::::something/x is invalid"),
        ]:
            self.expect(name, "ValidationError", message, **more)
        bad = "Syntax errors in policy."
        self.expect("a policy that is no JSON", "MalformedPolicyDocument", bad, Policy="{no JSON")

    def limits(self):
        self.expect("beyond the role's maximum", "ValidationError", TOO_LONG, DurationSeconds=3601)
        long = self.role(max_session_duration=43200)
        self.check_life("twelve hours", self.assume(long, DurationSeconds=43200), 43200)
        large = json.dumps({"Statement": "x" * 2048})
        text = re.compile(r"Packed policy consumes 1\d\d% of allotted space, please use smaller policy\.")
        self.expect("a policy too large", "PackedPolicyTooLarge", text, Policy=large)
        tags = [{"Key": f"k{n}", "Value": "v" * 256} for n in range(50)]
        text = re.compile(r"Packed size of session tags consumes 3\d\d% of allotted space\.")
        self.expect("tags too large", "PackedPolicyTooLarge", text, Tags=tags)
        self.oracle.control("POST", "faults", {"lifetime_seconds": 60})
        short = self.assume(long)
        self.oracle.control("DELETE", "faults")
        self.check_life("a shortened lifetime", short, 60)
        expired = "The security token included in the request is expired"
        self.oracle.with_faults(
            {"clock_skew_seconds": 120},
            lambda: self.expect(
                "an expired source", "ExpiredToken", expired, client=self.client_of(short), status=403
            ),
        )

    def chains(self):
        with_mfa = self.role(requires_mfa=True, max_session_duration=43200)
        plain = self.oracle.client_of(self.oracle.client().get_session_token()["Credentials"])
        self.expect_denied("MFA, from a session without", with_mfa, plain)
        strong = self.oracle.client_of(self.oracle.mfa()["Credentials"])
        for name in ("MFA, from a session with", "and once more without a code"):
            self.check_life(name, self.assume(with_mfa, strong), 3600)
        self.oracle.check("the session's MFA carried over", self.assumed()["mfa"], self.assumed())
        self.expect("a chain from a session", "ValidationError", CHAINED, with_mfa, strong, DurationSeconds=3601)

        first = self.assume(with_mfa, strong, SourceIdentity="jane")
        by_first, caller = self.client_of(first), first["AssumedRoleUser"]["Arn"]
        second = self.role(trusts=[with_mfa], max_session_duration=43200)
        self.expect_denied("the second role, by the user", second)
        reply = self.assume(second, by_first, DurationSeconds=3600)
        self.oracle.check("a role by a role", self.assumed()["caller"] == caller, self.assumed())
        self.oracle.check("a source identity stays", reply["SourceIdentity"] == "jane", reply)
        self.expect("a chain from a role", "ValidationError", CHAINED, second, by_first, DurationSeconds=3601)
        changed = {"caller": caller, "action": "sts:SetSourceIdentity", "SourceIdentity": "joe"}
        self.expect_denied("another source identity", second, by_first, **changed)
        self.expect_denied("a role's credentials carry no MFA", with_mfa, by_first, caller=caller)
        self.oracle.expect_error(
            "GetSessionToken by a role",
            by_first.get_session_token,
            403,
            "AccessDenied",
            "Cannot call GetSessionToken with session credentials",
        )

    def tags(self):
        def tag(key, value="a"):
            return {"Key": key, "Value": value}

        code = "InvalidParameterValue"
        self.expect("the same key twice", code, DUPLICATE, Tags=[tag("Department"), tag("department")])
        self.expect("a transitive key of no tag", code, NOT_A_TAG, Tags=[tag("a")], TransitiveTagKeys=["b"])
        first = self.assume(Tags=[tag("Team"), tag("Stage")], TransitiveTagKeys=["Team"])
        second, client = self.role(), self.client_of(first)
        for key in ("Team", "tEAM"):
            self.expect(f"an inherited tag {key}", code, INHERITED, second, client, Tags=[tag(key)])
        self.assume(second, client, Tags=[tag("Stage", "b")])
        found = self.assumed()
        self.oracle.check("a transitive tag stays", found["tags"] == {"Team": "a", "Stage": "b"}, found)
        self.oracle.check("and goes on", found["transitive_tag_keys"] == ["Team"], found)

    def files(self):
        """A user's AWS config file: botocore itself reads it, assumes the role and signs with what it got."""
        arn, args = self.role(external_id="x-1"), self.oracle.args
        with tempfile.NamedTemporaryFile("w", suffix=".ini") as config:
            config.write(
                f"[profile key]\naws_access_key_id = {args.access_key_id}\n"
                f"aws_secret_access_key = {args.secret_access_key}\n"
                f"[profile role]\nregion = {args.region}\nrole_arn = {arn}\nsource_profile = key\n"
                "role_session_name = from-a-file\nexternal_id = x-1\nduration_seconds = 900\n"
            )
            config.flush()
            with mock.patch.dict(os.environ, AWS_CONFIG_FILE=config.name, AWS_ENDPOINT_URL_STS=args.url):
                session = botocore.session.Session(profile="role")
                who = session.create_client("sts").get_caller_identity()
        expected = f":assumed-role/{arn.rsplit('/')[-1]}/from-a-file"
        self.oracle.check("botocore's own profile", who["Arn"].endswith(expected), who)
        self.oracle.check("with its duration", self.assumed()["seconds"] == 900, self.assumed())
