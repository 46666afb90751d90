"""Renders the pods that are run, as a user would: an overlay of his own over what is in deploy/kubernetes."""

import dataclasses
import pathlib
import shutil
import subprocess

import yaml

WORK = pathlib.Path("target/ci/pod")
KUBECTL = "target/ci/helm/4/kubectl"
KUSTOMIZE = pathlib.Path("deploy/kubernetes")
APPLICATION = pathlib.Path(__file__).with_name("pod_application.py")
STS = "http://127.0.0.1:7414"


@dataclasses.dataclass
class Form:
    """A pod, and who rendered it."""

    name: str
    kind: str
    manifest: str


def forms():
    shutil.rmtree(WORK, ignore_errors=True)
    return [
        Form("kustomize, Deployment", "Deployment", kustomized("deployment", "base", [])),
        Form("kustomize, Job", "Job", kustomized("job", "job", ["once"])),
    ]


def kustomized(name, base, arguments):
    """A base of deploy/kubernetes with the application's program, and an STS that is on the pod's loopback."""
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    shipped = (KUSTOMIZE / "sidecar/valetkey.toml").read_text()
    (folder / "valetkey.toml").write_text(f'{shipped}endpoint_url = "{STS}"\n')
    (folder / "application.py").write_text(APPLICATION.read_text())
    container = {
        "name": "application",
        "command": ["python3", "/application/application.py", *arguments],
        "env": variables(),
        "volumeMounts": [{"name": "program", "mountPath": "/application"}],
    }
    pod = {"containers": [container], "volumes": [{"name": "program", "configMap": {"name": "program"}}]}
    patch = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "any"}, "spec": {"template": {"spec": pod}}}
    overlay = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [f"../../../../{KUSTOMIZE}/{base}"],
        "configMapGenerator": [
            {"name": "valetkey", "behavior": "replace", "files": ["valetkey.toml"]},
            {"name": "program", "files": ["application.py"]},
        ],
        "patches": [{"target": {"kind": "Deployment|Job"}, "patch": yaml.safe_dump(patch)}],
        "images": [{"name": "valetkey", "newName": "registry.example/team/valetkey", "newTag": "1.2.3"}],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    return kustomize(folder)


def variables():
    """What the application has in its environment beside the sidecar's part."""
    return [{"name": "AWS_ENDPOINT_URL_STS", "value": STS}, {"name": "AWS_DEFAULT_REGION", "value": "eu-west-1"}]


def kustomize(folder):
    return subprocess.run([KUBECTL, "kustomize", str(folder)], check=True, capture_output=True, text=True).stdout
