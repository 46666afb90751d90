"""Runs the blocks of the README's "A real account in five minutes". Only names that cannot be real here are replaced."""

import os
import pathlib
import re
import socket
import subprocess
import sys
import time

from harness import BINARY, Checks, Emulator, Process, clean_env, temporary_folder

SECTION = "## A real account in five minutes"


def blocks():
    """The fenced blocks of the section, in order: users and device, files, configuration, run, environment."""
    text = pathlib.Path("README.md").read_text().split(SECTION)[1].split("\n## ")[0]
    found = re.findall(r"^ {3}```\w+\n(.*?)^ {3}```", text, flags=re.M | re.S)
    return [re.sub(r"^ {3}", "", block, flags=re.M) for block in found]


def main():
    checks = Checks()
    iam, files, configuration, run, environment = blocks()
    with temporary_folder() as folder:
        emulator = Emulator()
        access = emulator.access

        def here(text):
            for name, value in {
                "arn:aws:iam::123456789012:mfa/valetkey": access["MFA_SERIAL"],
                "eu-west-1": emulator.region,
                "/etc/valetkey": f"{folder}/etc",
                "/run/valetkey": f"{folder}/run",
            }.items():
                text = text.replace(name, value)
            return text

        with Moto() as url:
            env = clean_env(
                AWS_ENDPOINT_URL=url, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1"
            )
            shell(checks, "1. IAM's part", iam, folder, env)
            shell(checks, "2. the key and the seed", here(files), folder, env)
        # What IAM gave must be what the daemon takes; then the emulator's user stands in for moto's.
        for name, value in {
            "key/aws_access_key_id": access["AWS_ACCESS_KEY_ID"],
            "key/aws_secret_access_key": access["AWS_SECRET_ACCESS_KEY"],
            "mfa/totp_seed": access["TOTP_SEED"],
        }.items():
            path = pathlib.Path(folder, "etc", name)
            checks.that(f"{name} is there", path.stat().st_size >= 16)
            path.write_text(value)
        modes = {path.stat().st_mode & 0o077 for path in pathlib.Path(folder, "etc").rglob("*")}
        checks.equal("nobody else can read them", modes, {0})
        written = here(configuration).replace("[profile.ops]\n", f'[profile.ops]\nendpoint_url = "{emulator.url}"\n')
        pathlib.Path(folder, "etc/valetkey.toml").write_text(written)

        check, serve = [line.replace("valetkey serve", f"{os.path.abspath(BINARY)} serve", 1) for line in here(run).splitlines()]
        shell(checks, "4. the check", check, folder, clean_env())
        daemon = Process(["bash", "-c", f"exec {serve}"])
        daemon.wait_for(lambda line: "credentials obtained" in line)
        env = clean_env(AWS_ENDPOINT_URL_STS=emulator.url)
        printed = shell(checks, "5. the SDK's part", here(environment), folder, env)
        checks.that("it is the user", "arn:aws:iam::123456789012:user/demo" in printed, printed)
        checks.equal("the daemon ends cleanly", daemon.stop(), 0)
        emulator.stop()
    checks.done()


def shell(checks, name, script, folder, env):
    ended = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    checks.equal(name, (ended.returncode, ended.stderr), (0, ""))
    return ended.stdout


class Moto:
    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        quiet = subprocess.DEVNULL
        self.server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], env=clean_env(), stdout=quiet, stderr=quiet
        )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}"
            time.sleep(0.1)
        raise SystemExit("moto did not start")

    def __exit__(self, *_):
        self.server.terminate()


main()
