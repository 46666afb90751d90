"""Brings daemons into the states that somebody on call may meet, all at once, and records what Prometheus would scrape of
each and what `valetkey status` says."""

import concurrent.futures
import contextlib
import http.client
import pathlib
import re
import shutil
import signal
import time

from harness import BINARY, Daemon, Emulator, Process, temporary_folder, totp, write_key

# What a state may take: the longest is a session's life of half a minute.
PATIENCE = 50
PROFILE = "ops"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class Recording:
    """Pages of /metrics with the time of their scrape, and what `valetkey status` said at the last."""

    def __init__(self, pages, status):
        self.pages, self.status = pages, status


class Successor(Process):
    """An emulator at the address of one that has ended."""

    def __init__(self, address):
        super().__init__([BINARY, "sts-emulator", "--listen", address], stream="stdout")
        self.url = f"http://{address}"
        self.wait_for(lambda line: "ROLE_ARN=" in line)
        self.access = dict(re.findall(r"export (\w+)='([^']*)'", "\n".join(self.lines)))


class Unheard(Daemon):
    """Its log is read until there are credentials, and no further."""

    def _read(self, pipe):
        super()._read(until(pipe, '"credentials obtained"'))


def until(lines, last):
    for line in lines:
        yield line
        if last in line:
            return


