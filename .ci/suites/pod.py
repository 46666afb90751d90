"""Runs the rendered pods without a cluster."""
import contextlib
import os
import pathlib
import subprocess
import sys
import time

import pod_manifest
import pod_render
from harness import BINARY, Checks, Emulator, temporary_folder
from pod_kubelet import Image, Node, Pod, wait_until

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

def images():
    """The host's own files in place of images: the binary with the libraries that it is linked to, and Python with boto3."""
    environment, python = pathlib.Path(sys.prefix).resolve(), pathlib.Path(sys.base_prefix).resolve()
    linked = subprocess.run(["ldd", BINARY], capture_output=True, text=True).stdout.split()
    libraries = {word: os.path.realpath(word) for word in linked if word.startswith("/")}
    system = {path: path for path in ["/bin", "/lib", "/lib64", "/sbin", "/usr"] if os.path.lexists(path)}
    interpreter = {str(path): str(path) for path in (environment, python) if not path.is_relative_to("/usr")}
    return {
        "valetkey": Image({"/valetkey": os.path.realpath(BINARY)} | libraries, ["/valetkey"], {}),
        "application": Image(system | interpreter, [], {"PATH": f"{environment}/bin:/usr/bin:/bin"}),
    }


@contextlib.contextmanager
def world(node):
    network = node.network()
    emulator = Emulator("--region", "eu-west-1", "--user", "valetkey", "--totp-seed", SEED, listen="127.0.0.1:7414", within=network.enter())
    yield network, emulator
    emulator.stop()
    network.end()

def main():
    if len(sys.argv) == 1:
        apart = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
        with temporary_folder() as folder:
            sys.exit(subprocess.run([*apart, sys.executable, __file__, folder]).returncode)
    checks = Checks()
    folder = sys.argv[1]
    if 1:
        node = Node(folder, images())
        spec, maps = pod_manifest.read(pod_render.kustomized("deployment", "base", []))
        with world(node) as (network, emulator):
            access = emulator.access
            secrets = {"valetkey-key": {"aws_access_key_id": access["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": access["AWS_SECRET_ACCESS_KEY"]}, "valetkey-mfa": {"totp_seed": SEED}}
            t=time.monotonic()
            pod = Pod(node, network, spec, maps, secrets, 0o777)
            pod.start()
            try:
                print(pod.containers["application"].wait_for(lambda line: "arn" in line, 20), time.monotonic()-t)
            finally:
                print("\n".join(pod.containers["valetkey"].lines)); print(pod.containers["application"].lines)
            print(pod.containers["valetkey"].execute(["/valetkey", "status"]))
            print(pod.containers["valetkey"].execute(["/valetkey", "healthcheck"]))
            print(pod.containers["application"].execute(["sh","-c", "id; ls -la / /run/valetkey/tokens/ops; cat /proc/mounts; ls /proc; env; touch /run/valetkey/tokens/ops/x; grep -E 'Cap|NoNew' /proc/self/status /proc/1/status; pwd; ls -la /proc/self/cwd"]).stdout)
            pod.stop()
            for c in pod.containers.values(): print(c.spec.name, c.restarts, c.exits, c.reasons, c.peak, c.terminated_in, c.probes)
    checks.done()

main()
