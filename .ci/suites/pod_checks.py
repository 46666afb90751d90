"""What must hold of a pod with valetkey beside an application, whoever rendered it."""

import contextlib
import dataclasses
import http.client
import json
import pathlib
import re
import socket
import sys

import pod_memory
from pod_network import PATIENCE, wait_until

SPY = pathlib.Path(__file__).with_name("pod_spy.py").read_text()
HOUR = 3600
# More than the credentials listener and the one for probes hold, together.
CONNECTIONS = 1200
REFUSED = {"PermissionError", "FileNotFoundError"}


class Story:
    """One pod that runs, what it is called in the checks, and the secrets that were given to it."""

    def __init__(self, checks, name, pod, emulators, secrets, signer):
        self.name, self.pod, self.emulators, self.checks, self.signer = name, pod, emulators, checks, signer
        self.sidecar = pod.containers["valetkey"]
        self.application = pod.containers["app"]
        self.secrets = [value for secret in secrets.values() for name, value in secret.items() if name != "aws_access_key_id"]

    def that(self, what, held, detail=""):
        self.checks.that(f"{self.name}: {what}", held, detail)

    def equal(self, what, found, expected):
        self.checks.equal(f"{self.name}: {what}", found, expected)

    def environment(self, container=None):
        return (container or self.application).spec.env

    def requests(self, emulator=0):
        return self.emulator_control("GET", "state", emulator=emulator)["requests"]

    def emulator_control(self, *args, emulator=0):
        return self.pod.network.inside(lambda: self.emulators[emulator].control(*args))


def signs(story, patience=60):
    """The application, which starts when there are credentials, signs its first request with them."""
    told = json.loads(story.application.wait_for(lambda line: '"arn"' in line, patience))
    story.equal("the application signs as", told["arn"], story.signer)
    story.that("with a session, not with the key", told["key"].startswith("ASIA"), told)
    story.equal("its first line is that: nothing failed before", json.loads(story.application.lines[0]), told)
    story.that("it started after the sidecar's startup", story.sidecar.started_at <= story.application.began)
    story.equal("nothing was restarted", restarts(story), [0, 0])


def restarts(story):
    return [story.sidecar.restarts, story.application.restarts]


def is_reached_only_where_it_should_be(story):
    probe, network = story.sidecar.spec.liveness, story.pod.network
    for address in (network.address, network.address6):
        story.that(f"the node's probes reach {address}", story.sidecar.probe(probe, address))
    port = int(re.search(r":(\d+)/", story.environment()["AWS_CONTAINER_CREDENTIALS_FULL_URI"]).group(1))
    for address in (network.address, network.address6):
        try:
            socket.create_connection((address, port), timeout=2).close()
            found = "connected"
        except OSError as error:
            found = type(error).__name__
        story.equal(f"nobody outside the pod reaches the credentials on {address}", found, "ConnectionRefusedError")


def answers_its_operator(story):
    told = story.sidecar.execute(["/valetkey", "status", "--json"])
    story.that("kubectl exec: status", told.returncode == 0 and json.loads(told.stdout)["status"]["profiles"][0]["state"] == "ready", told)
    told = story.sidecar.execute(["/valetkey", "reload"])
    story.equal("kubectl exec: reload", told.returncode, 0)


