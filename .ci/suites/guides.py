"""The guides of docs/ that a machine can follow: their commands, as they are written, against moto's IAM and the emulator. What needs
a cluster, systemd or another user is left out, which `BLOCKS` counts. Only names that cannot be real here are replaced."""

import json
import os
import pathlib
import re
import urllib.request

import yaml

from guide import Moto, blocks, of_an_administrator, shell
from harness import BINARY, Checks, Emulator, Process, clean_env, temporary_folder, totp

# Of each guide how many blocks of commands are run, and how many need something that is not here.
BLOCKS = {
    "ci-runners": (0, 0),
    "deployment": (0, 2),
    "eks": (0, 0),
    "iam-policies": (1, 0),
    "job": (0, 0),
    "key-rotation": (5, 1),
    "laptop": (3, 1),
    "leaked-session": (3, 2),
    "mfa-device": (4, 1),
    "replicas": (0, 0),
    "seed-beside-key": (0, 0),
    "service-mesh": (0, 0),
    "systemd": (0, 2),
}
ELSEWHERE = r"\b(kubectl|helm|sudo|systemctl)\b"


def text(guide):
    return pathlib.Path(f"docs/{guide}.md").read_text()


def commands(guide):
    """The blocks that can be run here."""
    return [block for block in blocks(text(guide), "sh") if not re.search(ELSEWHERE, block)]


class Scene:
    """A folder that stands for the root of a host, and an administrator of moto's account."""

    def __init__(self, checks, folder, url):
        self.checks, self.folder, self.env = checks, pathlib.Path(folder), of_an_administrator(url)
        for part in ("bin", "etc/key", "etc/mfa", "run", "work"):
            (self.folder / part).mkdir(parents=True, mode=0o700)
        (self.folder / "bin/valetkey").symlink_to(os.path.abspath(BINARY))
        self.env["PATH"] = f"{self.folder}/bin:{os.environ['PATH']}"

    def here(self, script):
        return script.replace("/etc/valetkey", f"{self.folder}/etc").replace("/run/valetkey", f"{self.folder}/run")

    def run(self, name, script, **env):
        return shell(self.checks, name, self.here(script), self.folder / "work", self.env | env)

    def configuration(self, emulator):
        """The README's, of the five minutes, at this STS."""
        document = next(block for block in blocks(pathlib.Path("README.md").read_text(), "toml"))
        document = document.replace("[profile.ops]\n", f'[profile.ops]\nendpoint_url = "{emulator.url}"\n').replace("eu-west-1", emulator.region)
        (self.folder / "etc/valetkey.toml").write_text(self.here(document))
        self.env["VALETKEY_CONFIG"] = f"{self.folder}/etc/valetkey.toml"

    def key_of(self, emulator):
        for part in ("aws_access_key_id", "aws_secret_access_key"):
            (self.folder / "etc/key" / part).write_text(emulator.access[part.upper()])


def iam_policies(checks, scene):
    """Each policy is one that IAM takes."""
    scene.run("iam-policies: a user and a role", USER + role_of("deploy"))
    names = ["user-policy", "trust-policy", "deny-policy"]
    for name, policy in zip(names, blocks(text("iam-policies"), "json"), strict=True):
        (scene.folder / f"work/{name}.json").write_text(policy)
    scene.run("iam-policies: attach them", *commands("iam-policies"))


def key_rotation(checks, scene):
    scene.run("key-rotation: a user with a key", USER + "aws iam create-access-key --user-name valetkey >/dev/null\n")
    for part in ("aws_access_key_id", "aws_secret_access_key"):
        (scene.folder / "etc/key" / part).write_text("old")
        (scene.folder / "etc/key" / part).chmod(0o600)
    scene.run("key-rotation: all that a host needs", "\n".join(commands("key-rotation")))
    keys = json.loads(scene.run("key-rotation: the keys that are left", "aws iam list-access-keys --user-name valetkey"))
    left = [(key["AccessKeyId"], key["Status"]) for key in keys["AccessKeyMetadata"]]
    folder = scene.folder / "etc/key"
    checks.equal("the new key is the one that is left, and in its place", left, [((folder / "aws_access_key_id").read_text(), "Active")])
    modes = {path.stat().st_mode & 0o077 for path in [folder, *folder.iterdir()]}
    checks.equal("nobody else can read it", modes, {0})
    checks.equal("nothing else is left", sorted(path.name for path in (scene.folder / "etc").iterdir()), ["key", "mfa"])


def mfa_device(checks, scene):
    """The first device is moto's alone; the emulator knows the one that takes its place."""
    enable, change, look, remove = commands("mfa-device")
    first = enable.replace("valetkey-2", "valetkey").replace("totp_seed_2", f"{scene.folder}/etc/mfa/totp_seed")
    scene.run("mfa-device: a user with a device", USER + first)
    scene.run("mfa-device: a second device", enable)
    emulator = Emulator("--user", "valetkey-2", "--totp-seed", (scene.folder / "work/totp_seed_2").read_text().strip())
    scene.configuration(emulator)
    scene.key_of(emulator)
    daemon = Process([BINARY, "serve", "--config", str(scene.folder / "etc/valetkey.toml"), "--ops", "127.0.0.1:0", "--credentials", "127.0.0.1:0"])
    daemon.wait_for(lambda line: "mfa_device" in line)
    # As on a host where the daemon has a user of its own; a group will do.
    seeds = [scene.folder / "etc/mfa" / name for name in ("totp_seed", "totp_seed_2")]
    os.chown(seeds[0], -1, 65532)
    scene.run("mfa-device: both at once", change)
    checks.equal("whoever reads the first seed reads the second", [(seed.stat().st_gid, seed.stat().st_mode & 0o777) for seed in seeds], [(65532, 0o600)] * 2)
    daemon.wait_for(lambda line: "credentials obtained" in line)
    checks.that("its session is of the new device", "ready" in scene.run("mfa-device: look", look))
    scene.run("mfa-device: the old one goes", remove)
    devices = json.loads(scene.run("mfa-device: those that are left", "aws iam list-mfa-devices --user-name valetkey"))
    serials = [device["SerialNumber"] for device in devices["MFADevices"]]
    checks.equal("the new one is left", serials, ["arn:aws:iam::123456789012:mfa/valetkey-2"])
    checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    emulator.stop()


