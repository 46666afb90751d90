"""The daemon gets a session from moto's server: keys that do not look like AWS's, times with fractions and offsets."""

import json
import socket
import subprocess
import sys
import urllib.request

from harness import Checks, Daemon, clean_env, temporary_folder, write_key


def main():
    checks = Checks()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    moto = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], env=clean_env())
    url = f"http://127.0.0.1:{port}"
    try:
        with temporary_folder() as folder:
            profile = write_key(folder, "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY") | {
                "region": "eu-west-1",
                "endpoint_url": url,
                "duration_seconds": 900,
            }
            # moto needs seconds to start; the daemon meets a refused connection and comes back by itself.
            daemon = Daemon(folder, {"moto": profile})
            daemon.wait_for_credentials("moto")
            with open(daemon.token_file("moto")) as token:
                request = urllib.request.Request(daemon.uri("moto"), headers={"Authorization": token.read()})
            document = json.load(urllib.request.urlopen(request))
            checks.equal("the document is a success", document["Code"], "Success")
            checks.that("the expiration has whole seconds and Z", document["Expiration"][-1] == "Z" and "." not in document["Expiration"], document["Expiration"])
            env = daemon.client_env("moto", AWS_DEFAULT_REGION="eu-west-1", AWS_ENDPOINT_URL_STS=url)
            cli = subprocess.run(["aws", "sts", "get-caller-identity"], env=env, capture_output=True, text=True, timeout=60)
            checks.that("the AWS CLI asks moto with it", cli.returncode == 0 and "Arn" in cli.stdout, cli.stderr)
            checks.equal("the daemon ends cleanly", daemon.stop(), 0)
    finally:
        moto.terminate()
    checks.done()


main()
