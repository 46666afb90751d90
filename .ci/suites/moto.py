"""The daemon gets a session and a role from moto's server: keys that do not look like AWS's, times with fractions and
offsets. moto takes every parameter of AssumeRole and checks no MFA code."""

import json
import socket
import subprocess
import sys
import urllib.request

from harness import Checks, Daemon, clean_env, temporary_folder, write_key

# Every parameter that AssumeRole has.
ROLE = {
    "role_arn": "arn:aws:iam::123456789012:role/deploy",
    "role_session_name": "everything",
    "external_id": "x-1",
    "source_identity": "jane",
    "policy": json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}),
    "policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/job-function/Billing"],
    "tags": {"team": "red + blue", "cost": "0"},
    "transitive_tag_keys": ["team"],
    "provided_contexts": [
        {"provider_arn": "arn:aws:iam::aws:contextProvider/IdentityCenter", "context_assertion": "assertion"}
    ],
    "duration_seconds": 7200,
    "mfa_serial": "arn:aws:iam::123456789012:mfa/ops",
    "mfa_code": {"process": ["/bin/echo", "123456"]},
}


def main():
    checks = Checks()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    moto = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], env=clean_env())
    url = f"http://127.0.0.1:{port}"
    try:
        with temporary_folder() as folder:
            profile = write_key(folder, "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY") | {
                "region": "eu-west-1",
                "endpoint_url": url,
                "duration_seconds": 900,
            }
            # moto needs seconds to start; the daemon meets a refused connection and comes back by itself.
            role = profile | ROLE
            daemon = Daemon(folder, {"moto": profile, "role": role})
            daemon.wait_for_credentials("moto")
            document = served(daemon, "moto")
            checks.equal("the document is a success", document["Code"], "Success")
            checks.that("the expiration has whole seconds and Z", document["Expiration"][-1] == "Z" and "." not in document["Expiration"], document["Expiration"])
            env = daemon.client_env("moto", AWS_DEFAULT_REGION="eu-west-1", AWS_ENDPOINT_URL_STS=url)
            cli = subprocess.run(["aws", "sts", "get-caller-identity"], env=env, capture_output=True, text=True, timeout=60)
            checks.that("the AWS CLI asks moto with it", cli.returncode == 0 and "Arn" in cli.stdout, cli.stderr)
            daemon.wait_for_credentials("role")
            checks.equal("the role's document names its account", served(daemon, "role").get("AccountId"), "123456789012")
            env = daemon.client_env("role", AWS_DEFAULT_REGION="eu-west-1", AWS_ENDPOINT_URL_STS=url)
            cli = subprocess.run(["aws", "sts", "get-caller-identity"], env=env, capture_output=True, text=True, timeout=60)
            arn = "arn:aws:sts::123456789012:assumed-role/deploy/everything"
            checks.that("moto knows the role's session", arn in cli.stdout, cli.stdout + cli.stderr)
            checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    finally:
        moto.terminate()
    checks.done()


def served(daemon, profile):
    with open(daemon.token_file(profile)) as token:
        request = urllib.request.Request(daemon.uri(profile), headers={"Authorization": token.read()})
    return json.load(urllib.request.urlopen(request))


main()
