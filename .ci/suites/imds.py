"""Unmodified clients get a profile's credentials as from EC2's metadata service (IMDSv2) and sign with them. None of them turns to
IMDSv1: each request without a token would be counted."""

import contextlib
import json
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

import clients_table
from harness import PATIENCE, Checks, Client, Daemon, Emulator, clean_env, temporary_folder, write_key

CLIENTS = clients_table.read()
# Nothing tells awscrt where to ask: it knows EC2's own address alone.
TOLD = [name for name in CLIENTS if name != "awscrt"]
IDENTITY = ("arn:aws:iam::123456789012:user/demo", "123456789012")
# EC2's own address, which only a network of our own can have.
OF_EC2 = "169.254.169.254:80"
# The kernel's name for packets of every protocol.
EVERY_PROTOCOL = 3

# A user whom no client here runs as.
STRANGER = 4711

# Short enough to wait for its end.
LIFETIME = 20

REGION = """
import os
from botocore.utils import InstanceMetadataRegionFetcher
config = {"ec2_metadata_service_endpoint": os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"]}
print(InstanceMetadataRegionFetcher(config=config).retrieve_region())
"""


def main():
    if sys.argv[1:] == ["as-on-ec2"]:
        return as_on_ec2()
    checks = Checks()
    table = clients_table.imds_table(CLIENTS)
    checks.that("the page shows the table", table in pathlib.Path("docs/clients.md").read_text(), f"docs/clients.md must have\n{table}")
    with world() as (emulator, folder, profile):
        check_clients(checks, TOLD, emulator, folder, profile)
        check_not_ready(checks, TOLD, emulator, folder, profile)
        check_another_user(checks, TOLD, emulator, folder, profile)
        check_region(checks, emulator, folder, profile)
        check_restart(checks, emulator, folder, profile)
        check_wire(checks, folder, profile)
    check_address_of_ec2(checks)
    checks.done()


@contextlib.contextmanager
def world():
    emulator = Emulator()
    with temporary_folder() as folder:
        access = emulator.access
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"])
        yield emulator, folder, key | {"region": emulator.region, "endpoint_url": emulator.url}
    emulator.stop()


@contextlib.contextmanager
def serving(folder, profile, imds="127.0.0.1:0", **server):
    # A second profile: what is served is the one that is named.
    profiles = {"other": profile | {"required": False}, "ops": profile}
    daemon = Daemon(folder, profiles, imds=imds, imds_profile="ops", **server)
    try:
        yield daemon
    finally:
        if daemon.stop():
            raise SystemExit("the daemon did not end cleanly")


def check_clients(checks, names, emulator, folder, profile, imds="127.0.0.1:0"):
    for name in names:
        with serving(folder, profile, imds) as daemon:
            daemon.wait_for_credentials("ops")
            with Client(name, env(emulator, daemon)) as client:
                keys = {signs(checks, name, client) for _ in range(5)}
            checks.equal(f"{name}: the key is the profile's", keys, {key_of(daemon)})
            fetches = CLIENTS[name]["imds"]["fetches"]
            expected = {(route, 200): fetches for route in ("token", "roles", "credentials")}
            checks.equal(f"{name}: a token, the role and its credentials", answered(daemon), expected)
            never_version_1(checks, name, daemon)


def check_region(checks, emulator, folder, profile):
    with serving(folder, profile) as daemon:
        region = subprocess.run([sys.executable, "-c", REGION], env=env(emulator, daemon), capture_output=True, text=True, timeout=60)
        checks.equal("botocore finds the region", region.stdout.strip(), emulator.region)


def check_not_ready(checks, names, emulator, folder, profile, imds="127.0.0.1:0"):
    """No client turns to version 1, or keeps an error in place of credentials."""
    emulator.control("POST", "faults", {"refuse": 503})
    for name in names:
        with serving(folder, profile, imds) as daemon, Client(name, env(emulator, daemon)) as client:
            line, expected = client.sign(), CLIENTS[name]["imds"]
            seen = clients_table.sees(expected["sees"], line.get("error", ""))
            checks.that(f"{name}: what the user sees while there are no credentials", seen, f"{expected['sees']!r} in {line}")
            found = answered(daemon).get(("credentials", 503), 0)
            checks.equal(f"{name}: requests while there are no credentials", found, expected["requests"])
            never_version_1(checks, f"{name}, without credentials", daemon)
            emulator.control("DELETE", "faults")
            daemon.wait_for_credentials("ops")
            # A fresh one: a client of boto3 that was made without credentials stays without.
            with Client(name, env(emulator, daemon)) as fresh:
                signs(checks, f"{name}, once there are credentials", fresh)
            emulator.control("POST", "faults", {"refuse": 503})
    emulator.control("DELETE", "faults")


def check_another_user(checks, names, emulator, folder, profile):
    """Whom `allowed_uids` keeps out is refused a token with 400, which ends the attempt: after 403 most would ask without one."""
    with serving(folder, profile | {"allowed_uids": [STRANGER]}) as daemon:
        daemon.wait_for_credentials("ops")
        for name in names:
            before = rejected(daemon, "uid")
            with Client(name, env(emulator, daemon)) as client:
                line = client.sign()
            checks.that(f"{name}: signs not as another user", not line["ok"], line)
            checks.that(f"{name}: is refused as another user", rejected(daemon, "uid") > before)
            never_version_1(checks, f"{name}, as another user", daemon)


