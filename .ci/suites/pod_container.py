"""Starts one container as a runtime does: a root of its own out of the image and the volumes, then the user without any capability.
Runs as root in new mount and PID namespaces; takes its specification as JSON on standard input and becomes the command."""

import ctypes
import json
import os
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 8, 32, 4096, 16384
MNT_DETACH = 2
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 38, 47, 4
LAST_CAPABILITY = 63
DEVICES = ["null", "zero", "full", "random", "urandom"]


def main():
    spec = json.load(sys.stdin)
    build_root(spec)
    enter(spec["root"])
    become(spec["uid"], spec["gid"])
    os.chdir("/")
    os.umask(0o022)
    standard_input = os.open("/dev/null", os.O_RDONLY)
    os.dup2(standard_input, 0)
    os.closerange(3, 1024)
    os.execvpe(spec["command"][0], spec["command"], spec["env"])


def build_root(spec):
    root = spec["root"]
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
    for path, source in spec["image"].items():
        if os.path.islink(source):
            os.makedirs(os.path.dirname(root + path), exist_ok=True)
            os.symlink(os.readlink(source), root + path)
        else:
            # The host's own files: never to be written, whatever the manifest says of the root.
            bind(source, root + path, read_only=True)
    os.makedirs(f"{root}/proc")
    mount("proc", f"{root}/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for device in DEVICES:
        bind(f"/dev/{device}", f"{root}/dev/{device}")
    for target, (source, read_only) in spec["mounts"].items():
        bind(source, root + target, read_only)
    if spec["read_only_root"]:
        mount(None, root, None, MS_REMOUNT | MS_BIND | MS_RDONLY)


def bind(source, target, read_only=False):
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT, 0o644))
    mount(source, target, None, MS_BIND | MS_REC)
    if read_only:
        mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY)


def enter(root):
    """Makes it the root, and leaves nothing of the host's behind."""
    os.chdir(root)
    # One over the other, as runtimes do: the old root lies under the new one, and is taken away there.
    subprocess.run(["pivot_root", ".", "."], check=True)
    check(LIBC.umount2(b".", MNT_DETACH), "umount2")


def become(uid, gid):
    for capability in range(LAST_CAPABILITY + 1):
        # The kernel refuses those that it does not have.
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    check(LIBC.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl")
    check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def mount(source, target, kind, flags, data=None):
    def text(value):
        return None if value is None else value.encode()

    check(LIBC.mount(text(source), text(target), text(kind), flags, text(data)), f"mount {target}")


def check(result, what):
    if result:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


main()
