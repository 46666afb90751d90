#!/usr/bin/env python3
"""Checks the STS emulator with what AWS's own users have: botocore signs and parses, oathtool makes the codes.

Start `valetkey sts-emulator`, put what it prints into the environment (or the arguments below), run this. It prints
`N passed, N failed` and exits 1 if anything failed. It leaves the emulator without faults.
"""

import argparse
import calendar
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError

import oracle_accounts
import oracle_federation
import oracle_roles
from oracle_texts import CONSTRAINT, HALF, INVALID, MISMATCH, WRONG_CODE, WRONG_DEVICE, WRONG_REGION


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for flag, variable in [
        ("--url", "AWS_ENDPOINT_URL_STS"),
        ("--region", "AWS_REGION"),
        ("--access-key-id", "AWS_ACCESS_KEY_ID"),
        ("--secret-access-key", "AWS_SECRET_ACCESS_KEY"),
        ("--mfa-serial", "MFA_SERIAL"),
        ("--totp-seed", "TOTP_SEED"),
        ("--role-arn", "ROLE_ARN"),
    ]:
        value = os.environ.get(variable)
        parser.add_argument(flag, default=value, required=value is None, help=f"default: ${variable}")
    return parser.parse_args()


class Oracle:
    def __init__(self, args):
        self.args = args
        self.passed = 0
        self.failed = 0

    # --- how to ask ---

    def client(self, key=None, secret=None, token=None, region=None):
        """A client of botocore's that sends each call once, and whatever it is given."""
        session = botocore.session.Session()
        return session.create_client(
            "sts",
            region_name=region or self.args.region,
            endpoint_url=self.args.url,
            aws_access_key_id=key or self.args.access_key_id,
            aws_secret_access_key=secret or self.args.secret_access_key,
            aws_session_token=token,
            config=Config(
                retries={"total_max_attempts": 1}, parameter_validation=False, connect_timeout=5, read_timeout=5
            ),
        )

    def client_of(self, credentials, **changes):
        of = {
            "key": credentials["AccessKeyId"],
            "secret": credentials["SecretAccessKey"],
            "token": credentials["SessionToken"],
        }
        return self.client(**{**of, **changes})

    def control(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.args.url + "/_emulator/" + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=5) as reply:
            return json.load(reply)

    def state(self):
        return self.control("GET", "state")

    def code(self, step):
        command = ["oathtool", "--totp", "--base32", f"--now=@{step * 30}", self.args.totp_seed]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def fresh_step(self):
        """The earliest step that the device has not used and STS accepts; waits for one if it must."""
        used = self.state()["successes"].get(self.args.mfa_serial, [])
        while True:
            step = max(int(time.time()) // 30, max(used, default=0) + 1)
            if step <= int(time.time()) // 30 + 1:
                return step
            time.sleep(1)

    def mfa(self, client=None, serial=None, code=None, **more):
        return (client or self.client()).get_session_token(
            SerialNumber=serial or self.args.mfa_serial, TokenCode=code or self.code(self.fresh_step()), **more
        )

    # --- how to judge ---

    def check(self, name, good, found):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {name}: {found}")

    def expect_error(self, name, call, status, code, message):
        """`message` is a text, or a compiled pattern of the whole text; `None` means that there is none."""
        try:
            found = call()
        except ClientError as error:
            reply = error.response
            text = reply["Error"].get("Message")
            found = (reply["ResponseMetadata"]["HTTPStatusCode"], reply["Error"]["Code"], text)
            matches = message.fullmatch(text or "") if isinstance(message, re.Pattern) else message == text
            self.check(name, found[:2] == (status, code) and matches, found)
            headers = reply["ResponseMetadata"]["HTTPHeaders"]
            request_id = reply["ResponseMetadata"]["RequestId"]
            self.check(name + ": request id", request_id == headers["x-amzn-requestid"], headers)
        except Exception as error:  # anything else that botocore makes of it is a failure of this check
            self.check(name, False, repr(error))
        else:
            self.check(name, False, f"no error but {sorted(found)}")

    def expect_exception(self, name, call, *kinds):
        try:
            found = call()
        except kinds:
            self.check(name, True, None)
        except Exception as error:
            self.check(name, False, repr(error))
        else:
            self.check(name, False, found)

    def with_faults(self, faults, check):
        self.control("POST", "faults", faults)
        try:
            check()
        finally:
            self.control("DELETE", "faults")

    # --- what is checked ---

    def sessions(self):
        who = self.client().get_caller_identity()
        arn = self.args.mfa_serial.replace(":mfa/", ":user/")
        self.check("the long-term key is the user", who["Arn"] == arn, who)

        step = self.fresh_step()
        reply = self.mfa(code=self.code(step), DurationSeconds=900)
        credentials = reply["Credentials"]
        left = credentials["Expiration"].timestamp() - time.time()
        self.check("an MFA session lives as long as asked", 895 < left <= 900, left)
        self.check("its key is temporary", credentials["AccessKeyId"].startswith("ASIA"), credentials["AccessKeyId"])
        successes = self.state()["successes"][self.args.mfa_serial]
        self.check("its step is used once", successes.count(step) == 1, successes)

        session = self.client_of(credentials)
        same = session.get_caller_identity()
        names = ("UserId", "Account", "Arn")
        self.check("a session is its user", [same[n] for n in names] == [who[n] for n in names], same)

        self.expect_error("a re-used code", lambda: self.mfa(code=self.code(step)), 403, "AccessDenied", WRONG_CODE)
        self.expect_error(
            "GetSessionToken by a session",
            session.get_session_token,
            403,
            "AccessDenied",
            "Cannot call GetSessionToken with session credentials",
        )
        plain = self.client().get_session_token()["Credentials"]
        left = plain["Expiration"].timestamp() - time.time()
        self.check("without MFA and duration it is 12 hours", 43195 < left <= 43200, left)

        for name, changes in [
            ("a session without its token", {"token": None}),
            ("a session with another token", {"token": plain["SessionToken"]}),
            ("a session with a token made up", {"token": "made-up"}),
        ]:
            client = self.client_of(credentials, **changes)
            self.expect_error(name, client.get_caller_identity, 403, "InvalidClientTokenId", INVALID)
        client = self.client_of(credentials, secret="wrong")
        self.expect_error("a session, wrong secret", client.get_caller_identity, 403, "SignatureDoesNotMatch", MISMATCH)

    def mfa_refusals(self):
        code = self.code(int(time.time()) // 30)
        current = {self.code(int(time.time()) // 30 + step) for step in (-1, 0, 1, 2)}
        wrong = next(code for code in ("000000", "111111", "222222", "333333", "444444") if code not in current)
        self.expect_error("a wrong code", lambda: self.mfa(code=wrong), 403, "AccessDenied", WRONG_CODE)
        far = self.code(int(time.time()) // 30 - 20)
        self.expect_error("a code of ten minutes ago", lambda: self.mfa(code=far), 403, "AccessDenied", WRONG_CODE)
        for serial in (self.args.mfa_serial + "x", "GAHT12345678"):
            self.expect_error(
                f"device {serial}", lambda s=serial: self.mfa(serial=s, code=code), 403, "AccessDenied", WRONG_DEVICE
            )
        client = self.client()
        self.expect_error(
            "a code without a device", lambda: client.get_session_token(TokenCode=code), 403, "AccessDenied", HALF
        )
        self.expect_error(
            "a device without a code",
            lambda: client.get_session_token(SerialNumber=self.args.mfa_serial),
            403,
            "AccessDenied",
            HALF,
        )

    def validation(self):
        client = self.client()
        for name, value, member, constraint in [
            ("DurationSeconds", 899, "durationSeconds", "have value greater than or equal to 900"),
            ("DurationSeconds", 129601, "durationSeconds", "have value less than or equal to 129600"),
            ("TokenCode", "12345", "tokenCode", "have length greater than or equal to 6"),
            ("TokenCode", "12345a", "tokenCode", "satisfy regular expression pattern: [\\d]*"),
            ("SerialNumber", "1234567", "serialNumber", "have length greater than or equal to 9"),
        ]:
            self.expect_error(
                f"{name} {value}",
                lambda n=name, v=value: client.get_session_token(**{n: v}),
                400,
                "ValidationError",
                f"1 validation error detected: Value '{value}' at '{member}' {CONSTRAINT} {constraint}",
            )
        self.expect_error(
            "two constraints at once",
            lambda: client.get_session_token(SerialNumber=self.args.mfa_serial, TokenCode="123<&>7"),
            400,
            "ValidationError",
            f"2 validation errors detected: Value '123<&>7' at 'tokenCode' {CONSTRAINT} have length less than or equal "
            f"to 6; Value '123<&>7' at 'tokenCode' {CONSTRAINT} satisfy regular expression pattern: [\\d]*",
        )
        self.expect_error(
            "a duration that is no number",
            lambda: client.get_session_token(DurationSeconds="soon"),
            400,
            "MalformedInput",
            None,
        )

    def signatures(self):
        for name, changes, code, message in [
            ("a wrong secret", {"secret": "wrong"}, "SignatureDoesNotMatch", MISMATCH),
            ("an unknown key", {"key": "AKIAIOSFODNN7EXAMPLE"}, "InvalidClientTokenId", INVALID),
            ("another region", {"region": "ap-south-1"}, "SignatureDoesNotMatch", WRONG_REGION),
        ]:
            client = self.client(**changes)
            self.expect_error(name, client.get_caller_identity, 403, code, message)
        unsigned = botocore.session.Session().create_client(
            "sts",
            region_name=self.args.region,
            endpoint_url=self.args.url,
            config=Config(signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1}),
        )
        self.expect_error(
            "no signature",
            unsigned.get_caller_identity,
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        )

    def clocks(self):
        stamp = r"\d{8}T\d{6}Z"
        client = self.client()
        for skew, text in [
            (3600, f"Signature expired: {stamp} is now earlier than {stamp} \\({stamp} - 15 min\\.\\)"),
            (-3600, f"Signature not yet current: {stamp} is still later than {stamp} \\({stamp} \\+ 15 min\\.\\)"),
        ]:
            self.with_faults(
                {"clock_skew_seconds": skew},
                lambda t=text, s=skew: self.expect_error(
                    f"a clock {s} s off", client.get_caller_identity, 403, "SignatureDoesNotMatch", re.compile(t)
                ),
            )
        self.with_faults({"clock_skew_seconds": 600}, self.small_skew)
        self.control("POST", "faults", {"lifetime_seconds": 60})
        credentials = client.get_session_token(DurationSeconds=3600)["Credentials"]
        self.control("DELETE", "faults")
        left = credentials["Expiration"].timestamp() - time.time()
        self.check("a shortened lifetime", 55 < left <= 60, left)
        session = self.client_of(credentials)
        self.check("a short session works", "Arn" in session.get_caller_identity(), credentials["Expiration"])
        self.with_faults(
            {"clock_skew_seconds": 120},
            lambda: self.expect_error(
                "an expired session",
                session.get_caller_identity,
                403,
                "ExpiredToken",
                "The security token included in the request is expired",
            ),
        )

    def small_skew(self):
        """Ten minutes: the signature holds, the Date tells, and today's code is out of the window."""
        reply = self.client().get_caller_identity()
        date = reply["ResponseMetadata"]["HTTPHeaders"]["date"]
        ahead = calendar.timegm(time.strptime(date, "%a, %d %b %Y %H:%M:%S GMT")) - time.time()
        self.check("the Date header is skewed", 595 <= ahead <= 605, date)
        code = self.code(int(time.time()) // 30)
        self.expect_error("a code under a skewed clock", lambda: self.mfa(code=code), 403, "AccessDenied", WRONG_CODE)

    def faults(self):
        client = self.client()
        for name, faults, status, code, message in [
            ("throttling", {"throttling": True}, 400, "Throttling", "Rate exceeded"),
            ("500", {"refuse": 500}, 500, "InternalFailure", re.compile(".+")),
            ("503", {"refuse": 503}, 503, "ServiceUnavailable", re.compile(".+")),
        ]:
            self.with_faults(
                faults,
                lambda n=name, s=status, c=code, m=message: self.expect_error(n, client.get_caller_identity, s, c, m),
            )
        for name, faults, kinds in [
            ("down", {"down": True}, (ConnectionClosedError,)),
            ("a lost reply", {"lost_reply": True}, (ConnectionClosedError,)),
            ("slow", {"slow_milliseconds": 8000}, (ReadTimeoutError,)),
            # Well-formed HTML: botocore parses it, and stumbles over what is not there.
            ("a captive portal", {"garbage": "captive_portal"}, (ResponseParserError, KeyError)),
            ("no body", {"garbage": "empty"}, (ResponseParserError,)),
            ("no XML", {"garbage": "not_xml"}, (ResponseParserError,)),
            ("half of the XML", {"garbage": "truncated"}, (ResponseParserError,)),
        ]:
            self.with_faults(
                faults, lambda n=name, k=kinds: self.expect_exception(n, client.get_caller_identity, *k)
            )
        self.with_faults(
            {"garbage": "oversized"},
            lambda: self.check("too long, yet right", "Arn" in client.get_caller_identity(), None),
        )
        self.control("POST", "faults", {"throttling": True, "count": 1})
        self.expect_error("throttled once", client.get_caller_identity, 400, "Throttling", "Rate exceeded")
        self.check("and not twice", "Arn" in client.get_caller_identity(), self.state()["faults"])
        try:
            self.control("POST", "faults", {"nonsense": 1})
            self.check("an unknown fault is refused", False, "it was taken")
        except urllib.error.HTTPError as error:
            self.check("an unknown fault is refused", error.code == 400, error.code)

    def counts(self):
        before = self.state()
        self.client().get_caller_identity()
        after = self.state()
        grown = after["requests"]["GetCallerIdentity"] - before["requests"]["GetCallerIdentity"]
        self.check("requests are counted by action", grown == 1, after)
        self.check("no fault is left", after["faults"] == {}, after["faults"])
        steps = after["successes"][self.args.mfa_serial]
        self.check("no step succeeded twice", len(set(steps)) == len(steps), steps)


def main():
    args = arguments()
    if shutil.which("oathtool") is None:
        sys.exit("oathtool is missing: install the package oathtool")
    oracle = Oracle(args)
    oracle.control("DELETE", "faults")
    parts = [oracle.sessions, oracle.mfa_refusals, oracle.validation, oracle.signatures, oracle.clocks, oracle.faults]
    suites = [oracle_roles, oracle_federation, oracle_accounts]
    for part in [*parts, *(part for suite in suites for part in suite.parts(oracle)), oracle.counts]:
        try:
            part()
        except Exception as error:  # one part's surprise must not hide the others
            oracle.check(part.__name__, False, repr(error))
    print(f"{oracle.passed} passed, {oracle.failed} failed")
    sys.exit(1 if oracle.failed else 0)


if __name__ == "__main__":
    main()
