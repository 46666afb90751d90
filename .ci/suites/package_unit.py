"""What the package's unit says, done without systemd: its command as its user, with its folders, its credentials from the store, its limits of
the file system, of rights and of system calls. What systemd does beside that (namespaces, devices, kernel's tunables) `security` judges."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess

from oci import Container, rights, root_options

CREDENTIALS = "run/credentials/valetkey.service"
VARIABLES = {"aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY", "totp_seed": "TOTP_SEED"}
ADDRESS_FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}


class Unit:
    def __init__(self, root, folder):
        self.root, self.folder = root, folder
        self.text = (root / "lib/systemd/system/valetkey.service").read_text()
        self.uid = self._id("passwd", self.value("User"))
        self.gid = self._id("group", self.value("Group"))

    def values(self, key):
        return re.findall(rf"^{key}=(.*)$", self.text, re.M)

    def value(self, key):
        return self.values(key)[-1]

    def configure(self, emulator):
        """The example of the package, with another STS; and the key, sealed as README says."""
        access = emulator.access
        example = (self.root / "usr/share/doc/valetkey/examples/valetkey.toml").read_text()
        example = re.sub(r'"arn:aws:iam:.*"', f'"{access["MFA_SERIAL"]}"', example)
        example = example.replace("[server]", "[server]\naudit = true")
        example = example.replace('"eu-west-1"', f'"{emulator.region}"\nendpoint_url = "{emulator.url}"')
        (self.root / "etc/valetkey/valetkey.toml").write_text(example)
        # The host's key for this is one that nobody else has.
        subprocess.run(["mount", "-t", "tmpfs", "none", "/var/lib/systemd"], check=True)
        (self.root / CREDENTIALS).mkdir(parents=True)
        for loaded in self.values("LoadCredentialEncrypted"):
            name, stored = loaded.split(":")
            creds = lambda *args, **how: subprocess.run(["systemd-creds", *args], check=True, capture_output=True, **how).stdout
            sealed = self.folder / stored
            creds("encrypt", "--with-key=host", f"--name={name}", "-", sealed, input=access[VARIABLES[name]].encode())
            opened = self.root / CREDENTIALS / name
            opened.write_bytes(creds("decrypt", f"--name={name}", sealed, "-"))
            os.chmod(opened, 0o400)
            os.chown(opened, self.uid, 0)
        os.chmod(self.root / CREDENTIALS, 0o500)
        os.chown(self.root / CREDENTIALS, self.uid, 0)
        for key, above in [("RuntimeDirectory", "run"), ("StateDirectory", "var/lib")]:
            place = self.root / above / self.value(key)
            place.mkdir()
            os.chown(place, self.uid, self.gid)
            os.chmod(place, int(self.value(f"{key}Mode"), 8))

    def check(self, checks, emulator):
        with self.started() as (daemon, notified, container):
            until("READY=1", notified)
            daemon.wait_for(lambda line: "credentials obtained" in line)
            has = rights(container.proc())
            checks.equal("it runs as the unit's user and group", (has["Uid"][0], has["Gid"][0]), (str(self.uid), str(self.gid)))
            checks.equal("and under its filter", (has["Seccomp"], has["NoNewPrivs"], has["CapEff"]), (["2"], ["1"], ["0" * 16]))
            checks.that("on a read-only root", "ro" in root_options(container.proc()))
            self._check_application(checks)
            # The kernel tells who it was.
            daemon.wait_for(lambda line: "valetkey::audit" in line and "uid=0" in line)
            reload = rooted(self.root, *self.value("ExecReload").split(), as_user=[f"--userspec={self.uid}:{self.gid}"])
            checks.equal("ExecReload runs", (reload.returncode, reload.stderr), (0, ""))
            status = rooted(self.root, "valetkey", "status", "--config", "/etc/valetkey/valetkey.toml")
            checks.that("root asks how it is", status.returncode == 0 and "ops" in status.stdout, status)
            until("WATCHDOG=1", notified)
            token = self._token().read_text()
            checks.equal("it ends cleanly", daemon.stop(), 0)
        emulator.stop()
        with self.started() as (daemon, notified, _):
            # Its session is there again, without an STS.
            until("STATUS=1 of 1 profiles have credentials", notified)
            checks.equal("its token outlives a restart", self._token().read_text(), token)

    @contextlib.contextmanager
    def started(self):
        """The unit's command as it runs, and what systemd hears of it."""
        bundle = self.folder / f"unit-{len(list(self.folder.glob('unit-*')))}"
        bundle.mkdir()
        subprocess.run(["crun", "spec"], cwd=bundle, check=True)
        path = self.root / "run/systemd/notify"
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(path))
            os.chmod(path, 0o666)
            manager.settimeout(60)
            container = self.container(bundle)
            with container.running() as daemon:
                yield daemon, lambda: manager.recv(4096).decode().splitlines(), container

    def container(self, bundle):
        configuration = json.loads((bundle / "config.json").read_text())
        container = Container(bundle, configuration)
        container.configuration["root"]["path"] = str(self.root)
        container.configuration["linux"]["seccomp"] = self._filter()
        container.process |= {
            "args": self.value("ExecStart").split(),
            "user": {"uid": self.uid, "gid": self.gid, "umask": int(self.value("UMask"), 8)},
            "rlimits": [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}],
            "env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                f"RUNTIME_DIRECTORY=/run/{self.value('RuntimeDirectory')}",
                f"STATE_DIRECTORY=/var/lib/{self.value('StateDirectory')}",
                f"CREDENTIALS_DIRECTORY=/{CREDENTIALS}",
                "NOTIFY_SOCKET=/run/systemd/notify",
                "WATCHDOG_USEC=2000000",
            ],
        }
        for place in [f"run/{self.value('RuntimeDirectory')}", f"var/lib/{self.value('StateDirectory')}"]:
            container.mount(f"/{place}", self.root / place, "rw")
        return container

    def _filter(self):
        """The unit's filter of system calls and address families."""
        sets, name = {}, None
        command = ["systemd-analyze", "syscall-filter", "--no-pager"]
        for line in subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL).splitlines():
            if line.startswith("@"):
                name = line.strip()
                sets[name] = set()
            elif name and line.strip() and not line.strip().startswith("#"):
                sets[name].add(line.strip())
        members = lambda name: set().union(*map(members, sets[name])) if name in sets else {name}
        allowed = members("@default")
        for line in self.values("SystemCallFilter"):
            named = set().union(*map(members, line.removeprefix("~").split()))
            allowed = allowed - named if line.startswith("~") else allowed | named
        families = [ADDRESS_FAMILIES[name] for name in self.value("RestrictAddressFamilies").split()]
        family_is = lambda family: [{"index": 0, "value": family, "op": "SCMP_CMP_EQ"}]
        sockets = [{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": family_is(family)} for family in families]
        rules = [{"names": sorted(allowed - {"socket"}), "action": "SCMP_ACT_ALLOW"}, *sockets]
        return {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": rules}

    def _check_application(self, checks):
        """As the drop-in for applications says; and somebody else."""
        drop_in = (self.root / "usr/share/doc/valetkey/examples/application.service.d/valetkey.conf").read_text()
        told = dict(re.findall(r"^Environment=(\w+)=(.*)$", drop_in, re.M))
        group = re.search(r"^SupplementaryGroups=(.*)$", drop_in, re.M)[1]
        token = told["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
        read = lambda path, groups: rooted(self.root, "cat", path, as_user=["--userspec=nobody:nogroup", f"--groups={groups}"])
        shown = read(token, group)
        checks.equal("an application of the group reads its token", (shown.returncode, len(shown.stdout)), (0, 43))
        uri = told["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        reply = subprocess.run(["curl", "--silent", "--header", f"Authorization: {shown.stdout}", uri], capture_output=True, text=True)
        checks.that("and gets the session", "SecretAccessKey" in reply.stdout, reply.stderr)
        secrets = [f"/{CREDENTIALS}/aws_secret_access_key", f"/{CREDENTIALS}/totp_seed", "/var/lib/valetkey", "/run/valetkey/control.sock"]
        refused = [path for path in secrets if "Permission denied" in read(path, group).stderr]
        checks.equal("but nothing else", refused, secrets)
        checks.that("others do not even read that", "Permission denied" in read(token, "nogroup").stderr)

    def _token(self):
        return self.root / "run/valetkey/tokens/ops/token"

    def _id(self, file, name):
        return int(re.search(rf"^{name}:[^:]*:(\d+):", (self.root / "etc" / file).read_text(), re.M)[1])


def until(line, notified):
    """Waits until systemd hears it; a silence of a minute is the end."""
    while line not in notified():
        pass


def rooted(root, *command, typed=(), as_user=()):
    """A command in another root; `typed` are lines of its input."""
    text = "".join(f"{word}\n" for word in typed)
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    command = ["chroot", *as_user, root, *command]
    return subprocess.run(command, input=text, capture_output=True, text=True, env=env, timeout=60)
