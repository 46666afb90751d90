"""Renders the pods that are run, as a user would: an overlay of his own over what is in deploy/kubernetes."""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import tomllib

import yaml

import pod_compose
import pod_manifest
from pod_manifest import Mount

WORK = pathlib.Path("target/ci/pod")
KUBECTL, HELM = "target/ci/helm/4/kubectl", "target/ci/helm/4/helm"
CHART = "helm/valetkey"
KUSTOMIZE = pathlib.Path("deploy/kubernetes")
APPLICATION = pathlib.Path(__file__).with_name("pod_application.py")
STS = "http://127.0.0.1:7414"
# What the application has beside the sidecar's part.
VARIABLES = [{"name": "AWS_ENDPOINT_URL_STS", "value": STS}]
PROGRAM = {"name": "program", "configMap": {"name": "program"}}
PROGRAM_MOUNT = {"name": "program", "mountPath": "/application"}
OUTPUT = {"check": True, "stdout": subprocess.PIPE, "text": True}


@dataclasses.dataclass
class Form:
    """A pod, and who rendered it."""

    name: str
    kind: str
    manifest: str
    # Whose device and role its STS has, and who signs.
    region: str = "eu-west-1"
    account: str = "123456789012"
    user: str = "valetkey"
    role: str | None = None

    def read(self, folder, secrets):
        """The pod and its ConfigMaps; `folder` is for files of the host, which Compose mounts."""
        if self.kind == "Compose":
            return composed(pathlib.Path(folder), secrets), {}
        return pod_manifest.read(self.manifest)

    def signer(self):
        if self.role:
            return f"arn:aws:sts::{self.account}:assumed-role/{self.role}/valetkey-{self.role}"
        return f"arn:aws:iam::{self.account}:user/{self.user}"


def forms():
    shutil.rmtree(WORK, ignore_errors=True)
    return [
        Form("kustomize, Deployment", "Deployment", kustomized("deployment", "base", [])),
        Form("kustomize, overlay", "Overlay", kustomized("overlay", "overlays/example", []), "eu-central-1", "210987654321", "reports", "reports"),
        Form("compose", "Compose", ""),
        Form("kustomize, Job", "Job", kustomized("job", "job", ["once"])),
        Form("chart, Deployment", "Deployment", charted("chart-deployment", "Deployment", [])),
        Form("chart, Job", "Job", charted("chart-job", "Job", ["once"])),
    ]


def kustomized(name, base, arguments):
    """A base of deploy/kubernetes with the application's program, and an STS that is on the pod's loopback."""
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    shipped = KUSTOMIZE / base / "valetkey.toml"
    shipped = shipped if shipped.exists() else KUSTOMIZE / "sidecar/valetkey.toml"
    (folder / "valetkey.toml").write_text(re.sub(r"^(\[profile\..*\])$", rf'\1\nendpoint_url = "{STS}"', shipped.read_text(), flags=re.M))
    (folder / "application.py").write_text(APPLICATION.read_text())
    container = {
        "name": "app",
        "command": command(arguments),
        "env": VARIABLES,
        "volumeMounts": [PROGRAM_MOUNT],
    }
    pod = {"containers": [container], "volumes": [PROGRAM]}
    patch = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "any"}, "spec": {"template": {"spec": pod}}}
    overlay = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "reports",
        "resources": [f"../../../../{KUSTOMIZE}/{base}"],
        "configMapGenerator": [
            {"name": "valetkey", "behavior": "replace", "files": ["valetkey.toml"]},
            {"name": "program", "files": ["application.py"]},
        ],
        "patches": [{"target": {"kind": "Deployment|Job"}, "patch": yaml.safe_dump(patch)}],
        "images": [{"name": "valetkey", "newName": "registry.example/team/valetkey", "newTag": "1.2.3"}, {"name": "app", "newTag": "1.0"}],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    return kustomize(folder)


def charted(name, kind, arguments):
    """The chart with the same."""
    values = {
        "fullnameOverride": "valetkey",
        "image": {"repository": "registry.example/team/valetkey"},
        "secrets": {"key": {"name": "valetkey-key"}, "mfa": {"name": "valetkey-mfa"}},
        "config": {"profile": {"ops": tomllib.loads((KUSTOMIZE / "sidecar/valetkey.toml").read_text())["profile"]["ops"] | {"endpoint_url": STS}}},
        "app": {
            "kind": kind,
            "image": {"repository": "app"},
            "command": command(arguments),
            "env": VARIABLES,
            "securityContext": {
                "runAsUser": 10001,
                "runAsGroup": 10001,
                "readOnlyRootFilesystem": True,
            },
            "volumeMounts": [PROGRAM_MOUNT],
            "volumes": [PROGRAM],
        },
    }
    (WORK / f"{name}.yaml").write_text(yaml.safe_dump(values))
    rendered = subprocess.run([HELM, "template", "release", CHART, "--skip-tests", "--values", str(WORK / f"{name}.yaml")], **OUTPUT).stdout
    program = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "program"}, "data": {"application.py": APPLICATION.read_text()}}
    return f"{rendered}\n---\n{yaml.safe_dump(program)}"


def composed(folder, secrets):
    """Compose with the same: the user's files, and in place of the application's image its program."""
    (folder / "secrets").mkdir(mode=0o711)
    for secret in secrets.values():
        for name, value in secret.items():
            (folder / "secrets" / name).write_text(value)
            (folder / "secrets" / name).chmod(0o400)
            os.chown(folder / "secrets" / name, 65532, 65532)
    for name in ("compose.yaml", "valetkey.toml"):
        shutil.copy(pod_compose.COMPOSE / name, folder)
    with (folder / "valetkey.toml").open("a") as config:
        config.write(f'endpoint_url = "{STS}"\n')
    images = {"VALETKEY_IMAGE": "registry.example/valetkey:1.2.3", "APP_IMAGE": "registry.example/app:1.0", "PAUSE_IMAGE": "registry.example/pause:1"}
    pod = pod_compose.read(folder, images)
    (application,) = pod.containers
    application.command, application.env = command([]), application.env | {"AWS_ENDPOINT_URL_STS": STS}
    pod.volumes["program"] = {"kind": "file", "path": str(APPLICATION.resolve())}
    application.mounts.append(Mount("program", "/application/application.py", True))
    return pod


def command(arguments):
    return ["python3", "/application/application.py", *arguments]


def kustomize(folder):
    return subprocess.run([KUBECTL, "kustomize", str(folder)], **OUTPUT).stdout
