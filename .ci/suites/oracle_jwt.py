"""JSON Web Tokens by `cryptography`: made as an identity provider makes them, and checked as its consumers do."""

import base64
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value, length):
    return encode(value.to_bytes(length, "big"))


class Issuer:
    """An identity provider with a key of RSA and one of P-256."""

    def __init__(self):
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())

    def jwks(self):
        public, point = self.rsa.public_key().public_numbers(), self.ec.public_key().public_numbers()
        return {
            "keys": [
                {"kty": "RSA", "kid": "RS256", "n": number(public.n, 256), "e": number(public.e, 3)},
                {"kty": "EC", "kid": "ES256", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)},
            ]
        }

    def sign(self, claims, algorithm="RS256", key_id=None):
        header = {"alg": algorithm, "kid": key_id or algorithm, "typ": "JWT"}
        signed = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
        if algorithm == "RS256":
            signature = self.rsa.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        else:
            r, s = utils.decode_dss_signature(self.ec.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
            signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return f"{signed}.{encode(signature)}"


def verified(token, jwks):
    """The header and the claims, if a key of the set signed them; else `None`."""
    signed, signature = token.rsplit(".", 1)
    header, claims = (json.loads(decode(part)) for part in signed.split("."))
    key = next(key for key in jwks["keys"] if key["kid"] == header["kid"])
    integer = {name: int.from_bytes(decode(key[name]), "big") for name in ("n", "e", "x", "y") if name in key}
    signature = decode(signature)
    try:
        if header["alg"] == "RS256":
            public = rsa.RSAPublicNumbers(integer["e"], integer["n"]).public_key()
            public.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        else:
            public = ec.EllipticCurvePublicNumbers(integer["x"], integer["y"], ec.SECP384R1()).public_key()
            halves = (int.from_bytes(half, "big") for half in (signature[:48], signature[48:]))
            public.verify(utils.encode_dss_signature(*halves), signed.encode(), ec.ECDSA(hashes.SHA384()))
    except InvalidSignature:
        return None
    return header, claims
