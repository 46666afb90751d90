"""`valetkey sts <action> --json` prints what the AWS CLI prints of the same STS: the same names, nesting, order and forms, and
where nothing is made up anew the same text. Beside a daemon commands take MFA steps that no renewal takes."""

import datetime
import json
import pathlib
import re
import subprocess
import time

import botocore.session

from harness import BINARY, Checks, Daemon, Emulator, clean_env, temporary_folder, write_key
from oracle_jwt import Issuer

ACCOUNT, MEMBER = "123456789012", "210987654321"
ISSUER = "https://id.example.com"
READ_ONLY = "arn=arn:aws:iam::aws:policy/ReadOnlyAccess"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
WEB, SAML, PROVIDER = (f"arn:aws:iam::{ACCOUNT}:{name}" for name in ("role/web", "role/saml", "saml-provider/Corp"))
NAMED = [PROVIDER, f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com"]

# What is another text each time, by its form.
FORMS = {
    "access key id": r"ASIA[A-Z0-9]{16}",
    "JWT": r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+",
    "secret access key": r"[A-Za-z0-9+/]{40}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00",
    "session token": r"[A-Za-z0-9+/=]{41,}",
}


def main():
    checks = Checks()
    compare_all(checks)
    check_steps(checks)
    checks.done()


def compare_all(checks):
    emulator = Emulator()
    with temporary_folder() as folder:
        folder = pathlib.Path(folder)
        place = Place(checks, emulator, folder)
        for action, ours, theirs in questions(emulator, folder):
            place.compare(action, ours, theirs)
        place.compare_decoding(f"arn:aws:iam::{ACCOUNT}:role/nobody")
    emulator.stop()


def questions(emulator, folder):
    """An action, and what it is asked with: by `valetkey sts`, and by the AWS CLI where that is otherwise."""
    role = emulator.access["ROLE_ARN"]
    moment = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=4)).isoformat()
    issuer = Issuer()
    claims = {"iss": ISSUER, "sub": "jane", "aud": "app", "exp": int(time.time()) + 300}
    secrets = {"web": issuer.sign(claims), "saml": "PHNhbWw+", "trade-in": "traded"}
    for name, text in secrets.items():
        (folder / name).write_text(text)
    for path, document in [
        ("oidc-providers", {"account": ACCOUNT, "issuer": ISSUER, "client_ids": ["app"], "jwks": issuer.jwks()}),
        ("roles", {"arn": WEB, "trusts": NAMED, "audience": "app"}),
        ("roles", {"arn": SAML, "trusts": NAMED}),
        (
            "saml-assertions",
            {
                "assertion": secrets["saml"],
                "roles": [[SAML, PROVIDER]],
                "subject": "jane",
                "issuer": "https://corp/saml",
                "source_identity": "jane-d",
                "not_on_or_after": moment,
            },
        ),
        ("trade-in-tokens", {"token": secrets["trade-in"], "principal": role, "expiration": moment}),
        ("organization", {"management": ACCOUNT, "members": [MEMBER]}),
    ]:
        emulator.control("POST", path, document)

    def opened(option, name, common):
        return [*common, f"--{option}-file", str(folder / name)], [*common, f"--{option}", f"file://{folder / name}"]

    tags = ["--tags", "Key=Team,Value=a", "Key=Cost Center,Value=Zürich"]
    policies = ["--policy", POLICY, "--policy-arns", READ_ONLY]
    session = ["--role-arn", role, "--role-session-name", "s1"]
    every = [*session, *policies, *tags, "--transitive-tag-keys", "Team", "--source-identity", "jane"]
    task = "arn=arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
    web = ["--role-arn", WEB, "--role-session-name", "s1", "--duration-seconds", "900", *policies]
    for action, *asked in [
        ("get-caller-identity", []),
        ("get-access-key-info", ["--access-key-id", emulator.access["AWS_ACCESS_KEY_ID"]]),
        ("get-session-token", ["--duration-seconds", "900"]),
        # The pinned AWS CLI has no option for it; botocore has, whose reply it would print.
        ("get-session-token", ["--minimum-session-token-size", "4096"], {"MinimumSessionTokenSize": 4096}),
        ("get-federation-token", ["--name", "bob"]),
        ("get-federation-token", ["--name", "bob", *policies, *tags]),
        ("assume-role", session),
        ("assume-role", every),
        ("assume-role", [*session, "--tags", json.dumps([{"Key": "Team", "Value": "b=c"}])]),
        ("assume-role", [*session, "--tags", 'Key=Team,Value="b=c"']),
        ("assume-root", ["--target-principal", MEMBER, "--task-policy-arn", task]),
        ("get-web-identity-token", ["--audience", "app", "other", "--signing-algorithm", "ES384", *tags]),
        ("assume-role-with-web-identity", *opened("web-identity-token", "web", web)),
        ("assume-role-with-saml", *opened("saml-assertion", "saml", ["--role-arn", SAML, "--principal-arn", PROVIDER])),
        ("get-delegated-access-token", *opened("trade-in-token", "trade-in", [])),
    ]:
        yield action, asked[0], asked[-1]


