"""A small kubelet: it plays one rendered pod on this host. A network namespace that the containers share, and for each container a
root, mounts, processes and a user of its own; sidecars first, probes from the node, restarts, and the order of the end.

What it does not play: pulling images, the runtime's seccomp filter, CPU shares."""

import contextlib
import dataclasses
import http.client
import pathlib
import subprocess
import threading
import time

from pod_network import PATIENCE, Network, run, wait_until
from pod_run import Run
from pod_volumes import Volume

# Of every period of a probe. Its timeout is as it stands.
PACE = 0.1
BACKOFF = 0.2


@dataclasses.dataclass
class Image:
    """What a container has of the host's files, read-only; what it runs, and with which variables, where the manifest says nothing."""

    paths: dict
    entrypoint: list
    env: dict


class Node:
    """Where pods run: images, Secrets and ConfigMaps by name, and the near end of every pod's network."""

    def __init__(self, folder, images):
        self.folder, self.images, self.pods, self.lock = pathlib.Path(folder), images, 0, threading.Lock()
        run("ip", "link", "set", "lo", "up")

    def network(self):
        with self.lock:
            self.pods += 1
            return Network(self.pods)


class Pod:
    """A pod that runs, from `start` to `stop`."""

    def __init__(self, node, network, spec, config_maps, secrets, permissions=0o1777):
        self.node, self.network, self.spec, self.pace, self.stopping = node, network, spec, PACE, False
        self.folder = node.folder / f"pod-{network.number}"
        self.volumes = {}
        sources = {"secret": secrets, "configMap": config_maps}
        for name, what in spec.volumes.items():
            volume = self.volumes[name] = Volume(self.folder / "volumes" / name.replace("/", "~"), what | {"permissions": permissions})
            if what["kind"] in sources:
                volume.write(sources[what["kind"]][what["of"]])
        self.containers = {container.name: Container(self, container) for container in spec.init + spec.containers}

    def start(self):
        """Init containers one after the other; each sidecar has started up before the next comes. Then the others."""
        self.starter = threading.Thread(target=self._start, daemon=True)
        self.starter.start()

    def _start(self):
        for container in self.spec.init:
            worker = self.containers[container.name]
            worker.start()
            while not (worker.started.wait(0.01) if container.is_sidecar else worker.over.wait(0.01)):
                if self.stopping:
                    return
        for container in self.spec.containers:
            self.containers[container.name].start()

    def wait_until_complete(self, patience=PATIENCE):
        """As a Job's pod: whether its containers end by themselves; the sidecars are then told to."""
        for container in self.spec.containers:
            if not self.containers[container.name].over.wait(patience):
                return False
        self.stop()
        return True

    def stop(self):
        """The containers, then the sidecars, the last one first; how long each took is kept."""
        self.stopping = True
        running = [self.containers[container.name] for container in self.spec.containers]
        for worker in running:
            worker.terminate()
        for worker in running:
            worker.wait(self.spec.grace)
        for container in reversed(self.spec.init):
            self.containers[container.name].terminate()
            self.containers[container.name].wait(self.spec.grace)

    def update_secret(self, name, data):
        for volume in self.volumes.values():
            if volume.what["kind"] == "secret" and volume.what["of"] == name:
                volume.write(data)

    def debug(self, spec, beside):
        """As `kubectl debug --target`, or as if the pod shared its processes: what another container, beside whose processes it runs,
        says to this one."""
        worker = Container(self, spec)
        run = Run(worker, beside=self.containers[beside].run.pid)
        run.child.wait(PATIENCE)
        run.reader.join(PATIENCE)
        run.memory.end()
        return "\n".join(worker.lines)

    def end(self):
        self.stop()
        for volume in self.volumes.values():
            volume.end()

    def hurry(self, name, seconds):
        """Lets the prober of a container make all the probes of so long a time, and wait for nothing between them."""
        worker = self.containers[name]
        before, worker.until = worker.restarts, worker.probed + seconds
        self.pace = 0
        wait_until(lambda: worker.probed + worker.period > worker.until or worker.restarts > before, f"{seconds} s of probes", 2 * PATIENCE)
        self.pace, worker.until = PACE, float("inf")


