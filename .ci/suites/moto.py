"""The daemon gets a session, a federated user and roles by a key, a token and an assertion from moto's server: keys that do not
look like AWS's, times with fractions and offsets. moto takes every parameter of AssumeRole, checks neither codes nor tokens, and
reads the assertion."""

import base64
import json
import pathlib
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


ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes"
SAML = f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">
<saml:Assertion><saml:AttributeStatement>
<saml:Attribute Name="{ATTRIBUTES}/RoleSessionName"><saml:AttributeValue>jane</saml:AttributeValue></saml:Attribute>
<saml:Attribute Name="{ATTRIBUTES}/Role"><saml:AttributeValue>arn:aws:iam::123456789012:role/saml,arn:aws:iam::123456789012:saml-provider/Corp</saml:AttributeValue></saml:Attribute>
</saml:AttributeStatement></saml:Assertion></samlp:Response>"""


def other_kinds(folder, profile):
    """Profiles of the other kinds that moto has, each with the ARN that it gives."""
    folder = pathlib.Path(folder)
    (folder / "token").write_text("eyJh.eyJz.c2ln")
    (folder / "assertion").write_text(base64.encodebytes(SAML.encode()).decode())
    at = {key: profile[key] for key in ("region", "endpoint_url")}
    role = {"role_arn": "arn:aws:iam::123456789012:role/web", "role_session_name": "ci"}
    saml = {"role_arn": "arn:aws:iam::123456789012:role/saml", "principal_arn": "arn:aws:iam::123456789012:saml-provider/Corp"}
    session = "arn:aws:sts::123456789012:assumed-role"
    return {
        "web": (at | role | {"web_identity_token_file": str(folder / "token")}, f"{session}/web/ci"),
        "saml": (at | saml | {"saml_assertion": {"file": str(folder / "assertion")}}, f"{session}/saml/jane"),
        "guest": (profile | {"federation_name": "guest"}, "arn:aws:sts::123456789012:federated-user/guest"),
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
            others = other_kinds(folder, profile)
            daemon = Daemon(folder, {"moto": profile, "role": role} | {name: other for name, (other, _) in others.items()})
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
            for name, (_, arn) in others.items():
                daemon.wait_for_credentials(name)
                checks.equal(f"{name}: the document names its account", served(daemon, name).get("AccountId"), "123456789012")
                checks.equal(f"{name}: status knows the ARN", status(daemon, name)["arn"], arn)
            # A session's reply names no account; moto is asked for it.
            checks.equal("the session's account was asked for", status(daemon, "moto")["account"], "123456789012")
            checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    finally:
        moto.terminate()
    checks.done()


def status(daemon, profile):
    document = json.loads(daemon.operator("status", "--json").stdout)
    return next(found for found in document["status"]["profiles"] if found["name"] == profile)


def served(daemon, profile):
    with open(daemon.token_file(profile)) as token:
        request = urllib.request.Request(daemon.uri(profile), headers={"Authorization": token.read()})
    return json.load(urllib.request.urlopen(request))


main()
