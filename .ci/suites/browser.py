"""A page in a real browser cannot read a byte of what valetkey serves: neither a page of another origin, nor one whose own name and
port came to lead to valetkey (DNS rebinding), though both know the token. Beside it stands a proxy that takes away what valetkey
refuses: there the same pages read everything."""

import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import urllib.request

from harness import PATIENCE, Checks, Daemon, Emulator, temporary_folder, write_key

# `evil.test` has both addresses: the page comes from the first, and once nobody listens there, its name leads to the second.
PAGES, ENDPOINTS = "127.0.0.1", "127.0.0.2"
BROWSER = """
    chromium-headless-shell --headless --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run
    --disable-background-networking --disable-component-update --disable-sync --remote-debugging-port=0
""".split()
# What a page tries on each endpoint; how many of them leave a trace there, at the least.
WAYS, TRACES = 15, 13
# Why a browser is refused. What the proxy passes on is refused for other reasons.
GIVEAWAYS = ("fetch_metadata", "framing", "host", "origin", "upgrade")


def main():
    checks = Checks()
    emulator = Emulator()
    with temporary_folder() as folder:
        access = emulator.access
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"])
        profile = key | {"region": emulator.region, "endpoint_url": emulator.url}
        own = f"{ENDPOINTS}:0"
        daemon = Daemon(folder, {"ops": profile}, credentials=own, imds=own, imds_profile="ops")
        daemon.wait_for_credentials("ops")
        check(checks, daemon)
        checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    emulator.stop()
    checks.done()


def check(checks, daemon):
    endpoints = [Endpoint.container(daemon), Endpoint.imds(daemon)]
    secrets = [secret for endpoint in endpoints for secret in endpoint.secrets()]
    checks.that("there are secrets to be read", len(secrets) == 7 and all(len(secret) > 15 for secret in secrets), len(secrets))
    honest, control = endpoints, [endpoint.unguarded() for endpoint in endpoints]
    collector = Collector()
    pages = [Page("another origin", collector, [*honest, *control])]
    pages += [Page(f"rebound to {each.name}", collector, [each], rebound=True) for each in [*honest, *control]]
    before = {endpoint.listener: refused(daemon, endpoint.listener) for endpoint in endpoints}
    said = collector.browse(pages)
    checks.equal("every page came to its end", list(said), [page.name for page in pages])
    for page, read in said.items():
        for endpoint, texts in read.items():
            checks.equal(f"{page}: all was tried on {endpoint}", len(texts), WAYS)
            found = sorted(way for way, text in texts.items() if any(secret in text for secret in secrets))
            if "without its rules" in endpoint:
                # The browser keeps what it shows from a page of another origin, and every page from what is no script and no image.
                checks.that(f"{page}: reads {endpoint} by {', '.join(found)}", {"fetch with the header that opens it", "XMLHttpRequest"} <= set(found), texts)
                checks.that(f"{page}: reads a token of {endpoint}", "imds" not in endpoint or "a token, and what it opens" in found, texts)
            else:
                checks.equal(f"{page}: reads no secret of {endpoint}", found, [])
                if not page.startswith("rebound"):
                    checks.equal(f"{page}: reads nothing at all of {endpoint}", {way: text for way, text in texts.items() if text.strip()}, {})
    for listener, counts in before.items():
        more = {reason: count - counts[reason] for reason, count in refused(daemon, listener).items() if reason in GIVEAWAYS}
        # From another origin by name and by address, and rebound.
        checks.that(f"{listener}: the attempts are counted", sum(more.values()) >= 3 * TRACES, more)
        checks.that(f"{listener}: by everything that gives a browser away", all(more.values()), more)
        print(f"figure: refused by {listener}: {', '.join(f'{reason} {count}' for reason, count in sorted(more.items()))}")


class Endpoint:
    """Where a listener of valetkey is, or what stands in front of it."""

    def __init__(self, listener, address, right, path, name=None):
        self.listener, self.address, self.right, self.path = listener, address, right, path
        self.name = name or listener

    @classmethod
    def container(cls, daemon):
        token = pathlib.Path(daemon.token_file("ops")).read_text()
        return cls("credentials", daemon.credentials, {"Authorization": token}, "/credentials/ops")

    @classmethod
    def imds(cls, daemon):
        ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "600"}
        token = ask("PUT", daemon.imds, "/latest/api/token", ttl).decode()
        right = {"X-aws-ec2-metadata-token": token}
        return cls("imds", daemon.imds, right, "/latest/meta-data/iam/security-credentials/ops")

    def secrets(self):
        document = json.loads(ask("GET", self.address, self.path, self.right))
        texts = [document[name] for name in ("AccessKeyId", "SecretAccessKey", "Token")]
        # The other token is in what a page gets to know, and not in what it reads.
        return texts if self.listener == "credentials" else [*texts, self.right["X-aws-ec2-metadata-token"][:16]]

    def unguarded(self):
        """The same as it would be without the rules on browsers."""
        proxy = serve(ENDPOINTS, Unguarded, self.address)
        address = f"{ENDPOINTS}:{proxy.server_port}"
        return Endpoint(self.listener, address, self.right, self.path, f"{self.listener} without its rules")

    def target(self, host, name):
        port = self.address.rsplit(":", 1)[1]
        base = f"http://{host}:{port}"
        return {"name": name, "url": base + self.path, "token": f"{base}/latest/api/token", "right": self.right}


