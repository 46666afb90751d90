"""The policies of deploy/kubernetes/policy, played as the API server and Kyverno play them: what they make of a pod, and what they say to
it. Expressions are evaluated by CEL's own runtime, which does not know the types `Object…` and `JSONPatch` of mutations: these are
written as maps before."""

import copy
import pathlib
import re

import yaml
from cel_expr_python import cel

POLICY = pathlib.Path("deploy/kubernetes/policy")
ENVIRONMENT = cel.NewEnv(variables={"object": cel.Type.DYN, "variables": cel.Type.DYN})
TYPED = re.compile(r"\b(?:Object(?:\.\w+)*|JSONPatch)\{")
FIELD = re.compile(r'("(?:[^"\\]|\\.)*")|(?<=[{,\s])(\w+):(?=\s)')


def read(name):
    return list(yaml.safe_load_all((POLICY / name).read_text()))


def mutated(pod):
    """The pod after MutatingAdmissionPolicy."""
    policy = read("mutatingadmissionpolicy.yaml")[0]["spec"]
    asked = evaluated(policy, pod)
    if not all(asked(condition["expression"]) for condition in policy["matchConditions"]):
        return pod
    for mutation in policy["mutations"]:
        asked = evaluated(policy, pod)
        if mutation["patchType"] == "JSONPatch":
            pod = patched(pod, asked(as_maps(mutation["jsonPatch"]["expression"])))
        else:
            pod = merged(pod, asked(as_maps(mutation["applyConfiguration"]["expression"])))
    return pod


def mutated_by_kyverno(pod):
    """The pod after the rules of the ClusterPolicy that change it. Their preconditions are those that are known here."""
    for rule in read("kyverno.yaml")[0]["spec"]["rules"]:
        own = [container["name"] for container in pod["spec"].get("initContainers", [])]
        if "mutate" not in rule or ("preconditions" in rule and (not own or "valetkey" in own)):
            continue
        patch = rule["mutate"]["patchStrategicMerge"]
        spec = patch["spec"] | {kind: list(matching(pod, kind, patch["spec"][kind])) for kind in CONTAINERS if kind in patch["spec"]}
        pod = merged(pod, {"spec": spec}, first=True)
    return pod


CONTAINERS = ("initContainers", "containers")


def matching(pod, kind, patches):
    """The anchor `(name): "*"` stands for each container that is there."""
    for patch in patches:
        names = [patch["name"]] if "name" in patch else [container["name"] for container in pod["spec"].get(kind, [])]
        assert patch.get("(name)", "*") == "*", patch["(name)"]
        fields = {key: value for key, value in patch.items() if key not in ("name", "(name)")}
        yield from ({"name": name} | fields for name in names)


def objections(pod):
    """The numbers of ValidatingAdmissionPolicy's validations that refuse a pod."""
    policy = read("validatingadmissionpolicy.yaml")[0]["spec"]
    asked = evaluated(policy, pod)
    return [number for number, validation in enumerate(policy["validations"]) if asked(validation["expression"]) is not True]


def is_refused_by_kyverno(pod):
    rules = read("kyverno.yaml")[0]["spec"]["rules"]
    (of_cel,) = [rule["validate"]["cel"] for rule in rules if "validate" in rule]
    asked = evaluated(of_cel, pod)
    return not all(asked(each["expression"]) is True for each in of_cel["expressions"])


def evaluated(policy, pod):
    """Evaluates expressions, which may use the policy's variables."""
    variables = {}

    def asked(expression):
        found = ENVIRONMENT.compile(expression).eval(data={"object": pod, "variables": variables})
        if found.type() == cel.Type.ERROR:
            raise SystemExit(f"{found.plain_value()}: {expression}")
        return found.plain_value()

    for variable in policy.get("variables", []):
        variables[variable["name"]] = asked(variable["expression"])
    return asked


def as_maps(expression):
    return FIELD.sub(lambda found: found[1] or f'"{found[2]}":', TYPED.sub("{", expression))


def patched(pod, operations):
    """By JSON Patch, of which policies use one operation."""
    pod = copy.deepcopy(pod)
    for operation in operations:
        *path, last = operation["path"].split("/")[1:]
        assert operation["op"] == "add", operation
        target = pod
        for key in path:
            target = target[key]
        if isinstance(target, list):
            target.insert(int(last), operation["value"])
        else:
            target[last] = operation["value"]
    return pod


def merged(there, over, first=False):
    """Server-side apply, and a strategic merge, which puts what is new first: lists are merged by the key of their items."""
    if isinstance(there, dict) and isinstance(over, dict):
        added = {key: value for key, value in over.items() if key not in there and value != []}
        return added | {key: merged(value, over[key], first) if key in over else value for key, value in there.items()}
    if not (isinstance(over, list) and over and isinstance(over[0], dict)):
        return there if over == [] else over
    items = {key_of(item): item for item in there}
    new = [item for item in over if key_of(item) not in items]
    changes = {key_of(item): item for item in over}
    kept = [merged(item, changes[key], first) if key in changes else item for key, item in items.items()]
    return new + kept if first else kept + new


def key_of(item):
    return item.get("mountPath", item.get("name"))