def leaked_session(checks, scene):
    scene.run("leaked-session: a user and a role", USER + role_of("deploy"))
    attach_user, attach_role, remove = commands("leaked-session")
    for who, attach in [("user", attach_user), ("role", attach_role)]:
        scene.run(f"leaked-session: attach it to the {who}", attach)
        name = "valetkey" if who == "user" else "deploy"
        asked = f"aws iam get-{who}-policy --{who}-name {name} --policy-name AWSRevokeOlderSessions --query PolicyDocument"
        policy = json.loads(scene.run(f"leaked-session: what the {who} has", asked))
        checks.equal(f"the {who}'s older sessions are denied", (policy["Statement"][0]["Effect"], policy["Statement"][0]["Action"]), ("Deny", ["*"]))
    scene.run("leaked-session: take it away", remove)


def laptop(checks, scene):
    """With a person who gives the code on standard input."""
    emulator = Emulator("--user", "jane", "--role", "admin", "--region", "eu-west-1")
    config = next(block for block in blocks(text("laptop"), "ini"))
    access = emulator.access
    pair = f"aws_access_key_id = {access['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {access['AWS_SECRET_ACCESS_KEY']}\n"
    (scene.folder / "home/.aws").mkdir(parents=True, mode=0o700)
    (scene.folder / "home/.aws/config").write_text(config)
    (scene.folder / "home/.aws/credentials").write_text(f"[work]\n{pair}")
    (scene.folder / "home/.aws/credentials").chmod(0o600)
    env = clean_env(HOME=str(scene.folder / "home"), XDG_RUNTIME_DIR=str(scene.folder / "xdg"), AWS_ENDPOINT_URL_STS=emulator.url)
    del env["AWS_CONFIG_FILE"], env["AWS_SHARED_CREDENTIALS_FILE"]
    (scene.folder / "xdg").mkdir(mode=0o700)
    scene.env = env | {"PATH": scene.env["PATH"]}

    serve, submit, environment = commands("laptop")
    check, serve = serve.splitlines()
    scene.run("laptop: the check", check)
    # The port of the guide, where no other suite listens.
    daemon = Process(["bash", "-c", f"exec {serve} --ops 127.0.0.1:0"], env=scene.env)
    daemon.wait_for(lambda line: "an MFA code is wanted" in line)
    scene.run("laptop: the code", f"echo {totp(access['TOTP_SEED'])} | {submit}")
    daemon.wait_for(lambda line: "credentials obtained" in line and "work-admin" in line)
    printed = scene.run("laptop: a shell", f"{environment}\naws sts get-caller-identity")
    checks.that("it is the role", ":assumed-role/admin/" in printed, printed)
    checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    emulator.stop()


USER = "aws iam create-user --user-name valetkey >/dev/null\n"


def role_of(name):
    trust = '{"Version": "2012-10-17", "Statement": []}'
    return f"aws iam create-role --role-name {name} --assume-role-policy-document '{trust}' >/dev/null\n"


def deployment(checks, scene):
    """What the values say of profiles is a configuration, with the files that the Secrets hold."""
    values = yaml.safe_load(blocks(text("deployment"), "yaml")[0])
    for path, content in {"key/aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "key/aws_secret_access_key": "x" * 40, "mfa/totp_seed": "GEZDGNBVGY3TQOJQ"}.items():
        (scene.folder / "etc" / path).write_text(content)
    server = {"token_dir": "/run/valetkey/tokens", "control_socket": "/run/valetkey/control.sock"}
    config = scene.here(json.dumps({"server": server} | values["config"]))
    (scene.folder / "work/valetkey.json").write_text(config)
    scene.run("deployment: the configuration in the values", "valetkey serve --config valetkey.json --check-config")
    checks.that("the application's profile is one of them", values["app"]["profile"] in values["config"]["profile"])


def check_numbers(checks):
    """The table of replicas: a renewal comes at 0.44 of the life, and a device gives 2,880 codes a day."""
    rows = re.findall(r"^\| (\d+) \(.*?\) \| ([\d.]+) \| (\d+) \|$", text("replicas"), flags=re.M)
    for seconds, codes, replicas in rows:
        a_day = 86400 / (0.44 * int(seconds))
        checks.equal(f"replicas: {seconds} s", (codes, int(replicas)), (f"{a_day:.1f}", int(1440 / a_day)))
    checks.equal("replicas: all rows", len(rows), 3)


def check_blocks(checks):
    guides = {path.stem for path in pathlib.Path("docs").glob("*.md")} - {"clients"}
    counted = {guide: (len(commands(guide)), len(blocks(text(guide), "sh")) - len(commands(guide))) for guide in guides}
    checks.equal("all that can be run is known", counted, BLOCKS)
    for guide in guides:
        for block in blocks(text(guide), "yaml"):
            checks.that(f"{guide}: its YAML is a mapping", isinstance(yaml.safe_load(block), dict))


def main():
    checks = Checks()
    check_blocks(checks)
    check_numbers(checks)
    with Moto() as url:
        for guide in (mfa_device, laptop, key_rotation, leaked_session, iam_policies, deployment):
            urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).close()
            with temporary_folder() as folder:
                guide(checks, Scene(checks, folder, url))
    checks.done()


main()
