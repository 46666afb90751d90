"""Unmodified clients of `valetkey serve`: each signs, signs again after a renewal, and fails as `.ci/clients/table.toml` says."""

import concurrent.futures
import contextlib
import itertools
import pathlib
import re
import time

import clients_table
from harness import PATIENCE, Checks, Client, Daemon, Door, Emulator, temporary_folder, write_key

# What a session is cut to, so that this much is left when a client signs five times.
LEFT = {"12 h": 43200, "14 min": 840, "4 min": 240}
# Short enough to wait for its end. What is served has half of it left, and a client on a busy machine takes seconds from having
# credentials to signing with them.
LIFETIME = 30
# What a busy machine may add to the seconds of the table: a client that hangs is found, a slow machine is not. (The AWS CLI and the
# first call in Java take most of a second of a free core, and forty where dozens of processes want one.)
SLACK = 60
IDENTITY = ("arn:aws:iam::123456789012:user/demo", "123456789012")


def main():
    checks = Checks()
    clients = clients_table.read()
    programs = {folder.parent.name for folder in pathlib.Path(".ci/clients").glob("*/run")}
    checks.equal("the table lists the programs", set(clients), programs)
    page = pathlib.Path("docs/clients.md").read_text()
    for table in clients_table.tables(clients):
        checks.that("the page shows the table", table in page, f"docs/clients.md must have\n{table}")

    stories = [signs_while_there_is_life, fails_until_ready, signs_until_expired, is_kept_out]
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        told = [pool.submit(Story, story, *client) for story, client in itertools.product(stories, clients.items())]
        for future in told:
            story = future.result()
            print("\n".join(story.lines))
            checks.passed += story.passed
            checks.failed += story.failed
    checks.done()


def signs_while_there_is_life(story):
    for left, seconds in LEFT.items():
        story.emulator.control("POST", "faults", {"lifetime_seconds": seconds})
        with story.daemon() as daemon:
            daemon.wait_for_credentials("ops")
            with TimedClient(story, daemon) as client:
                story.equal("the version that runs", client.version, story.expected["version"])
                for _ in range(5):
                    story.signs(f"with {left} left", client)
            answers = answered(daemon)
            story.equal("every answer is 200", set(answers), {200})
            found, expected = sum(answers.values()), story.expected["fetches"][left]
            story.that(f"requests with {left} left", clients_table.holds(expected, found), f"found {found}, expected {expected}")


def fails_until_ready(story):
    story.emulator.control("POST", "faults", {"refuse": 503})
    with story.daemon() as daemon, TimedClient(story, daemon) as client:
        story.fails("not_ready", client, daemon)
        story.emulator.control("DELETE", "faults")
        daemon.wait_for_credentials("ops")
        story.signs("once there are credentials, the same client", client)


def signs_until_expired(story):
    story.emulator.control("POST", "faults", {"lifetime_seconds": LIFETIME})
    with story.daemon() as daemon:
        daemon.wait_for_credentials("ops")
        with TimedClient(story, daemon) as client:
            first = story.signs("the first session", client)
            # From now on: a client that was slow to start may hold a renewed session already.
            time.sleep(LIFETIME)
            second = story.signs("when that session is dead, the same client", client)
            story.that("that was another key", first != second, first)
            with TimedClient(story, daemon) as fresh:
                story.signs("after a renewal, a fresh client", fresh)

            # STS itself goes on and would refuse a client that signed with dead credentials; the daemon does not reach it.
            story.door.shut()
            wait_until(lambda: not daemon.get_ops("/readyz"))
            # What is served dies a second before STS calls it dead, which is when a client drops its copy.
            time.sleep(2)
            story.fails("expired", client, daemon)
        story.equal("nobody signs with dead credentials", story.emulator.control("GET", "state")["errors"], {})


def is_kept_out(story):
    with story.daemon() as daemon:
        daemon.wait_for_credentials("ops")
        wrong = pathlib.Path(story.folder, "wrong")
        wrong.write_text("not-a-token")
        with TimedClient(story, daemon, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(wrong)) as client:
            story.fails("wrong_token", client, daemon)
    with TimedClient(story, daemon) as client:
        story.fails("stopped", client)


