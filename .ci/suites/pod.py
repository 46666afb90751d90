"""The rendered pods run without a cluster: what kubectl and helm print is read, and played on this host by a small kubelet. The
application with boto3 starts after the sidecar and signs; a Job ends; an hour without STS restarts nothing; the application reaches none
of the sidecar's secrets; a flood of connections stays below the memory limit. What must not hold is shown to be found."""

import concurrent.futures
import contextlib
import dataclasses
import os
import pathlib
import resource
import subprocess
import sys
import threading
import traceback

import pod_checks
import pod_controls
import pod_manifest
import pod_render
from harness import BINARY, Checks, Emulator, temporary_folder
from pod_checks import Story
from pod_keys import Door
from pod_kubelet import Image, Node, Pod

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STS = "127.0.0.1:7414"
# Where emulators listen: for one key of the user, or each for one of two behind a door.
LISTEN = {1: [STS], 2: ["127.0.0.1:7415", "127.0.0.1:7416"]}
# What a volume's mode is: of a kubelet's own folder, and of a mount of tmpfs that it leaves as it is.
FOLDER, TMPFS = 0o777, 0o1777


def main():
    if len(sys.argv) == 1:
        # The node: whatever is started or mounted on it ends with it.
        apart = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
        with temporary_folder() as folder:
            sys.exit(subprocess.run([*apart, sys.executable, __file__, folder]).returncode)
    # What else runs on this machine is not what is measured: 720 probes in a row wait for nobody.
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/autogroup").write_text("-10")
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    checks = Checks()
    world = World(checks, sys.argv[1])
    forms = pod_render.forms()
    check_sameness(checks, forms)
    # The longest first: a proof waits for the next MFA step.
    stories = [lambda form=form: rotates(world, form) for form in forms if form.kind == "Deployment"]
    stories += [lambda form=form: lives(world, form) for form in forms if form.kind == "Deployment"]
    stories += [lambda form=form: waits(world, form) for form in forms if form.kind == "Deployment"]
    stories += [lambda form=form: is_served(world, form) for form in forms if form.kind in {"Overlay", "Compose"}]
    stories += [lambda form=form: ends(world, form) for form in forms if form.kind == "Job"]
    stories += [lambda control=control: control(world, forms) for control in pod_controls.ALL]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        # Most of it is waiting.
        for told in [pool.submit(story) for story in stories]:
            try:
                told.result()
            except (Exception, SystemExit):
                checks.that("the story is told to its end", False, traceback.format_exc())
    checks.done()


def check_sameness(checks, forms):
    """The chart and kustomize give the same sidecar: who knows one knows the other."""
    for kind in ("Deployment", "Job"):
        pods = [pod_manifest.read(form.manifest)[0] for form in forms if form.kind == kind]
        checks.equal(f"{kind}: two that render it", len(pods), 2)
        checks.equal(f"{kind}: with the same sidecar", *(in_general(pod.init) for pod in pods))
        checks.equal(f"{kind}: with the same variables and mounts for the application", *(in_general(pod.containers) for pod in pods))
        checks.equal(f"{kind}: with the same volumes", *(volumes_in_general(pod) for pod in pods))


def in_general(containers):
    """Without what the two differ in by nature: a version, the configuration's format, the log's level, which kustomize leaves alone."""
    (container,) = containers
    env = {name: value for name, value in container.env.items() if not name.startswith("VALETKEY_")}
    mounts = sorted(container.mounts, key=lambda mount: mount.path)
    return dataclasses.replace(container, image="", env=env, mounts=mounts)


def volumes_in_general(pod):
    return {name: what for name, what in pod.volumes.items() if what["kind"] != "configMap"}


def lives(world, form):
    with world.pod(form, permissions=FOLDER) as story:
        pod_checks.signs(story)
        pod_checks.is_reached_only_where_it_should_be(story)
        pod_checks.answers_its_operator(story)
        pod_checks.keeps_its_secrets(story)
        pod_checks.stays_below_its_limit(story)
        pod_checks.outlives_an_outage(story)
        pod_checks.outlives_its_own_end(story)
        pod_checks.ends_in_order(story)


def is_served(world, form):
    with world.pod(form) as story:
        pod_checks.signs(story)
        pod_checks.keeps_its_secrets(story)
        pod_checks.ends_in_order(story)


def rotates(world, form):
    with world.pod(form, keys=2) as story:
        story.application.wait_for(lambda line: '"arn"' in line)
        pod_checks.follows_its_secret(story)


def waits(world, form):
    with world.pod(form, sts_is_down=True) as story:
        pod_checks.waits_for_sts(story)


def ends(world, form):
    with world.pod(form) as story:
        pod_checks.completes(story)


class World:
    """A node, and what every pod on it needs: an STS of its own on the pod's loopback, with a user and a device, and the user's Secrets."""

    def __init__(self, checks, folder):
        self.checks, self.node = checks, Node(folder, images())

    @contextlib.contextmanager
    def pod(self, form, name=None, sts_is_down=False, permissions=TMPFS, change=lambda spec: None, keys=1):
        """A pod of that form that has been started; `change` may make another one of what was rendered."""
        network = self.node.network()
        with contextlib.ExitStack() as stack:
            stack.callback(network.end)
            emulators = [self.emulator(stack, form, network, listen) for listen in LISTEN[keys]]
            if keys > 1:
                door = network.inside(lambda: Door(STS, emulators))
                stack.callback(door.end)
                threading.Thread(target=lambda: network.inside(door.serve), daemon=True).start()
            if sts_is_down:
                network.inside(lambda: emulators[0].control("POST", "faults", {"down": True}))
            secrets = secrets_of(emulators[0].access)
            spec, config_maps = form.read(self.node.folder, secrets)
            change(spec)
            pod = Pod(self.node, network, spec, config_maps, secrets, permissions)
            stack.callback(pod.end)
            pod.start()
            yield Story(self.checks, name or form.name, pod, emulators, secrets, form.signer())

    def emulator(self, stack, form, network, listen):
        device = ["--region", form.region, "--account", form.account, "--user", form.user, "--totp-seed", SEED]
        device += ["--role", form.role] if form.role else []
        emulator = Emulator(*device, listen=listen, within=network.enter())
        stack.callback(emulator.stop)
        return emulator


def secrets_of(access):
    return {"valetkey-key": pod_checks.key_of(access), "valetkey-mfa": {"totp_seed": SEED}}


def images():
    """The host's own files in place of images: the binary with the libraries that it is linked to, and Python with boto3."""
    environment, python = pathlib.Path(sys.prefix).resolve(), pathlib.Path(sys.base_prefix).resolve()
    linked = subprocess.run(["ldd", BINARY], capture_output=True, text=True).stdout.split()
    libraries = {word: os.path.realpath(word) for word in linked if word.startswith("/")}
    system = {path: path for path in ["/bin", "/lib", "/lib64", "/sbin", "/usr"] if os.path.lexists(path)}
    interpreter = {str(path): str(path) for path in (environment, python) if not path.is_relative_to("/usr")}
    application = Image(system | interpreter, [], {"PATH": f"{environment}/bin:/usr/bin:/bin"})
    valetkey = Image({"/valetkey": os.path.realpath(BINARY)} | libraries, ["/valetkey"], {})
    return {"valetkey": valetkey, "app": application, "reports": application}



main()
