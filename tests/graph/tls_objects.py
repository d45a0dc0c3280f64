"""Certificates of every fault, and a recorder that answers as cert-manager and a user's Secrets would."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pulumi.runtime import mocks

from tests.graph.recorder import Recorder

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def key_pem(key: Key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass
class Authority:
    """A CA for one test; `above` makes it an intermediate."""

    name: str = "root"
    above: Authority | None = None
    ends: datetime.datetime = NOW + 3650 * DAY
    is_one: bool | None = True
    """What it says of itself; None: nothing, as old roots do."""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        signer = self.above or self
        builder = _builder(self.name, signer.name, self.key, NOW - 30 * DAY, self.ends)
        if self.is_one is not None:
            builder = builder.add_extension(x509.BasicConstraints(ca=self.is_one, path_length=None), critical=True)
        self.certificate = builder.sign(signer.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return pem_of(self.certificate)

    def issue(
        self,
        names: Sequence[str],
        *,
        key: Key | None = None,
        begins: datetime.datetime = NOW - DAY,
        ends: datetime.datetime = NOW + 90 * DAY,
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
        may_sign: bool = True,
    ) -> tuple[str, str]:
        """PEM of a server certificate and of its key. may_sign: its key usage digitalSignature."""
        own = key or ec.generate_private_key(ec.SECP256R1())
        builder = _builder("server", self.name, own, begins, ends)
        if names:
            alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(alternatives, critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(_key_usage(may_sign), critical=True)
        return pem_of(builder.sign(self.key, hashes.SHA256())), key_pem(own)


def _key_usage(may_sign: bool) -> x509.KeyUsage:
    fields = ("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
    no = dict.fromkeys((*fields, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=may_sign, key_encipherment=True, **no)


def _builder(
    subject: str, issuer: str, key: Key, begins: datetime.datetime, ends: datetime.datetime
) -> x509.CertificateBuilder:
    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    return (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


@dataclass
class Answering(Recorder):
    """`secrets`: the user's, by name. `not_after`, `renewal`: what cert-manager's Certificates say of themselves."""

    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    not_after: str = "2099-01-01T00:00:00Z"
    renewal: str = "2098-12-01T00:00:00Z"
    reads: list[str] = field(default_factory=list)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.resource_id:
            self.reads.append(args.resource_id)
            content = self.secrets[args.resource_id.rpartition("/")[2]]
            data = {key: base64.b64encode(value.encode()).decode() for key, value in content.items()}
            return args.resource_id, {"data": data}
        identity, outputs = super().new_resource(args)
        if args.typ.endswith(":Certificate") and not self.preview:
            outputs |= {"status": {"notAfter": self.not_after, "renewalTime": self.renewal, "revision": 7}}
        return identity, outputs
