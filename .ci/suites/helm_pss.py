"""Every field that the Pod Security Standard *restricted* names, those of *baseline* included.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
SELINUX_TYPES = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


def violations(pod):
    """The fields of a pod (`metadata`, `spec`) that *restricted* forbids as they are."""
    spec = pod["spec"]
    found = [f"spec.{field}" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    for volume in spec.get("volumes", []):
        found += [f"volumes.{kind}" for kind in volume if kind != "name" and kind not in VOLUMES]
    for name, profile in (pod.get("metadata", {}).get("annotations") or {}).items():
        if name.startswith(APPARMOR) and not (profile == "runtime/default" or profile.startswith("localhost/")):
            found.append("annotations.apparmor")
    shared = spec.get("securityContext", {})
    found += [f"pod.{field}" for field in context(shared)]
    for sysctl in shared.get("sysctls", []):
        if sysctl["name"] not in SYSCTLS:
            found.append("pod.sysctls")
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind, []):
            found += [f"{container['name']}.{field}" for field in of_container(container, shared)]
    return found


def context(own):
    """What pod and container may say in the same way."""
    if own.get("windowsOptions", {}).get("hostProcess"):
        yield "windowsOptions.hostProcess"
    selinux = own.get("seLinuxOptions", {})
    if selinux.get("type") not in SELINUX_TYPES:
        yield "seLinuxOptions.type"
    for field in ("user", "role"):
        if selinux.get(field):
            yield f"seLinuxOptions.{field}"
    if own.get("appArmorProfile", {}).get("type") not in (None, "RuntimeDefault", "Localhost"):
        yield "appArmorProfile.type"
    if own.get("seccompProfile", {}).get("type") not in (None, "RuntimeDefault", "Localhost"):
        yield "seccompProfile.type"
    if own.get("runAsNonRoot") is False:
        yield "runAsNonRoot"
    if own.get("runAsUser") == 0:
        yield "runAsUser"


def of_container(container, shared):
    own = container.get("securityContext", {})
    yield from context(own)
    if own.get("privileged"):
        yield "privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        yield "capabilities.drop"
    if set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "capabilities.add"
    if own.get("procMount") not in (None, "Default"):
        yield "procMount"
    if not own.get("runAsNonRoot", shared.get("runAsNonRoot")):
        yield "runAsNonRoot"
    if not own.get("seccompProfile", shared.get("seccompProfile")):
        yield "seccompProfile.type"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield "ports.hostPort"
    hooks = container.get("lifecycle", {})
    handlers = [container.get(probe, {}) for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
    for handler in handlers + [hooks.get(hook, {}) for hook in ("postStart", "preStop")]:
        if any(handler.get(kind, {}).get("host") for kind in ("httpGet", "tcpSocket")):
            yield "handler.host"


def spoilt():
    """What would break each rule: where it is put, and the field that must be found."""
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        yield (lambda pod, field=field: pod["spec"].update({field: True})), f"spec.{field}"
    yield (lambda pod: pod["spec"]["volumes"].append({"name": "x", "hostPath": {"path": "/"}})), "volumes.hostPath"
    yield (lambda pod: pod["metadata"]["annotations"].update({f"{APPARMOR}app": "unconfined"})), "annotations.apparmor"
    yield (lambda pod: pod["spec"]["securityContext"].update(sysctls=[{"name": "kernel.msgmax", "value": "1"}])), "pod.sysctls"
    both = [
        ({"windowsOptions": {"hostProcess": True}}, "windowsOptions.hostProcess"),
        ({"seLinuxOptions": {"type": "spc_t"}}, "seLinuxOptions.type"),
        ({"seLinuxOptions": {"user": "system_u"}}, "seLinuxOptions.user"),
        ({"seLinuxOptions": {"role": "system_r"}}, "seLinuxOptions.role"),
        ({"appArmorProfile": {"type": "Unconfined"}}, "appArmorProfile.type"),
        ({"seccompProfile": {"type": "Unconfined"}}, "seccompProfile.type"),
        ({"runAsNonRoot": False}, "runAsNonRoot"),
        ({"runAsUser": 0}, "runAsUser"),
    ]
    for fields, found in both:
        yield (lambda pod, fields=fields: pod["spec"]["securityContext"].update(fields)), f"pod.{found}"
    alone = [
        ({"privileged": True}, "privileged"),
        ({"allowPrivilegeEscalation": None}, "allowPrivilegeEscalation"),
        ({"capabilities": {"drop": ["NET_RAW"]}}, "capabilities.drop"),
        ({"capabilities": {"drop": ["ALL"], "add": ["SYS_PTRACE"]}}, "capabilities.add"),
        ({"procMount": "Unmasked"}, "procMount"),
    ]
    for kind, place in (("initContainers", 0), ("containers", 0)):

        def container(pod, kind=kind, place=place):
            return pod["spec"][kind][place]

        def change(fields, container=container):
            return lambda pod: container(pod)["securityContext"].update(fields)

        name = {"initContainers": "valetkey", "containers": "app"}[kind]
        for fields, found in both + alone:
            yield change(fields), f"{name}.{found}"
        yield (lambda pod, container=container: container(pod).update(ports=[{"containerPort": 1, "hostPort": 1}])), f"{name}.ports.hostPort"
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            handler = {probe: {"httpGet": {"port": 1, "host": "10.0.0.1"}}}
            yield (lambda pod, container=container, handler=handler: container(pod).update(handler)), f"{name}.handler.host"
        for hook in ("postStart", "preStop"):
            handler = {"lifecycle": {hook: {"tcpSocket": {"port": 1, "host": "10.0.0.1"}}}}
            yield (lambda pod, container=container, handler=handler: container(pod).update(handler)), f"{name}.handler.host"

    def no_non_root(pod):
        for own in (pod["spec"]["securityContext"], pod["spec"]["containers"][0]["securityContext"]):
            own.pop("runAsNonRoot", None)

    def no_seccomp(pod):
        for own in (pod["spec"]["securityContext"], pod["spec"]["containers"][0]["securityContext"]):
            own.pop("seccompProfile", None)

    yield no_non_root, "app.runAsNonRoot"
    yield no_seccomp, "app.seccompProfile.type"
