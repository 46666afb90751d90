"""Debian's Prometheus scrapes a daemon that has renewed, failed and refused: no error, and every metric of the README's
table is there with its type."""

import json
import pathlib
import re
import time
import urllib.error
import urllib.parse
import urllib.request

from harness import PATIENCE, Checks, Daemon, Emulator, Process, temporary_folder, write_key

# Of a target with a path that holds no metrics, Prometheus must complain: the control of "no error".
CONFIGURATION = """
global: {{ scrape_interval: 1s, scrape_timeout: 1s }}
scrape_configs:
  - job_name: valetkey
    static_configs: [{{ targets: ["{ops}"] }}]
  - job_name: control
    metrics_path: /livez
    static_configs: [{{ targets: ["{ops}"] }}]
"""


class Prometheus(Process):
    def __init__(self, folder, ops):
        config = pathlib.Path(folder) / "prometheus.yml"
        config.write_text(CONFIGURATION.format(ops=ops))
        storage = f"--storage.tsdb.path={folder}/prometheus"
        super().__init__(["prometheus", f"--config.file={config}", storage, "--web.listen-address=127.0.0.1:0"])
        listening = self.wait_for(lambda line: "Listening on" in line)
        self.address = re.search(r"address=(\S+)", listening).group(1)
        self.wait_for(lambda line: "Server is ready" in line)

    def api(self, path, **arguments):
        query = urllib.parse.urlencode(arguments)
        with urllib.request.urlopen(f"http://{self.address}/api/v1/{path}?{query}") as reply:
            return json.load(reply)["data"]

    def query(self, expression):
        """The values of an expression."""
        return [float(series["value"][1]) for series in self.api("query", query=expression)["result"]]

    def targets(self):
        targets = self.api("targets")["activeTargets"]
        return {target["labels"]["job"]: (target["health"], target["lastError"]) for target in targets}


def readme_table():
    """Name and type of every metric that the README lists."""
    rows = pathlib.Path("README.md").read_text().split("| metric | type |")[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \| (\w+) \|", rows, re.MULTILINE)


RENEWALS = 'increase(valetkey_renewals_total{result="success"}[1m])'


def wait_for_scrapes(prometheus):
    """Returns once both targets were scraped several times, and a renewal was seen on the way."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        scrapes = prometheus.query("count_over_time(up[1m])")
        if len(scrapes) == 2 and min(scrapes) >= 5 and sum(prometheus.query(RENEWALS)) > 0:
            return
        time.sleep(0.2)
    raise SystemExit("Prometheus does not scrape:\n" + "\n".join(prometheus.lines))


def main():
    checks = Checks()
    emulator = Emulator("--lifetime", "20")
    with temporary_folder() as folder:
        access = emulator.access
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"])
        daemon = Daemon(folder, {"plain": key | {"region": emulator.region, "endpoint_url": emulator.url}})
        daemon.wait_for_credentials("plain")
        try:
            urllib.request.urlopen(daemon.uri("plain"))
        except urllib.error.HTTPError as refused:
            checks.equal("without a token there is 401", refused.code, 401)
        prometheus = Prometheus(folder, daemon.ops)
        wait_for_scrapes(prometheus)
        check(checks, prometheus, daemon)
        prometheus.stop()
        daemon.stop()
    emulator.stop()
    checks.done()


def check(checks, prometheus, daemon):
    ours = '{job="valetkey"}'
    checks.equal("the target is up", prometheus.query(f"up{ours}"), [1])
    targets = prometheus.targets()
    checks.equal("no scrape ended in an error", targets["valetkey"], ("up", ""))
    checks.that("Prometheus does complain of what holds no metrics", targets["control"][0] == "down" and targets["control"][1])
    samples = [line for line in daemon.get_ops("/metrics").splitlines() if not line.startswith("#")]
    for count in ["scrape_samples_scraped", "scrape_samples_post_metric_relabeling"]:
        checks.equal(f"{count}: every sample of the page", prometheus.query(count + ours), [len(samples)])

    metadata = prometheus.api("metadata")
    table = readme_table()
    checks.that("the README lists metrics", len(table) > 20, table)
    for name, kind in table:
        series = f"{name}_count" if kind == "histogram" else name
        checks.that(f"{name} has samples", prometheus.query(f"count({series}{ours})"))
        checks.equal(f"{name} is a {kind}", [known["type"] for known in metadata.get(name, [])], [kind])
    stored = prometheus.api("label/__name__/values", **{"match[]": ours})
    listed = {name for name, _ in table}
    base = {re.sub(r"_(bucket|sum|count)$", "", name) for name in stored if name.startswith("valetkey_")}
    checks.equal("no other metric of ours is there", base - listed, set())
    checks.equal("the profile is ready", prometheus.query('valetkey_profile_ready{profile="plain"}'), [1])
    refused = 'valetkey_http_rejected_total{listener="credentials",reason="token_missing"}'
    checks.equal("the refusal was counted", prometheus.query(refused), [1])


main()
