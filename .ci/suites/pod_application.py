"""The application of the pods that are run: unmodified boto3, with nothing but what the manifest gives it. Signs a request, and another
each second unless it is told `once`. Of a request that fails it says why."""

import json
import signal
import sys
import time

import boto3
import botocore.exceptions

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    told = {}
    try:
        session = boto3.Session()
        told["key"] = session.get_credentials().access_key
        told["arn"] = session.client("sts").get_caller_identity()["Arn"]
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        told["error"] = str(error)
    print(json.dumps(told), flush=True)
    if sys.argv[1:] == ["once"]:
        sys.exit("error" in told)
    time.sleep(1)
