"""Unmodified boto3 signs with the credentials of profiles of every kind: chains of roles from a session, a role with MFA in the call
for twelve hours, roles that a token and an assertion open, a federated user, a root session."""

import base64
import datetime
import json
import pathlib
import subprocess
import sys
import time

from harness import Checks, Daemon, Emulator, temporary_folder, write_key
from oracle_jwt import Issuer

ACCOUNT, MEMBER = "123456789012", "210987654321"
USER = f"arn:aws:iam::{ACCOUNT}:user/demo"
ISSUER = "https://id.example.com"
SAML_PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp"
OIDC_PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})

BOTO3 = """
import json, boto3
session = boto3.Session()
identity = boto3.client("sts").get_caller_identity()
credentials = session.get_credentials()
print(json.dumps({"arn": identity["Arn"], "account": identity["Account"], "told": credentials.account_id,
                  "key": credentials.access_key, "seconds": credentials._seconds_remaining()}))
"""


def role(name, account=ACCOUNT):
    return f"arn:aws:iam::{account}:role/{name}"


def session(name, account=ACCOUNT, session_name=None):
    return f"arn:aws:sts::{account}:assumed-role/{name}/{session_name or 'valetkey-' + name}"


def main():
    checks = Checks()
    emulator = Emulator()
    with temporary_folder() as folder:
        world = World(emulator, folder)
        daemon = Daemon(folder, world.profiles)
        for name, (arn, account, seconds) in world.expected.items():
            daemon.wait_for_credentials(name)
            found = signed(daemon, name, emulator)
            checks.equal(f"{name}: boto3 signs as", (found["arn"], found["account"]), (arn, account))
            checks.equal(f"{name}: the SDK is told the account", found["told"], account)
            checks.that(f"{name}: lives as long as was asked for", seconds - 120 < found["seconds"] <= seconds, found)
            checks.equal(f"{name}: status knows the ARN", status(daemon, name)["arn"], arn)

        before = signed(daemon, "saml", emulator)
        world.new_assertion()
        daemon.wait_for_credentials("saml")
        after = signed(daemon, "saml", emulator)
        checks.that("another assertion is used when it comes", after["key"] != before["key"], after)

        state = emulator.control("GET", "state")
        checks.equal("one session fed all that was made from it", len(state["successes"][emulator.access["MFA_SERIAL"]]), 2)
        checks.equal("STS refused nothing", state["errors"], {})
        log = "\n".join(daemon.lines)
        secrets = [world.token.rsplit(".", 1)[1], *world.assertions]
        checks.that("no token and no assertion is in the log", not any(secret in log for secret in secrets))
        checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    emulator.stop()
    checks.done()


class World:
    """What a user has, the profiles made of it, and whose the credentials of each must be."""

    def __init__(self, emulator, folder):
        self.emulator, self.folder, self.assertions = emulator, pathlib.Path(folder), []
        access = emulator.access
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"], access["TOTP_SEED"])
        at = {"region": emulator.region, "endpoint_url": emulator.url}
        mfa = {"mfa_serial": access["MFA_SERIAL"], "mfa_code": {"totp_seed_file": f"{folder}/totp_seed"}}

        self.trust("first", trusts=[USER], requires_mfa=True)
        self.trust("second", trusts=[role("first")])
        self.trust("third", account=MEMBER, trusts=[role("second")])
        self.trust("direct", trusts=[USER], requires_mfa=True, max_session_duration=43200)
        self.trust("web", trusts=[OIDC_PROVIDER], audience="sts.amazonaws.com", subject="workload")
        self.trust("of-web", trusts=[role("web")])
        self.trust("saml", trusts=[SAML_PROVIDER])
        issuer = Issuer()
        emulator.control("POST", "oidc-providers", {"issuer": ISSUER, "client_ids": ["sts.amazonaws.com"], "jwks": issuer.jwks()})
        claims = {"iss": ISSUER, "sub": "workload", "aud": "sts.amazonaws.com", "exp": int(time.time()) + 600}
        self.token = issuer.sign(claims, "RS256", None)
        (self.folder / "token").write_text(self.token)
        self.new_assertion()
        emulator.control("POST", "organization", {"management": ACCOUNT, "members": [MEMBER]})

        def chained(source, name, account=ACCOUNT):
            return at | {"source_profile": source, "role_arn": role(name, account)}

        root_task = "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"
        self.profiles = {
            "third": chained("second", "third", MEMBER) | {"expected_account_id": MEMBER},
            "second": chained("first", "second"),
            "first": chained("ops", "first"),
            "ops": key | at | mfa | {"expected_account_id": ACCOUNT},
            "direct": key | at | mfa | {"role_arn": role("direct"), "duration_seconds": 43200},
            "web": at | {"role_arn": role("web"), "web_identity_token_file": f"{folder}/token"},
            "of-web": chained("web", "of-web"),
            "saml": at | {"role_arn": role("saml"), "principal_arn": SAML_PROVIDER, "saml_assertion": {"file": f"{folder}/assertion"}},
            "jane": key | at | {"federation_name": "jane", "policy": POLICY},
            "root": at | {"source_profile": "second", "target_principal": MEMBER, "task_policy_arn": root_task},
        }
        self.expected = {
            "ops": (USER, ACCOUNT, 43200),
            "first": (session("first"), ACCOUNT, 3600),
            "second": (session("second"), ACCOUNT, 3600),
            "third": (session("third", MEMBER), MEMBER, 3600),
            "direct": (session("direct"), ACCOUNT, 43200),
            "web": (session("web"), ACCOUNT, 3600),
            "of-web": (session("of-web"), ACCOUNT, 3600),
            "saml": (session("saml", session_name="jane"), ACCOUNT, 3600),
            "jane": (f"arn:aws:sts::{ACCOUNT}:federated-user/jane", ACCOUNT, 43200),
            "root": (f"arn:aws:iam::{MEMBER}:root", MEMBER, 900),
        }

    def trust(self, name, account=ACCOUNT, **settings):
        self.emulator.control("POST", "roles", {"arn": role(name, account), **settings})

    def new_assertion(self):
        """Registers one and puts it into the file, broken into lines as tools do."""
        assertion = base64.b64encode(b"<saml/> %d" % len(self.assertions)).decode()
        self.assertions.append(assertion)
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)
        document = {
            "assertion": assertion,
            "roles": [[role("saml"), SAML_PROVIDER]],
            "subject": "jane",
            "role_session_name": "jane",
            "not_on_or_after": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        self.emulator.control("POST", "saml-assertions", document)
        new = self.folder / "new"
        new.write_text(assertion[:8] + "\n" + assertion[8:] + "\n")
        new.rename(self.folder / "assertion")


def signed(daemon, profile, emulator):
    env = daemon.client_env(profile, AWS_DEFAULT_REGION=emulator.region, AWS_ENDPOINT_URL_STS=emulator.url)
    ended = subprocess.run([sys.executable, "-c", BOTO3], env=env, capture_output=True, text=True, timeout=60)
    if ended.returncode:
        raise SystemExit(f"{profile}: {ended.stderr}")
    return json.loads(ended.stdout)


def status(daemon, profile):
    document = json.loads(daemon.operator("status", "--json").stdout)
    return next(found for found in document["status"]["profiles"] if found["name"] == profile)


main()