def keeps_its_secrets(story):
    found = spy_on_files(story)
    story.equal("the application finds no secret in any file", found["secrets"], [])
    story.equal("nor what is kept in state_dir", found["kept"], [])
    story.equal("nor the control socket", found["sockets"], [])
    story.equal("it can write nowhere", found["written"], [])
    token = story.environment()["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
    told = story.application.execute(["stat", "--format", "%a %u", token])
    story.equal("its token is the sidecar's file", told.stdout.split(), ["644", str(story.sidecar.spec.uid)])
    for who, uid in [("the application's user", story.application.spec.uid), ("even the sidecar's own user", story.sidecar.spec.uid)]:
        found = spy_on_process(story, story.sidecar, uid)
        ways = {name: way for name, way in found.items() if name != "signal"}
        story.that(f"{who} reads nothing of the sidecar's process", set(ways.values()) <= REFUSED and len(ways) == 6, found)
    log = "\n".join([*story.sidecar.lines, *story.application.lines])
    story.that("no secret is in a log", not any(secret in log for secret in story.secrets))


def spy_on_files(story):
    return spy(story, story.application.execute, story.secrets, "files")


def spy_on_process(story, target, uid, needles=None):
    """As from a container that shares its processes with the target's."""

    def execute(command, env):
        spec = dataclasses.replace(story.application.spec, command=command, args=[], env=story.environment() | env, uid=uid, gid=uid, memory=None)
        return story.pod.debug(spec, beside=target.spec.name)

    return spy(story, execute, needles or story.secrets, "process", "1")


def spy(story, execute, needles, *args):
    image = story.pod.node.images["app"].paths
    env = {"NEEDLES": json.dumps(needles), "IMAGE": json.dumps(list(image))}
    told = execute(["python3", "-c", SPY, *args], env=env)
    text = told if isinstance(told, str) else told.stdout or told.stderr
    try:
        return json.loads(text)
    except ValueError:
        raise SystemExit(f"the spy: {text}") from None


def stays_below_its_limit(story):
    """Whoever is in the pod opens more connections than are let in, and asks on each; the kubelet executes a probe meanwhile."""
    token = story.application.execute(["cat", story.environment()["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]]).stdout
    where = re.search(r"//([^/]+):(\d+)(/.*)", story.environment()["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
    head = f"GET {where.group(3)} HTTP/1.1\r\nHost: {where.group(1)}:{where.group(2)}\r\n"
    ops = story.sidecar.spec.liveness.port

    def flood():
        with contextlib.ExitStack() as stack:
            for number in range(CONNECTIONS):
                port = ops if number % 4 == 3 else int(where.group(2))
                connection = stack.enter_context(socket.create_connection((where.group(1), port), timeout=5))
                request = [f"{head}Authorization: {token}\r\n\r\n", f"{head}X-Long: {'x' * 8000}\r\n", f"{head}\r\n", "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"]
                with contextlib.suppress(OSError):
                    connection.sendall(request[number % 4].encode())
            refused = 0
            while story.sidecar.execute(["/valetkey", "healthcheck"]).returncode and refused < story.sidecar.spec.liveness.failures:
                refused += 1
            rightful = http.client.HTTPConnection(where.group(1), int(where.group(2)), timeout=5)
            rightful.request("GET", where.group(3), headers={"Authorization": token})
            return refused, rightful.getresponse().status

    refused, status = story.pod.network.inside(flood)
    story.equal("the application is answered in a flood of connections", status, 200)
    # More scrapes at once than the listener hears keep a probe out for as long as they take; a kubelet asks again.
    story.that("an exec probe is answered before a kubelet gives up", refused < story.sidecar.spec.liveness.failures, refused)
    peak, bound = story.sidecar.run.memory.peak(), story.sidecar.spec.memory
    form = story.sidecar.run.memory.form
    print(f"figure: {story.name}: {CONNECTIONS} connections and an exec probe took {peak >> 10} of {bound >> 10} kB, by {form}; {refused} probes refused")
    story.that("it stays below its limit", 0 < peak < bound, peak)
    story.equal("it was not restarted for that", restarts(story), [0, 0])


def outlives_an_outage(story):
    """STS is gone for an hour: as many liveness probes as a kubelet makes in that time."""
    story.emulator_control("POST", "faults", {"down": True})
    before = story.sidecar.probes["failure"]
    story.pod.hurry(story.sidecar.spec.name, HOUR)
    story.that("an hour of probes was made", story.sidecar.probes["success"] >= HOUR / story.sidecar.spec.liveness.period, story.sidecar.probes)
    story.equal("none failed while STS was down", story.sidecar.probes["failure"], before)
    story.equal("no restart came of it", restarts(story), [0, 0])
    lines = len(story.application.lines)
    wait_until(lambda: len(story.application.lines) > lines + 1, "the application to go on")
    told = json.loads(story.application.lines[-1])
    story.that("the application has credentials all the same, to ask an STS that is not there", "key" in told and "error" in told, told)
    story.emulator_control("DELETE", "faults")


def outlives_its_own_end(story):
    """Killed, the container is started again, and serves what it kept: no code is spent, and the application notices nothing."""
    before = story.requests()["GetSessionToken"]
    story.sidecar.started.clear()
    story.sidecar.run.kill()
    story.that("a killed sidecar starts up again", story.sidecar.started.wait(60), story.sidecar.reasons)
    story.equal("it was restarted once, the application never", restarts(story), [1, 0])
    story.equal("the session that it kept did", story.requests()["GetSessionToken"], before)
    lines = len(story.application.lines)
    wait_until(lambda: len(story.application.lines) > lines + 1, "the application to go on")
    story.that("the application goes on signing", '"arn"' in story.application.lines[-1], story.application.lines[-5:])


def follows_its_secret(story):
    """The Secret gets another key: without a command it is noticed, proven and used."""
    before = json.loads(story.application.lines[-1])["key"]
    story.equal("no key was adopted before", adopted(story), 0)
    story.pod.update_secret("valetkey-key", key_of(story.emulators[1].access))
    wait_until(lambda: adopted(story) == 1, "the other key to be adopted", 3 * PATIENCE)
    told = json.loads(story.application.wait_for(lambda line: '"arn"' in line and before not in line))
    story.equal("a Secret that is swapped rotates the key: the application signs with a session of the other one", told["arn"], story.signer)
    story.equal("it always had credentials", [line for line in story.application.lines if '"error"' in line], [])
    story.equal("nothing was restarted for it", restarts(story), [0, 0])


def adopted(story):
    page = story.sidecar.get("/metrics")
    return int(re.search(r'valetkey_key_reloads_total\{profile="ops",result="adopted"\} (\d+)', page).group(1))


def key_of(access):
    """A user's key, as its Secret has it."""
    return {"aws_access_key_id": access["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": access["AWS_SECRET_ACCESS_KEY"]}


def ends_in_order(story):
    story.pod.stop()
    story.equal("the sidecar ends cleanly when it is told", story.sidecar.exits[-1], 0)
    story.that("and at once", story.sidecar.terminated_in is not None and story.sidecar.terminated_in < 5, story.sidecar.terminated_in)
    story.that("after the application", story.application.over.is_set() and story.application.asked <= story.sidecar.asked)


def waits_for_sts(story):
    """STS was down when the pod came: all but the last of the probes that the manifest gives the startup fail."""
    probe = story.sidecar.spec.startup
    patience = probe.period * probe.failures
    story.that("the startup has an hour", patience >= HOUR, patience)
    wait_until(lambda: story.sidecar.run and story.sidecar.run.pid, "the sidecar")
    story.pod.hurry(story.sidecar.spec.name, patience - 2 * probe.period - story.sidecar.probed)
    story.that("an hour of probes was made", story.sidecar.probes["failure"] >= probe.failures - 3, story.sidecar.probes)
    story.equal("nothing was restarted for an hour without STS", restarts(story), [0, 0])
    story.that("the application has not started", story.application.began is None)
    # Of the time that is left to the prober, none passes before STS is there again.
    story.sidecar.until = story.sidecar.probed
    story.emulator_control("DELETE", "faults")
    story.sidecar.wait_for(lambda line: "credentials obtained" in line)
    story.sidecar.until = float("inf")
    signs(story)


def completes(story):
    """As a Job: the application ends, and the sidecar after it."""
    story.that("the Job's pod completes", story.pod.wait_until_complete(), story.application.lines)
    story.equal("the application ended well", story.application.exits, [0])
    signs(story)
    story.equal("the sidecar was told to end, and ended well", (story.sidecar.exits, story.sidecar.asked is not None), ([0], True))
