"""Signs once for each line of standard input, with one provider. What every client prints stands in ../README.md."""

import importlib.metadata
import io
import json
import os
import re
import sys
import urllib.request

from awscrt import auth, http

BODY = b"Action=GetCallerIdentity&Version=2011-06-15"


def main():
    print(json.dumps({"version": importlib.metadata.version("awscrt")}), flush=True)
    provider = auth.AwsCredentialsProvider.new_default_chain()
    for _ in sys.stdin:
        try:
            line = {"ok": True} | sign(provider)
        except Exception as error:
            line = {"ok": False, "error": str(error)}
        print(json.dumps(line), flush=True)


def sign(provider):
    """awscrt has no STS client: it signs, and the request goes out by hand."""
    endpoint = os.environ["AWS_ENDPOINT_URL_STS"]
    headers = [("Host", endpoint.removeprefix("http://")), ("Content-Type", "application/x-www-form-urlencoded")]
    request = http.HttpRequest("POST", "/", http.HttpHeaders(headers), io.BytesIO(BODY))
    config = auth.AwsSigningConfig(credentials_provider=provider, region=os.environ["AWS_REGION"], service="sts")
    signed = dict(auth.aws_sign_request(request, config).result().headers)
    with urllib.request.urlopen(urllib.request.Request(endpoint, BODY, signed)) as reply:
        document = reply.read().decode()
    return {
        "access_key_id": re.search(r"Credential=(\w+)", signed["Authorization"])[1],
        "arn": re.search("<Arn>(.*)</Arn>", document)[1],
        "account": re.search("<Account>(.*)</Account>", document)[1],
    }


main()
