"""The chart: what it renders, what it refuses, and whether Kubernetes, Prometheus and valetkey take that."""

import concurrent.futures
import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib

import yaml

import helm_config
import helm_kubernetes
import helm_mistakes
import helm_pod
import helm_pss
import helm_readme
from harness import BINARY, Checks, Daemon, Emulator, temporary_folder, write_key
from helm_chart import CHART, LIBRARY, SNAPSHOTS, VALUES, Helm, documents, of_kind, pods, snapshot

MONITORING = pathlib.Path("deploy/monitoring")
HELMS = [Helm(3), Helm(4)]


def main():
    if sys.argv[1:] == ["refresh"]:
        return refresh()
    checks = Checks()
    texts(checks)
    examples(checks)
    rendered = renders(checks)
    kubernetes(checks, rendered)
    restricted(checks, rendered)
    for name, found in rendered.items():
        helm_pod.hold(checks, name, found)
    monitoring(checks, rendered["everything"])
    configuration(checks, rendered)
    consumer(checks)
    variables(checks)
    library(checks)
    mistakes(checks)
    irsa(checks, rendered["irsa"])
    tested(checks, rendered)
    notes(checks)
    packaged(checks)
    checks.done()


def refresh():
    readme = CHART / "README.md"
    readme.write_text(helm_readme.with_table(readme.read_text(), (CHART / "values.yaml").read_text()))
    for file in (CHART / "files").iterdir():
        file.write_bytes((MONITORING / file.name).read_bytes())
    for name, text in texts_of(HELMS[1]).items():
        (SNAPSHOTS / f"{name}.yaml").write_text(snapshot(text))


def texts_of(helm):
    """What a Helm renders of every example, and of the chart that uses this one as a library."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool, temporary_folder() as folder:
        found = {path.name.removesuffix("-values.yaml"): pool.submit(helm.render, CHART, "-f", path) for path in VALUES}
        found["shop"] = pool.submit(helm.render, helm.build_library(folder))
        return {name: text.result() for name, text in found.items()}


def texts(checks):
    """What is written down twice is the same."""
    readme, values = (CHART / "README.md").read_text(), (CHART / "values.yaml").read_text()
    checks.that("README.md has the table of values.yaml", helm_readme.with_table(readme, values) == readme, REFRESH)
    for wrong, why in (("image: x", "image has no comment"), ("a:\n  b: 1", "a.b has no comment")):
        try:
            helm_readme.table(wrong)
            checks.that(f"a value without a description is found: {why}", False)
        except helm_readme.Undocumented as found:
            checks.that(f"a value without a description is found: {why}", why in str(found), found)
    files = sorted(path.name for path in (CHART / "files").iterdir())
    checks.equal("files/ holds what is copied from deploy/monitoring", files, ["alerts.yaml", "dashboard.json"])
    for name in files:
        same = (CHART / "files" / name).read_bytes() == (MONITORING / name).read_bytes()
        checks.that(f"files/{name} is that of deploy/monitoring", same, REFRESH)
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    version = tomllib.loads(pathlib.Path("Cargo.toml").read_text())["package"]["version"]
    checks.equal("appVersion is valetkey's", chart["appVersion"], version)
    library = yaml.safe_load((LIBRARY / "Chart.yaml").read_text())
    checks.equal("tests/library depends on this version of the chart", library["dependencies"][0]["version"], chart["version"])
    checks.equal("the schema knows the configuration's keys", schema_keys(), readme_keys())


def examples(checks):
    """What the documentation shows of values and of templates is right."""
    readme, guide = (CHART / "README.md").read_text(), pathlib.Path("docs/deployment.md").read_text()
    shown = re.findall(r"^```yaml\n(# values.yaml\n.*?)^```$", readme, re.M | re.S) + re.findall(r"`values.yaml`:\n   ```yaml\n(.*?)   ```", guide, re.S)
    checks.equal("the chart's README and the guide show values", len(shown), 2)
    for values in shown:
        with temporary_folder() as folder:
            found = documents(HELMS[1].render(CHART, "-f", helm_mistakes.write(folder, values)))
            checks.equal("they make a Deployment", len(of_kind(found, "Deployment")), 1)
    library = (LIBRARY / "templates" / "deployment.yaml").read_text()
    includes = [line.strip() for line in readme.splitlines() if line.startswith(" ") and "include" in line]
    missing = [line for line in includes if line not in library]
    checks.that("the includes that the README shows are those of tests/library", includes and not missing, missing)


REFRESH = "run .ci/suites/helm refresh, and look at the difference"


def readme_keys():
    """The rows of the README's table of the configuration."""
    rows = re.findall(r"^\| `((?:server|profile)\.[^`]+)` \|", pathlib.Path("README.md").read_text(), re.M)
    return sorted(rows)


