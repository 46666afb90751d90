"""Pods that must be let in, and pods that must be refused, by the policies of deploy/kubernetes/policy."""

import copy

from pod_policies import is_refused_by_kyverno, objections

# The validations, in their order.
NO_SIDECAR, ANOTHER_IDENTITY, SECRETS, NOT_POINTED_AT = range(4)


def check(checks, base, injection):
    for name, inject in injection.items():
        for what, pod in before(base):
            found = inject(pod)
            checks.equal(f"{name}: {what} is let in", (objections(found), is_refused_by_kyverno(found)), ([], False))
            own = [container["name"] for container in pod["spec"].get("initContainers", [])]
            checks.equal(f"{name}: {what}: valetkey comes first, then its own", names(found), ["valetkey", *own])
            given = [consumed(container) for kind in ("initContainers", "containers") for container in found["spec"][kind]][1:]
            checks.equal(f"{name}: {what}: all get the same", given, [consumed(inject(base)["spec"]["containers"][0])] * len(given))
            checks.equal(f"{name}: {what}: done again nothing changes", inject(found), found)
        for what, change in MESHES:
            found = changed(inject(with_init(base)), change)
            checks.equal(f"{name}: {what} is let in", (objections(found), is_refused_by_kyverno(found)), ([], False))
        for what, change, expected in REFUSED:
            found = changed(inject(with_init(base)), change)
            checks.equal(f"{name}: {what} is refused", objections(found), expected)
            checks.equal(f"{name}: {what}: as far as the sidecar goes by Kyverno alone", is_refused_by_kyverno(found), NO_SIDECAR in expected)
    checks.equal("a pod that nothing was injected into is refused", objections(base), [NO_SIDECAR, NOT_POINTED_AT])
    checks.that("and by Kyverno alone", is_refused_by_kyverno(base))


def before(base):
    yield "a plain pod", base
    yield "a pod with init containers", with_init(base)
    both = changed(with_init(base), lambda spec: spec["containers"].append({"name": "other", "image": "other", "env": [{"name": "A", "value": "b"}]}))
    yield "a pod with two containers", both
    yield "a container with AWS_CONFIG_FILE", changed(base, variable("AWS_CONFIG_FILE"))


def with_init(base):
    own = [{"name": "migrate", "image": "app", "env": [{"name": "A", "value": "b"}]}, {"name": "warm", "image": "app"}]
    return changed(base, lambda spec: spec.update(initContainers=own))


def changed(pod, change):
    pod = copy.deepcopy(pod)
    change(pod["spec"])
    return pod


def names(pod):
    return [container["name"] for container in pod["spec"]["initContainers"]]


def consumed(container):
    """What makes a container a consumer."""
    env = [variable for variable in container["env"] if variable["name"] not in ("A", "AWS_CONFIG_FILE")]
    return env, container["volumeMounts"]


def native(name):
    return {"name": name, "image": name, "restartPolicy": "Always", "startupProbe": {}}


def mesh(inits, containers):
    """What a mesh's webhook adds after the injection: before the pod's own init containers, and beside its containers."""

    def add(spec):
        spec["initContainers"][:0] = inits
        spec["containers"] += [{"name": name, "image": name} for name in containers]

    return add


MESHES = [
    ("Istio's proxy as a native sidecar before valetkey", mesh([{"name": "istio-init", "image": "x"}, native("istio-proxy")], [])),
    ("Istio's proxy as a container", mesh([{"name": "istio-init", "image": "x"}], ["istio-proxy"])),
    ("Linkerd's proxy as a native sidecar before valetkey", mesh([{"name": "linkerd-init", "image": "x"}, native("linkerd-proxy")], [])),
    ("Linkerd's proxy as a container", mesh([{"name": "linkerd-network-validator", "image": "x"}], ["linkerd-proxy"])),
]


def variable(name, kind="containers", place=0):
    return lambda spec: spec[kind][place].setdefault("env", []).append({"name": name, "value": "x"})


def without(field):
    return lambda spec: spec["initContainers"][0].pop(field)


def unpointed(kind, place):
    return lambda spec: spec[kind][place].pop("env")


def mounted(kind, place, volume):
    return lambda spec: spec[kind][place]["volumeMounts"].append({"name": volume, "mountPath": "/x"})


REFUSED = [
    ("a pod whose sidecar is gone", lambda spec: spec["initContainers"].pop(0), [NO_SIDECAR]),
    ("a sidecar that is an ordinary init container", without("restartPolicy"), [NO_SIDECAR]),
    ("one that would run once", lambda spec: spec["initContainers"][0].update(restartPolicy="Never"), [NO_SIDECAR]),
    ("one that nobody waits for", without("startupProbe"), [NO_SIDECAR]),
    ("an init container of the pod's own that comes before it", lambda spec: spec["initContainers"].insert(0, spec["initContainers"].pop(1)), [NO_SIDECAR]),
    ("a mesh's proxy in its place", lambda spec: spec["initContainers"].__setitem__(0, native("istio-proxy")), [NO_SIDECAR]),
    ("a container that is not pointed at it", unpointed("containers", 0), [NOT_POINTED_AT]),
    ("an init container that is not pointed at it", unpointed("initContainers", 1), [NOT_POINTED_AT]),
    ("one that another webhook adds", lambda spec: spec["initContainers"].append({"name": "late", "image": "x"}), [NOT_POINTED_AT]),
    ("a container with a key", variable("AWS_ACCESS_KEY_ID"), [ANOTHER_IDENTITY]),
    ("an init container with a profile", variable("AWS_PROFILE", "initContainers", 1), [ANOTHER_IDENTITY]),
    ("a container with the key's Secret", mounted("containers", 0, "valetkey-secret-key"), [SECRETS]),
    ("an init container with the control socket", mounted("initContainers", 2, "valetkey-control"), [SECRETS]),
    (
        "a mesh's proxy with the state",
        lambda spec: spec["containers"].append({"name": "istio-proxy", "image": "x", "volumeMounts": [{"name": "valetkey-state", "mountPath": "/x"}]}),
        [SECRETS],
    ),
]
