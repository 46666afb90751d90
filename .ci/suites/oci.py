"""A container by its OCI configuration, run by crun."""

import contextlib
import json
import pathlib
import subprocess

from harness import Process


class Container:
    """As `configuration` says, in the network of whoever starts it, without capabilities and under a read-only root."""

    def __init__(self, folder, configuration):
        self.folder, self.configuration = pathlib.Path(folder), json.loads(json.dumps(configuration))
        self.process = self.configuration["process"]
        self.process |= {"terminal": False, "capabilities": {}, "noNewPrivileges": True}
        self.configuration["root"]["readonly"] = True
        linux = self.configuration["linux"]
        linux["namespaces"] = [space for space in linux["namespaces"] if space["type"] != "network"]
        # Neither is needed, nor to be had everywhere.
        self.configuration["mounts"] = [mount for mount in self.configuration["mounts"] if mount["type"] not in ("cgroup", "sysfs")]

    def mount(self, place, source, mode="ro"):
        self.configuration["mounts"].append({"destination": place, "source": str(source), "type": "bind", "options": ["rbind", mode]})

    @contextlib.contextmanager
    def running(self):
        (self.folder / "config.json").write_text(json.dumps(self.configuration))
        process = Process([*self._crun(), "run", "--bundle", str(self.folder), self.name])
        try:
            yield process
        finally:
            process.stop()

    def command(self, *args):
        """A command beside what runs, by its user."""
        user = f"{self.process['user']['uid']}:{self.process['user']['gid']}"
        command = [*self._crun(), "exec", "--user", user, self.name, *args]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    def proc(self):
        """What the kernel tells of what runs."""
        state = json.loads(subprocess.check_output([*self._crun(), "state", self.name]))
        return pathlib.Path("/proc", str(state["pid"]))

    @property
    def name(self):
        return self.folder.name

    def _crun(self):
        return ["crun", "--root", str(self.folder.parent / "crun"), "--cgroup-manager=disabled"]


def rights(proc):
    """The IDs, capabilities and the rest of a process, as words."""
    return {name: value.split() for name, value in (line.split(":", 1) for line in (proc / "status").read_text().splitlines())}


def root_options(proc):
    mounts = [line.split() for line in (proc / "mountinfo").read_text().splitlines()]
    return next(mount[5] for mount in mounts if mount[4] == "/").split(",")
