"""Reads a rendered manifest into what a kubelet needs to run its pod. A field that is not known here is an error, so that nothing that
the manifest asks for is silently left out; what is known and not played says why."""

import dataclasses
import re

import yaml

# Objects that change nothing about how the pod runs by itself.
BESIDE_THE_POD = {"NetworkPolicy", "PodMonitor", "PrometheusRule"}
REQUIRED = object()


class NotUnderstood(Exception):
    """The manifest asks for what the runner cannot play."""


@dataclasses.dataclass
class Probe:
    path: str | None
    port: int | None
    command: list | None
    period: float
    timeout: float
    failures: int


@dataclasses.dataclass
class Mount:
    volume: str
    path: str
    read_only: bool


@dataclasses.dataclass
class Container:
    name: str
    image: str
    command: list
    args: list
    env: dict
    is_sidecar: bool
    uid: int
    gid: int
    read_only_root: bool
    memory: int | None
    mounts: list
    startup: Probe | None
    liveness: Probe | None


@dataclasses.dataclass
class Pod:
    name: str
    kind: str
    init: list
    containers: list
    volumes: dict
    restart_policy: str
    grace: int

    def container(self, name):
        return next(found for found in self.init + self.containers if found.name == name)


class Fields:
    """A mapping of which every key must be taken."""

    def __init__(self, mapping, where):
        self.left, self.where = dict(mapping or {}), where

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None and self.left:
            raise NotUnderstood(f"{self.where}: the runner does not know {', '.join(sorted(self.left))}")

    def take(self, key, default=REQUIRED):
        if key not in self.left and default is REQUIRED:
            raise NotUnderstood(f"{self.where}: {key} is missing")
        return self.left.pop(key, default)

    def inner(self, key):
        return Fields(self.left.pop(key, {}), f"{self.where}.{key}")

    def each(self, key):
        return [Fields(entry, f"{self.where}.{key}[{place}]") for place, entry in enumerate(self.left.pop(key, None) or [])]

    def is_one_of(self, key, *values):
        """A field that the runner does not play, and the values with which that makes no difference."""
        found = self.left.pop(key, values[0])
        if found not in values:
            raise NotUnderstood(f"{self.where}.{key}: the runner cannot play {found!r}")

    def not_played(self, *keys):
        for key in keys:
            self.left.pop(key, None)


def read(text):
    """The one pod of a rendered manifest, and its ConfigMaps by name."""
    pods, config_maps = [], {}
    for document in filter(None, yaml.safe_load_all(text)):
        kind = document["kind"]
        if kind == "ConfigMap":
            config_maps[document["metadata"]["name"]] = document["data"]
        elif kind in {"Deployment", "Job"}:
            pods.append(workload(document))
        elif kind not in BESIDE_THE_POD:
            raise NotUnderstood(f"the runner does not know a {kind}")
    (found,) = pods
    return found, config_maps


def workload(document):
    with Fields(document, document["kind"]) as top:
        top.not_played("apiVersion")
        kind, name = top.take("kind"), top.take("metadata")["name"]
        with top.inner("spec") as spec:
            # Who makes pods anew, how many and when: the runner plays one pod.
            spec.not_played("replicas", "selector", "strategy", "revisionHistoryLimit", "minReadySeconds", "progressDeadlineSeconds")
            spec.not_played("backoffLimit", "ttlSecondsAfterFinished", "activeDeadlineSeconds", "completions", "parallelism")
            with spec.inner("template") as template:
                # Labels and annotations are for others.
                template.not_played("metadata")
                with template.inner("spec") as pod:
                    return read_pod(kind, name, pod)


def read_pod(kind, name, pod):
    # There is no API to ask, so there must be no token for it.
    pod.is_one_of("automountServiceAccountToken", False)
    pod.not_played("enableServiceLinks", "imagePullSecrets")
    with pod.inner("securityContext") as security:
        shared = read_user(security) | {"seccomp": read_seccomp(security)}
    init = [read_container(entry, shared) for entry in pod.each("initContainers")]
    containers = [read_container(entry, shared) for entry in pod.each("containers")]
    volumes = dict(read_volume(entry) for entry in pod.each("volumes"))
    restart_policy, grace = pod.take("restartPolicy", "Always"), pod.take("terminationGracePeriodSeconds", 30)
    for container in init + containers:
        for mount in container.mounts:
            if mount.volume not in volumes:
                raise NotUnderstood(f"{container.name}: there is no volume {mount.volume}")
    return Pod(name, kind, init, containers, volumes, restart_policy, grace)