def schema_keys():
    config = json.loads((CHART / "values.schema.json").read_text())["properties"]["config"]["properties"]
    (profile,) = config["profile"]["patternProperties"].values()
    profile = profile["properties"]
    return sorted([f"server.{key}" for key in config["server"]["properties"]] + list(below("profile.<name>", profile)))


def below(path, properties):
    for key, schema in properties.items():
        yield f"{path}.{key}"
        yield from below(f"{path}.{key}", schema.get("items", schema).get("properties", {}))


def renders(checks):
    """Lints and renders with each Helm, against the snapshots. Returns the documents of each example."""
    for helm in HELMS:
        for values in [[], *([["-f", path] for path in VALUES])]:
            done = helm.run("lint", "--strict", CHART, *values)
            checks.that(f"helm {helm.major} lint --strict {' '.join(map(str, values))}", done.returncode == 0, done.stdout)
        texts = texts_of(helm)
        for name, text in texts.items():
            kept = (SNAPSHOTS / f"{name}.yaml").read_text() if (SNAPSHOTS / f"{name}.yaml").exists() else ""
            checks.that(f"helm {helm.major} renders tests/snapshots/{name}.yaml", snapshot(text) == kept, difference(kept, snapshot(text)))
        old = helm.run("template", "demo", CHART, "-f", helm_mistakes.BASE, "--kube-version", "1.28")
        refused = old.returncode and "requires kubeVersion: >=1.29.0-0" in old.stderr
        checks.that(f"helm {helm.major} refuses a Kubernetes without native sidecars", refused, old.stderr)
    found = {name: documents(text) for name, text in texts.items()}
    checks.equal("there is a snapshot for each example and no other", sorted(f"{name}.yaml" for name in found), sorted(os.listdir(SNAPSHOTS)))
    return found


def difference(kept, found):
    with temporary_folder() as folder:
        for name, text in (("snapshot", kept), ("rendered", found)):
            (pathlib.Path(folder) / name).write_text(text)
        done = subprocess.run(["diff", "-u", "snapshot", "rendered"], capture_output=True, text=True, cwd=folder)
        return f"{REFRESH}\n{done.stdout}"


def kubernetes(checks, rendered):
    for version in helm_kubernetes.VERSIONS:
        all_of_them = [(name, helm_kubernetes.objection(document, version)) for name, found in rendered.items() for document in found]
        checks.equal(f"Kubernetes {version} takes all that is rendered", [each for each in all_of_them if each[1]], [])
    spoilt = [
        ("Deployment", "an unknown field", lambda document: document["spec"].update(replica=1)),
        ("Deployment", "a wrong type", lambda document: document["spec"].update(replicas="1")),
        ("PodMonitor", "an unknown field", lambda document: document["spec"].update(port="x")),
        ("PrometheusRule", "a wrong duration", lambda document: document["spec"]["groups"][0]["rules"][0].update({"for": "1 m"})),
        ("NetworkPolicy", "another kind", lambda document: document.update(kind="NetworkPolicies")),
    ]
    for kind, what, spoil in spoilt:
        document = copy.deepcopy(of_kind(rendered["everything"], kind)[0])
        spoil(document)
        checks.that(f"{what} in a {kind} is found", helm_kubernetes.objection(document, helm_kubernetes.VERSIONS[-1]))


def restricted(checks, rendered):
    for name, found in rendered.items():
        of_all = [violation for document in found for pod in pods(document) for violation in helm_pss.violations(pod)]
        checks.equal(f"the pods of {name} are restricted", of_all, [])
    clean = pods(of_kind(rendered["deployment"], "Deployment")[0])[0]
    for spoil, field in helm_pss.spoilt():
        pod = copy.deepcopy(clean)
        spoil(pod)
        checks.that(f"what restricted says of {field} is held", field in helm_pss.violations(pod), helm_pss.violations(pod))