class Container:
    """One container's worker: starts it, probes it, starts it again."""

    def __init__(self, pod, spec):
        self.pod, self.spec = pod, spec
        self.lines, self.restarts, self.exits, self.run, self.reasons, self.peak = [], 0, [], None, [], 0
        self.started, self.over, self.terminated_in = threading.Event(), threading.Event(), None
        self.thread = self.began = self.started_at = self.asked = None
        # The prober's clock: how much of its time has passed, and up to when it may go on.
        self.probed, self.until, self.period, self.probes = 0.0, float("inf"), 1.0, {"success": 0, "failure": 0}

    def start(self):
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def written(self):
        """The volumes that it may write in."""
        return [self.pod.volumes[mount.volume] for mount in self.spec.mounts if not mount.read_only]

    def _work(self):
        while not self.pod.stopping:
            self.began = self.began or time.monotonic()
            self.run = Run(self)
            if self._probe_until_started():
                self._probe_while_alive()
            self.run.child.wait()
            self.exits.append(self.run.child.returncode)
            self.peak = max(self.peak, self.run.memory.peak())
            if self.run.memory.killed():
                self.reasons.append("OOMKilled")
            self.run.memory.end()
            again = self.spec.is_sidecar or self.pod.spec.restart_policy == "Always"
            if self.pod.stopping or not (again or self.pod.spec.restart_policy == "OnFailure" and self.exits[-1]):
                break
            self.restarts += 1
            time.sleep(BACKOFF)
        self.over.set()

    def _probe_until_started(self):
        if self.spec.startup:
            return self._probe(self.spec.startup, until_success=True)
        self._is_started()
        return True

    def _is_started(self):
        self.started_at = self.started_at or time.monotonic()
        self.started.set()

    def _probe_while_alive(self):
        if self.spec.liveness:
            self._probe(self.spec.liveness, until_success=False)

    def _probe(self, probe, until_success):
        """Whether the first success came; or forever, until the process ends or is killed for failing so often in a row."""
        failed, self.period = 0, probe.period
        while self.run.child.poll() is None:
            if self.probed + probe.period > self.until:
                time.sleep(0.005)
                continue
            good = self.probe(probe)
            self.probes["success" if good else "failure"] += 1
            self.probed += probe.period
            failed = 0 if good else failed + 1
            if good and until_success:
                self._is_started()
                return True
            if failed >= probe.failures:
                self.reasons.append("Unhealthy")
                self.run.kill()
                break
            self._sleep(probe.period)
        return False

    def _sleep(self, seconds):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.run.child.wait(seconds * self.pod.pace) if self.pod.pace else None

    def probe(self, probe, address=None):
        """One look from the node."""
        if probe.command:
            return self.execute(probe.command, timeout=probe.timeout).returncode == 0
        try:
            return 200 <= self._get(probe, probe.path, address)[0] < 400
        except (OSError, http.client.HTTPException):
            return False

    def get(self, path):
        """A page from where the probes go, as a scraper on another machine gets it."""
        return self._get(self.spec.liveness, path)[1]

    def _get(self, probe, path, address=None):
        connection = http.client.HTTPConnection(address or self.pod.network.address, probe.port, timeout=probe.timeout)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"User-Agent": "kube-probe/1.36", "Connection": "close"})
            reply = connection.getresponse()
            return reply.status, reply.read().decode()

    def execute(self, command, timeout=PATIENCE, env=None):
        """As `kubectl exec` and exec probes: beside the container's first process, as its user."""
        return self.run.execute(command, timeout, env or {})

    def terminate(self):
        if self.run and self.run.child.poll() is None:
            self.asked = time.monotonic()
            self.run.signal(15)

    def wait(self, grace):
        if not self.run:
            return
        try:
            self.run.child.wait(grace)
            self.terminated_in = time.monotonic() - self.asked if self.asked else None
        except subprocess.TimeoutExpired:
            self.reasons.append("Killed")
            self.run.kill()
        if self.thread:
            self.thread.join(PATIENCE)

    def wait_for(self, wanted, patience=PATIENCE):
        """The first line of its log for which that holds."""
        found = []

        def look():
            found.extend(line for line in list(self.lines) if wanted(line))
            return found

        wait_until(look, f"a line of {self.spec.name}'s; so far:\n" + "\n".join(self.lines[-20:]), patience)
        return found[0]
