"""`promtool check metrics` on the page of a daemon that has renewed, failed and refused."""

import subprocess
import urllib.error
import urllib.request

from harness import Checks, Daemon, Emulator, temporary_folder, write_key


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
        page = daemon.get_ops("/metrics")
        promtool = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, timeout=30)
        checks.equal("promtool finds nothing", (promtool.returncode, promtool.stdout + promtool.stderr), (0, ""))
        broken = page + "\n# TYPE seconds_ms counter\nseconds_ms 1\n"
        control = subprocess.run(["promtool", "check", "metrics"], input=broken, capture_output=True, text=True, timeout=30)
        checks.that("promtool does find a bad name", control.returncode != 0)
        daemon.stop()
    emulator.stop()
    checks.done()


main()
