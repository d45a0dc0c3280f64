"""Whether a PGP key can receive a recovery share, asked of Sequoia before OpenBao's bootstrap depends on it."""

from __future__ import annotations

import base64


class KeyError_(ValueError):  # noqa: N801, N818 - the builtin has the plain name
    """A key that no share can be encrypted to; the text says why."""


def inspect_key(text: str) -> str:
    """The fingerprint (lower-case hex) of a base64 binary public key that can encrypt.

    Raises:
        KeyError_: not base64, not a public key, expired, or without an encryption subkey.
    """
    if "BEGIN PGP" in text:
        raise KeyError_("This is an armoured key; OpenBao wants base64 of the binary one.")
    try:
        binary = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:  # binascii.Error is one, letters outside ASCII are another
        raise KeyError_("This is no base64.") from None

    import pysequoia

    try:
        certificate = pysequoia.Cert.from_bytes(binary)
    except Exception:
        raise KeyError_("This is no PGP public key.") from None
    try:
        pysequoia.encrypt(recipients=[certificate], bytes=b"can this key receive a share?")
    except Exception:
        raise KeyError_("This key has no valid subkey for encryption.") from None
    return str(certificate.fingerprint).lower()
