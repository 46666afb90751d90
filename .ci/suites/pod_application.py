"""The application of the pods that are run: unmodified boto3, with nothing but what the manifest gives it. Signs a request, and another
each second unless it is told `once`."""

import json
import signal
import sys
import time

import boto3

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    session = boto3.Session()
    identity = session.client("sts").get_caller_identity()
    print(json.dumps({"arn": identity["Arn"], "key": session.get_credentials().access_key}), flush=True)
    if sys.argv[1:] == ["once"]:
        break
    time.sleep(1)
