"""The image of target/ci/image: what skopeo says of it and what is in it, then its file system, run by crun as its own configuration says,
with a read-only root and no capabilities. It finds an STS over TLS by DNS and by its file of hosts, and trusts what the image trusts."""

import contextlib
import gzip
import json
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import tarfile
import threading
import tomllib
import urllib.request

import botocore.session
from harness import Checks, Emulator, temporary_folder
from oci import Container, rights, root_options
from tls_authority import Authority, ecdsa_key, install

IMAGE = "target/ci/image"
# Decimal megabytes, uncompressed.
MOST = 8_000_000
USER = 65532
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
# One is told by a name server, the other by the file of hosts.
BY_DNS, BY_FILE = "sts.dns.example", "sts.hosts.example"


def main():
    checks = Checks()
    check_configuration(checks)
    check_files(checks)
    with temporary_folder() as folder:
        os.chmod(folder, 0o755)
        emulator = Emulator()
        authority, key = Authority(folder, "ours"), ecdsa_key()
        files = install(folder, authority.issue(key, BY_DNS, BY_FILE), key)
        port = speak_tls(files, emulator.url)
        answer_names()
        pod = Pod(folder, emulator, port)
        check_run(checks, pod, authority, emulator)
        check_stranger(checks, pod)
        emulator.stop()
    checks.done()


def check_configuration(checks):
    """As what did not build it reads it."""
    inspect = lambda *of: json.loads(subprocess.check_output(["skopeo", "inspect", *of, f"oci:{IMAGE}:valetkey"]))
    config = inspect("--config")["config"]
    checks.equal("its user is a number and not root", config["User"], f"{USER}:{USER}")
    checks.equal("it runs the daemon", (config["Entrypoint"], config["Cmd"]), (["/valetkey"], ["serve"]))
    checks.that("tokens have a place", "RUNTIME_DIRECTORY=/run/valetkey" in config["Env"], config["Env"])
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}
    package = tomllib.loads(pathlib.Path("Cargo.toml").read_text())["package"]
    revision = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
    for name, text in {"title": "valetkey", "licenses": package["license"], "version": package["version"], "revision": revision}.items():
        checks.equal(f"its {name} is told", labels.get(name), text)
    checks.that("it is described", len(labels.get("description", "")) > 40, labels)
    again = pathlib.Path(f"{IMAGE}-again", "index.json").read_bytes()
    checks.that("the same files make the same image", again == pathlib.Path(IMAGE, "index.json").read_bytes())


def check_files(checks):
    manifest = json.loads(subprocess.check_output(["skopeo", "inspect", "--raw", f"oci:{IMAGE}:valetkey"]))
    checks.equal("it has one layer", len(manifest["layers"]), 1)
    layer = pathlib.Path(IMAGE, "blobs", *manifest["layers"][0]["digest"].split(":"))
    with gzip.open(layer) as content:
        size = len(content.read())
    print(f"figure: the image has {size} bytes (at most {MOST}), {layer.stat().st_size} of them as it is pulled")
    checks.that("it is small", size <= MOST, size)
    with tarfile.open(layer) as content:
        members = content.getmembers()
        pem = content.extractfile(BUNDLE).read().decode()
    owned = {(member.uid, member.gid) for member in members}
    checks.equal("all of it is root's", owned, {(0, 0)})
    odd = [member.name for member in members if member.mode & 0o6022]
    checks.equal("nobody else may write, and nothing runs as its owner", odd, [])
    programs = [member.name for member in members if member.isfile() and member.mode & 0o111]
    others = [name for name in programs if name != "valetkey" and ".so" not in name]
    checks.equal("there is no other program", others, [])
    checks.that("CAs are in it", pem.count("BEGIN CERTIFICATE") > 100, pem.count("BEGIN CERTIFICATE"))


