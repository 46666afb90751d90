"""One start of a container, in namespaces of its own, and what is executed beside it."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

import pod_memory
from pod_network import wait_until

HERE = pathlib.Path(__file__).parent


class Run:
    """One start of a container."""

    def __init__(self, container, beside=None):
        spec, pod = container.spec, container.pod
        image = pod.node.images[image_name(spec.image)]
        mounts = {mount.path: (str(pod.volumes[mount.volume].path), is_read_only(mount, pod)) for mount in spec.mounts}
        self.env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/", "HOSTNAME": pod.spec.name} | image.env | spec.env
        self.spec = spec
        document = {
            "root": tempfile.mkdtemp(dir=pod.node.folder),
            "image": image.paths,
            "mounts": dict(sorted(mounts.items())),
            "read_only_root": spec.read_only_root,
            "uid": spec.uid,
            "gid": spec.gid,
            "command": [*(spec.command or image.entrypoint), *spec.args],
            "env": self.env,
        }
        enter = ["nsenter", f"--target={pod.network.pause.pid}", "--net", "--ipc", "--uts"]
        apart = ["unshare", "--mount", "--propagation", "private"]
        if beside:
            enter = [*enter, f"--pid=/proc/{beside}/ns/pid"]
        else:
            apart += ["--pid", "--fork", "--kill-child"]
        launcher = [sys.executable, "-IS", str(HERE / "pod_container.py")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self.child = subprocess.Popen([*enter, *apart, *launcher], text=True, **pipes)
        self.reader = threading.Thread(target=self._read, args=(container.lines,), daemon=True)
        self.reader.start()
        self.memory = pod_memory.limit(container)
        self.child.stdin.write(json.dumps(document))
        self.child.stdin.close()
        self.pid = self._first_process()

    def _read(self, lines):
        for line in self.child.stdout:
            lines.append(line.rstrip("\n"))

    def _first_process(self):
        """Its PID on the node, once it runs the command; what sets it up counts for nothing."""

        def look():
            return self.child.poll() is not None or any("pod_container.py" not in command_line(pid) for pid in children(self.child.pid))

        wait_until(look, f"{self.spec.name}'s command")
        found = children(self.child.pid)
        if found:
            self.memory.take(found[0])
        return found[0] if found else None

    def execute(self, command, timeout, env):
        enter = [f"--target={self.pid}", "--mount", "--pid", "--net", "--ipc", "--uts", "--root", "--wd"]
        user = ["--setuid", str(self.spec.uid), "--setgid", str(self.spec.gid)]
        whole = ["setpriv", "--no-new-privs", "nsenter", *enter, *user, "--", *command]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        child = subprocess.Popen(whole, env=self.env | env, text=True, **pipes)
        watching = threading.Thread(target=self._watch, args=(child,))
        watching.start()
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
        watching.join()
        return subprocess.CompletedProcess(command, child.returncode, out, err)

    def _watch(self, child):
        """It counts for the container's memory; it is gone so soon that somebody has to look all the time."""
        found = []
        while child.poll() is None:
            if not found:
                found = children(child.pid)
                continue
            if isinstance(self.memory, pod_memory.Group):
                with contextlib.suppress(OSError):
                    self.memory.take(found[0])
                return
            if "nsenter" not in command_line(found[0]):
                self.memory.took(found[0])
            time.sleep(0.0002)

    def signal(self, number):
        """Nothing where it has ended already."""
        with contextlib.suppress(ProcessLookupError):
            if self.pid:
                os.kill(self.pid, number)

    def kill(self):
        self.signal(9)


def is_read_only(mount, pod):
    """Secrets and ConfigMaps are, whatever the mount says."""
    return mount.read_only or pod.spec.volumes[mount.volume]["kind"] in {"secret", "configMap", "file"}


def image_name(reference):
    """The last part of a reference, without tag and digest."""
    return re.sub(r"[:@].*", "", reference.rsplit("/", 1)[-1])


def children(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
