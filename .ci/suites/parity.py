"""Cases of every action of STS, a JSON line each: parameters, time, keys, what botocore sends of them, a reply and what
botocore reads in it. `parity.py all` writes all, `parity.py few` one in each of the actions' first."""

import datetime
import email.utils
import json
import sys

import botocore.auth
import botocore.client
import botocore.credentials
import botocore.exceptions
import botocore.session
from botocore.awsrequest import AWSResponse

import parity_parameters
import parity_replies

UNSIGNED = {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}
# STS serves these to long-term keys alone, and so do our types.
LONG_TERM = {"GetFederationToken", "GetSessionToken"}
KEY = {"id": "AKIAIOSFODNN7EXAMPLE", "secret": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
SESSION = {
    "id": "ASIAIOSFODNN7EXAMPLE",
    "secret": "temporary/Secret+of=the_session",
    "token": "IQoJb3JpZ2luX2VjEHoaCWV1LXdlc3Qt//////////wEaDDEyMzQ1Njc4OTAxMiI+/=",
}
TIMES = ["2026-01-02T03:04:05Z", "2000-02-29T23:59:59Z", "2038-01-19T03:14:08Z", "2026-12-31T00:00:00Z"]
PLACES = [
    ("eu-west-1", "http://sts.eu-west-1.amazonaws.com/"),
    ("us-east-1", "http://sts.amazonaws.com/"),
    ("cn-north-1", "http://sts.cn-north-1.amazonaws.com.cn/"),
    ("us-gov-west-1", "http://sts.example:8080/"),
]
# What goes into a signature, and the signature.
HEADERS = ["authorization", "content-type", "host", "x-amz-date", "x-amz-security-token"]
FORMAT = "%Y-%m-%dT%H:%M:%SZ"


class Botocore:
    """botocore, with nothing leaving the process."""

    def __init__(self):
        self.session = botocore.session.Session()
        self.clients = {}

    def client(self, region, endpoint):
        place = (region, endpoint)
        if place not in self.clients:
            client = self.session.create_client(
                "sts",
                region_name=region,
                endpoint_url=endpoint,
                aws_access_key_id="replaced",
                aws_secret_access_key="replaced",
                config=botocore.client.Config(retries={"total_max_attempts": 1}),
            )
            client.meta.events.register("before-send.sts", self.send)
            self.clients[place] = client
        return self.clients[place]

    def send(self, request, **_):
        self.request = request
        reply = self.reply

        class Raw:
            def stream(self, *_, **__):
                yield reply["body"].encode()

        return AWSResponse(request.url, reply["status"], {"Date": reply["date"]}, Raw())

    def call(self, case):
        """The request that botocore made and what it read in the reply."""
        now = datetime.datetime.strptime(case["now"], FORMAT)
        botocore.auth.get_current_datetime = lambda *_, **__: now
        client = self.client(case["region"], case["endpoint"])
        signer = case["signer"] or KEY
        client._request_signer._credentials = botocore.credentials.Credentials(
            signer["id"], signer["secret"], signer.get("token")
        )
        self.reply = case["reply"]
        told = self.told(client, case["action"], case["parameters"])
        headers = {name.lower(): text(value) for name, value in self.request.headers.items()}
        headers["host"] = case["endpoint"].split("/")[2]
        wanted = {name: headers[name] for name in HEADERS if name in headers}
        return {"headers": wanted, "body": text(self.request.body), "told": told}

    def told(self, client, action, parameters):
        try:
            told = client._make_api_call(action, parameters)
        except botocore.exceptions.ClientError as error:
            told = {"Error": {name: error.response["Error"][name] for name in ("Code", "Message")}}
            request_id = error.response["ResponseMetadata"].get("RequestId")
            return told | ({"RequestId": request_id} if request_id else {})
        request_id = told.pop("ResponseMetadata")["RequestId"]
        # Ours tells the id with credentials; elsewhere it is in the log.
        return plain(told) | ({"RequestId": request_id} if "Credentials" in told else {})


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def plain(value):
    """Times in whole seconds, as ours are. An empty text is none."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items() if member != ""}
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime(FORMAT)
    return value


def signers(action):
    if action in UNSIGNED:
        return [None]
    return [KEY] if action in LONG_TERM else [KEY, SESSION]


def case(name, action, parameters, signer, number):
    region, endpoint = PLACES[number % len(PLACES)]
    now = TIMES[number % len(TIMES)]
    at = datetime.datetime.strptime(now, FORMAT).replace(tzinfo=datetime.timezone.utc)
    status, body = parity_replies.reply(action, number, at)
    date = email.utils.format_datetime(at, usegmt=True)
    return {
        "name": name,
        "action": action,
        "parameters": parameters,
        "signer": signer,
        "now": now,
        "region": region,
        "endpoint": endpoint,
        "reply": {"status": status, "date": date, "body": body},
    }


def cases(client):
    """In the order of the model: botocore sends parameters in the order in which it is given them."""
    for action in client.meta.service_model.operation_names:
        shape = client.meta.service_model.operation_model(action).input_shape
        sets = parity_parameters.SETS[action]
        assert len(sets) >= 15, f"{action}: {len(sets)}"
        # Every reply at least once, however few the sets are.
        rounds = -(-len(parity_replies.REPLIES[action]) // len(sets))
        number = 0
        for _ in range(rounds):
            for name, given in sets.items():
                parameters = {member: given[member] for member in shape.members if member in given}
                assert len(parameters) == len(given), f"{action} {name}"
                for signer in signers(action):
                    yield case(f"{action}: {name}", action, parameters, signer, number)
                number += 1
        for name, parameters in parity_parameters.REFUSED[action].items():
            yield {"name": f"{action}: {name}", "action": action, "parameters": parameters, "refused": True}


def answered(botocore_, one):
    if "refused" in one:
        return one
    # An empty list is for us no list, and for botocore an empty text; that is all the difference.
    empty = [name for name, value in one["parameters"].items() if value == []]
    given = {name: value for name, value in one["parameters"].items() if value != []}
    found = botocore_.call(one | {"parameters": given})
    if empty:
        fields = botocore_.call(one)["body"].split("&")
        assert "&".join(field for field in fields if field not in {f"{name}=" for name in empty}) == found["body"]
    return one | found


def main():
    botocore_ = Botocore()
    seen = set()
    for one in cases(botocore_.client(*PLACES[0])):
        key = (one["action"], (one.get("signer") or {}).get("token"), "refused" in one)
        if sys.argv[1] == "all" or key not in seen:
            seen.add(key)
            print(json.dumps(answered(botocore_, one), ensure_ascii=False, sort_keys=True))


if __name__ == "__main__":
    main()
