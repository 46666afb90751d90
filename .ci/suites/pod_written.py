"""What is written in deploy/kubernetes: Kubernetes takes it, the pods are restricted, and what the policies inject is what a kustomization
gives, so that the pods which are run here are theirs, too."""

import pathlib
import re
import subprocess

import yaml

import pod_admission
from harness import Checks
from helm_kubernetes import VERSIONS, objection
from helm_pss import violations
from pod_policies import mutated, mutated_by_kyverno, read

KUBERNETES = pathlib.Path("deploy/kubernetes")
KUBECTL = "target/ci/helm/4/kubectl"
# From this version on they are served without being turned on.
POLICIES = {"validatingadmissionpolicy.yaml": "1.30", "mutatingadmissionpolicy.yaml": "1.36"}

INJECTION = {"MutatingAdmissionPolicy": mutated, "Kyverno": mutated_by_kyverno}


def main():
    checks = Checks()
    for folder in ("base", "job", "overlays/example"):
        check_kustomization(checks, folder)
    for name, since in POLICIES.items():
        for document in read(name):
            found = [objection(document, version) for version in VERSIONS if number(version) >= number(since)]
            checks.equal(f"{name}: Kubernetes takes the {document['kind']}", found, [None] * len(found))
            checks.that(f"{name}: and would not take it misspelt", objection(document | {"spce": {}}, VERSIONS[-1]))
    pod = without_hash(workload("base")["spec"]["template"]["spec"])
    for name, injected in INJECTION.items():
        checks.equal(f"{name} injects what a kustomization gives", injected(base())["spec"], pod)
    check_closed(checks)
    check_network(checks)
    pod_admission.check(checks, base(), INJECTION)
    checks.done()


def check_kustomization(checks, folder):
    documents = list(yaml.safe_load_all(kustomize(folder)))
    for document in documents:
        found = [objection(document, version) for version in VERSIONS]
        checks.equal(f"{folder}: Kubernetes {VERSIONS[0]} to {VERSIONS[-1]} take the {document['kind']}", found, [None] * len(VERSIONS))
    template = workload(folder)["spec"]["template"]
    checks.equal(f"{folder}: the pod is restricted", violations(template), [])
    spoilt = yaml.safe_load(yaml.safe_dump(template))
    spoilt["spec"]["initContainers"][0]["securityContext"]["runAsNonRoot"] = False
    checks.that(f"{folder}: a pod that is not is told", violations(spoilt))
    told = [container["name"] for container in template["spec"]["containers"] if "secret" in str(container["volumeMounts"])]
    checks.equal(f"{folder}: the application mounts no Secret of the sidecar's", told, [])


def check_closed(checks):
    """Pods are refused, not let through, while a policy cannot say what it has to."""
    mutating, _ = read("mutatingadmissionpolicy.yaml")
    validating, binding = read("validatingadmissionpolicy.yaml")
    (kyverno,) = read("kyverno.yaml")
    failure = [
        mutating["spec"]["failurePolicy"],
        validating["spec"]["failurePolicy"],
        kyverno["spec"]["webhookConfiguration"]["failurePolicy"],
    ]
    checks.equal("every policy fails closed", failure, ["Fail"] * 3)
    checks.equal("a pod without the sidecar is denied", binding["spec"]["validationActions"], ["Deny"])
    of_kyverno = kyverno["spec"]["rules"][-1]["validate"]
    checks.equal("and by Kyverno", of_kyverno["failureAction"], "Enforce")
    same = validating["spec"]["validations"][0]["expression"]
    checks.equal("by the same words", of_kyverno["cel"]["expressions"][0]["expression"], same)
    named = [{each["name"]: each["expression"] for each in policy["variables"]} for policy in (validating["spec"], mutating["spec"], of_kyverno["cel"])]
    for name in ("nonConsumers", "own"):
        checks.equal(f"{name} means the same in all of them", len({variables[name] for variables in named}), 1)
    selectors = [policy["spec"]["matchConstraints"]["objectSelector"]["matchLabels"] for policy in (mutating, validating)]
    of_rules = [rule["match"]["any"][0]["resources"]["selector"]["matchLabels"] for rule in kyverno["spec"]["rules"]]
    checks.equal("all of them look at the same pods", selectors + of_rules, [{"valetkey/inject": "true"}] * 5)


def check_network(checks):
    """Whatever port a container names is open, since a policy for one port closes the others."""
    for folder in ("base", "overlays/example"):
        documents = list(yaml.safe_load_all(kustomize(folder)))
        (policy,) = [document for document in documents if document["kind"] == "NetworkPolicy"]
        opened = {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
        spec = workload(folder)["spec"]["template"]["spec"]
        named = {port["containerPort"] for container in spec["initContainers"] + spec["containers"] for port in container.get("ports", [])}
        checks.equal(f"{folder}: the NetworkPolicy opens the ports that are named", opened, named)


def base():
    """The pod of base/deployment.yaml, without a component."""
    template = yaml.safe_load((KUBERNETES / "base/deployment.yaml").read_text())["spec"]["template"]
    return {"metadata": template["metadata"], "spec": template["spec"]}


def without_hash(pod):
    """A policy cannot know the ConfigMap's hash, by which a kustomization rolls out another configuration."""
    for volume in pod["volumes"]:
        if "configMap" in volume:
            volume["configMap"]["name"] = re.sub(r"-[a-z0-9]{10}$", "", volume["configMap"]["name"])
    return pod


def workload(folder):
    documents = yaml.safe_load_all(kustomize(folder))
    return next(document for document in documents if document["kind"] in {"Deployment", "Job"})


def kustomize(folder):
    command = [KUBECTL, "kustomize", str(KUBERNETES / folder)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def number(version):
    return int(version.split(".")[1])


main()
