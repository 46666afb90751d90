"""The plans of tests/aws_files/right against what botocore does with the same files: the key or the token that it finds, every
call of the chain, the processes that it starts, region and endpoint. `cargo test` holds valetkey to the same
plans. A case that says that botocore differs must differ."""

import contextlib
import datetime
import json
import os
import pathlib
import re
import sys
import tempfile

import botocore.credentials
import botocore.session
import botocore_requests

FORMS = {
    "": lambda text: text.encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "bom": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "unterminated": lambda text: text.rstrip().encode(),
}
EXPIRATION = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=12)


class Case:
    def __init__(self, text, folder):
        self.differs, self.environment, self.plan = False, {"HOME": folder, "PATH": os.environ["PATH"]}, None
        for part in text.split("\n== ")[1:]:
            head, _, body = part.partition("\n")
            word, _, rest = head.partition(" ")
            if word == "profile":
                self.profile = rest
            elif word == "environment":
                name, _, value = rest.replace("$DIR", folder).partition("=")
                self.environment[name] = value
            elif word == "differs":
                self.differs = True
            elif word == "file":
                name, _, form = rest.partition(" ")
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(FORMS[form](body.removesuffix("\n") + "\n"))
            elif word == "plan":
                self.plan = json.loads(body)
            else:
                raise ValueError(word)


class Botocore:
    """What botocore does for a profile, with nothing leaving the process."""

    def __init__(self, profile):
        self.calls, self.argv = [], None
        self.session = botocore.session.Session(profile=profile)
        botocore.credentials.ProcessProvider.__init__.__defaults__ = (self.process,)
        botocore.credentials._get_client_creator = lambda *_: self.client
        botocore.utils.FileWebIdentityTokenLoader.__call__ = lambda loader: token(loader._web_identity_token_path)
        resolver = self.session.get_component("credential_provider")
        resolver.get_provider("assume-role")._prompter = lambda _: "123456"
        credentials = self.session.get_credentials()
        if credentials is None:
            raise LookupError("no credentials")
        self.credentials = credentials.get_frozen_credentials()

    def client(self, _service, aws_access_key_id=None, aws_secret_access_key=None, **_):
        botocore_ = self

        class Client:
            def assume_role(self, **parameters):
                botocore_.calls.append((aws_access_key_id, aws_secret_access_key, parameters))
                return self.issued(parameters)

            def assume_role_with_web_identity(self, **parameters):
                same(None, aws_access_key_id, "signer of a call with a token")
                botocore_.calls.append((parameters.pop("WebIdentityToken"), None, parameters))
                return self.issued(parameters)

            def issued(self, parameters):
                return {
                    "Credentials": {
                        "AccessKeyId": temporary(parameters["RoleArn"]),
                        "SecretAccessKey": "secret",
                        "SessionToken": "token",
                        "Expiration": EXPIRATION,
                    },
                    "AssumedRoleUser": {"AssumedRoleId": "x", "Arn": "x"},
                }

        return Client()

    def process(self, argv, **_):
        self.argv = argv

        class Process:
            returncode = 0

            def communicate(self):
                answer = {"Version": 1, "AccessKeyId": "of a process", "SecretAccessKey": "s"}
                return json.dumps(answer).encode(), b""

        return Process()

    def region(self):
        return self.session.get_scoped_config().get("region") or os.environ.get("AWS_DEFAULT_REGION")

    def destination(self):
        """Where a client asks STS, and the region that it signs for."""
        client = self.session.create_client(
            "sts", region_name=self.region(), aws_access_key_id="id", aws_secret_access_key="secret"
        )
        return botocore_requests.destination(client)


def token(path):
    return "token of " + path


def temporary(role_arn):
    return "temporary key of " + role_arn


def check(case):
    """Raises AssertionError where plan and botocore differ; whatever botocore raises passes through."""
    found = Botocore(case.profile)
    named = case.plan[0]
    same(named["name"], case.profile, "name")
    same(named["region"], found.region(), "region")
    url, signing_region = found.destination()
    same(named["endpoint"], url, "endpoint")
    same(named.get("signing_region", named["region"]), signing_region, "signing region")
    by_name = {profile["name"]: profile for profile in case.plan}
    way = [named]
    while "source_profile" in way[-1]:
        way.append(by_name[way[-1]["source_profile"]])
    same(len(way), len(case.plan), "profiles")
    last = way[-1]
    signer = check_key(last["key"], found) if "key" in last else token(last["web_identity_token_file"])
    roles = [profile for profile in reversed(way) if "role_arn" in profile]
    same(len(roles), len(found.calls), "calls")
    devices = set()
    for profile in reversed(way):
        devices.add(profile.get("mfa_serial"))
        if "role_arn" in profile:
            check_call(profile, found.calls.pop(0), signer, devices)
            signer = temporary(profile["role_arn"])
    same(signer, found.credentials.access_key, "key in the end")


def check_key(key, found):
    """The id that signs first."""
    if key == "environment":
        same(found.argv, None, "process")
        return os.environ["AWS_ACCESS_KEY_ID"]
    if "credential_process" in key:
        same(key["credential_process"], found.argv, "process")
        return "of a process"
    same(found.argv, None, "process")
    first = found.calls[0][1] if found.calls else found.credentials.secret_key
    same(key["aws_secret_access_key"], first, "secret")
    return key["aws_access_key_id"]


def check_call(profile, call, signer, devices):
    signed_by, _, parameters = call
    parameters = dict(parameters)
    same(signer, signed_by, "signer")
    same(profile["role_arn"], parameters.pop("RoleArn"), "role")
    same(profile.get("external_id"), parameters.pop("ExternalId", None), "external id")
    same(profile["duration_seconds"], parameters.pop("DurationSeconds", 3600), "duration")
    name = parameters.pop("RoleSessionName")
    generated = re.fullmatch(r"botocore-session-\d+", name)
    same(profile["role_session_name"], f"valetkey-{profile['name']}" if generated else name, "session name")
    # The device of a chained role is that of a profile before it, which has already given the code.
    serial = parameters.pop("SerialNumber", None)
    if "mfa_serial" in profile:
        same(profile["mfa_serial"], serial, "device")
    else:
        assert serial is None or serial in devices, f"device: {serial}"
    parameters.pop("TokenCode", None)
    same({}, parameters, "other parameters")


def same(plan, found, what):
    assert plan == found, f"{what}: the plan has {plan!r}, botocore {found!r}"


@contextlib.contextmanager
def environment(variables):
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def verdict(path):
    """Nothing, or what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        case = Case(path.read_text(), folder)
        with environment(case.environment):
            try:
                check(case)
            except Exception as error:
                return None if case.differs else f"{type(error).__name__}: {error}"
    return "botocore reads it to the same plan; remove `== differs`" if case.differs else None


def main():
    cases = sorted(pathlib.Path("tests/aws_files/right").glob("*.txt"))
    failed = 0
    for path in cases:
        wrong = verdict(path)
        if wrong:
            failed += 1
            print(f"{path.stem}: {wrong}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(failed > 0 or len(cases) < 60)


if __name__ == "__main__":
    main()
