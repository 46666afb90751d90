"""Sessions of 30 s are renewed for ten minutes while STS fails in turns and consumers ask: what a consumer gets, and what
the process holds."""

import http.client
import itertools
import os
import pathlib
import time

from harness import Checks, Daemon, Emulator, temporary_folder, write_key

SECONDS = int(os.environ.get("SOAK_SECONDS", "600"))
FAULTS = [
    {},
    {"down": True},
    {},
    {"refuse": 503},
    {"throttling": True},
    {},
    {"garbage": "captive_portal"},
    {"lost_reply": True},
    {"slow_milliseconds": 2000},
]


def main():
    checks = Checks()
    emulator = Emulator("--lifetime", "30")
    with temporary_folder() as folder:
        access = emulator.access
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"])
        profile = key | {"region": emulator.region, "endpoint_url": emulator.url}
        daemon = Daemon(folder, {f"p{index}": profile for index in range(20)})
        for index in range(20):
            daemon.wait_for_credentials(f"p{index}")
        ask = Consumers(daemon)
        warm = held(daemon)
        end = time.monotonic() + SECONDS
        for fault in itertools.cycle(FAULTS):
            emulator.control("DELETE", "faults")
            if fault:
                emulator.control("POST", "faults", fault)
            # Shorter than half of a session's life, so that no consumer may notice.
            turn = time.monotonic() + 5
            while time.monotonic() < turn:
                ask.all()
            if time.monotonic() > end:
                break
        checks.equal("every answer was 200", ask.answers, {200: sum(ask.answers.values())})
        now = held(daemon)
        print(f"figure: {sum(ask.answers.values())} requests in {SECONDS} s; memory {warm[0]} -> {now[0]} kB, descriptors {warm[1]} -> {now[1]}")
        checks.that("memory is flat", now[0] - warm[0] < 1024, (warm, now))
        checks.that("descriptors are flat", now[1] - warm[1] <= 2, (warm, now))
        checks.that("sessions were renewed all the time", emulator.control("GET", "state")["sessions"] > SECONDS, "")
        checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    emulator.stop()
    checks.done()


class Consumers:
    """One that keeps its connection and one that does not, of each profile in turn."""

    def __init__(self, daemon):
        self.daemon, self.answers = daemon, {}
        self.kept = http.client.HTTPConnection(daemon.credentials)
        self.profiles = [(f"p{index}", pathlib.Path(daemon.token_file(f"p{index}")).read_text()) for index in range(20)]

    def all(self):
        for name, token in self.profiles:
            for connection in (self.kept, http.client.HTTPConnection(self.daemon.credentials)):
                connection.request("GET", f"/credentials/{name}", headers={"Authorization": token})
                reply = connection.getresponse()
                reply.read()
                self.answers[reply.status] = self.answers.get(reply.status, 0) + 1
                if connection is not self.kept:
                    connection.close()


def held(daemon):
    """Resident memory in kB, open descriptors."""
    process = pathlib.Path(f"/proc/{daemon.child.pid}")
    status = (process / "status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(resident.split()[1]), len(os.listdir(process / "fd"))


main()
