"""Unmodified clients of a credentials listener that speaks TLS with a certificate of a private CA: each signs where it trusts the CA, asks
for nothing where it trusts another, and signs after the certificate was exchanged under the running daemon."""

import concurrent.futures
import json
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time

import clients_table
from harness import PATIENCE, Checks, Daemon, Emulator, temporary_folder, write_key
from tls_authority import Authority, ecdsa_key, install, rsa_key

CLIENTS = list(clients_table.read())
IDENTITY = ("arn:aws:iam::123456789012:user/demo", "123456789012")
# These take no variable for it (docs/clients.md says what they take).
DEAF = ["boto3", "aws-cli"]
# awscrt tries another CA's certificate for a minute. Nobody waits for its end: it has no credentials by then.
PATIENCE_WITH_STRANGERS = {"awscrt": 15}

HOW = {
    "boto3": "the bundle of certifi with the CA at its end",
    "aws-cli": "the bundle of certifi with the CA at its end",
    "js": "`NODE_EXTRA_CA_CERTS`",
    "go": "`SSL_CERT_FILE`",
    "java": "`javax.net.ssl.trustStore`",
    "rust": "`SSL_CERT_FILE`",
    "awscrt": "`SSL_CERT_FILE`",
}


def main():
    checks = Checks()
    page = pathlib.Path("docs/clients.md").read_text()
    for client, how in HOW.items():
        name = clients_table.read()[client]["name"]
        checks.that(f"{client}: the page says how", f"| {name} | {how} |" in page, how)
    emulator = Emulator()
    with temporary_folder() as folder:
        access = emulator.access
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"])
        profile = key | {"region": emulator.region, "endpoint_url": emulator.url}
        ours, other = Authority(folder, "ours"), Authority(folder, "other")
        first = ecdsa_key()
        files = install(folder, ours.issue(first), first)
        daemon = Daemon(folder, {"ops": profile}, **files)
        daemon.wait_for_credentials("ops")
        checks.that("the URL is that of TLS", daemon.uri("ops").startswith("https://127.0.0.1:"), daemon.uri("ops"))

        with concurrent.futures.ThreadPoolExecutor(2 * len(CLIENTS)) as pool:
            run = lambda client, env, *patience: pool.submit(sign, client, emulator, daemon, env, *patience)
            trusting = {client: run(client, ours.trusted_by(client)) for client in CLIENTS}
            for client, future in trusting.items():
                signs(checks, f"{client}: with the CA", future)
            answers = answered(daemon)
            checks.equal("every answer is 200", set(answers), {"200"})

            strangers = {client: run(client, other.trusted_by(client), PATIENCE_WITH_STRANGERS.get(client, PATIENCE)) for client in CLIENTS}
            deaf = {client: run(client, ours.by_variables()) for client in DEAF}

            # Meanwhile.
            old = shown(daemon)
            second = rsa_key()
            install(folder, ours.issue(second), second)
            start = time.monotonic()
            while shown(daemon) == old and time.monotonic() < start + 15:
                time.sleep(0.5)
            seconds = time.monotonic() - start
            checks.that("another certificate is shown within ten seconds", seconds < 11, f"{seconds:.1f} s")
            for client, future in strangers.items():
                fails(checks, f"{client}: with another CA", future)
            for client, future in deaf.items():
                fails(checks, f"{client}: with the CA in variables", future)
            checks.equal("nobody of them has asked for anything", answered(daemon), answers)
            rejected = re.search(r'valetkey_http_rejected_total\{listener="credentials",reason="tls"\} (\d+)', daemon.get_ops("/metrics"))
            checks.that("each is counted", int(rejected[1]) >= len(strangers) + len(deaf), rejected[0])

            renewed = {client: run(client, ours.trusted_by(client)) for client in CLIENTS}
            for client, future in renewed.items():
                signs(checks, f"{client}: with the new certificate", future)
        checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    emulator.stop()
    checks.done()


def sign(client, emulator, daemon, env, patience=PATIENCE):
    """What a client's program says of one call."""
    env = daemon.client_env(
        "ops",
        AWS_REGION=emulator.region,
        AWS_DEFAULT_REGION=emulator.region,
        AWS_ENDPOINT_URL_STS=emulator.url,
        AWS_EC2_METADATA_DISABLED="true",
        **env,
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([f".ci/clients/{client}/run"], env=env, text=True, start_new_session=True, **pipes) as child:
        killer = threading.Timer(patience, child.kill)
        killer.start()
        out, err = child.communicate("\n")
        killer.cancel()
    lines = out.splitlines()
    return json.loads(lines[1]) if len(lines) == 2 else {"ok": False, "error": f"{out}{err}"}


def signs(checks, name, future):
    line = future.result()
    checks.that(f"{name}, signs", (line.get("arn"), line.get("account")) == IDENTITY, line)


def fails(checks, name, future):
    line = future.result()
    checks.that(f"{name}, has no credentials", line["ok"] is False, line)


def answered(daemon):
    """How many requests were answered, by status."""
    pattern = r'valetkey_http_requests_total\{code="(\d+)",listener="credentials",[^}]*\} ([1-9]\d*)'
    found = {}
    for code, count in re.findall(pattern, daemon.get_ops("/metrics")):
        found[code] = found.get(code, 0) + int(count)
    return found


def shown(daemon):
    """The certificate that whoever connects is shown."""
    host, port = daemon.credentials.rsplit(":", 1)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, int(port))) as connection, context.wrap_socket(connection) as peer:
        return peer.getpeercert(binary_form=True)


main()
