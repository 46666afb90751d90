"""The Debian package of target/ci/valetkey.deb: systemd's opinion of its unit, and a Debian (an overlay over what debootstrap made) in which
it is installed, runs as its unit says, and is removed."""

import contextlib
import os
import pathlib
import re
import subprocess

from harness import Checks, Emulator, temporary_folder
from package_completions import check_completions
from package_unit import Unit, rooted

PACKAGE = "target/ci/valetkey.deb"
# What an installation leaves behind on purpose: accounts, which own files perhaps; and the package manager's own books.
STAYS = re.compile(r"etc/(passwd|group|g?shadow|subuid|subgid)-?|etc/\.pwd\.lock|var/(lib/dpkg|log|cache)/.*")
# Ours, put there by the test.
OURS = re.compile(r"etc/valetkey/valetkey\.toml|run/(systemd|credentials)/.*")


def main():
    checks = Checks()
    with temporary_folder() as folder:
        os.chmod(folder, 0o755)
        with contextlib.closing(Debian(pathlib.Path(folder))) as debian:
            install(checks, debian)
            check_pages(checks, debian)
            check_opinions(checks, debian)
            check_completions(checks, debian.root)
            run(checks, debian)
            remove(checks, debian)
    checks.done()


class Debian:
    """A Debian whose changes are seen in a folder of their own, which is gone with this process's mounts."""

    def __init__(self, folder):
        self.folder, self.root, self.changes = folder, folder / "root", folder / "layers/changes"
        self.root.mkdir()
        (folder / "layers").mkdir()
        mount("-t", "tmpfs", "none", folder / "layers")
        for name in ["changes", "work"]:
            (folder / "layers" / name).mkdir()
        layers = f"lowerdir={os.environ['VALETKEY_DEBIAN']},upperdir={self.changes},workdir={folder}/layers/work"
        mount("-t", "overlay", "overlay", "-o", layers, self.root)

    def close(self):
        for place in [self.root, self.folder / "layers"]:
            subprocess.run(["umount", "--lazy", place], check=True)

    def run(self, *command):
        return rooted(self.root, *command)

    def changed(self):
        """Files, links and what is no more."""
        found = [path for path in self.changes.rglob("*") if not path.is_dir() or path.is_symlink()]
        return {str(path.relative_to(self.changes)) for path in found}


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def install(checks, debian):
    (debian.root / "package.deb").write_bytes(pathlib.Path(PACKAGE).read_bytes())
    told = debian.run("dpkg", "--install", "/package.deb")
    odd = [line for line in told.stderr.splitlines() if not line.startswith("Creating ")]
    checks.equal("it installs", (told.returncode, odd), (0, []))
    version = debian.run("valetkey", "--version").stdout
    checks.that("it runs", version.startswith("valetkey "), version)
    status = debian.run("dpkg", "--status", "valetkey").stdout
    checks.that("its version is the binary's", f"Version: {version.split()[1]}-1\n" in status, status)
    user = debian.run("id", "valetkey").stdout
    checks.that("its user is there, a system's", re.match(r"uid=\d{3}\(valetkey\)", user), user)
    checks.equal("and the group of its consumers", debian.run("getent", "group", "valetkey-clients").returncode, 0)
    checks.that("the user cannot log in", "/nologin" in debian.run("getent", "passwd", "valetkey").stdout)
    links = list(debian.changes.glob("etc/systemd/**/*.service"))
    checks.equal("nothing is enabled, and no configuration is invented", (links, list(debian.root.glob("etc/valetkey/*"))), ([], []))
    again = debian.run("dpkg", "--install", "/package.deb")
    checks.equal("an upgrade is fine", (again.returncode, again.stderr), (0, ""))


