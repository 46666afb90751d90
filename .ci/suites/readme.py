"""Runs the blocks of the README's "A real account in five minutes". Only names that cannot be real here are replaced."""

import os
import pathlib

from guide import Moto, blocks, of_an_administrator, shell
from harness import BINARY, Checks, Emulator, Process, clean_env, temporary_folder

SECTION = "## A real account in five minutes"


def main():
    checks = Checks()
    # Users and device, files, configuration, run, environment.
    iam, files, configuration, run, environment = blocks(pathlib.Path("README.md").read_text().split(SECTION)[1].split("\n## ")[0])
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
            env = of_an_administrator(url)
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


main()
