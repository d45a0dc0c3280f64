"""From the `spec` of a cert-manager Certificate to a certificate. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CURVES: Final = {256: ec.SECP256R1, 384: ec.SECP384R1}
_PURPOSES: Final = {"server auth": ExtendedKeyUsageOID.SERVER_AUTH, "client auth": ExtendedKeyUsageOID.CLIENT_AUTH}
_KEY_USAGES: Final = {
    "digital signature": "digital_signature",
    "key encipherment": "key_encipherment",
    "cert sign": "key_cert_sign",
    "crl sign": "crl_sign",
}
_DEFAULT_DURATION: Final = "2160h"
_UNITS: Final = {"h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def read(cls, data: Mapping[str, bytes]) -> Pair:
        """From the decoded content of a TLS Secret. Raises ValueError or KeyError for anything else."""
        return cls(x509.load_pem_x509_certificate(data["tls.crt"]), read_key(data))

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_key(data: Mapping[str, bytes]) -> ec.EllipticCurvePrivateKey:
    """The key of a TLS Secret. Raises ValueError or KeyError."""
    key = load_pem_private_key(data["tls.key"], password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the stand-in signs with elliptic curves only")
    return key


def new_key(spec: Mapping[str, Any]) -> ec.EllipticCurvePrivateKey:
    """A key as `privateKey` asks for it. Raises ValueError for what the stand-in cannot make."""
    wanted = spec.get("privateKey", {})
    size = wanted.get("size", 256)
    if wanted.get("algorithm") != "ECDSA" or size not in _CURVES:
        raise ValueError(f"the stand-in makes no key like {wanted}")
    return ec.generate_private_key(_CURVES[size]())


def sign(spec: Mapping[str, Any], key: ec.EllipticCurvePrivateKey, above: Pair | None, now: datetime) -> Pair:
    """The certificate that `spec` describes, from now on, signed by `above` or else by itself."""
    subject = _name(spec)
    issuer, signer = (above.certificate.subject, above.key) if above else (subject, key)
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in spec.get("dnsNames", [])]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in spec.get("ipAddresses", [])]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + duration(spec.get("duration", _DEFAULT_DURATION)))
        .add_extension(x509.BasicConstraints(ca=bool(spec.get("isCA")), path_length=None), critical=True)
        .add_extension(_key_usage(spec["usages"]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if names:  # critical where nothing else names the subject (RFC 5280, 4.2.1.6)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=not list(subject))
    if purposes := [_PURPOSES[usage] for usage in spec["usages"] if usage in _PURPOSES]:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    return Pair(builder.sign(signer, hashes.SHA256()), key)


def renewal_time(spec: Mapping[str, Any], certificate: x509.Certificate) -> datetime:
    """When cert-manager would renew: `renewBefore` its end, else after two thirds of its life."""
    end = certificate.not_valid_after_utc
    if "renewBefore" in spec:
        return end - duration(spec["renewBefore"])
    return end - (end - certificate.not_valid_before_utc) / 3


def duration(text: str) -> timedelta:
    """A duration as Go writes it: `2160h`, `1h30m`. Raises ValueError."""
    if not re.fullmatch(r"(\d+[hms])+", text):
        raise ValueError(f"{text!r} is no duration")
    return timedelta(seconds=sum(int(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+)([hms])", text)))


def _name(spec: Mapping[str, Any]) -> x509.Name:
    common = spec.get("commonName")
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])


def _key_usage(usages: Collection[str]) -> x509.KeyUsage:
    unknown = set(usages) - set(_KEY_USAGES) - set(_PURPOSES)
    if unknown:
        raise ValueError(f"the stand-in does not know the usages {sorted(unknown)}")
    fields = ("content_commitment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
    return x509.KeyUsage(
        **dict.fromkeys(fields, False), **{field: usage in usages for usage, field in _KEY_USAGES.items()}
    )
