"""Sessions of 45 s are renewed each twenty or so while STS fails in turns and consumers ask a thousand times a second, whatever is answered:
what a consumer gets, and what the process holds. SOAK_SECONDS says for how long; two minutes without it."""

import collections
import itertools
import multiprocessing
import os
import pathlib
import re
import socket
import time

from harness import Checks, Daemon, Emulator, temporary_folder, write_key

SECONDS = int(os.environ.get("SOAK_SECONDS", "120"))
RATE = 1000
PROFILES = 20
LIFETIME = 45
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
# Together shorter than half of a session's life, so that no consumer may notice.
TURN = 5
# Until the allocator's arenas, the log's buffers and the connections are what they will be.
WARM = 20


def main():
    checks = Checks()
    emulator = Emulator("--lifetime", str(LIFETIME))
    with temporary_folder() as folder:
        access = emulator.access
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"])
        profile = key | {"region": emulator.region, "endpoint_url": emulator.url}
        daemon = Daemon(folder, {f"p{index}": profile for index in range(PROFILES)})
        for index in range(PROFILES):
            daemon.wait_for_credentials(f"p{index}")
        consumers = [Consumer(daemon, part) for part in range(CONSUMERS)]
        start = time.monotonic()
        samples, faults = [], itertools.cycle(FAULTS)
        while (passed := time.monotonic() - start) < WARM + SECONDS:
            emulator.control("DELETE", "faults")
            if fault := next(faults):
                emulator.control("POST", "faults", fault)
            if passed >= WARM:
                samples.append(held(daemon))
            time.sleep(TURN)
        emulator.control("DELETE", "faults")
        results = [consumer.stop() for consumer in consumers]
        samples.append(held(daemon))
        seconds = time.monotonic() - start
        answers = sum((answers for answers, _ in results), collections.Counter())
        rate = answers.total() / seconds
        checks.equal("every answer was 200", answers, {200: answers.total()})
        checks.that("a thousand requests a second", rate > 0.9 * RATE, f"{rate:.0f}")
        memory, descriptors = ([sample[part] for sample in samples] for part in (0, 1))
        quarter = max(1, len(memory) // 4)
        growth = sum(memory[-quarter:]) / quarter - sum(memory[:quarter]) / quarter
        print(
            f"figure: {answers.total()} requests in {seconds:.0f} s ({rate:.0f}/s), latest {max(late for _, late in results):.2f} s; "
            f"memory {memory[0]} -> {memory[-1]} kB, descriptors {descriptors[0]} -> {descriptors[-1]}"
        )
        checks.that("memory is flat", growth < 512 and memory[-1] - memory[0] < 1024, memory)
        checks.that("descriptors are flat", max(descriptors) - min(descriptors) <= PROFILES + CONSUMERS and descriptors[-1] - descriptors[0] <= 8, descriptors)
        sessions = emulator.control("GET", "state")["sessions"]
        # Each profile once in half of its sessions' life; a fault costs some of them a while.
        checks.that("sessions were renewed all the time", sessions > PROFILES * seconds / LIFETIME, sessions)
        failed = [line for line in daemon.lines if "no longer served" in line or "panic" in line]
        checks.equal("nothing died and nothing broke", failed, [])
        checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    emulator.stop()
    checks.done()


CONSUMERS = 4


class Consumer:
    """A process that asks at its share of the rate, so that neither it nor this one waits for the other."""

    def __init__(self, daemon, part):
        requests = []
        for index in range(part, PROFILES, CONSUMERS):
            token = pathlib.Path(daemon.token_file(f"p{index}")).read_text()
            head = f"GET /credentials/p{index} HTTP/1.1\r\nHost: {daemon.credentials}\r\nAuthorization: {token}\r\n\r\n"
            requests.append(head.encode())
        host, port = daemon.credentials.rsplit(":", 1)
        context = multiprocessing.get_context("spawn")
        self.is_over = context.Event()
        self.result, result = context.Pipe(duplex=False)
        arguments = ((host, int(port)), requests, self.is_over, result)
        self.process = context.Process(target=consume, args=arguments, daemon=True)
        self.process.start()
        # So that one that dies is the end of this, and not awaited.
        result.close()

    def stop(self):
        """What it got, and how late the latest request was."""
        self.is_over.set()
        result = self.result.recv()
        self.process.join()
        return result


def consume(address, requests, is_over, result):
    """Asks at times that no answer changes (open loop): nine times on one connection, then on one of its own. On plain sockets, which leave the
    machine to others."""
    requests, answers, late = itertools.cycle(requests), collections.Counter(), 0.0
    kept = socket.create_connection(address, 10)
    start = time.monotonic()
    for number in itertools.count():
        due = start + number * CONSUMERS / RATE
        if is_over.is_set():
            break
        now = time.monotonic()
        if now < due:
            time.sleep(due - now)
        else:
            late = max(late, now - due)
        try:
            if number % 10:
                answers[ask(kept, next(requests))] += 1
            else:
                with socket.create_connection(address, 10) as own:
                    answers[ask(own, next(requests))] += 1
        except OSError as error:
            answers[type(error).__name__] += 1
            kept = socket.create_connection(address, 10)
    result.send((answers, late))


def ask(connection, request):
    """The status of the answer."""
    connection.sendall(request)
    answer = b""
    while True:
        part = connection.recv(65536)
        if not part:
            raise ConnectionResetError
        answer += part
        head, end, body = answer.partition(b"\r\n\r\n")
        if end and len(body) >= int(re.search(rb"(?i)\r\ncontent-length: (\d+)", head)[1]):
            return int(head[9:12])


def held(daemon):
    """Resident memory in kB, open descriptors."""
    process = pathlib.Path(f"/proc/{daemon.child.pid}")
    status = (process / "status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(resident.split()[1]), len(os.listdir(process / "fd"))


# The consumers' processes read this file as well.
if __name__ == "__main__":
    main()
