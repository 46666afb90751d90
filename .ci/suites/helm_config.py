"""`valetkey serve --check-config` as a rendered pod runs it: its arguments and environment, its user, its volumes at their places.

Runs itself in a mount namespace of its own, where a root is made of the host's programs and of the pod's volumes: `emptyDir` as the
kubelet makes it (root's, mode 0777), Secrets and ConfigMaps as links into a folder that can be swapped.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# What stands in files of these names, whatever Secret they are from.
SECRETS = {
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "totp_seed": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "one": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXA",
    "two": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXB",
}
# A token that nobody signed, and which says so little that its time never comes.
JWT = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"none"}', b'{"exp":4102444800}', b"x"))
# What EKS's webhook adds to pods.
WEBHOOK = {"name": "aws-iam-token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
WEBHOOK_MOUNT = {"name": "aws-iam-token", "mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount"}


def check(binary, pod, config_maps):
    """The daemon's verdict on what a pod gives it."""
    with tempfile.TemporaryDirectory(prefix="valetkey-ci-") as folder:
        wanted = {"binary": binary, "pod": pod, "config_maps": config_maps, "root": folder}
        command = ["unshare", "--mount", sys.executable, __file__]
        return subprocess.run(command, input=json.dumps(wanted), capture_output=True, text=True, timeout=60)


def inside():
    wanted = json.load(sys.stdin)
    root, spec = pathlib.Path(wanted["root"]), wanted["pod"]["spec"]
    sidecar = spec["initContainers"][0]
    mount("-t", "tmpfs", "-o", "mode=0755", "none", root)
    for name in ("usr", "bin", "lib", "lib64"):
        place(pathlib.Path("/", name), root / name)
    (root / "valetkey").touch()
    mount("--bind", pathlib.Path(wanted["binary"]).resolve(), root / "valetkey")
    volumes = {volume["name"]: volume for volume in [*spec["volumes"], WEBHOOK]}
    for at in sorted([*sidecar["volumeMounts"], WEBHOOK_MOUNT], key=lambda at: at["mountPath"]):
        folder = root / at["mountPath"].lstrip("/")
        folder.mkdir(parents=True)
        mount("-t", "tmpfs", "-o", "mode=0777", "none", folder)
        files, mode = content(volumes[at["name"]], wanted["config_maps"])
        if files is not None:
            swappable(folder, files, mode)
    user = sidecar["securityContext"]
    rights = [f"--reuid={user['runAsUser']}", f"--regid={user['runAsGroup']}", "--clear-groups", "--no-new-privs"]
    env = {variable["name"]: variable["value"] for variable in sidecar["env"]}
    os.chroot(root)
    os.chdir("/")
    command = ["setpriv", *rights, "--bounding-set=-all", "/valetkey", *sidecar["args"], "--check-config"]
    os.execvpe("setpriv", command, {"PATH": "/usr/bin:/bin"} | env)


def content(volume, config_maps):
    """A volume's files and their mode, or nothing where it is the pod's own to write in."""
    match volume:
        case {"secret": secret}:
            names = [item["path"] for item in secret.get("items", [])] or SECRETS
            return {name: SECRETS[name] for name in names}, secret["defaultMode"]
        case {"configMap": config_map}:
            return config_maps[config_map["name"]], config_map.get("defaultMode", 0o644)
        case {"projected": projected}:
            return {source["serviceAccountToken"]["path"]: JWT for source in projected["sources"]}, 0o644
        case {"emptyDir": _} | {"persistentVolumeClaim": _}:
            return None, None
    raise SystemExit(f"what is in this volume? {volume}")


def swappable(folder, files, mode):
    folder.chmod(0o755)
    version = folder / "..2000_01_01_00_00_00.1"
    version.mkdir(mode=0o755)
    (folder / "..data").symlink_to(version.name)
    for name, text in files.items():
        (version / name).write_text(text)
        (version / name).chmod(mode)
        (folder / name).symlink_to(f"..data/{name}")


def place(host, here):
    if host.is_symlink():
        here.symlink_to(os.readlink(host))
    elif host.is_dir():
        here.mkdir()
        mount("--rbind", host, here)


def mount(*args):
    subprocess.run([shutil.which("mount"), *map(str, args)], check=True)


if __name__ == "__main__":
    inside()
