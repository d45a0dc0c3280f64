"""Keys, requests and certificates from the inputs of the tls provider, by way of `cryptography`.

The extensions and their order of precedence are those of terraform-provider-tls (internal/provider/common_cert.go).
"""

from __future__ import annotations

import base64
import ipaddress
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from sandbox.plugins.values import Properties

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_Curve = ec.SECP224R1 | ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1
_CURVES: dict[str, type[_Curve]] = {
    "P224": ec.SECP224R1,
    "P256": ec.SECP256R1,
    "P384": ec.SECP384R1,
    "P521": ec.SECP521R1,
}
_NAMES = {
    "commonName": NameOID.COMMON_NAME,
    "country": NameOID.COUNTRY_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "postalCode": NameOID.POSTAL_CODE,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
}
_KEY_USES = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
    "encipher_only": "encipher_only",
    "decipher_only": "decipher_only",
}
_EXTENDED_USES = {
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
    "ipsec_end_system": ObjectIdentifier("1.3.6.1.5.5.7.3.5"),
    "ipsec_tunnel": ObjectIdentifier("1.3.6.1.5.5.7.3.6"),
    "ipsec_user": ObjectIdentifier("1.3.6.1.5.5.7.3.7"),
}
_SSH_FORMS = ("privateKeyOpenssh", "publicKeyFingerprintMd5", "publicKeyFingerprintSha256", "publicKeyOpenssh")
USES = (*_KEY_USES, *_EXTENDED_USES)
"""The names that `allowedUses` knows."""


def new_key(kind: str, rsa_bits: int, curve: str) -> PrivateKey:
    """A fresh key of algorithm RSA, ECDSA or ED25519. Raises ValueError for another one, or another curve."""
    if kind == "RSA":
        return rsa.generate_private_key(65537, rsa_bits)
    if kind == "ECDSA" and curve in _CURVES:
        return ec.generate_private_key(_CURVES[curve]())
    if kind == "ED25519":
        return ed25519.Ed25519PrivateKey.generate()
    raise ValueError(f"algorithm {kind} with curve {curve}: use RSA, ED25519, or ECDSA with {', '.join(_CURVES)}")


def load_key(pem_text: str) -> PrivateKey:
    """A private key from PEM. Raises ValueError, TypeError."""
    key = serialization.load_pem_private_key(pem_text.encode(), None)
    if not isinstance(key, PrivateKey):
        raise TypeError("the private key is neither RSA, ECDSA nor ED25519")
    return key


def algorithm(key: PrivateKey) -> str:
    """The provider's name for the key's algorithm."""
    if isinstance(key, rsa.RSAPrivateKey):
        return "RSA"
    return "ECDSA" if isinstance(key, ec.EllipticCurvePrivateKey) else "ED25519"


def key_forms(key: PrivateKey) -> dict[str, str]:
    """All texts that the provider gives for a key, by output name."""
    pkcs8 = _private(key, serialization.PrivateFormat.PKCS8)
    public = key.public_key()
    standard = {
        "privateKeyPem": pkcs8
        if isinstance(key, ed25519.Ed25519PrivateKey)
        else _private(key, serialization.PrivateFormat.TraditionalOpenSSL),
        "privateKeyPemPkcs8": pkcs8,
        "publicKeyPem": public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode(),
    }
    return standard | _ssh_forms(key)


def _ssh_forms(key: PrivateKey) -> dict[str, str]:
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP224R1):
        return dict.fromkeys(_SSH_FORMS, "")  # OpenSSH does not know this curve
    public = key.public_key()
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    blob = base64.b64decode(line.split()[1])
    md5, sha256 = hashes.Hash(hashes.MD5()), hashes.Hash(hashes.SHA256())  # noqa: S303 - fingerprints, as ssh shows them
    md5.update(blob)
    sha256.update(blob)
    return {
        "privateKeyOpenssh": _private(key, serialization.PrivateFormat.OpenSSH),
        "publicKeyFingerprintMd5": md5.finalize().hex(":"),
        "publicKeyFingerprintSha256": "SHA256:" + base64.b64encode(sha256.finalize()).decode().rstrip("="),
        "publicKeyOpenssh": line.decode() + "\n",
    }


def _private(key: PrivateKey, form: serialization.PrivateFormat) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def pem(thing: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """A certificate or request as PEM."""
    return thing.public_bytes(serialization.Encoding.PEM).decode()


def _digest(key: PrivateKey) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def _subject(fields: Properties) -> x509.Name:
    attributes = [x509.NameAttribute(oid, fields[name]) for name, oid in _NAMES.items() if fields.get(name)]
    streets = [x509.NameAttribute(NameOID.STREET_ADDRESS, line) for line in fields.get("streetAddresses") or []]
    return x509.Name([*attributes, *streets])


def request(key: PrivateKey, inputs: Properties) -> x509.CertificateSigningRequest:
    """A signing request with the subject and the alternative names of the inputs. Raises ValueError."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(inputs.get("subject") or {}))
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in inputs.get("dnsNames") or []]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in inputs.get("ipAddresses") or []]
    names += [x509.UniformResourceIdentifier(uri) for uri in inputs.get("uris") or []]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, _digest(key))


def sign(
    wanted: x509.CertificateSigningRequest,
    issuer: x509.Name,
    authority: x509.Certificate | None,
    key: PrivateKey,
    inputs: Properties,
) -> x509.Certificate:
    """The certificate for a request, signed by `key`; without `authority` it is self-signed. Times in whole seconds."""
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(wanted.subject)
        .issuer_name(issuer)
        .public_key(wanted.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(hours=inputs["validityPeriodHours"]))
    )
    for extension, critical in _extensions(wanted, authority, key, inputs):
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, _digest(key))


def _extensions(
    wanted: x509.CertificateSigningRequest,
    authority: x509.Certificate | None,
    key: PrivateKey,
    inputs: Properties,
) -> list[tuple[x509.ExtensionType, bool]]:
    is_ca, uses = bool(inputs.get("isCaCertificate")), inputs.get("allowedUses") or []
    extensions: list[tuple[x509.ExtensionType, bool]] = [(x509.BasicConstraints(is_ca, _path_length(inputs)), True)]
    if any(use in _KEY_USES for use in uses):
        extensions.append((x509.KeyUsage(**{flag: use in uses for use, flag in _KEY_USES.items()}), True))
    if extended := [_EXTENDED_USES[use] for use in uses if use in _EXTENDED_USES]:
        extensions.append((x509.ExtendedKeyUsage(extended), False))
    if inputs.get("setSubjectKeyId") or is_ca:
        extensions.append((x509.SubjectKeyIdentifier.from_public_key(wanted.public_key()), False))
    if inputs.get("setAuthorityKeyId") or authority:
        extensions.append((_authority_key_id(authority, key), False))
    extensions += [(e.value, False) for e in wanted.extensions if isinstance(e.value, x509.SubjectAlternativeName)]
    return extensions


def _path_length(inputs: Properties) -> int | None:
    length = inputs.get("maxPathLength")
    return None if length is None or length < 0 else int(length)


def _authority_key_id(authority: x509.Certificate | None, key: PrivateKey) -> x509.AuthorityKeyIdentifier:
    if authority is not None:
        try:
            own = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        except x509.ExtensionNotFound:
            pass
        else:
            return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