def check_pages(checks, debian):
    """A page a command, by what the binary tells of itself, without the emulator's."""
    pages = {path.name.removesuffix(".1.gz") for path in (debian.root / "usr/share/man/man1").glob("valetkey*")}
    names = lambda *words: [
        line.split("\t")[0] for line in rooted(debian.root, "valetkey", "__complete", typed=[*words, ""]).stdout.splitlines()
    ]
    expected = {"valetkey"} | {f"valetkey-{name}" for name in names() if name != "help"}
    for group in ["mfa", "sts"]:
        expected |= {f"valetkey-{group}-{name}" for name in names(group) if name != "help"}
    checks.equal("each command has a page", pages, expected)
    checks.that("the emulator is not in it", "valetkey-demo" not in pages and len(pages) > 15, pages)
    for name in ["valetkey", "valetkey-serve", "valetkey-sts-assume-role"]:
        page = debian.root / f"usr/share/man/man1/{name}.1.gz"
        text = subprocess.run(["mandoc", "-T", "utf8", page], capture_output=True, text=True).stdout
        plain = re.sub(".\b", "", text)
        checks.that(f"{name}: is read by its name", re.search(rf"^NAME\n +{name} ", plain, re.M), plain[:300])
    page = rooted(debian.root, "zcat", "/usr/share/man/man1/valetkey-serve.1.gz").stdout.replace("\\-", "-")
    options = {line.split("\t")[0] for line in rooted(debian.root, "valetkey", "__complete", typed=["serve", "--"]).stdout.splitlines()}
    missing = [option for option in options if f"\\fB{option}\\fR" not in page]
    checks.equal("each option of serve is told", missing, [])


def check_opinions(checks, debian):
    """As if the package were installed here: its programs and its pages are seen, in this process's mounts alone."""
    for place in ["usr/bin", "usr/share/man/man1"]:
        mount("-t", "overlay", "overlay", "-o", f"lowerdir={debian.changes / place}:/{place}", f"/{place}")
    unit = debian.root / "lib/systemd/system/valetkey.service"
    checks.equal("systemd-analyze verify is content", analyze("verify", unit), (0, ""))
    broken = debian.folder / "valetkey.service"
    broken.write_text(unit.read_text().replace("Type=notify", "Type=notified"))
    checks.that("and would not be with a mistake", "notified" in analyze("verify", broken)[1])
    drop_in = debian.folder / "application.service.d"
    drop_in.mkdir()
    example = debian.root / "usr/share/doc/valetkey/examples/application.service.d/valetkey.conf"
    (drop_in / "valetkey.conf").write_text(example.read_text())
    application = debian.folder / "application.service"
    application.write_text("[Service]\nExecStart=/bin/true\n")
    told = analyze("verify", application)
    checks.that("nor has it anything against the application's drop-in", "valetkey.conf" not in told[1], told)
    (drop_in / "valetkey.conf").write_text(example.read_text().replace("SupplementaryGroups", "SupplementaryGroup"))
    checks.that("which it has of one with a mistake", "valetkey.conf" in analyze("verify", application)[1])
    secured = ["security", "--offline=true", "--threshold=15"]
    code, told = analyze(*secured, unit)
    exposure = re.search(r"Overall exposure level for valetkey.service: ([\d.]+)", told)[1]
    print(f"figure: the unit's exposure level is {exposure} (at most 1.5)")
    checks.equal("systemd-analyze security is content", code, 0)
    broken.write_text(unit.read_text().replace("SystemCallFilter=", "#"))
    checks.that("and would not be without the filter of system calls", analyze(*secured, broken)[0] != 0)


def analyze(*args):
    ended = subprocess.run(["systemd-analyze", "--no-pager", *args], capture_output=True, text=True)
    return ended.returncode, ended.stdout + ended.stderr


def run(checks, debian):
    emulator = Emulator()
    unit = Unit(debian.root, debian.folder)
    checks.that("without a configuration it is not started", "ConditionPathExists=/etc/valetkey/valetkey.toml" in unit.text)
    unit.configure(emulator)
    unit.check(checks, emulator)


def remove(checks, debian):
    removed = debian.run("dpkg", "--remove", "valetkey")
    checks.equal("it is removed", (removed.returncode, removed.stderr), (0, ""))
    kept = debian.root / "var/lib/valetkey"
    checks.that("what it kept is there still", any(kept.iterdir()))
    purged = debian.run("dpkg", "--purge", "valetkey")
    checks.equal("it is purged", purged.returncode, 0)
    (debian.root / "package.deb").unlink()
    left = {name for name in debian.changed() if not STAYS.fullmatch(name)}
    checks.equal("nothing stays but what others wrote", {name for name in left if not OURS.fullmatch(name)}, set())
    checks.that("the configuration stays", "etc/valetkey/valetkey.toml" in left, left)
    folders = [name for name in ["var/lib/valetkey", "run/valetkey", "usr/share/doc/valetkey"] if (debian.root / name).exists()]
    checks.equal("nor do folders", folders, [])


main()
