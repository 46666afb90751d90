"""The checks of what tells and delegates: keys, denials, root of member accounts, trade-in tokens."""

import datetime
import json
import time

from oracle_texts import CONSTRAINT, INVALID

MEMBER = "210987654321"
TASKS = "arn:aws:iam::aws:policy/root-task/"
AUDIT = {"arn": TASKS + "IAMAuditRootUserCredentials"}


def parts(oracle):
    it = Accounts(oracle)
    return [it.keys, it.denials, it.roots, it.delegation]


class Accounts:
    def __init__(self, oracle):
        self.oracle = oracle
        self.user = oracle.args.mfa_serial.replace(":mfa/", ":user/")
        self.account = self.user.split(":")[4]

    def expect(self, name, call, code, message, status=400):
        self.oracle.expect_error(name, call, status, code, message)

    def keys(self):
        client, check = self.oracle.client(), self.oracle.check
        session = client.get_session_token()["Credentials"]["AccessKeyId"]
        for id in (self.oracle.args.access_key_id, session):
            found = client.get_access_key_info(AccessKeyId=id)["Account"]
            check(f"the account of {id[:4]}…", found == self.account, found)
        unknown = lambda: client.get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")
        self.expect("a key of nobody", unknown, "InvalidClientTokenId", INVALID, 403)
        short = (
            f"1 validation error detected: Value 'AKIA' at 'accessKeyId' "
            f"{CONSTRAINT} have length greater than or equal to 16"
        )
        self.expect("a key too short", lambda: client.get_access_key_info(AccessKeyId="AKIA"), "ValidationError", short)

    def denials(self):
        client, check = self.oracle.client(), self.oracle.check
        decode = lambda text: json.loads(client.decode_authorization_message(EncodedMessage=text)["DecodedMessage"])
        role = f"arn:aws:iam::{self.account}:role/nobody"
        denied = f"User: {self.user} is not authorized to perform: sts:AssumeRole on resource: {role}"
        call = lambda: client.assume_role(RoleArn=role, RoleSessionName="s1")
        self.expect("a denial", call, "AccessDenied", denied, 403)
        decoded = decode(self.oracle.state()["authorization_messages"][-1])
        found = (decoded["allowed"], decoded["context"]["action"], decoded["context"]["resource"])
        check("it can be decoded", found == (False, "sts:AssumeRole", role), decoded)
        check("it names the caller", decoded["context"]["principal"]["arn"] == self.user, decoded)
        made = {"principal": self.user, "action": "ec2:RunInstances", "resource": "*", "explicit": True}
        encoded = self.oracle.control("POST", "authorization-messages", made)["encoded_message"]
        decoded = decode(encoded)
        found = (decoded["explicitDeny"], decoded["context"]["action"])
        check("one that was asked for", found == (True, "ec2:RunInstances"), decoded)
        for name, text in [("made up", "x"), ("with a line break", encoded + "\n"), ("cut", encoded[:-1])]:
            code, message = "InvalidAuthorizationMessageException", "Message is not valid"
            self.expect(f"a message {name}", lambda t=text: decode(t), code, message)

    def roots(self):
        client, check = self.oracle.client(), self.oracle.check
        arn = f"arn:aws:iam::{MEMBER}:root"
        ask = lambda by=client, **more: by.assume_root(**{"TargetPrincipal": MEMBER, "TaskPolicyArn": AUDIT, **more})
        denied = f"User: {self.user} is not authorized to perform: sts:AssumeRoot on resource: {arn}"
        self.oracle.control("POST", "organization", {"management": self.account})
        self.expect("root of a stranger", ask, "AccessDenied", denied, 403)
        self.oracle.control("POST", "organization", {"management": "999999999999", "members": [MEMBER]})
        self.expect("root by a stranger", ask, "AccessDenied", denied, 403)
        self.oracle.control("POST", "organization", {"management": self.account, "members": [MEMBER]})
        for target in (MEMBER, arn):
            reply = ask(TargetPrincipal=target)
            left = reply["Credentials"]["Expiration"].timestamp() - time.time()
            check("root for a quarter of an hour", 895 < left <= 900, left)
            session = self.oracle.client_of(reply["Credentials"])
            who = session.get_caller_identity()
            check("root is itself", (who["Arn"], who["Account"]) == (arn, MEMBER), who)
        again = "Cannot call AssumeRoot with session credentials"
        self.expect("root by root", lambda: ask(session), "AccessDenied", again, 403)
        for name, more, message in [
            (
                "a longer session", {"DurationSeconds": 901},
                f"1 validation error detected: Value '901' at 'durationSeconds' {CONSTRAINT} "
                "have value less than or equal to 900",
            ),
            (
                "another policy", {"TaskPolicyArn": {"arn": TASKS + "Everything"}},
                f"{TASKS}Everything is not a valid task policy",
            ),
            ("a user", {"TargetPrincipal": self.user}, f"{self.user} is invalid"),
        ]:
            self.expect(name, lambda m=more: ask(**m), "ValidationError", message)
        worldwide = self.oracle.client()
        worldwide.meta.events.register("before-sign.sts.AssumeRoot", as_global)
        self.expect("root at the global endpoint", lambda: ask(worldwide), "InvalidAction", "Unknown Operation")

    def delegation(self):
        client, check = self.oracle.client(), self.oracle.check
        moment = lambda seconds: (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)).isoformat()
        for token, life in (("good", 300), ("late", -1)):
            principal = self.oracle.args.role_arn
            document = {"token": token, "principal": principal, "expiration": moment(life), "seconds": 1200}
            self.oracle.control("POST", "trade-in-tokens", document)
        ask = lambda token: client.get_delegated_access_token(TradeInToken=token)
        reply = ask("good")
        left = reply["Credentials"]["Expiration"].timestamp() - time.time()
        check("delegated credentials live as registered", 1195 < left <= 1200, left)
        check("of this principal", reply["AssumedPrincipal"] == self.oracle.args.role_arn, reply)
        who = self.oracle.client_of(reply["Credentials"]).get_caller_identity()
        check("and are it", who["Arn"].endswith(":assumed-role/demo/delegated"), who)
        text = "The trade-in token provided in the request has expired"
        self.expect("a late token", lambda: ask("late"), "ExpiredTradeInTokenException", text)
        self.expect("a token made up", lambda: ask("x"), "ValidationError", "The trade-in token is invalid")


def as_global(request, **_):
    request.headers["Host"] = "sts.amazonaws.com"
