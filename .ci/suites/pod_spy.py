"""What an application that was taken over would try, as its user: run in a container, it prints as JSON what it got. It is told the
secrets that it looks for, so that it knows one when it sees it. `files`: in all files that it reaches; `process PID`: of another process."""

import ctypes
import json
import os
import re
import signal
import stat
import sys

NEEDLES = [needle.encode() for needle in json.loads(os.environ["NEEDLES"])]
# The image's own, which are the host's here.
IMAGE = tuple(json.loads(os.environ["IMAGE"]))
PTRACE_SEIZE = 0x4206


def files():
    found = {"secrets": [], "kept": [], "sockets": [], "written": []}
    for folder, folders, names in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in (*IMAGE, "/proc", "/dev")]
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith((".session", ".steps")):
                found["kept"].append(path)
            if stat.S_ISSOCK(os.lstat(path).st_mode):
                found["sockets"].append(path)
            elif holds(attempt(lambda path=path: open(path, "rb").read(1 << 20))):
                found["secrets"].append(path)
        probe = os.path.join(folder, "written")
        if attempt(lambda probe=probe: open(probe, "w").close()) is None:
            found["written"].append(folder)
            os.remove(probe)
    return found


def process(pid):
    """By each way: whether it is open, and whether a secret came through it."""
    base = f"/proc/{pid}"
    ways = {
        "environ": lambda: open(f"{base}/environ", "rb").read(),
        "mem": lambda: memory(base),
        "root": lambda: "".join(os.listdir(f"{base}/root/")).encode(),
        "cwd": lambda: "".join(os.listdir(f"{base}/cwd/")).encode(),
        "fd": lambda: "".join(os.listdir(f"{base}/fd")).encode(),
        "ptrace": lambda: attach(int(pid)),
        "signal": lambda: os.kill(int(pid), signal.SIGCONT),
    }
    found = {name: attempt(way) for name, way in ways.items()}
    return {name: got if isinstance(got, str) else "a secret" if holds(got) else "open" for name, got in found.items()}


def memory(base):
    areas = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", open(f"{base}/maps").read(), re.M)
    content = b""
    with open(f"{base}/mem", "rb", buffering=0) as mem:
        for start, end in ((int(start, 16), int(end, 16)) for start, end in areas):
            mem.seek(start)
            got = attempt(lambda size=end - start: mem.read(size))
            content += got if isinstance(got, bytes) else b""
    return content


def attach(pid):
    """It goes on meanwhile, and is let go when this process ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(PTRACE_SEIZE, pid, 0, 0):
        raise OSError(ctypes.get_errno(), "ptrace")


def attempt(way):
    """What it gives, or the error's name."""
    try:
        return way()
    except OSError as error:
        return type(error).__name__


def holds(content):
    return isinstance(content, bytes) and any(needle in content for needle in NEEDLES)


print(json.dumps(process(sys.argv[2]) if sys.argv[1] == "process" else files()))