def check_restart(checks, emulator, folder, profile):
    """Go keeps its token: one of another start is refused, and it asks for a new one."""
    emulator.control("POST", "faults", {"lifetime_seconds": LIFETIME})
    with serving(folder, profile) as daemon:
        daemon.wait_for_credentials("ops")
        address = daemon.imds
        client = Client("go", env(emulator, daemon))
        before = signs(checks, "go, before a restart", client)
    emulator.control("DELETE", "faults")
    with serving(folder, profile, imds=address) as daemon, client:
        daemon.wait_for_credentials("ops")
        time.sleep(LIFETIME)
        after = signs(checks, "go, after a restart", client)
        checks.equal("go: that was the new session", after, key_of(daemon))
        checks.that("go: and not the old one", before != after, before)
        checks.equal("go: its old token was refused once", rejected(daemon, "token_unknown"), 1)
        never_version_1(checks, "go, after a restart", daemon)


def check_wire(checks, folder, profile):
    for server, expected in [({}, 1), ({"imds_hop_limit": 64}, 64)]:
        with serving(folder, profile, **server) as daemon:
            seen = hop_limits(daemon.imds)
            checks.equal(f"IP TTL of every packet of a listener with {server}", seen, {expected})
    with serving(folder, profile) as daemon:
        daemon.wait_for_credentials("ops")
        times = []
        for _ in range(200):
            start = time.monotonic()
            document(daemon.imds)
            times.append(time.monotonic() - start)
        print(f"figure: three IMDS requests take {statistics.median(times) * 1e3:.1f} ms, at most {max(times) * 1e3:.1f} ms")
        # Go gives up a connection after 250 ms.
        checks.that("answers come in time", sorted(times)[int(len(times) * 0.99)] < 0.25, max(times))


def check_address_of_ec2(checks):
    """In a network of its own, where the host has EC2's address: no client is told where to ask."""
    setup = f"ip link set lo up && ip address add 169.254.169.254/32 dev lo && exec {sys.executable} {__file__} as-on-ec2"
    ended = subprocess.run(["unshare", "--net", "sh", "-c", setup], stdout=subprocess.PIPE, text=True, timeout=10 * PATIENCE)
    told = [line for line in ended.stdout.splitlines() if line.startswith(("ok ", "FAILED "))]
    for line in told:
        checks.that(f"on EC2's own address, {line.split(maxsplit=1)[1]}", line.startswith("ok "))
    checks.equal("on EC2's own address, all is well", (ended.returncode, len(told) > len(CLIENTS)), (0, True))


def as_on_ec2():
    checks = Checks()
    with world() as (emulator, folder, profile):
        check_clients(checks, CLIENTS, emulator, folder, profile, OF_EC2)
        check_not_ready(checks, ["awscrt"], emulator, folder, profile, OF_EC2)
    checks.done()


def env(emulator, daemon):
    """What an application beside the daemon has in its environment: where to ask, unless it is where every SDK asks. Version 1 is
    not turned off: the daemon has none."""
    where = {} if daemon.imds == OF_EC2 else {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://{daemon.imds}"}
    return clean_env(
        **where,
        AWS_REGION=emulator.region,
        AWS_DEFAULT_REGION=emulator.region,
        AWS_ENDPOINT_URL_STS=emulator.url,
        NO_PROXY="127.0.0.1,169.254.169.254",
    )


def signs(checks, name, client):
    """The key that it signed with."""
    line = client.sign()
    checks.equal(f"{name}: signs", (line.get("arn"), line.get("account")), IDENTITY if line["ok"] else line)
    return line.get("access_key_id")


def never_version_1(checks, name, daemon):
    checks.equal(f"{name}: no request without a token", rejected(daemon, "token_missing"), 0)


def key_of(daemon):
    """The key that the container form serves at this moment."""
    token = pathlib.Path(daemon.token_file("ops")).read_text()
    request = urllib.request.Request(daemon.uri("ops"), headers={"Authorization": token})
    return json.load(urllib.request.urlopen(request))["AccessKeyId"]


def document(address):
    """As a client does: a token, the role, its credentials."""
    base = f"http://{address}/latest"
    asks = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    token = urllib.request.urlopen(urllib.request.Request(f"{base}/api/token", method="PUT", headers=asks)).read().decode()

    def get(path):
        request = urllib.request.Request(f"{base}/meta-data/iam/security-credentials/{path}", headers={"X-aws-ec2-metadata-token": token})
        return urllib.request.urlopen(request).read().decode()

    return json.loads(get(get("")))


def hop_limits(address):
    """The IP TTL of each packet that the listener sends for one request."""
    port = int(address.rsplit(":", 1)[1])
    seen = set()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.ntohs(EVERY_PROTOCOL)) as packets:
        packets.bind(("lo", EVERY_PROTOCOL))
        packets.settimeout(1)
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://{address}/")
        with contextlib.suppress(TimeoutError):
            while True:
                packet = packets.recv(65536)
                header = (packet[0] & 15) * 4
                if packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_TCP and int.from_bytes(packet[header : header + 2]) == port:
                    seen.add(packet[8])
    return seen


def answered(daemon):
    """How many requests were answered, by route and status."""
    pattern = r'valetkey_http_requests_total\{code="(\d+)",listener="imds",route="(\w+)"\} ([1-9]\d*)'
    found = re.findall(pattern, daemon.get_ops("/metrics"))
    return {(route, int(code)): int(count) for code, route, count in found}


def rejected(daemon, reason):
    series = f'valetkey_http_rejected_total{{listener="imds",reason="{reason}"}} '
    return next(int(line.removeprefix(series)) for line in daemon.get_ops("/metrics").splitlines() if line.startswith(series))


main()