class Pod:
    """The image's file system with the volumes of a pod, and where its daemon looks for an STS."""

    def __init__(self, folder, emulator, port):
        self.folder = pathlib.Path(folder)
        self.volumes = {
            "/etc/valetkey": self._configuration(emulator, port),
            "/run/valetkey": self._folder("run", 0o700),
            # What every runtime gives a container.
            "/etc/hosts": self._file("hosts", f"127.0.0.1 localhost {BY_FILE}\n"),
            "/etc/resolv.conf": self._file("resolv.conf", "nameserver 127.0.0.53\n"),
        }

    def container(self, name):
        """Its own user, entry point, arguments and environment."""
        bundle = self.folder / name
        subprocess.run(["umoci", "unpack", "--image", f"{IMAGE}:valetkey", bundle], check=True, stdout=subprocess.DEVNULL)
        container = Container(bundle, json.loads((bundle / "config.json").read_text()))
        container.process["env"] += ["VALETKEY_CONFIG=/etc/valetkey/valetkey.toml", "VALETKEY_LOG_FORMAT=json"]
        for place, source in self.volumes.items():
            container.mount(place, source, "rw" if place == "/run/valetkey" else "ro")
        return container

    def _configuration(self, emulator, port):
        access, place = emulator.access, self._folder("etc", 0o700)
        for name, variable in {
            "aws_access_key_id": "AWS_ACCESS_KEY_ID",
            "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
            "totp_seed": "TOTP_SEED",
        }.items():
            self._file(f"etc/{name}", access[variable])
        profile = lambda host: f'region = "{emulator.region}"\nkey = {{ directory = "/etc/valetkey" }}\nendpoint_url = "https://{host}:{port}"\n'
        device = f'mfa_serial = "{access["MFA_SERIAL"]}"\nmfa_code = {{ totp_seed_file = "/etc/valetkey/totp_seed" }}\n'
        self._file("etc/valetkey.toml", f"[profile.mfa]\n{profile(BY_DNS)}{device}[profile.plain]\n{profile(BY_FILE)}")
        return place

    def _folder(self, name, mode):
        (self.folder / name).mkdir(mode)
        os.chown(self.folder / name, USER, USER)
        return self.folder / name

    def _file(self, name, text):
        (self.folder / name).write_text(text)
        os.chown(self.folder / name, USER, USER)
        return self.folder / name


def check_run(checks, pod, authority, emulator):
    """With a CA of ours in the image's own bundle."""
    container, roots = pod.container("good"), pod.folder / "roots.pem"
    roots.write_bytes((container.folder / "rootfs" / BUNDLE).read_bytes() + b"\n" + (authority.folder / "ca.pem").read_bytes())
    container.mount(f"/{BUNDLE}", roots)
    with container.running() as daemon:
        obtained = [json.loads(daemon.wait_for(lambda line: '"credentials obtained"' in line))["profile"] for _ in range(2)]
        checks.equal("sessions are there, over TLS, by DNS and by the file of hosts", sorted(obtained), ["mfa", "plain"])
        has = rights(container.proc())
        checks.equal("it runs as its user", (has["Uid"], has["Gid"], has["Groups"]), ([str(USER)] * 4, [str(USER)] * 4, []))
        capabilities = [has[name] for name in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]]
        checks.equal("without capabilities", (capabilities, has["NoNewPrivs"]), ([["0" * 16]] * 5, ["1"]))
        checks.that("its root is read-only", "ro" in root_options(container.proc()), root_options(container.proc()))
        for profile in obtained:
            identity = served(pod, emulator, profile)
            checks.equal(f"what {profile} serves is the user's session", identity, "arn:aws:iam::123456789012:user/demo")
        for command in ["healthcheck", "status"]:
            ended = container.command("/valetkey", command)
            checks.equal(f"{command}: runs in it", (ended.returncode, ended.stderr), (0, ""))
        checks.equal("it ends cleanly when it is told to", daemon.stop(), 0)


def check_stranger(checks, pod):
    """The same, as the image is: its CAs are not ours."""
    with pod.container("strange").running() as daemon:
        failed = daemon.wait_for(lambda line: "UnknownIssuer" in line)
        checks.that("an STS of another CA is asked for nothing", '"credentials obtained"' not in "".join(daemon.lines), failed)


def served(pod, emulator, profile):
    """Who the credentials are, by STS's own word."""
    token = (pod.folder / "run/tokens" / profile / "token").read_text()
    request = urllib.request.Request(f"http://127.0.0.1:7411/credentials/{profile}", headers={"Authorization": token})
    with urllib.request.urlopen(request) as reply:
        document = json.load(reply)
    session = botocore.session.Session()
    session.set_credentials(document["AccessKeyId"], document["SecretAccessKey"], document["Token"])
    return session.create_client("sts", emulator.region, endpoint_url=emulator.url).get_caller_identity()["Arn"]


def speak_tls(files, url):
    """TLS before an STS that speaks none; the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files["tls_certificate"], files["tls_private_key"])
    host, port = url.removeprefix("http://").split(":")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection):
        with contextlib.suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as near:
            with socket.create_connection((host, int(port))) as far:
                back = threading.Thread(target=pass_on, args=(far, near), daemon=True)
                back.start()
                pass_on(near, far)
                back.join()

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def pass_on(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def answer_names():
    """A name server that knows one name: 127.0.0.1, and no IPv6."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.53", 53))
    known = b"".join(bytes([len(label)]) + label.encode() for label in BY_DNS.split(".")) + b"\0"

    def serve():
        while True:
            query, peer = server.recvfrom(512)
            name = query[12 : query.index(b"\0", 12) + 1]
            question = query[12 : 12 + len(name) + 4]
            is_ours = name.lower() == known
            answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01" if is_ours and question[-4:-2] == b"\0\x01" else b""
            head = query[:2] + struct.pack(">HHHHH", 0x8580 if is_ours else 0x8583, 1, bool(answer), 0, 0)
            server.sendto(head + question + answer, peer)

    threading.Thread(target=serve, daemon=True).start()


main()