def read_container(entry, shared):
    with entry:
        name, image = entry.take("name"), entry.take("image")
        # How an image comes to the node, and what is said of a container that ended.
        entry.not_played("imagePullPolicy", "terminationMessagePolicy")
        with entry.inner("securityContext") as security:
            user = {key: value for key, value in (shared | read_user(security)).items() if value is not None}
            if not (read_seccomp(security) or shared["seccomp"]):
                raise NotUnderstood(f"{name}: without seccompProfile the pod is not restricted")
            # These are what every container is started with here.
            security.is_one_of("allowPrivilegeEscalation", False)
            security.is_one_of("privileged", False)
            with security.inner("capabilities") as capabilities:
                capabilities.is_one_of("drop", ["ALL"])
            read_only_root = security.take("readOnlyRootFilesystem", False)
        if not user.get("runAsNonRoot") or not user.get("runAsUser"):
            raise NotUnderstood(f"{name}: who runs it, the image would say; the runner wants runAsNonRoot and runAsUser")
        with entry.inner("resources") as resources:
            # What a scheduler looks at.
            resources.not_played("requests")
            with resources.inner("limits") as limits:
                memory = limits.take("memory", None)
        ports = dict(read_port(port) for port in entry.each("ports"))
        probes = {key: read_probe(entry, f"{key}Probe", ports) for key in ("startup", "liveness")}
        command, args = entry.take("command", []), entry.take("args", [])
        env = dict(read_variable(variable) for variable in entry.each("env"))
        if any("$(" in text for text in [*command, *args, *env.values()]):
            raise NotUnderstood(f"{name}: the runner expands no $(VARIABLE)")
        return Container(
            name=name,
            image=image,
            command=command,
            args=args,
            env=env,
            is_sidecar=entry.take("restartPolicy", None) == "Always",
            uid=user["runAsUser"],
            gid=user.get("runAsGroup", 0),
            read_only_root=read_only_root,
            memory=memory and quantity(memory),
            mounts=[read_mount(mount) for mount in entry.each("volumeMounts")],
            **probes,
        )


def read_user(security):
    return {key: security.take(key, None) for key in ("runAsUser", "runAsGroup", "runAsNonRoot")}


def read_seccomp(security):
    """The runner has no container runtime's filter; a restricted pod must ask for it all the same."""
    with security.inner("seccompProfile") as profile:
        found = bool(profile.left)
        profile.is_one_of("type", "RuntimeDefault")
    return found


def read_port(port):
    with port:
        port.is_one_of("protocol", "TCP")
        number = port.take("containerPort")
        return port.take("name", number), number


def read_variable(variable):
    with variable:
        return variable.take("name"), variable.take("value", "")


def read_mount(mount):
    with mount:
        return Mount(mount.take("name"), mount.take("mountPath"), mount.take("readOnly", False))


def read_probe(entry, key, ports):
    if key not in entry.left:
        return None
    with entry.inner(key) as probe:
        probe.is_one_of("initialDelaySeconds", 0)
        probe.is_one_of("successThreshold", 1)
        path = port = command = None
        if "exec" in probe.left:
            with probe.inner("exec") as inner:
                command = inner.take("command")
        else:
            with probe.inner("httpGet") as inner:
                inner.is_one_of("scheme", "HTTP")
                path, port = inner.take("path"), inner.take("port")
                port = ports.get(port, port)
        period, timeout = probe.take("periodSeconds", 10), probe.take("timeoutSeconds", 1)
        return Probe(path, port, command, period, timeout, probe.take("failureThreshold", 3))


def read_volume(entry):
    """A volume's name, and what it is: its kind and what that needs."""
    with entry:
        name = entry.take("name")
        if "emptyDir" in entry.left:
            with entry.inner("emptyDir") as inner:
                size = inner.take("sizeLimit", None)
                return name, {"kind": "emptyDir", "memory": inner.take("medium", "") == "Memory", "size": size and quantity(size)}
        for kind, of in [("secret", "secretName"), ("configMap", "name")]:
            if kind in entry.left:
                with entry.inner(kind) as inner:
                    return name, {"kind": kind, "of": inner.take(of), "mode": inner.take("defaultMode", 0o644)}
        return name, {}


def quantity(text):
    number, unit = re.fullmatch(r"(\d+)(Ki|Mi|Gi)?", str(text)).groups()
    return int(number) << {None: 0, "Ki": 10, "Mi": 20, "Gi": 30}[unit]