def monitoring(checks, everything):
    """What is copied into manifests arrives whole, and Prometheus takes it."""
    rule = of_kind(everything, "PrometheusRule")[0]["spec"]
    url = "https://runbooks.example/valetkey"
    alerts = (MONITORING / "alerts.yaml").read_text()
    expected = alerts.replace("runbook_url: RUNBOOK.md#", f"runbook_url: {url}#")
    checks.equal("the PrometheusRule has the rules", rule, yaml.safe_load(expected))
    found = {each["annotations"]["runbook_url"].split("#")[0] for group in rule["groups"] for each in group["rules"]}
    checks.equal("its alerts lead to the runbook that the values name", found, {url})
    with temporary_folder() as folder:
        path = pathlib.Path(folder) / "rules.yaml"
        path.write_text(yaml.safe_dump(rule))
        done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True, timeout=30)
        checks.that("promtool takes them", done.returncode == 0, done.stdout + done.stderr)
    maps = [each for each in of_kind(everything, "ConfigMap") if "grafana_dashboard" in each["metadata"]["labels"]]
    checks.equal("one ConfigMap has the dashboard's label", len(maps), 1)
    same = json.loads(maps[0]["data"]["valetkey.json"]) == json.loads((MONITORING / "dashboard.json").read_text())
    checks.that("it has the dashboard", same)


def configuration(checks, rendered):
    """valetkey takes the configuration, in the place, as the user and with the files that the pod gives it."""
    authority = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null"]
    done = subprocess.run([*authority, "-subj", "/CN=ca"], capture_output=True, text=True, check=True, timeout=30)
    checked = 0
    for name, found in rendered.items():
        maps = {each["metadata"]["name"]: each["data"] for each in of_kind(found, "ConfigMap")} | {"ca": {"ca.crt": done.stdout}}
        for document in found:
            for pod in pods(document):
                done_ = helm_config.check(BINARY, pod, maps)
                checks.equal(f"valetkey takes what the {document['kind']} of {name} gives it", (done_.returncode, done_.stderr), (0, ""))
                checked += 1
    checks.that("configurations were checked", checked >= len(rendered))
    found = rendered["job"]
    pod = pods(of_kind(found, "Job")[0])[0]
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind(found, "ConfigMap")}
    unknown = {name: {file: text.replace('"region"', '"regions"') for file, text in data.items()} for name, data in maps.items()}
    refused = helm_config.check(BINARY, pod, unknown)
    checks.that("valetkey refuses a key that it does not know", refused.returncode == 78 and "regions" in refused.stderr, refused)
    secret = copy.deepcopy(pod)
    for volume in secret["spec"]["volumes"]:
        volume.get("secret", {})["defaultMode"] = 0o400
    refused = helm_config.check(BINARY, secret, maps)
    checks.that("it could not read Secrets that are root's alone", refused.returncode == 78 and "may not be read" in refused.stderr, refused)


def consumer(checks):
    """What `helm test` runs as its consumer, beside a daemon on this host."""
    emulator = Emulator()
    with temporary_folder() as folder:
        access = emulator.access
        key = write_key(folder, access["AWS_ACCESS_KEY_ID"], access["AWS_SECRET_ACCESS_KEY"])
        ops = {"region": emulator.region, "endpoint_url": emulator.url}
        daemon = Daemon(folder, {"ops": key | ops})
        daemon.wait_for_credentials("ops")
        values = helm_mistakes.write(folder, json.dumps({"config": {"profile": {"ops": ops}}}))
        found = documents(HELMS[1].render(CHART, "-f", helm_mistakes.BASE, "-f", values, "-s", "templates/tests/credentials.yaml"))
        (container,) = found[0]["spec"]["containers"]
        env = {variable["name"]: variable["value"] for variable in container["env"]}
        for text, token_file in (("with its token", daemon.token_file("ops")), ("without", f"{folder}/none")):
            here = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": daemon.uri("ops"), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token_file}
            checks.equal("the test's consumer has those variables", here.keys() - env.keys(), set())
            done = subprocess.run([BINARY, *container["args"]], env=env | here, capture_output=True, text=True, timeout=60)
            told = (done.returncode == 0 and "arn:aws:iam::" in done.stdout) == (text == "with its token")
            checks.that(f"helm test's consumer learns who it is {text}", told, done)
        daemon.stop()
    emulator.stop()


