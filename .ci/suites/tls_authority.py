"""A private CA, and how each client is told to trust it."""

import datetime
import ipaddress
import os
import pathlib
import shutil

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


class Authority:
    """Certificates for 127.0.0.1 and hosts; its own, in every form that a client wants, lies in `folder`."""

    def __init__(self, folder, name):
        self.folder, self.key = pathlib.Path(folder, name), ec.generate_private_key(ec.SECP256R1())
        self.folder.mkdir()
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} of valetkey's CI")])
        self.certificate = self._sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=0))
        pem = self.certificate.public_bytes(PEM)
        self._file("ca.pem").write_bytes(pem)
        entry = pkcs12.PKCS12Certificate(self.certificate, b"ca")
        algorithm = serialization.BestAvailableEncryption(b"changeit")
        self._file("ca.p12").write_bytes(pkcs12.serialize_java_truststore([entry], algorithm))
        # What boto3 and the AWS CLI bring along, with the CA at its end.
        shutil.copytree(pathlib.Path(certifi.__file__).parent, self._file("python/certifi"))
        with self._file("python/certifi/cacert.pem").open("ab") as bundle:
            bundle.write(b"\n" + pem)

    def issue(self, key, *hosts):
        """A certificate of this key, in PEM."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "valetkey")])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), *map(x509.DNSName, hosts)])
        certificate = self._sign(name, key, x509.BasicConstraints(ca=False, path_length=None), names)
        return certificate.public_bytes(PEM).decode()

    def trusted_by(self, client):
        """The environment that makes this client trust the CA."""
        file = lambda name: str(self._file(name))
        java = f"-Djavax.net.ssl.trustStore={file('ca.p12')} -Djavax.net.ssl.trustStorePassword=changeit"
        return {
            "boto3": {"PYTHONPATH": file("python")},
            "aws-cli": {"PYTHONPATH": file("python")},
            "js": {"NODE_EXTRA_CA_CERTS": file("ca.pem")},
            "go": {"SSL_CERT_FILE": file("ca.pem")},
            "java": {"JAVA_TOOL_OPTIONS": java},
            "rust": {"SSL_CERT_FILE": file("ca.pem")},
            "awscrt": {"SSL_CERT_FILE": file("ca.pem")},
        }[client]

    def by_variables(self):
        """What they look at elsewhere, and boto3 and the AWS CLI do not look at here."""
        names = ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"]
        return dict.fromkeys(names, str(self._file("ca.pem")))

    def _file(self, name):
        return self.folder / name

    def _sign(self, name, key, *extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(self.name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
        identifiers = [
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
        ]
        for extension in [*extensions, *identifiers]:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self.key, hashes.SHA256())


def install(folder, chain, key):
    """Puts a pair in place as a tool does that renames files."""
    text = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    paths = []
    for name, content in [("chain.pem", chain), ("key.pem", text)]:
        paths.append(str(pathlib.Path(folder, name)))
        pathlib.Path(folder, "new").write_text(content)
        os.replace(pathlib.Path(folder, "new"), paths[-1])
    return {"tls_certificate": paths[0], "tls_private_key": paths[1]}


def ecdsa_key():
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key():
    return rsa.generate_private_key(65537, 2048)
