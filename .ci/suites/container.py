"""Unmodified clients as in a container of ECS: on its address, by AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, with and without a token; with
the token in the environment; and with a token file that is replaced while they run. In a network of its own, which has that address.
And a profile for one user beside more sockets than are read."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

import clients_table
from harness import PATIENCE, Checks, Client, Daemon, Emulator, clean_env, temporary_folder, write_key

CLIENTS = clients_table.read()
IDENTITY = ("arn:aws:iam::123456789012:user/demo", "123456789012")
# Where SDKs look for what a relative URI names, which only a network of our own can have.
OF_ECS = "169.254.170.2"
# Short enough to wait for its end, after which every client fetches anew.
LIFETIME = 15
# More sockets than 4 MiB of the kernel's table tell of, where the kernel cannot be asked for one of them.
CROWD = 42_000
LONGEST_TABLE = 4 << 20


def main():
    if sys.argv[1:] == ["in-a-container"]:
        return in_a_container()
    checks = Checks()
    setup = f"ip link set lo up && ip address add {OF_ECS}/32 dev lo && exec {sys.executable} {__file__} in-a-container"
    ended = subprocess.run(["unshare", "--net", "sh", "-c", setup], stdout=subprocess.PIPE, text=True, timeout=10 * PATIENCE)
    lines = ended.stdout.splitlines()
    told = [line for line in lines if line.startswith(("ok ", "FAILED "))]
    for line in told:
        checks.that(line.split(maxsplit=1)[1], line.startswith("ok "))
    print("\n".join(line for line in lines if line.startswith("figure: ")))
    checks.equal("in a network of its own, all is well", (ended.returncode, len(told) > len(CLIENTS)), (0, True))
    checks.done()


def in_a_container():
    checks = Checks()
    stories = [on_the_address_of_ecs, through_a_rotation, in_a_crowd]
    with concurrent.futures.ThreadPoolExecutor(len(stories)) as pool:
        # Most of it is waiting.
        told = [pool.submit(tell, checks, story) for story in stories]
        for story in told:
            story.result()
    checks.done()


def tell(checks, story):
    with world() as (emulator, folder, profile):
        story(checks, emulator, folder, profile)


def on_the_address_of_ecs(checks, emulator, folder, profile):
    check_ids(checks, emulator, folder, profile)
    check_tokens(checks, emulator, folder, profile)


def check_ids(checks, emulator, folder, profile):
    """The path is the secret: no client needs anything else."""
    with serving(folder, profile, relative_uri="id") as daemon:
        uri = relative_uri(folder)
        for name, told in all_at_once(lambda name: sign(name, emulator, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=uri)):
            checks.equal(f"{name}: signs with what an id brought", *signed(told))
        checks.equal("nobody was refused an id", refusals(daemon), {})
        rotated = daemon.operator("reload", "--rotate-tokens")
        checks.equal("ids and tokens are rotated", rotated.returncode, 0)
        checks.that("that was another id", relative_uri(folder) != uri, uri)
        told = sign("boto3", emulator, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=uri)
        checks.equal("boto3: signs with what an old id brought in its grace", *signed(told))
        told = sign("boto3", emulator, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="/v2/credentials/" + "0" * 32)
        checks.that("boto3: is told of a wrong id", "401" in told.get("error", ""), told)
        checks.equal("wrong ids are counted as wrong tokens", set(refusals(daemon)), {"token_unknown"})


def check_tokens(checks, emulator, folder, profile):
    """The path is the profile's name: every client sends its token there, too, from wherever it has that."""
    with serving(folder, profile, relative_uri="token") as daemon:
        in_file = {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": daemon.token_file("ops")}
        in_variable = {"AWS_CONTAINER_AUTHORIZATION_TOKEN": pathlib.Path(daemon.token_file("ops")).read_text()}
        relative = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/ops"}
        full = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": daemon.uri("ops")}
        for form, env in [
            ("a relative URI and a token file", relative | in_file),
            ("a relative URI and a token in the environment", relative | in_variable),
            ("a full URI and a token in the environment", full | in_variable),
        ]:
            for name, told in all_at_once(lambda name, env=env: sign(name, emulator, **env)):
                checks.equal(f"{name}: signs with {form}", *signed(told))
        checks.equal("nobody was refused", refusals(daemon), {})
        told = sign("boto3", emulator, **relative)
        checks.that("boto3: is told of a missing token", "401" in told.get("error", ""), told)
        checks.equal("missing tokens are counted", set(refusals(daemon)), {"token_missing"})


def through_a_rotation(checks, emulator, folder, profile):
    """A client that runs reads the file again: the old token is worth nothing when its credentials have died."""
    emulator.control("POST", "faults", {"lifetime_seconds": LIFETIME})
    server = {"credentials": "127.0.0.1:0", "token_grace_seconds": 0}
    with serving(folder, profile, **server) as daemon, contextlib.ExitStack() as stack:
        env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": daemon.uri("ops"), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": daemon.token_file("ops")}
        clients = {name: stack.enter_context(client_of(name, emulator, **env)) for name in CLIENTS}
        before = dict(all_at_once(lambda name: clients[name].sign()))
        rotated = daemon.operator("reload", "--rotate-tokens")
        checks.that("tokens are rotated", rotated.returncode == 0 and "1 profile has new tokens" in rotated.stdout, rotated)
        time.sleep(LIFETIME)
        for name, told in all_at_once(lambda name: clients[name].sign()):
            checks.equal(f"{name}: signs before a rotation", *signed(before[name]))
            checks.equal(f"{name}: follows the rotation", *signed(told))
            checks.that(f"{name}: with other credentials", told.get("access_key_id") != before[name].get("access_key_id"), told)
        checks.equal("nobody showed the old token", refusals(daemon), {})