class Place:
    """The user's key, where both programs look for it."""

    def __init__(self, checks, emulator, folder):
        self.checks, self.emulator = checks, emulator
        (folder / "config").write_text("[default]\ncli_timestamp_format = iso8601\n")
        self.env = clean_env(**emulator.access, XDG_RUNTIME_DIR=str(folder)) | {"AWS_CONFIG_FILE": str(folder / "config")}
        help = self.run([BINARY, "sts", "--help"]).stdout
        self.without_flag = ("assume-role-with-saml", "assume-role-with-web-identity", "get-session-token", "get-federation-token")
        actions = re.findall(r"^  ([a-z-]+) ", help, re.M)
        known = self.run(["aws", "sts", "help"])
        text = re.sub(r".\x08", "", known.stdout)
        missing = [action for action in actions if action != "help" and action not in text]
        checks.equal("the AWS CLI has every command", missing, [])

    def run(self, command):
        return subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60)

    def ours(self, action, asked):
        key = [] if action in self.without_flag else ["--long-term-key"]
        return self.run([BINARY, "sts", action, *asked, *key, "--json"])

    def compare(self, action, ours, theirs):
        name = f"{action} {' '.join(ours)[:60]}"
        by_botocore = isinstance(theirs, dict)
        expected = self.botocore(action, theirs) if by_botocore else self.run(["aws", "sts", action, *theirs])
        found = self.ours(action, ours)
        if expected.returncode or found.returncode:
            self.checks.that(name, False, f"{found.stderr!r}, {expected.stderr!r}")
            return
        self.checks.equal(f"{name}: the same lines", lines(found.stdout), lines(expected.stdout))
        self.checks.equal(f"{name}: the same values", values(found.stdout), values(expected.stdout))

    def botocore(self, action, asked):
        access = self.emulator.access
        client = botocore.session.Session().create_client(
            "sts",
            region_name=self.emulator.region,
            endpoint_url=self.emulator.url,
            aws_access_key_id=access["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=access["AWS_SECRET_ACCESS_KEY"],
        )
        reply = getattr(client, action.replace("-", "_"))(**asked)
        del reply["ResponseMetadata"]
        printed = json.dumps(reply, indent=4, ensure_ascii=False, default=lambda time: time.isoformat()) + "\n"
        return subprocess.CompletedProcess(action, 0, printed, "")

    def compare_decoding(self, role):
        self.run(["aws", "sts", "assume-role", "--role-arn", role, "--role-session-name", "s1"])
        encoded = self.emulator.control("GET", "state")["authorization_messages"][-1]
        asked = ["--encoded-message", encoded]
        self.compare("decode-authorization-message", asked, asked)
        found = self.run([BINARY, "sts", "decode-authorization-message", *asked, "--long-term-key"]).stdout
        message = json.loads(self.ours("decode-authorization-message", asked).stdout)["DecodedMessage"]
        pretty = json.dumps(json.loads(message), indent=4, ensure_ascii=False) + "\n"
        self.checks.equal("for people the evaluation is indented", found, pretty)


def lines(text):
    """The lines with their indentation and names, without the values."""
    return re.sub(r'(?m)(": )[^{\n]*?(,?)$', r"\1…\2", text)


def values(text):
    """The names and values in order; of what is another one each time the form."""
    return json.loads(text, object_pairs_hook=lambda pairs: [(name, form(value)) for name, value in pairs])


def form(value):
    if not isinstance(value, str):
        return value
    found = (name for name, pattern in FORMS.items() if re.fullmatch(pattern, value))
    return next(found, value)


def check_steps(checks):
    """A daemon that renews every half a minute, and commands that want steps of the same device meanwhile."""
    emulator = Emulator("--lifetime", "80")
    access = emulator.access
    with temporary_folder() as folder:
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"], access["TOTP_SEED"])
        at = {"region": emulator.region, "endpoint_url": emulator.url}
        mfa = {"mfa_serial": access["MFA_SERIAL"], "mfa_code": {"totp_seed_file": f"{folder}/totp_seed"}}
        daemon = Daemon(folder, {"ops": key | at | mfa})
        daemon.wait_for_credentials("ops")
        config = ["--config", f"{folder}/valetkey.json"]
        role = ["--long-term-key", "--role-arn", access["ROLE_ARN"], "--role-session-name", "s1"]
        for command in (["get-session-token"], ["assume-role", *role], ["get-session-token"]):
            ended = subprocess.run([BINARY, "sts", *command, *config], capture_output=True, text=True, timeout=180)
            checks.that(f"{command[0]} beside the daemon", ended.returncode == 0, ended.stderr)
        daemon.wait_for_credentials("ops")
        state = emulator.control("GET", "state")
        checks.equal("STS refused nothing", state["errors"], {})
        steps = state["successes"][access["MFA_SERIAL"]]
        checks.that("no step was used twice", len(steps) == len(set(steps)) >= 5, steps)
        checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    emulator.stop()


main()
