"""A pod's volumes as the kubelet makes them: emptyDir in memory or on disk, Secrets and ConfigMaps that are swapped as a whole."""

import os
import pathlib
import shutil
import subprocess
import time


class Volume:
    """A folder of root's that containers get by a bind mount."""

    def __init__(self, path, what):
        self.path, self.what, self.swaps = pathlib.Path(what.get("path", path)), what, 0
        self.in_memory = what["kind"] in {"secret", "configMap", "tmpfs"} or what.get("memory", False)
        if what["kind"] == "file":
            return
        self.path.mkdir(parents=True)
        if self.in_memory:
            mount = ["mount", "-t", "tmpfs", "-o", what.get("options") or options(what), "tmpfs", str(self.path)]
            subprocess.run(mount, check=True)
        else:
            self.path.chmod(0o777)

    def write(self, data):
        """What the kubelet's AtomicWriter does: another folder beside the old one, then one rename of the link to it."""
        self.swaps += 1
        new = self.path / f"..{time.strftime('%Y_%m_%d_%H_%M_%S')}.{self.swaps}"
        new.mkdir(mode=0o755)
        for name, content in data.items():
            (new / name).write_bytes(content if isinstance(content, bytes) else content.encode())
            (new / name).chmod(self.what["mode"])
        link, old = self.path / "..data", None
        if link.is_symlink():
            old = self.path / os.readlink(link)
        (self.path / "..data_tmp").symlink_to(new.name)
        (self.path / "..data_tmp").rename(link)
        for name in data:
            if not (self.path / name).is_symlink():
                (self.path / name).symlink_to(f"..data/{name}")
        if old:
            shutil.rmtree(old)

    def used(self):
        """Bytes in memory that are charged to whoever wrote them."""
        if not self.in_memory:
            return 0
        found = os.statvfs(self.path)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    def end(self):
        if self.in_memory:
            subprocess.run(["umount", "--lazy", str(self.path)], check=True)


def options(what):
    """The mode of every mount of tmpfs, which the kubelet leaves as it is; or that of its folders."""
    size = f",size={what['size']}" if what.get("size") else ""
    return f"mode={what['permissions']:o}{size}"