class Story(Checks):
    """A client's name, what is expected of it, and an STS and a key of its own; what came of it."""

    def __init__(self, tell, name, expected):
        super().__init__()
        self.name, self.expected, self.lines = name, expected, []
        self.emulator = Emulator()
        with temporary_folder() as self.folder:
            access = self.emulator.access
            key = write_key(self.folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"])
            self.secret_key = pathlib.Path(self.folder, "key/aws_secret_access_key")
            self.door = Door(self.emulator.url)
            self.profile = key | {"region": self.emulator.region, "endpoint_url": self.door.url}
            try:
                tell(self)
            # One that does not come to its end must not hide what the others found.
            except (Exception, SystemExit) as error:
                self.that(f"{tell.__name__} comes to its end", False, repr(error))
            finally:
                self.door.shut()
                self.emulator.stop()

    @contextlib.contextmanager
    def daemon(self):
        daemon = Daemon(self.folder, {"ops": self.profile})
        try:
            yield daemon
        finally:
            code = daemon.stop()
        self.equal("the daemon ends cleanly", code, 0)

    def that(self, name, held, detail=""):
        self.passed += bool(held)
        self.failed += not held
        self.lines.append(("ok      " if held else "FAILED  ") + f"{self.name}: {name}" + ("" if held else f": {detail}"))

    def signs(self, when, client):
        """The key that it signed with."""
        line, _ = client.sign()
        self.equal(f"{when}, signs", (line.get("arn"), line.get("account")), IDENTITY)
        return line.get("access_key_id")

    def fails(self, state, client, daemon=None):
        """Tries once, and is held against the table; the requests are counted while there is a daemon."""
        expected = self.expected[state]
        before = answered(daemon) if daemon else {}
        line, seconds = client.sign()
        if daemon:
            answers = {code: count - before.get(code, 0) for code, count in answered(daemon).items()}
            requests, refused = sum(answers.values()), answers.get(401, 0)
            self.equal(f"{state}: requests", requests, expected["requests"])
            self.equal(f"{state}: of these without the token", refused, requests if state == "wrong_token" else expected.get("refused", 0))
        error = line.get("error", "")
        self.that(f"{state}: what the user sees", clients_table.sees(expected["sees"], error), f"{expected['sees']!r} in {line}")
        self.that(f"{state}: no secret is told", not any(secret in error for secret in client.secrets), error)
        least, most = clients_table.bounds(expected["seconds"])
        self.that(f"{state}: seconds", least - 0.1 <= seconds <= most + SLACK, f"found {seconds:.1f}, expected {expected['seconds']}")


class TimedClient(Client):
    """A client whose secrets are known, and whose requests are timed."""

    def __init__(self, story, daemon, **more):
        env = daemon.client_env(
            "ops",
            AWS_REGION=story.emulator.region,
            AWS_DEFAULT_REGION=story.emulator.region,
            AWS_ENDPOINT_URL_STS=story.emulator.url,
            # Else some go on to look for an EC2 instance, which no test may ask.
            AWS_EC2_METADATA_DISABLED="true",
        )
        env |= more
        self.secrets = [pathlib.Path(env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]).read_text(), story.secret_key.read_text().strip()]
        super().__init__(story.name, env)

    def sign(self):
        """What it printed, and how long that took."""
        start = time.monotonic()
        return super().sign(), time.monotonic() - start


def answered(daemon):
    """How many of its requests a daemon answered, by status."""
    pattern = r'valetkey_http_requests_total\{code="(\d+)",listener="credentials",[^}]*\} ([1-9]\d*)'
    found = {}
    for code, count in re.findall(pattern, daemon.get_ops("/metrics")):
        found[int(code)] = found.get(int(code), 0) + int(count)
    return found


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("it did not come about")
        time.sleep(0.1)


main()