def variables(checks):
    for values, there, missing in helm_mistakes.VARIABLES:
        with temporary_folder() as folder:
            path = helm_mistakes.write(folder, values)
            rendered = documents(HELMS[1].render(CHART, "-f", helm_mistakes.BASE, "-f", path, "-s", "templates/job.yaml"))
        (container,) = pods(rendered[0])[0]["spec"]["containers"]
        env = {variable["name"]: variable["value"] for variable in container["env"]}
        once = len(env) == len(container["env"]) and not env.keys() & set(missing)
        checks.that(f"the application's environment with {values!r}", once and env.items() >= there.items(), env)


def library(checks):
    """A dependency may have an alias, and a switch."""
    with temporary_folder() as folder:
        chart = HELMS[1].build_library(folder)
        plain = documents(HELMS[1].render(chart))
        switched = documents(HELMS[1].render(chart, "--set", "valetkey.enabled=true"))
        checks.equal("the schema knows the switch of a dependency", switched, plain)
        for path in (chart / "Chart.yaml", chart / "values.yaml", chart / "templates" / "deployment.yaml"):
            text = path.read_text().replace("  - name: valetkey", "  - alias: keys\n    name: valetkey").replace("\nvaletkey:", "\nkeys:")
            path.write_text(text.replace('"context" .', '"context" .Subcharts.keys').replace('" . |', '" .Subcharts.keys |'))
        for helm in HELMS:
            aliased = documents(helm.render(chart))
            same = workload(aliased, "demo-keys") == workload(plain, "demo-valetkey")
            checks.that(f"helm {helm.major} renders the same with an alias", same, workload(aliased, "demo-keys"))


def workload(rendered, name):
    """The pods of the workload, but for the name of what the dependency makes."""
    return json.dumps([pods(document) for document in of_kind(rendered, "Deployment")]).replace(name, "NAME")


def mistakes(checks):
    seen = []
    with temporary_folder() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tried = []
        for number, (values, words) in enumerate(helm_mistakes.SCHEMA + helm_mistakes.RENDERING):
            place = pathlib.Path(folder) / str(number)
            place.mkdir()
            args = ["template", "demo", CHART, "-f", helm_mistakes.BASE, "-f", helm_mistakes.write(place, values)]
            of_schema = number < len(helm_mistakes.SCHEMA)
            tried += [(helm, values, words, of_schema, pool.submit(helm.run, *args)) for helm in HELMS]
        for number, (values, words) in enumerate(helm_mistakes.DEVICES):
            place = pathlib.Path(folder) / f"devices-{number}"
            place.mkdir()
            for helm in HELMS:
                done = helm.run("template", "demo", CHART, "-f", CHART / "ci" / "devices-values.yaml", "-f", helm_mistakes.write(place, values))
                checks.that(f"helm {helm.major} says what is wrong with {values!r}", done.returncode and helm_mistakes.told(done.stderr, words), done.stderr)
        for number, values in enumerate(helm_mistakes.RIGHT):
            place = pathlib.Path(folder) / f"right-{number}"
            place.mkdir()
            done = HELMS[number % 2].run("template", "demo", CHART, "-f", helm_mistakes.BASE, "-f", helm_mistakes.write(place, values))
            checks.that(f"nothing is wrong with {values!r}", done.returncode == 0, done.stderr)
        library = HELMS[1].build_library(folder)
        path = library / "templates" / "deployment.yaml"
        text = path.read_text()
        for there, instead, words in helm_mistakes.LIBRARY:
            assert there in text, there
            path.write_text(text.replace(there, instead))
            for helm in HELMS:
                done = helm.run("template", "demo", library)
                seen.append(done.stderr)
                refused = done.returncode and helm_mistakes.told(done.stderr, words)
                checks.that(f"helm {helm.major} says what is wrong with {instead}", refused, done.stderr)
        for helm, values, words, of_schema, done in tried:
            done = done.result()
            seen.append(done.stderr)
            by_schema = "specifications of the schema" in done.stderr
            refused = done.returncode and by_schema == of_schema and helm_mistakes.told(done.stderr, words)
            checks.that(f"helm {helm.major} says what is wrong with {values!r}", refused, done.stderr or "it was rendered")
    for template, pattern in helm_mistakes.texts():
        checks.that(f"a message of {template} was seen: {pattern!r}", any(re.search(pattern, text, re.S) for text in seen))


