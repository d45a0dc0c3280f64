"""PEM texts: whether something is the public half that it is given for, and never a private key."""

from __future__ import annotations


def is_certificate(pem: str) -> bool:
    """Whether a text holds certificates, one or a bundle, and no private key."""
    from cryptography import x509

    try:
        return "PRIVATE KEY" not in pem and bool(x509.load_pem_x509_certificates(pem.encode()))
    except Exception:
        return False


def is_public_key(pem: str) -> bool:
    """Whether a text is a public key, bare or inside a certificate."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if "BEGIN CERTIFICATE" in pem:
        return is_certificate(pem)
    try:
        load_pem_public_key(pem.encode())
    except Exception:
        return False
    return True
