"""What must hold of every pod with the sidecar, whatever the snapshots say."""

from helm_chart import pods

API_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_VARIABLE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"


def hold(checks, name, rendered):
    for document in rendered:
        for pod in pods(document):
            where = f"{document['kind']} of {name}"
            sidecar, *others = pod["spec"]["initContainers"]
            others += pod["spec"]["containers"]
            checks.equal(f"{where}: {PROMISES}", broken(pod, sidecar, others), [])


PROMISES = "a native sidecar, whose volumes are its own but for one token a consumer"


def broken(pod, sidecar, others):
    """The promises of the chart that this pod breaks."""
    return [what for what, held in promises(pod["spec"], sidecar, others) if not held]


def promises(spec, sidecar, others):
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    no_api = {"name": "valetkey-config", "mountPath": API_TOKEN, "readOnly": True}
    yield "the sidecar has something else in the place of a token for the API", no_api in sidecar["volumeMounts"]
    mounts = {mount["name"]: mount for mount in sidecar["volumeMounts"] if mount != no_api}
    everywhere = [mount for container in [sidecar, *others] for mount in container.get("volumeMounts", [])]
    yield "the sidecar comes first", sidecar["name"] == "valetkey"
    yield "it is a native sidecar", sidecar["restartPolicy"] == "Always"
    startup, liveness = sidecar["startupProbe"], sidecar["livenessProbe"]
    yield "it has an hour for its start", startup["periodSeconds"] * startup["failureThreshold"] == 3600
    yield "its start is asked about", startup["httpGet"] == {"path": "/startupz", "port": "valetkey-ops"}
    yield "its life is asked about", liveness["httpGet"] == {"path": "/livez", "port": "valetkey-ops"}
    yield "the port that is asked is there", "valetkey-ops" in [port["name"] for port in sidecar["ports"]]
    resources = {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"memory": "32Mi"}}
    yield "it asks for little and has no limit on CPU", sidecar["resources"] == resources
    yield "its root cannot be written", sidecar["securityContext"]["readOnlyRootFilesystem"] is True
    yield "its user is 65532", sidecar["securityContext"]["runAsUser"] == 65532
    yield "the pod has no token for the API", spec["automountServiceAccountToken"] is False
    yield "no volume is given to a group", "fsGroup" not in spec.get("securityContext", {})
    yield "no volume is mounted in part", not any("subPath" in mount or "subPathExpr" in mount for mount in everywhere)
    yield "no volume is there in vain", set(volumes) == {mount["name"] for mount in everywhere}
    secrets = {name for name, volume in volumes.items() if "secret" in volume}
    yield "Secrets can be read by the sidecar's user", all(volumes[name]["secret"]["defaultMode"] == 0o444 for name in secrets)
    tokens = {name for name in mounts if name.startswith("valetkey-token-")}
    own = tokens | {name for name in mounts if name in ("valetkey-control", "valetkey-state")}
    in_memory = all(volumes[name]["emptyDir"]["medium"] == "Memory" and "sizeLimit" in volumes[name]["emptyDir"] for name in own)
    yield "what it writes is in memory, and bounded", in_memory
    yield "what it only reads it cannot write", all(mounts[name].get("readOnly") for name in mounts if name not in own and name != "kept")
    yield "it can write tokens, state and socket", not any(mounts[name].get("readOnly") for name in own)
    for container in others:
        env = {variable["name"]: variable.get("value") for variable in container.get("env", [])}
        shared = [mount for mount in container.get("volumeMounts", []) if mount["name"] in mounts]
        if TOKEN_VARIABLE in env:
            yield "a consumer has the volume of its token", [mount["mountPath"] for mount in shared] == [env[TOKEN_VARIABLE].removesuffix("/token")]
            yield "only to read", shared[0]["name"] in tokens and shared[0]["readOnly"] is True
            yield "at the same place as the sidecar", shared[0]["mountPath"] == mounts[shared[0]["name"]]["mountPath"]
            yield "it is told where to ask", env["AWS_CONTAINER_CREDENTIALS_FULL_URI"].endswith(shared[0]["mountPath"].rsplit("/", 1)[1])
            yield "and no EC2 metadata service", env["AWS_EC2_METADATA_DISABLED"] == "true"
        else:
            yield "a container without a token is told of IMDS", "AWS_EC2_METADATA_SERVICE_ENDPOINT" in env
            yield "and has nothing of the sidecar's", shared == []
        yield "it has a region", env["AWS_REGION"] and env["AWS_DEFAULT_REGION"]
        yield "variables are told once", len(env) == len(container.get("env", []))
