"""What the Python suites share: an STS emulator, a daemon, and a count of checks."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

BINARY = os.environ.get("VALETKEY", "target/release/valetkey")
# An MFA step lasts 30 s; a used one has to pass before the next.
PATIENCE = 90


class Checks:
    """Counts what held; `done` prints the counts and ends the suite."""

    def __init__(self):
        self.passed = self.failed = 0

    def that(self, name, held, detail=""):
        print(("ok      " if held else "FAILED  ") + name + ("" if held else f": {detail}"), flush=True)
        self.passed += bool(held)
        self.failed += not held

    def equal(self, name, found, expected):
        self.that(name, found == expected, f"found {found!r}, expected {expected!r}")

    def done(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(0 if self.passed and not self.failed else 1)


class Process:
    """A child whose output lines can be awaited."""

    def __init__(self, command, stream="stderr", env=None):
        pipes = {"stdout": subprocess.DEVNULL, "stderr": None, stream: subprocess.PIPE}
        self.child = subprocess.Popen(command, text=True, env=env or clean_env(), start_new_session=True, **pipes)
        self.queue, self.lines, self.passed = queue.Queue(), [], []
        threading.Thread(target=self._read, args=(getattr(self.child, stream),), daemon=True).start()

    def _read(self, pipe):
        for line in pipe:
            self.lines.append(line.rstrip("\n"))
            self.queue.put(line.rstrip("\n"))

    def wait_for(self, wanted, patience=PATIENCE):
        """The first line that was not awaited before and for which `wanted` holds."""
        for place, line in enumerate(self.passed):
            if wanted(line):
                return self.passed.pop(place)
        end = time.monotonic() + patience
        while True:
            try:
                line = self.queue.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                raise SystemExit("the line did not come; so far:\n" + "\n".join(self.lines)) from None
            if wanted(line):
                return line
            self.passed.append(line)

    def interrupt(self):
        """Ctrl-C: to the child and to whatever it started."""
        os.killpg(self.child.pid, signal.SIGINT)

    def stop(self):
        self.child.terminate()
        return self.child.wait(timeout=15)


def clean_env(**more):
    """The environment without anything that would give a client other credentials or another region."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return env | {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"} | more


class Emulator(Process):
    """`valetkey sts-emulator`, and what it says about itself."""

    def __init__(self, *args, listen="127.0.0.1:0", within=()):
        """`within` is a command that runs it elsewhere, such as in another network."""
        super().__init__([*within, BINARY, "sts-emulator", "--listen", listen, *args], stream="stdout")
        self.wait_for(lambda line: "ROLE_ARN=" in line)
        self.access = dict(re.findall(r"export (\w+)='([^']*)'", "\n".join(self.lines)))
        self.url = self.access["AWS_ENDPOINT_URL_STS"]
        self.region = self.access["AWS_REGION"]

    def control(self, method, path, document=None):
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{path}", body, method=method)
        with urllib.request.urlopen(request) as reply:
            return json.loads(reply.read() or b"null")


class Door:
    """A way to a server that can be shut: until then bytes are passed on, afterwards nobody is let in."""

    def __init__(self, url):
        host, port = url.removeprefix("http://").split(":")
        self.behind = host, int(port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._let_in, daemon=True).start()

    def _let_in(self):
        while True:
            try:
                before = self.listener.accept()[0]
            except OSError:
                return
            behind = socket.create_connection(self.behind)
            for ends in ((before, behind), (behind, before)):
                threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    @staticmethod
    def _pass_on(one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def shut(self):
        # Closing alone would leave the accept under way.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def totp(seed):
    """What a device with this seed shows now (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(seed), (int(time.time()) // 30).to_bytes(8), hashlib.sha1)
    number = int.from_bytes(digest[digest[-1] & 15 :][:4]) & 0x7FFFFFFF
    return f"{number % 10**6:06}"


class Daemon(Process):
    """`valetkey serve` over a configuration in JSON; `server` is what `[server]` has beside its defaults."""

    def __init__(self, folder, profiles, **server):
        self.folder = pathlib.Path(folder)
        config = {
            "server": {
                "credentials": "127.0.0.1:0",
                "ops": "127.0.0.1:0",
                "token_dir": str(self.folder / "tokens"),
                "control_socket": str(self.folder / "control.sock"),
                **server,
            },
            "profile": profiles,
        }
        path = self.folder / "valetkey.json"
        path.write_text(json.dumps(config))
        super().__init__([BINARY, "serve", "--config", str(path), "--log-format", "json"])
        start = json.loads(self.wait_for(lambda line: '"valetkey starts"' in line))
        self.credentials, self.ops, self.imds = start["credentials"], start["ops"], start.get("imds")
        self.url = start["credentials_url"]

    def wait_for_credentials(self, profile):
        def obtained(line):
            event = json.loads(line)
            return event["message"] == "credentials obtained" and event["profile"] == profile

        return self.wait_for(obtained)

    def operator(self, *args, stdin=""):
        """An operator's command to this daemon."""
        command = [BINARY, *args, "--control-socket", str(self.folder / "control.sock")]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60)

    def uri(self, profile):
        return f"{self.url}/credentials/{profile}"

    def token_file(self, profile):
        return str(self.folder / "tokens" / profile / "token")

    def client_env(self, profile, **more):
        """What an application beside the daemon has in its environment."""
        return clean_env(
            AWS_CONTAINER_CREDENTIALS_FULL_URI=self.uri(profile),
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=self.token_file(profile),
            **more,
        )

    def get_ops(self, path):
        with contextlib.suppress(urllib.error.HTTPError):
            with urllib.request.urlopen(f"http://{self.ops}{path}") as reply:
                return reply.read().decode()


class Client:
    """A client's program (.ci/clients): one process, one client object."""

    def __init__(self, name, env):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.child = subprocess.Popen([f".ci/clients/{name}/run"], env=env, text=True, **pipes)
        self.version = self._read()["version"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait(PATIENCE)

    def sign(self):
        """What it says of one signed request."""
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        return self._read()

    def _read(self):
        killer = threading.Timer(PATIENCE, self.child.kill)
        killer.start()
        line = self.child.stdout.readline()
        killer.cancel()
        return json.loads(line)


def write_key(folder, access_key_id, secret_access_key, seed=None):
    """A user's files; the profile keys that name them."""
    folder = pathlib.Path(folder)
    (folder / "key").mkdir()
    for name, text in [("key/aws_access_key_id", access_key_id), ("key/aws_secret_access_key", secret_access_key)]:
        (folder / name).write_text(text + "\n")
    if seed:
        (folder / "totp_seed").write_text(seed + "\n")
    return {"key": {"directory": str(folder / "key")}}


def temporary_folder():
    return tempfile.TemporaryDirectory(prefix="valetkey-ci-")
