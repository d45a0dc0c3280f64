"""A certificate that somebody else made, looked at before pods depend on it.

Pure: PEM in, problems out, and no word of a key in any of them. What OpenBao's Go would refuse at run time is named
here at `preview`: chain, key, names and dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, PublicKeyAlgorithmOID

from profiles.errors import Problem

PATH: Final = "tls.secretName"
RULE: Final = "openbao.tls.external-secret"
KEYS: Final = ("tls.crt", "tls.key", "ca.crt")
_RSA_BITS: Final = 2048
_LONGEST_CHAIN: Final = 10
_SERVING: Final = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_SIGNED_BY: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512, type(None))
"""What Go verifies; Ed25519 signs without a hash of its own."""
_STRANGE_KEY: Final = "The certificate's key is too weak or of a kind that TLS clients refuse."
_STRONG: Final = "Use ECDSA P-256 or P-384, Ed25519, or RSA of at least 2048 bits."
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


def _problem(reason: str, way_out: str) -> Problem:
    return Problem(PATH, RULE, reason, way_out)


def secret_problems(content: Mapping[str, str], names: Sequence[str], now: datetime) -> list[Problem]:
    """Problems of a Secret's content (key → PEM): missing keys, else those of `certificate_problems`."""
    missing = [key for key in KEYS if not content.get(key)]
    if missing:
        listed = ", ".join(missing)
        return [_problem(f"The Secret has no {listed}.", "Give it the keys tls.crt (whole chain), tls.key and ca.crt.")]
    return certificate_problems(content["tls.crt"], content["tls.key"], content["ca.crt"], names, now)


def certificate_problems(pem: str, key: str, ca: str, names: Sequence[str], now: datetime) -> list[Problem]:
    """Why a server with this certificate would not be believed by its peers and clients; empty when it would.

    pem: leaf first, then intermediates. ca: roots (or intermediates) that verifiers trust. names: DNS names that the
    certificate must have. now: aware time.
    """
    try:
        chain = x509.load_pem_x509_certificates(pem.encode())
        roots = x509.load_pem_x509_certificates(ca.encode())
    except ValueError:
        way_out = "Store PEM blocks that begin with -----BEGIN CERTIFICATE-----."
        return [_problem("tls.crt or ca.crt holds no PEM certificate.", way_out)]
    leaf = chain[0]
    try:
        found = [
            *_date_problems(leaf, now),
            *_key_problems(leaf, key),
            *_name_problems(leaf, names),
            *_purpose_problems(leaf),
            *_chain_problems(chain, roots, now),
        ]
    except (ValueError, UnsupportedAlgorithm):
        found = [("A certificate is of a kind or shape that cannot be read, and OpenBao could not either.", _STRONG)]
    return [_problem(reason, way_out) for reason, way_out in found]


def ends(pem: str) -> datetime:
    """When the first certificate of `pem` ends, in UTC. Raises ValueError for anything but PEM certificates."""
    return x509.load_pem_x509_certificates(pem.encode())[0].not_valid_after_utc


def is_ending(end: datetime, renew_before: timedelta, now: datetime) -> bool:
    """Whether a certificate should have been renewed by now."""
    return now >= end - renew_before


_Found = list[tuple[str, str]]


def _date_problems(leaf: x509.Certificate, now: datetime) -> _Found:
    if now >= leaf.not_valid_after_utc:
        return [(f"The certificate ended on {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC.", "Renew it first.")]
    if now < leaf.not_valid_before_utc:
        begins = f"{leaf.not_valid_before_utc:%Y-%m-%d %H:%M}"
        return [(f"The certificate begins on {begins} UTC.", "Wait, or check the clocks here and at the CA.")]
    return []


def _key_problems(leaf: x509.Certificate, key: str) -> _Found:
    try:
        private = load_pem_private_key(key.encode(), password=None)
    except UnsupportedAlgorithm:
        return [(_STRANGE_KEY, _STRONG)]
    except (ValueError, TypeError):
        return [
            ("tls.key holds no PEM private key without a passphrase.", "Store the key unencrypted; it is a Secret.")
        ]
    found = []
    if not _belong_together(leaf, private):
        found.append(("tls.key is not the key of the certificate in tls.crt.", "Store the pair that belongs together."))
    if _is_weak(leaf):
        found.append((_STRANGE_KEY, _STRONG))
    if not isinstance(leaf.signature_hash_algorithm, _SIGNED_BY):
        reason = "The certificate is signed with a hash that TLS clients refuse, as SHA-1, or do not know, as SHA-3."
        found.append((reason, "Have it signed anew, with SHA-256 or longer."))
    return found


