"""The chart as Helm renders it."""

import pathlib
import re
import shutil
import subprocess

import yaml

CHART = pathlib.Path("helm/valetkey")
VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
SNAPSHOTS = CHART / "tests" / "snapshots"
LIBRARY = CHART / "tests" / "library"


class Helm:
    def __init__(self, major):
        self.major = major
        self.program = str(pathlib.Path(f"target/ci/helm/{major}/helm").resolve())

    def run(self, *args):
        # Nothing of the user's own Helm.
        home = str(pathlib.Path(f"target/ci/helm/{self.major}/home").resolve())
        env = {"PATH": "/usr/bin:/bin"} | {f"HELM_{kind}_HOME": home for kind in ("CACHE", "CONFIG", "DATA")}
        return subprocess.run([self.program, *map(str, args)], capture_output=True, text=True, timeout=60, env=env)

    def render(self, chart, *args):
        """Standard output of `helm template`, where it must succeed."""
        done = self.run("template", "demo", chart, *args)
        if done.returncode:
            raise SystemExit(f"helm {self.major} template {chart} {' '.join(map(str, args))}:\n{done.stderr}")
        return done.stdout

    def build_library(self, folder):
        """The chart that depends on this one, with its dependency built: its folder, below `folder`."""
        copy = pathlib.Path(folder) / "valetkey"
        shutil.copytree(CHART, copy)
        library = copy / LIBRARY.relative_to(CHART)
        done = self.run("dependency", "build", library)
        if done.returncode:
            raise SystemExit(f"helm {self.major} dependency build:\n{done.stderr}")
        return library


def documents(text):
    return [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]


def pods(document):
    """The specifications of the pods that a manifest makes, and their metadata."""
    match document["kind"]:
        case "Pod":
            return [document]
        case "Deployment" | "Job":
            return [document["spec"]["template"]]
        case "CronJob":
            return [document["spec"]["jobTemplate"]["spec"]["template"]]
    return []


def of_kind(rendered, kind):
    return [document for document in rendered if document["kind"] == kind]


def snapshot(text):
    """What is kept of a rendered text: without the blank lines, which are all that Helm 3 and 4 do otherwise, and without what
    the chart copies from its files as it is."""
    kept = []
    for document in re.split(r"^---\n", text, flags=re.M):
        document = re.sub(r"\n\s*\n", "\n", document).strip("\n")
        if re.search(r"^kind: PrometheusRule$", document, re.M):
            document = re.sub(r"\nspec:\n.*", "\nspec: # files/alerts.yaml", document, flags=re.S)
        elif "templates/dashboard.yaml" in document:
            document = re.sub(r"\n  valetkey.json: \|\n.*", "\n  valetkey.json: # files/dashboard.json", document, flags=re.S)
        if document:
            kept.append(f"---\n{document}\n")
    return "".join(kept)
