"""Unmodified boto3 and AWS CLI get their credentials from `valetkey serve` and sign with them: of a session before and after a
renewal, of a role that is chained from it, and of a person's session once the code is there."""

import json
import subprocess
import sys

from harness import Checks, Daemon, Emulator, temporary_folder, totp, write_key

BOTO3 = """
import json, boto3
session = boto3.Session()
identity = boto3.client("sts").get_caller_identity()
print(json.dumps({"key": session.get_credentials().access_key, "arn": identity["Arn"], "account": identity["Account"]}))
"""

# A process that lives through a renewal: it asks again with the same client whenever a line comes.
BOTO3_LONG_LIVED = """
import sys, boto3
client = boto3.client("sts")
for _ in sys.stdin:
    client.get_caller_identity()
    print(client._request_signer._credentials.access_key, flush=True)
"""

ADMIN = "arn:aws:iam::123456789012:role/admin"


def main():
    checks = Checks()
    check_session(checks)
    check_person_and_role(checks)
    checks.done()


def check_session(checks):
    emulator = Emulator("--lifetime", "80")
    with temporary_folder() as folder:
        access = emulator.access
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"], access["TOTP_SEED"])
        profile = key | {
            "region": emulator.region,
            "endpoint_url": emulator.url,
            "mfa_serial": access["MFA_SERIAL"],
            "mfa_code": {"totp_seed_file": f"{folder}/totp_seed"},
        }
        daemon = Daemon(folder, {"ops": profile})
        env = daemon.client_env("ops", AWS_DEFAULT_REGION=emulator.region, AWS_ENDPOINT_URL_STS=emulator.url)
        daemon.wait_for_credentials("ops")
        long_lived = subprocess.Popen(
            [sys.executable, "-c", BOTO3_LONG_LIVED], env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        first = sign(checks, "first session", env, long_lived)
        daemon.wait_for_credentials("ops")
        second = sign(checks, "after a renewal", env, long_lived)
        checks.that("the renewal brought another key", first != second, first)
        long_lived.terminate()

        daemon.child.kill()
        daemon = Daemon(folder, {"ops": profile})
        # Without a state_dir the used step is forgotten: a refused first code is the price, and the next step heals it.
        daemon.wait_for_credentials("ops")
        env = daemon.client_env("ops", AWS_DEFAULT_REGION=emulator.region, AWS_ENDPOINT_URL_STS=emulator.url)
        restarted = run([sys.executable, "-c", BOTO3], env)
        checks.that("after a kill -9 and a restart boto3 signs with a new key", restarted["key"] not in (first, second), restarted)

        state = emulator.control("GET", "state")
        print(state)
        checks.that("STS refused nothing but that first code", set(state["errors"]) <= {"AccessDenied"}, state["errors"])
        steps = state["successes"][access["MFA_SERIAL"]]
        checks.equal("three sessions took three steps", len(set(steps)), 3)
        checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    emulator.stop()


def check_person_and_role(checks):
    """A role whose source waits for a person's code."""
    emulator = Emulator()
    access = emulator.access
    with temporary_folder() as folder:
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"])
        at = {"region": emulator.region, "endpoint_url": emulator.url}
        emulator.control("POST", "roles", {"arn": ADMIN, "requires_mfa": True})
        person = key | at | {"mfa_serial": access["MFA_SERIAL"], "mfa_code": {"push": True}}
        admin = at | {"source_profile": "person", "role_arn": ADMIN, "role_session_name": "jane"}
        daemon = Daemon(folder, {"person": person, "admin": admin})
        daemon.wait_for(lambda line: "an MFA code is wanted" in line)

        def env(profile):
            return daemon.client_env(profile, AWS_DEFAULT_REGION=emulator.region, AWS_ENDPOINT_URL_STS=emulator.url)

        for profile in ("person", "admin"):
            waiting = subprocess.run([sys.executable, "-c", BOTO3], env=env(profile), capture_output=True, text=True, timeout=60)
            told = "valetkey mfa submit --profile person" in waiting.stderr
            checks.that(f"{profile}: without the code boto3 says what to type", waiting.returncode and told, waiting.stderr)
        submitted = daemon.operator("mfa", "submit", stdin=totp(access["TOTP_SEED"]))
        checks.that("the code is accepted", submitted.stdout.startswith("accepted: profile person "), submitted)
        daemon.wait_for_credentials("admin")
        for profile, arn in [
            ("person", "arn:aws:iam::123456789012:user/demo"),
            ("admin", "arn:aws:sts::123456789012:assumed-role/admin/jane"),
        ]:
            found = run([sys.executable, "-c", BOTO3], env(profile))
            checks.equal(f"{profile}: boto3 signs", (found["arn"], found["account"]), (arn, "123456789012"))
            checks.equal(f"{profile}: the AWS CLI signs", run(["aws", "sts", "get-caller-identity"], env(profile))["Arn"], arn)
        status = daemon.operator("status")
        checks.equal("status says that all is well", (status.returncode, "Attention" in status.stdout), (0, False))
        checks.equal("STS refused nothing", emulator.control("GET", "state")["errors"], {})
        checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    emulator.stop()


def sign(checks, name, env, long_lived):
    """Signs with a fresh boto3, a fresh AWS CLI and a boto3 that lives on; the key that they used."""
    boto3 = run([sys.executable, "-c", BOTO3], env)
    checks.equal(f"{name}: boto3 signs", (boto3["arn"], boto3["account"]), ("arn:aws:iam::123456789012:user/demo", "123456789012"))
    cli = run(["aws", "sts", "get-caller-identity"], env)
    checks.equal(f"{name}: the AWS CLI signs", cli["Arn"], "arn:aws:iam::123456789012:user/demo")
    long_lived.stdin.write("\n")
    long_lived.stdin.flush()
    checks.equal(f"{name}: a boto3 that lives on signs with the same key", long_lived.stdout.readline().strip(), boto3["key"])
    return boto3["key"]


def run(command, env):
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    if ended.returncode:
        raise SystemExit(f"{command} failed: {ended.stderr}")
    return json.loads(ended.stdout)


main()
