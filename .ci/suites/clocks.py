"""The daemon under libfaketime, which moves its wall clock alone (boot time comes from the kernel without libc, and a clock that is set
would not be noticed otherwise); STS, behind a proxy that notes what it gives, has the real time. Credentials
come by the second attempt, Expiration is STS's own, nothing that has expired is served, and the metrics tell the truth."""

import contextlib
import datetime
import glob
import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import ssl
import subprocess
import threading
import time

import harness
from harness import Checks, Daemon, Emulator, temporary_folder, write_key
from tls_authority import Authority, ecdsa_key, install

(LIBRARY,) = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
MINUTE, HOUR = 60, 3600
# What the default tolerance of signatures and MFA steps makes of it: from the start these are wrong in every respect.
NEAR = [-10 * MINUTE, 10 * MINUTE]
FAR = [-8 * HOUR, -2 * HOUR, 2 * HOUR, 8 * HOUR]


def main():
    checks = Checks()
    with temporary_folder() as folder, contextlib.ExitStack() as stack:
        authority = Authority(folder, "ours")
        tls = Tls(folder, authority)
        hosts = Hosts(folder, stack, tls)

        # All of them run beside one another.
        wrong = [hosts.start(seconds, seed=True) for seconds in NEAR]
        wrong += [hosts.start(seconds, seed=True, tls=True) for seconds in FAR]
        unbelieved = hosts.start(2 * HOUR)
        dying = [hosts.start(0, lifetime=14) for _ in NEAR]
        odd = [hosts.in_time_namespace(offset) for offset in (10 * 365 * 24 * HOUR, 3 - uptime())]
        jumping = hosts.start(0, lifetime=14, tls=True)

        threads = [threading.Thread(target=dies_in_its_time, args=(checks, *pair)) for pair in zip(dying, NEAR)]
        threads.append(threading.Thread(target=is_set_while_it_runs, args=(checks, jumping)))
        for thread in threads:
            thread.start()
        for host in wrong:
            is_wrong_from_the_start(checks, host)
        line = json.loads(unbelieved.daemon.wait_for(lambda line: "over plain http it is not believed" in line))
        checks.that("two hours over plain http: STS's date is not believed", line["level"] == "WARN", line)
        checks.equal("two hours over plain http: nothing is served", unbelieved.ask()[0], 503)
        for thread in threads:
            thread.join()
        for host, up in odd:
            has_an_odd_boot_time(checks, host, up)
    checks.done()


def is_wrong_from_the_start(checks, host):
    name = f"{host.seconds:+} s from the start"
    host.daemon.wait_for_credentials("ops")
    failed = [line for line in host.daemon.lines if "credentials not obtained" in line]
    checks.that(f"{name}: credentials by the second attempt", len(failed) <= 1, failed)
    checks.that(f"{name}: the first was refused, as it must be", len(failed) == 1, host.daemon.lines)
    status, document = host.ask()
    checks.equal(f"{name}: they are served", status, 200)
    checks.equal(f"{name}: Expiration is STS's own", document["Expiration"], host.front.expirations[-1])
    checks.that(f"{name}: and twelve hours away", abs(until(document) - 12 * HOUR) < 60, document["Expiration"])
    checks.that(f"{name}: the offset is told", abs(host.metric("clock_offset_seconds") + host.seconds) < 3, host.metrics())
    checks.equal(f"{name}: nobody has set the clock", host.metric("clock_jumps_total"), 0)


def is_set_while_it_runs(checks, host):
    """Sessions of 14 s are renewed each six or so; somebody asks all the time."""
    host.daemon.wait_for_credentials("ops")
    asker = Asker(host)
    for count, seconds in enumerate([*NEAR, *FAR[1:], 0], 1):
        host.set_clock(seconds)
        name = f"set to {seconds:+} s"
        told = eventually(lambda: host.metric("clock_jumps_total") == count, 40)
        checks.that(f"{name}: counted", told, host.metrics())
        checks.that(f"{name}: the offset is told", abs(host.metric("clock_offset_seconds") + seconds) < 3, host.metrics())
        host.daemon.wait_for_credentials("ops")
    asker.stop()
    checks.that("clocks that are set: all answers were 200 with STS's own Expiration, and alive", not asker.wrong, asker.wrong[:3])
    checks.that("clocks that are set: somebody asked all the time", asker.answers > 200, asker.answers)
    failed = [line for line in host.daemon.lines if "credentials not obtained" in line]
    checks.equal("clocks that are set: no renewal failed", failed, [])


def dies_in_its_time(checks, host, seconds):
    """STS is gone and the clock wrong: the credentials die when STS says, not when the host thinks."""
    name = f"set to {seconds:+} s without STS"
    host.daemon.wait_for_credentials("ops")
    host.emulator.control("POST", "faults", {"down": True})
    host.set_clock(seconds)
    _, document = host.ask()
    early = late = 0
    while until(document) > 3:
        early += host.ask()[0] != 200
        time.sleep(0.1)
    # A second is what STS's whole seconds leave open.
    time.sleep(max(0, until(document)))
    for _ in range(20):
        late += host.ask()[0] != 503
        time.sleep(0.1)
    checks.equal(f"{name}: served until three seconds before the end", early, 0)
    checks.equal(f"{name}: and not after it", late, 0)


def has_an_odd_boot_time(checks, host, up):
    name = f"{up:.0f} s after boot"
    checks.that(f"{name}: so it is", abs(host.up - up) < 60, host.up)
    for _ in range(2):
        host.daemon.wait_for_credentials("ops")
    status, document = host.ask()
    checks.that(f"{name}: served, and renewed", status == 200 and until(document) > 5, document)
    checks.equal(f"{name}: nobody has set the clock", host.metric("clock_jumps_total"), 0)


