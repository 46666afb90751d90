"""What the containers of a pod share: a network namespace (IPC and UTS, too), with a link to the node."""

import concurrent.futures
import ctypes
import os
import subprocess
import time

PATIENCE = 60
CLONE_NEWNET = 0x40000000


class Network:
    """The pod's own, kept by a process that does nothing; it is there before any container."""

    def __init__(self, number):
        self.number, self.address, self.address6 = number, f"10.244.{number}.2", f"fd00:{number}::2"
        self.pause = subprocess.Popen(["unshare", "--net", "--ipc", "--uts", "sleep", "infinity"])
        pid, link = self.pause.pid, f"pod{number}"
        own = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{pid}/ns/net") != own, "the pod's network")
        run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
        run("ip", "address", "add", f"10.244.{number}.1/24", "dev", link)
        run("ip", "address", "add", f"fd00:{number}::1/64", "dev", link, "nodad")
        run("ip", "link", "set", link, "up")
        inside = self.enter("ip")
        run(*inside, "address", "add", f"{self.address}/24", "dev", "eth0")
        run(*inside, "address", "add", f"{self.address6}/64", "dev", "eth0", "nodad")
        run(*inside, "link", "set", "eth0", "up")
        run(*inside, "link", "set", "lo", "up")

    def inside(self, work):
        """What that gives in a thread whose sockets are the pod's."""

        def run_there(descriptor):
            if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            return work()

        with open(f"/proc/{self.pause.pid}/ns/net") as namespace, concurrent.futures.ThreadPoolExecutor(1) as pool:
            return pool.submit(run_there, namespace.fileno()).result()

    def enter(self, *command):
        """A command in the pod's network that is none of its containers."""
        return ["nsenter", f"--net=/proc/{self.pause.pid}/ns/net", *command]

    def end(self):
        self.pause.kill()
        self.pause.wait()


def wait_until(wanted, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not wanted():
        if time.monotonic() > end:
            raise SystemExit(f"waited in vain for {what}")
        time.sleep(0.005)


def run(*command):
    subprocess.run(command, check=True)