def in_a_crowd(checks, emulator, folder, profile):
    """Nobody is locked out of a profile for certain users by whoever fills the kernel's table of sockets."""
    allowed = profile | {"allowed_uids": [os.getuid()]}
    with serving(folder, allowed, credentials="127.0.0.1:0") as daemon:
        # Each stays in the table for a minute once it is closed.
        for host in range(2, 5):
            with socket.create_server((f"127.0.0.{host}", 0)) as crowded:
                for _ in range(CROWD // 3):
                    with socket.create_connection(crowded.getsockname()):
                        crowded.accept()[0].close()
        table = len(pathlib.Path("/proc/net/tcp").read_bytes())
        checks.that("the table is longer than what is read of it", table > LONGEST_TABLE, table)
        seconds = []
        for _ in range(200):
            start = time.monotonic()
            key_of(daemon)
            seconds.append(time.monotonic() - start)
        checks.that("the right user is served all the same, and promptly", statistics.median(seconds) < 0.1, seconds)
        print(f"figure: beside {CROWD} sockets a request on a new connection takes {statistics.median(seconds) * 1e3:.1f} ms")
        checks.equal("nobody was refused in the crowd", refusals(daemon), {})


def key_of(daemon):
    """What is served at this moment, on a connection of its own; an error is the end."""
    token = pathlib.Path(daemon.token_file("ops")).read_text()
    request = urllib.request.Request(daemon.uri("ops"), headers={"Authorization": token})
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["AccessKeyId"]


@contextlib.contextmanager
def world():
    emulator = Emulator()
    with temporary_folder() as folder:
        access = emulator.access
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"])
        yield emulator, folder, key | {"region": emulator.region, "endpoint_url": emulator.url}
    emulator.stop()


@contextlib.contextmanager
def serving(folder, profile, **server):
    daemon = Daemon(folder, {"ops": profile}, **{"credentials": f"{OF_ECS}:80"} | server)
    try:
        daemon.wait_for_credentials("ops")
        yield daemon
    finally:
        if daemon.stop():
            raise SystemExit("the daemon did not end cleanly")


def relative_uri(folder):
    return pathlib.Path(folder, "tokens/ops/relative_uri").read_text()


def all_at_once(work):
    with concurrent.futures.ThreadPoolExecutor(len(CLIENTS)) as pool:
        return list(zip(CLIENTS, pool.map(work, CLIENTS), strict=True))


def sign(name, emulator, **env):
    with client_of(name, emulator, **env) as client:
        return client.sign()


def signed(told):
    """Who signed, or what went wrong; and who should have."""
    return (told.get("arn"), told.get("account")) if told["ok"] else told, IDENTITY


def client_of(name, emulator, **env):
    """A client's program, as in the clients suite."""
    about = {"AWS_REGION": emulator.region, "AWS_DEFAULT_REGION": emulator.region, "AWS_ENDPOINT_URL_STS": emulator.url}
    return Client(name, clean_env(AWS_EC2_METADATA_DISABLED="true", **about, **env))


def refusals(daemon):
    """How many requests were refused, by reason."""
    pattern = r'valetkey_http_rejected_total\{listener="credentials",reason="(\w+)"\} ([1-9]\d*)'
    return {reason: int(count) for reason, count in re.findall(pattern, daemon.get_ops("/metrics"))}


main()