def _belong_together(leaf: x509.Certificate, private: PrivateKeyTypes) -> bool:
    def spki(public: object) -> bytes:
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined,no-any-return]

    return spki(private.public_key()) == spki(leaf.public_key())


def _is_weak(leaf: x509.Certificate) -> bool:
    public = leaf.public_key()
    if leaf.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSASSA_PSS:
        return True  # Go reads no such key; a plain RSA key signs by PSS all the same
    if isinstance(public, rsa.RSAPublicKey):
        return public.key_size < _RSA_BITS
    if isinstance(public, ec.EllipticCurvePublicKey):
        return not isinstance(public.curve, _CURVES)
    return not isinstance(public, ed25519.Ed25519PublicKey)


def _name_problems(leaf: x509.Certificate, names: Sequence[str]) -> _Found:
    given = _extension(leaf, x509.SubjectAlternativeName)
    if given is None:
        return [
            ("The certificate has no subject alternative names, and its common name counts for nothing.", _reissue())
        ]
    patterns = given.get_values_for_type(x509.DNSName)
    missing = [name for name in names if not any(_matches(pattern, name) for pattern in patterns)]
    if not missing:
        return []
    return [(f"The certificate does not name {', '.join(missing)}.", _reissue())]


def _reissue() -> str:
    return "Have it issued with these names, or set tls.serverName to a name that it has."


def _matches(pattern: str, name: str) -> bool:
    """As Go's x509 does it: a wildcard stands for exactly one label, the first."""
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if pattern.startswith("*."):
        first, _, rest = name.partition(".")
        return bool(first) and rest == pattern[2:]
    return pattern == name


def _purpose_problems(leaf: x509.Certificate) -> _Found:
    found = []
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    if purposes is not None and not _SERVING & set(purposes):
        way_out = "Have it issued with the extended key usage serverAuth."
        found.append(("The certificate is not meant for servers.", way_out))
    usage = _extension(leaf, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:  # RFC 8446, 4.4.2.2
        way_out = "Have it issued with the key usage digitalSignature."
        found.append(("The certificate's key may not sign, which TLS 1.3 demands.", way_out))
    strange = [one.oid.dotted_string for one in leaf.extensions if one.critical and _is_unknown(one)]
    if strange:
        way_out = "Have it issued without them, or not critical."
        found.append((f"TLS clients refuse critical extensions that they do not know: {', '.join(strange)}.", way_out))
    return found


def _is_unknown(extension: x509.Extension[x509.ExtensionType]) -> bool:
    return isinstance(extension.value, x509.UnrecognizedExtension)


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _chain_problems(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime) -> _Found:
    current, path = chain[0], [chain[0]]
    while not any(_issued(root, current) or root == current for root in roots):
        above = next((other for other in chain[1:] if other not in path and _issued(other, current)), None)
        if above is None or len(path) > _LONGEST_CHAIN:
            way_out = "Put all intermediates into tls.crt behind the certificate, and the CA's root into ca.crt."
            return [("The chain in tls.crt does not lead to a certificate in ca.crt.", way_out)]
        current = above
        path.append(above)
    above_all = [root for root in roots if _issued(root, current) or root == current]
    if any(now >= one.not_valid_after_utc for one in path[1:]) or all(
        now >= one.not_valid_after_utc for one in above_all
    ):
        return [("A CA certificate of the chain has ended.", "Renew tls.crt and ca.crt with the CA's present chain.")]
    believed = [root for root in above_all if root == chain[0] or _is_authority(root, unsaid=True)]
    if not believed or not all(_is_authority(one, unsaid=False) for one in path[1:]):
        return [
            ("A certificate of the chain may not sign others.", "Have it signed by a CA (basicConstraints CA:TRUE).")
        ]
    return []


def _is_authority(certificate: x509.Certificate, unsaid: bool) -> bool:
    """Whether it may sign others; `unsaid`: what it means to say nothing of it, as old roots do."""
    constraints = _extension(certificate, x509.BasicConstraints)
    return unsaid if constraints is None else constraints.ca


def _issued(issuer: x509.Certificate, subject: x509.Certificate) -> bool:
    try:
        subject.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