def irsa(checks, rendered):
    """EKS's webhook keeps out of the containers that get valetkey's credentials, and does not keep out of the sidecar."""
    told = {document["kind"]: pods(document)[0]["metadata"]["annotations"].get(SKIPPED) for document in rendered if pods(document)}
    checks.equal("EKS's webhook skips the consumers", told, {"Deployment": "app", "Pod": "consumer"})
    with temporary_folder() as folder:
        path = helm_mistakes.write(folder, f"app: {{podAnnotations: {{{SKIPPED}: app;other}}}}")
        text = HELMS[1].render(CHART, "-f", CHART / "ci" / "irsa-values.yaml", "-f", path, "-s", "templates/deployment.yaml")
        checks.equal("the user's own annotation beats that, once", re.findall(f"{SKIPPED}: (.*)", text), ["app;other"])


SKIPPED = "eks.amazonaws.com/skip-containers"


def tested(checks, rendered):
    """The pod of `helm test` runs where the application does, and as somebody who may have the credentials."""
    for name, documents_ in rendered.items():
        app = [pods(document)[0]["spec"] for document in documents_ if document["kind"] in ("Deployment", "Job", "CronJob")]
        for pod in of_kind(documents_, "Pod"):
            same = ("serviceAccountName", "imagePullSecrets", "nodeSelector", "tolerations")
            found = [{key: spec.get(key) for key in same} for spec in (pod["spec"], *app)]
            checks.equal(f"{name}: helm test's pod is placed as the application is", found[0], found[-1])
    for name, expected in (("irsa", 10001), ("deployment", 65533)):
        (pod,) = of_kind(rendered[name], "Pod")
        user = pod["spec"]["containers"][0]["securityContext"]
        checks.equal(f"{name}: its consumer's user", (user["runAsUser"], user["runAsGroup"]), (expected, expected))


def notes(checks):
    """NOTES.txt, which `helm template` leaves out, as a manifest of its own."""
    wanted = {
        "deployment": ["get secret aws-key", "logs deploy/demo-valetkey -c valetkey", "/valetkey status", "test demo"],
        "job": ["Job demo-valetkey-1 runs", "logs job/demo-valetkey-1 "],
        "cronjob": ["create job --from=cronjob/demo-valetkey demo-valetkey-try", "mfa submit"],
        "imds": ["this Secret is"],
        "irsa": ["helm -n default test demo"],
        "everything": ["app.envFrom was not looked into"],
        "devices": ["logs deploy/demo-valetkey"],
        "library": ["Include valetkey.sidecar"],
        "web-identity": ["helm -n default test demo"],
    }
    with temporary_folder() as folder:
        chart = pathlib.Path(folder) / "valetkey"
        subprocess.run(["cp", "-r", CHART, chart], check=True)
        text = (chart / "templates" / "NOTES.txt").read_text()
        (chart / "templates" / "notes.yaml").write_text('{{- define "notes" }}' + text + '{{ end }}notes: {{ include "notes" . | toJson }}')
        for path in VALUES:
            name = path.name.removesuffix("-values.yaml")
            found = yaml.safe_load(HELMS[1].render(chart, "-f", path, "-s", "templates/notes.yaml"))["notes"]
            missing = [each for each in wanted[name] if each not in found]
            checks.that(f"the notes of {name} tell the next step", "Next:" in found and not missing, f"{missing} in {found}")
        found = yaml.safe_load(HELMS[1].render(chart, "-s", "templates/notes.yaml"))["notes"]
        checks.that("the notes tell the next step where nothing is configured", "config.profile" in found, found)


def packaged(checks):
    """What is in the package, and that it renders what the folder does."""
    for helm in HELMS:
        with temporary_folder() as folder:
            done = helm.run("package", CHART, "-d", folder)
            (package,) = pathlib.Path(folder).iterdir()
            listed = subprocess.run(["tar", "-tzf", package], capture_output=True, text=True, check=True).stdout.split()
            kept = {name.removeprefix("valetkey/").split("/")[0] for name in listed}
            expected = {".helmignore", "Chart.yaml", "README.md", "files", "templates", "values.schema.json", "values.yaml"}
            checks.equal(f"helm {helm.major} packages what is needed", (done.returncode, kept), (0, expected))
            values = ["-f", CHART / "ci" / "everything-values.yaml"]
            same = helm.render(package, *values) == helm.render(CHART, *values)
            checks.that(f"helm {helm.major} renders the package as the folder", same)


if __name__ == "__main__":
    main()
