"""Reads deploy/compose/compose.yaml as a pod: two containers in the network of a third, of which one waits until the other is healthy."""

import os
import pathlib
import re

import yaml

from pod_manifest import Container, Fields, Mount, NotUnderstood, Pod, Probe

COMPOSE = pathlib.Path("deploy/compose")
UNITS = {"s": 1, "m": 60, "h": 3600}


def read(folder, environment):
    """The pod, whose files are in the folder that `docker compose` would be run in."""
    text = re.sub(r"\$\{(\w+):\?[^}]*\}", lambda found: environment[found.group(1)], (folder / "compose.yaml").read_text())
    with Fields(yaml.safe_load(text), "compose.yaml") as top:
        files = {f"{kind}/{name}": folder / source["file"] for kind in ("configs", "secrets") for name, source in top.take(kind).items()}
        volumes = {name: {"kind": "tmpfs", "options": named(volume)} for name, volume in top.take("volumes").items()}
        volumes |= {name: {"kind": "file", "path": os.path.abspath(path)} for name, path in files.items()}
        services = top.take("services")
        with Fields(services.pop("network"), "network") as service:
            pause = container(service, "network", volumes)
            service.is_one_of("restart", "unless-stopped")
        if pause.mounts or pause.env:
            raise NotUnderstood("network: it only waits, and needs nothing")
        with Fields(services.pop("valetkey"), "valetkey") as service:
            in_the_network(service)
            sidecar = container(service, "valetkey", volumes)
            service.is_one_of("restart", "unless-stopped")
            with service.inner("healthcheck") as check:
                kind, *command = check.take("test")
                if kind != "CMD":
                    raise NotUnderstood("healthcheck: the image has no shell")
                sidecar.startup = Probe(None, None, command, seconds(check.take("interval")), seconds(check.take("timeout")), check.take("retries"))
        with Fields(services.pop("app"), "app") as service:
            application = container(service, "app", volumes)
            in_the_network(service)
            service.is_one_of("depends_on", {"valetkey": {"condition": "service_healthy"}})
        if services:
            raise NotUnderstood(f"the runner does not know the services {', '.join(services)}")
    sidecar.is_sidecar = True
    return Pod("compose", "Compose", [sidecar], [application], volumes, "Never", 10)


def in_the_network(service):
    """Of the one that outlives both: a network of one of them would end with it, and the other keep what is left."""
    found = service.take("network_mode")
    if found != "service:network":
        raise NotUnderstood(f"{service.where}: its network is {found}")


def container(service, name, volumes):
    uid, gid = (int(number) for number in service.take("user").split(":"))
    service.is_one_of("cap_drop", ["ALL"])
    service.is_one_of("security_opt", ["no-new-privileges:true"])
    memory = service.take("mem_limit", None)
    return Container(
        name=name,
        image=service.take("image"),
        command=service.take("entrypoint", []),
        args=service.take("command", []),
        env=service.take("environment", {}),
        is_sidecar=False,
        uid=uid,
        gid=gid,
        read_only_root=service.take("read_only", False),
        memory=memory and int(memory.removesuffix("m")) << 20,
        mounts=list(mounts(service, volumes)),
        startup=None,
        liveness=None,
    )


def mounts(service, volumes):
    for kind in ("configs", "secrets"):
        for entry in service.take(kind, []):
            with Fields(entry, kind) as fields:
                yield Mount(f"{kind}/{fields.take('source')}", fields.take("target"), True)
    for entry in service.take("volumes", []):
        name, path, *options = entry.split(":")
        yield Mount(name, path, options == ["ro"])
    for entry in service.take("tmpfs", []):
        path, options = entry.split(":")
        volumes[path] = {"kind": "tmpfs", "options": options}
        yield Mount(path, path, False)


def named(volume):
    with Fields(volume, "volume") as fields:
        fields.is_one_of("driver", "local")
        with fields.inner("driver_opts") as options:
            options.is_one_of("type", "tmpfs")
            options.is_one_of("device", "tmpfs")
            return options.take("o")


def seconds(text):
    return int(text[:-1]) * UNITS[text[-1]]
