"""What a client of botocore sends, without sending it."""

import re

import botocore.awsrequest


def destination(client):
    """URL and signing region of a request to STS."""
    sent = []

    def send(request, **_):
        sent.append(request)
        return botocore.awsrequest.AWSResponse(request.url, 200, {}, Reply())

    client.meta.events.register("before-send.sts.*", send)
    client.get_caller_identity()
    [request] = sent
    authorization = request.headers["Authorization"]
    if isinstance(authorization, bytes):
        authorization = authorization.decode()
    scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/sts/aws4_request", authorization)
    return request.url, scope[1]


class Reply:
    def stream(self, **_):
        yield b"<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"