class Stage:
    """A daemon with one profile beside an emulator of its own; both end with the stack that they are put on."""

    def __init__(self, stack, *emulator, fault=None, seed=None, key=None, chained=False, server=None, daemon=Daemon, held=False, **profile):
        self.folder = pathlib.Path(stack.enter_context(temporary_folder()))
        self.emulator = Emulator(*emulator)
        stack.callback(self.emulator.stop)
        self.access = self.emulator.access
        if fault:
            self.fault(**fault)
        if held:
            # Nothing is answered before somebody lets it go on.
            self.emulator.child.send_signal(signal.SIGSTOP)
        pair = key or [self.access["AWS_ACCESS_KEY_ID"], self.access["AWS_SECRET_ACCESS_KEY"]]
        at = {"region": self.emulator.region, "endpoint_url": self.emulator.url}
        profiles = {PROFILE: write_key(self.folder, *pair, seed) | at | profile}
        if seed:
            device = {"mfa_serial": self.access["MFA_SERIAL"], "mfa_code": {"totp_seed_file": str(self.folder / "totp_seed")}}
            profiles[PROFILE] |= device
        if chained:
            profiles["deploy"] = at | {"source_profile": PROFILE, "role_arn": self.access["ROLE_ARN"]}
        self.daemon = daemon(self.folder, profiles, **(server or {}))
        stack.callback(self.daemon.stop)

    def first_page(self):
        """Of a daemon that has heard nothing yet; then STS goes on."""
        page = self.page()
        self.emulator.child.send_signal(signal.SIGCONT)
        return page

    def fault(self, **fault):
        self.emulator.control("POST", "faults", fault)

    def succeed_emulator(self, stack):
        """Another STS in its place, which knows another user alone."""
        self.emulator.stop()
        self.emulator = Successor(self.emulator.url.removeprefix("http://"))
        stack.callback(self.emulator.stop)

    def obtained(self, profile=PROFILE):
        self.daemon.wait_for_credentials(profile)
        return self

    def page(self):
        return time.time(), parse(self.daemon.get_ops("/metrics"))

    def until(self, held):
        """The first page for which `held(page, its time)` is true."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            at, page = self.page()
            if held(page, at):
                return at, page
            time.sleep(0.1)
        raise SystemExit("the state did not come; the daemon says:\n" + "\n".join(self.daemon.lines))

    def recording(self, *pages):
        return Recording(list(pages), self.status())

    def status(self):
        """As an operator of a real STS would see it."""
        text = self.daemon.operator("status").stdout
        host = self.emulator.url.removeprefix("http://")
        return text.replace(host, "sts.eu-west-1.amazonaws.com").replace(str(self.folder), "/etc/valetkey")

    def ask(self, **headers):
        """The status of a request for credentials with these headers alone."""
        connection = http.client.HTTPConnection(self.daemon.credentials, timeout=10)
        connection.request("GET", f"/credentials/{PROFILE}", headers=headers)
        status = connection.getresponse().status
        connection.close()
        return status

    def serve(self, count):
        """Asks for credentials as a consumer does, on one connection."""
        token = pathlib.Path(self.daemon.token_file(PROFILE)).read_text()
        connection = http.client.HTTPConnection(self.daemon.credentials, timeout=10)
        for _ in range(count):
            connection.request("GET", f"/credentials/{PROFILE}", headers={"Authorization": token})
            reply = connection.getresponse()
            assert (reply.status, bool(reply.read())) == (200, True)
        connection.close()


def parse(page):
    """The samples of a page: a value for each name with its labels."""
    found = re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", page, flags=re.M)
    return {(name, tuple(re.findall(r'(\w+)="([^"]*)"', labels))): float(value) for name, labels, value in found}


def of(page, name, **labels):
    """The sum of the series of this name that have these labels."""
    fits = lambda found: labels.items() <= dict(found).items()
    return sum(value for (other, found), value in page.items() if other == name and fits(found))


def failures(least):
    return lambda page, _: of(page, "valetkey_renewal_consecutive_failures", profile=PROFILE) >= least


def left(page, at):
    """The part of its life that the session has left."""
    expiration = of(page, "valetkey_credential_expiration_timestamp_seconds", profile=PROFILE)
    issued = of(page, "valetkey_credential_issued_timestamp_seconds", profile=PROFILE)
    return (expiration - at) / (expiration - issued)


def later(stage, seconds):
    time.sleep(seconds)
    return stage.page()


def healthy(stack):
    """A session by MFA, a role over it, and consumers of the first."""
    stage = Stage(stack, "--totp-seed", SEED, seed=SEED, chained=True).obtained().obtained("deploy")
    first = stage.page()
    stage.serve(50)
    return stage.recording(first, later(stage, 1))


def renewing(stack):
    """Every half second over three renewals."""
    stage = Stage(stack, "--lifetime", "20").obtained()
    return stage.recording(*[later(stage, 0.5) for _ in range(56)])


def attended(stack):
    """A person has given a code, and is asked for another one in time."""
    stage = of_a_person(stack)
    stage.until(lambda page, _: of(page, "valetkey_mfa_code_wanted"))
    submit(stage)
    return stage.recording(stage.page())


def code_wanted(stack):
    """Nobody has given a code yet."""
    stage = of_a_person(stack)
    return stage.recording(stage.until(lambda page, _: of(page, "valetkey_mfa_code_wanted")))


def code_wanted_again(stack):
    """The session of the first code has little life left, and the person who is asked for the next does not come."""
    stage = of_a_person(stack, "--lifetime", "24")
    stage.until(lambda page, _: of(page, "valetkey_mfa_code_wanted"))
    submit(stage)
    wanted = lambda page, at: of(page, "valetkey_mfa_code_wanted") and left(page, at) < 0.28
    return stage.recording(stage.until(wanted))


def of_a_person(stack, *emulator):
    serial = "arn:aws:iam::123456789012:mfa/demo"
    return Stage(stack, *emulator, mfa_serial=serial, mfa_code={"push": True})


def submit(stage):
    submitted = stage.daemon.operator("mfa", "submit", stdin=totp(stage.access["TOTP_SEED"]))
    assert submitted.returncode == 0, submitted


def dying(stack):
    """STS cannot be reached while a session lives on, until it expires: the two states."""
    stage = Stage(stack, "--lifetime", "30").obtained()
    stage.fault(down=True)
    first = stage.until(failures(1))
    unreachable = stage.recording(first, stage.until(lambda page, at: left(page, at) < 0.25))
    dead = stage.until(lambda page, _: not of(page, "valetkey_profile_ready"))
    return {"unreachable": unreachable, "expired": stage.recording(dead, later(stage, 2))}


def unreachable_from_the_start(stack):
    stage = Stage(stack, fault={"down": True}, chained=True)
    return stage.recording(stage.until(failures(1)), stage.until(failures(4)))


def wrong_seed(stack):
    """The first refusal; a step has to pass before the next, or several."""
    stage = Stage(stack, seed=SEED, held=True)
    return stage.recording(stage.first_page(), stage.until(failures(1)))


def key_refused(stack):
    """STS does not know the key any more, and the session lives on."""
    stage = Stage(stack, "--lifetime", "30").obtained()
    first = stage.page()
    stage.succeed_emulator(stack)
    return stage.recording(first, stage.until(failures(1)))


def key_unknown(stack):
    """There never was a session."""
    unknown = ["AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"]
    stage = Stage(stack, key=unknown, held=True)
    return stage.recording(stage.first_page(), stage.until(failures(1)))


def new_key_refused(stack):
    """Somebody has put another key in its place, which STS does not know."""
    stage = Stage(stack, "--lifetime", "30").obtained()
    first = stage.page()
    (stage.folder / "key/aws_access_key_id").write_text("AKIAIOSFODNN7EXAMPLE\n")
    return stage.recording(first, stage.until(lambda page, _: of(page, "valetkey_key_reloads_total", result="failed")))


def new_key_adopted(stack):
    """Another key is refused, while one half of it is there alone, and adopted when the other has come."""
    stage = Stage(stack).obtained()
    first = stage.page()
    stage.succeed_emulator(stack)
    came_of_it = lambda result: lambda page, _: of(page, "valetkey_key_reloads_total", result=result)
    for file, result in [("aws_access_key_id", "failed"), ("aws_secret_access_key", "adopted")]:
        (stage.folder / "key" / file).write_text(stage.emulator.access[file.upper()])
        last = stage.until(came_of_it(result))
    return stage.recording(first, last)


def throttled(stack):
    stage = Stage(stack, "--lifetime", "30").obtained()
    stage.fault(throttling=True)
    return stage.recording(stage.until(failures(1)), stage.until(failures(3)))


def clock_off(stack):
    stage = Stage(stack, fault={"clock_skew_seconds": 60}).obtained()
    return stage.recording(stage.page())


def clock_far_off(stack):
    stage = Stage(stack, fault={"clock_skew_seconds": -600}).obtained()
    return stage.recording(stage.page())


def forged(stack):
    """One request by another name, as from a page whose name was rebound."""
    stage = Stage(stack).obtained()
    first = stage.page()
    assert stage.ask(Host="metadata.example") == 403
    return stage.recording(first, stage.page())


def guessed(stack):
    """A row of requests with tokens that nobody was given."""
    stage = Stage(stack).obtained()
    first = stage.page()
    assert {stage.ask(Authorization=f"{guess:064}") for guess in range(30)} == {401}
    return stage.recording(first, stage.page())


def forgotten_token(stack):
    """Somebody asks by hand, and forgets the token."""
    stage = Stage(stack).obtained()
    first = stage.page()
    assert [stage.ask() for _ in range(3)] == [401] * 3
    return stage.recording(first, stage.page())


def reload_failed(stack):
    stage = Stage(stack).obtained()
    config = stage.folder / "valetkey.json"
    config.write_text(config.read_text().replace('"region"', '"regoin"'))
    assert stage.daemon.operator("reload").returncode == 78
    return stage.recording(stage.page())


def state_failing(stack):
    """A file stands where the folder was: the next session cannot be kept."""
    with temporary_folder() as outside:
        kept = pathlib.Path(outside, "state")
        stage = Stage(stack, "--lifetime", "20", server={"state_dir": str(kept)}).obtained()
        first = stage.page()
        shutil.rmtree(kept)
        kept.write_text("")
        return stage.recording(first, stage.until(lambda page, _: of(page, "valetkey_state_failures_total")))


def log_dropped(stack):
    """Nobody reads the log, in which every serving of credentials is a line."""
    stage = Stage(stack, daemon=Unheard, server={"audit": True}).obtained()
    first = stage.page()
    stage.serve(2500)
    return stage.recording(first, stage.until(lambda page, _: of(page, "valetkey_log_lines_dropped_total")))


STATES = [
    healthy,
    renewing,
    attended,
    code_wanted,
    code_wanted_again,
    dying,
    unreachable_from_the_start,
    wrong_seed,
    key_refused,
    key_unknown,
    new_key_refused,
    new_key_adopted,
    throttled,
    clock_off,
    clock_far_off,
    forged,
    guessed,
    forgotten_token,
    reload_failed,
    state_failing,
    log_dropped,
]


def record():
    """Every state's recording by its name."""
    with concurrent.futures.ThreadPoolExecutor(len(STATES)) as pool:
        pending = {state.__name__: pool.submit(recorded, state) for state in STATES}
    recordings = {}
    for name, ended in pending.items():
        found = ended.result()
        recordings |= found if isinstance(found, dict) else {name: found}
    return recordings


def recorded(state):
    with contextlib.ExitStack() as stack:
        return state(stack)
