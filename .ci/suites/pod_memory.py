"""The memory limit of a container: a control group of version 2 where one can be had, otherwise a watch over its processes."""

import os
import pathlib
import re
import signal
import threading
import time


def limit(container):
    """What holds a container to its limit, and knows how near it came."""
    group = Group.below(container)
    return group or Watch(container)


class Group:
    """The kernel counts and kills."""

    form = "a control group"

    @classmethod
    def below(cls, container):
        """A sibling of this process's own group: a group with processes in it can have none below it that count memory."""
        own = re.search(r"^0::(/.*)$", pathlib.Path("/proc/self/cgroup").read_text(), re.M)
        above = pathlib.Path("/sys/fs/cgroup" + os.path.dirname(own.group(1))) if own else None
        try:
            if "memory" not in (above / "cgroup.subtree_control").read_text().split():
                return None
            path = above / f"valetkey-ci-{os.getpid()}-{id(container)}"
            path.mkdir()
        except (TypeError, OSError):
            return None
        (path / "memory.max").write_text(str(container.spec.memory or "max"))
        (path / "memory.swap.max").write_text("0")
        return cls(path)

    def __init__(self, path):
        self.path = path

    def take(self, pid):
        (self.path / "cgroup.procs").write_text(str(pid))

    def peak(self):
        return int((self.path / "memory.peak").read_text())

    def killed(self):
        return "oom_kill 0" not in (self.path / "memory.events").read_text()

    def end(self):
        self.path.rmdir()


class Watch:
    """Counts what the processes have resident, the binary's pages included, and what is in the volumes that they write; kills."""

    form = "a watch over resident memory"
    EVERY = 0.02

    def __init__(self, container):
        self.container, self.pids, self.most, self.of_children, self.over, self.ended = container, [], 0, 0, False, False
        threading.Thread(target=self._watch, daemon=True).start()

    def take(self, pid):
        self.pids.append(pid)

    def took(self, pid):
        """A process beside the first, such as an exec probe, which is gone soon: what is its own, since it shares the binary's pages."""
        self.of_children = max(self.of_children, own(pid))

    def peak(self):
        self._look()
        return self.most

    def killed(self):
        return self.over

    def end(self):
        self.ended = True

    def _watch(self):
        while not self.ended:
            self._look()
            bound = self.container.spec.memory
            if bound and self.most > bound and not self.over:
                self.over = True
                for pid in self.pids:
                    kill(pid)
            time.sleep(self.EVERY)

    def _look(self):
        resident = sum(high_water(pid) for pid in self.pids)
        self.most = max(self.most, resident + self.of_children + sum(volume.used() for volume in self.container.written()))


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def high_water(pid):
    """The most that it ever had resident; nothing once it has ended."""
    return status(pid).get("VmHWM", 0)


def own(pid):
    """What it has resident now that is no file's."""
    found = status(pid)
    return found.get("RssAnon", 0) + found.get("RssShmem", 0)


def status(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {name: int(kilobytes) << 10 for name, kilobytes in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.M)}
