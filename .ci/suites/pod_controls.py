"""What must not hold is found: pods that are wrong in one thing each."""

import dataclasses

import pod_checks
import pod_manifest
from pod_network import wait_until


def a_seed_beside_the_application(world, forms):
    def mount_the_seed(spec):
        of_sidecar = spec.init[0].mounts
        spec.containers[0].mounts += [mount for mount in of_sidecar if spec.volumes[mount.volume].get("of") == "valetkey-mfa"]

    with world.pod(deployment(forms), "control", change=mount_the_seed) as story:
        story.application.wait_for(lambda line: '"arn"' in line)
        story.equal("a seed that is mounted beside the application is found", len(pod_checks.spy_on_files(story)["secrets"]) > 0, True)


def a_user_that_is_shared(world, forms):
    """With the sidecar's UID and its volumes, the mode of the files keeps nobody out; and a process that is not protected is read."""

    def share(spec):
        application, sidecar = spec.containers[0], spec.init[0]
        application.uid = application.gid = sidecar.uid
        taken = {mount.path for mount in application.mounts}
        application.mounts += [mount for mount in sidecar.mounts if spec.volumes[mount.volume]["kind"] == "emptyDir" and mount.path not in taken]

    with world.pod(deployment(forms), "control", change=share) as story:
        story.application.wait_for(lambda line: '"arn"' in line)
        found = pod_checks.spy_on_files(story)
        story.that("what is kept is found where it is mounted", len(found["kept"]) == 2, found)
        story.that("so is the control socket", len(found["sockets"]) == 1, found)
        story.that("so is where the application can write", len(found["written"]) >= 2, found)
        # A variable of the application's own, which is in its environment and so in its memory.
        found = pod_checks.spy_on_process(story, story.application, story.application.spec.uid, ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
        secrets = {"environ": "a secret", "mem": "a secret"}
        opened = {way: "open" for way in ("root", "cwd", "fd", "ptrace", "signal")}
        story.equal("an unprotected process is read by its user", found, secrets | opened)


def no_patience(world, forms):
    def be_impatient(spec):
        spec.init[0].startup = dataclasses.replace(spec.init[0].startup, failures=3)

    with world.pod(deployment(forms), "control", sts_is_down=True, change=be_impatient) as story:
        wait_until(lambda: story.sidecar.restarts > 0, "a restart")
        story.equal("a startup that is given up after three probes is a restart", story.sidecar.reasons[0], "Unhealthy")
        story.that("the application has not started", story.application.began is None)


def a_probe_of_the_session(world, forms):
    """A liveness probe that asks whether there are credentials kills a daemon that only waits."""

    def ask_for_readiness(spec):
        sidecar = spec.init[0]
        sidecar.liveness, sidecar.startup = dataclasses.replace(sidecar.liveness, path="/readyz"), None

    with world.pod(deployment(forms), "control", sts_is_down=True, change=ask_for_readiness) as story:
        wait_until(lambda: story.sidecar.restarts > 0, "a restart")
        story.equal("a liveness probe that waits for STS is a restart", story.sidecar.reasons[0], "Unhealthy")


def a_small_limit(world, forms):
    def be_small(spec):
        spec.init[0].memory = 4 << 20

    with world.pod(deployment(forms), "control", change=be_small) as story:
        wait_until(lambda: "OOMKilled" in story.sidecar.reasons, "the kubelet to kill")
        story.that("a container above its limit is killed", True)


def a_sidecar_that_is_a_container(world, forms):
    """As it was before native sidecars: the Job's pod goes on for ever."""

    def be_classic(spec):
        spec.containers = [*spec.init, *spec.containers]
        spec.init = []

    job = next(form for form in forms if form.kind == "Job")
    with world.pod(job, "control", change=be_classic) as story:
        story.equal("a sidecar among the containers keeps a Job from completing", story.pod.wait_until_complete(patience=6), False)


def fields_that_are_not_known(world, forms):
    form = deployment(forms)
    for what, (old, new) in {
        "a field of a container": ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: true\n          procMount: Unmasked"),
        "a field of a probe": ("path: /livez", "path: /livez\n            host: 127.0.0.1"),
        "privileges that can grow": ("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"),
        "another probe": ("livenessProbe:", "readinessProbe:"),
        "a capability": ("- ALL", "- NET_RAW"),
        "a token of the API": ("automountServiceAccountToken: false", "automountServiceAccountToken: true"),
        "a part of a volume": ("name: valetkey-secret-key\n", "name: valetkey-secret-key\n          subPath: key\n"),
    }.items():
        assert old in form.manifest, old
        try:
            pod_manifest.read(form.manifest.replace(old, new, 1))
            found = "was read"
        except pod_manifest.NotUnderstood as error:
            found = "was refused"
        world.checks.equal(f"control: {what} that the runner does not play", found, "was refused")


def deployment(forms):
    return next(form for form in forms if form.kind == "Deployment")


ALL = [
    a_seed_beside_the_application,
    a_user_that_is_shared,
    no_patience,
    a_probe_of_the_session,
    a_small_limit,
    a_sidecar_that_is_a_container,
    fields_that_are_not_known,
]
