"""The blocks of a document, run as they are written: IAM's part against moto."""

import re
import socket
import subprocess
import sys
import time

from harness import clean_env


def blocks(text, language=r"\w+"):
    """Its fenced blocks in this language, in order, without the indentation of a list."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, flags=re.M | re.S)
    return [re.sub(rf"^{indent}", "", block, flags=re.M) for indent, block in found]


def shell(checks, name, script, folder, env):
    ended = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    checks.equal(name, (ended.returncode, ended.stderr), (0, ""))
    return ended.stdout


class Moto:
    """An IAM and an STS that we did not write."""

    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        quiet = subprocess.DEVNULL
        self.server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], env=clean_env(), stdout=quiet, stderr=quiet
        )
        end = time.monotonic() + 120
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}"
            time.sleep(0.1)
        self.server.terminate()
        raise SystemExit("moto did not start")

    def __exit__(self, *_):
        self.server.terminate()


def of_an_administrator(url):
    """The environment of whoever may do everything in moto's account."""
    return clean_env(AWS_ENDPOINT_URL=url, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