class Hosts:
    """Daemons on hosts of their own, each with a user and an STS of its own."""

    def __init__(self, folder, stack, tls):
        self.folder, self.stack, self.tls = pathlib.Path(folder), stack, tls
        self.count = 0

    def start(self, seconds, seed=False, tls=False, lifetime=None):
        return Host(self._folder(), self.stack, self.tls if tls else None, seconds, seed, lifetime)

    def in_time_namespace(self, offset):
        folder = self._folder()
        enter = ["unshare", "--time", "--fork", "--kill-child", "--boottime", str(int(offset))]
        script = folder / "valetkey"
        script.write_text(f"#!/bin/sh\nexec {' '.join(enter)} {os.path.abspath(harness.BINARY)} \"$@\"\n")
        script.chmod(0o755)
        host = Host(folder, self.stack, None, None, False, 20, script)
        host.up = float(subprocess.check_output([*enter, "cat", "/proc/uptime"]).split()[0])
        return host, uptime() + offset

    def _folder(self):
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        return folder


class Host:
    def __init__(self, folder, stack, tls, seconds, seed, lifetime, binary=None):
        self.seconds, self.clock = seconds, folder / "clock"
        self.emulator = Emulator(*(["--lifetime", str(lifetime)] if lifetime else []))
        stack.callback(self.emulator.stop)
        self.front = Front(self.emulator, tls)
        access = self.emulator.access
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"], access["TOTP_SEED"])
        profile = key | {"region": self.emulator.region, "endpoint_url": self.front.url}
        if seed:
            profile |= {"mfa_serial": access["MFA_SERIAL"], "mfa_code": {"totp_seed_file": str(folder / "totp_seed")}}
        env = {}
        if seconds is not None:
            self.set_clock(seconds)
            env |= {
                "LD_PRELOAD": LIBRARY,
                "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
                "NO_FAKE_STAT": "1",
            }
        if tls:
            env["SSL_CERT_FILE"] = tls.trusted
        with environment(env), replaced(harness, "BINARY", str(binary or harness.BINARY)):
            self.daemon = Daemon(folder, {"ops": profile})
        stack.callback(self._stop)
        self.token = pathlib.Path(self.daemon.token_file("ops")).read_text()

    def set_clock(self, seconds):
        new = self.clock.with_suffix(".new")
        new.write_text(f"{seconds:+}\n")
        new.rename(self.clock)

    def ask(self):
        """The status and the document that a consumer gets."""
        connection = http.client.HTTPConnection(self.daemon.credentials)
        connection.request("GET", "/credentials/ops", headers={"Authorization": self.token})
        reply = connection.getresponse()
        document = json.loads(reply.read())
        connection.close()
        return reply.status, document

    def metrics(self):
        return "\n".join(line for line in self.daemon.get_ops("/metrics").splitlines() if line.startswith("valetkey_clock"))

    def metric(self, name):
        return float(re.search(rf"^valetkey_{name} (\S+)$", self.metrics(), re.MULTILINE)[1])

    def _stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.daemon.child.pid, signal.SIGTERM)
        self.daemon.child.wait(15)


class Asker:
    """Asks twenty times a second, and notes every answer that is not as it must be."""

    def __init__(self, host):
        self.host, self.answers, self.wrong, self.is_over = host, 0, [], False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.is_over:
            status, document = self.host.ask()
            expiration = document.get("Expiration")
            if status != 200 or expiration not in self.host.front.expirations or until(document) <= 0:
                self.wrong.append((status, expiration))
            self.answers += 1
            time.sleep(0.05)

    def stop(self):
        self.is_over = True
        self.thread.join()


class Tls:
    """A certificate for 127.0.0.1, and what makes a daemon trust it."""

    def __init__(self, folder, authority):
        key = ecdsa_key()
        files = install(folder, authority.issue(key), key)
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(files["tls_certificate"], files["tls_private_key"])
        self.trusted = authority.by_variables()["SSL_CERT_FILE"]


class Front:
    """Hands requests on to an emulator, as they are, and notes which Expiration it gives."""

    def __init__(self, emulator, tls):
        front, back = self, emulator.url.removeprefix("http://")
        self.expirations = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                connection = http.client.HTTPConnection(back)
                try:
                    connection.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
                    for name, value in self.headers.items():
                        connection.putheader(name, value)
                    connection.endheaders(body)
                    reply = connection.getresponse()
                    answer = reply.read()
                except (OSError, http.client.HTTPException):
                    self.close_connection = True
                    return
                front.expirations += re.findall(r"<Expiration>([^<]+)</Expiration>", answer.decode())
                self.send_response_only(reply.status)
                for name, value in reply.getheaders():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if tls:
            server.socket = tls.context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"


def until(document):
    """How long a document's credentials live on, by the real time."""
    return datetime.datetime.fromisoformat(document["Expiration"]).timestamp() - time.time()


def uptime():
    return float(pathlib.Path("/proc/uptime").read_text().split()[0])


def eventually(held, patience):
    end = time.monotonic() + patience
    while not held():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


@contextlib.contextmanager
def environment(variables):
    """What is started within has these variables."""
    os.environ.update(variables)
    yield
    for name in variables:
        del os.environ[name]


@contextlib.contextmanager
def replaced(module, name, value):
    before = getattr(module, name)
    setattr(module, name, value)
    yield
    setattr(module, name, before)


main()