class Page:
    """A page of `evil.test`. A rebound one comes from the port of its only endpoint."""

    def __init__(self, name, collector, endpoints, rebound=False):
        self.name = name
        port = int(endpoints[0].address.rsplit(":", 1)[1]) if rebound else 0
        self.server = serve(PAGES, Evil, self, port)
        self.url = f"http://evil.test:{self.server.server_port}/"
        if rebound:
            targets = [endpoints[0].target("evil.test", endpoints[0].name)]
        else:
            hosts = {"other.test": "by name", ENDPOINTS: "by address"}
            targets = [each.target(host, f"{each.name} {way}") for each in endpoints for host, way in hosts.items()]
        plan = {"page": name, "leave": rebound, "collector": collector.url, "targets": targets}
        text = pathlib.Path(".ci/suites/browser.html").read_text()
        self.text = text.replace("/*PLAN*/", json.dumps(plan)).encode()


class Quiet(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in [("Content-Length", str(len(body))), ("Connection", "close"), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def log_message(self, *_):
        pass


class Evil(Quiet):
    def do_GET(self):
        self.answer(200 if self.path == "/" else 404, self.server.about.text, [("Content-Type", "text/html")])

    def do_POST(self):
        """It leaves: its port is closed before the page hears of it."""
        self.server.shutdown()
        self.server.socket.close()
        self.answer(200)


class Unguarded(Quiet):
    """Takes from a request what gives a browser away, and lets every page read the reply."""

    KEPT = ("authorization", "x-aws-ec2-metadata-token", "x-aws-ec2-metadata-token-ttl-seconds")

    def do_GET(self):
        headers = {name: value for name, value in self.headers.items() if name.lower() in self.KEPT}
        connection = http.client.HTTPConnection(self.server.about, timeout=5)
        connection.request(self.command, self.path, headers=headers)
        reply = connection.getresponse()
        kind = ("Content-Type", reply.getheader("Content-Type", "text/plain"))
        self.answer(reply.status, reply.read(), [kind, ("Access-Control-Allow-Origin", "*")])
        connection.close()

    do_PUT = do_GET

    def do_POST(self):
        self.body()
        self.answer(405)

    def do_OPTIONS(self):
        allowed = [("Access-Control-Allow-" + what, value) for what, value in (("Origin", "*"), ("Methods", "GET, PUT"), ("Headers", ", ".join(self.KEPT)))]
        self.answer(204, headers=allowed)


def serve(host, handler, about, port=0):
    server = http.server.ThreadingHTTPServer((host, port), handler)
    server.daemon_threads, server.about = True, about
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Report(Quiet):
    def do_POST(self):
        said = json.loads(self.body())
        self.answer(200, self.server.about.heard(said).encode(), [("Access-Control-Allow-Origin", "*")])


class Collector:
    """Hears of each page what it read, and tells the browser where to go next."""

    def __init__(self):
        self.said, self.done = {}, threading.Event()
        self.server = serve(PAGES, Report, self)
        self.url = f"http://{PAGES}:{self.server.server_port}/"

    def heard(self, said):
        self.said[said["page"]] = said["read"]
        following = [page.url for page in self.pages if page.name not in self.said]
        if not following:
            self.done.set()
        return following[0] if following else ""

    def browse(self, pages):
        self.pages = pages
        with tempfile.TemporaryDirectory(prefix="valetkey-ci-") as folder:
            command = [*BROWSER, f"--user-data-dir={folder}", pages[0].url]
            with open("target/ci/chromium.log", "w") as log:
                browser = subprocess.Popen(command, stderr=log, start_new_session=True)
            try:
                self.done.wait(PATIENCE)
            finally:
                # Debian's is a script around it.
                os.killpg(browser.pid, signal.SIGKILL)
                browser.wait(PATIENCE)
        return self.said


def ask(method, address, path, headers):
    request = urllib.request.Request(f"http://{address}{path}", method=method, headers=headers)
    with urllib.request.urlopen(request) as reply:
        return reply.read()


def refused(daemon, listener):
    series = rf'valetkey_http_rejected_total\{{listener="{listener}",reason="(\w+)"\}} (\d+)'
    return {reason: int(count) for reason, count in re.findall(series, daemon.get_ops("/metrics"))}


main()
