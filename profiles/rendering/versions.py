"""What a server version can do: the few switches that rendering depends on."""

from __future__ import annotations

from profiles.specification import Specification

BUILT_IN_FROM_2_7 = frozenset({"static", "transit", "kmip"})
"""Seals that OpenBao ≥ 2.7 still carries itself; all others are plugins there."""

BUILT_IN_BEFORE_2_7 = BUILT_IN_FROM_2_7 | {"awskms", "gcpckms", "azurekeyvault", "ocikms"}
"""Seals of the ordinary 2.6 build; pkcs11 needs its own build or, from 2.6, a plugin."""


def release(version: str) -> tuple[int, int]:
    """Major and minor of `2.7.2`."""
    major, minor, _patch = version.split(".")
    return int(major), int(minor)


def reloads_certificates(specification: Specification) -> bool:
    """From 2.7 the server notices changed certificate files itself (`tls_auto_reload`)."""
    return release(specification.version) >= (2, 7)


def revokes_root_token(specification: Specification) -> bool:
    """From 2.6 self-init really revokes its own root token (openbao#3345)."""
    return release(specification.version) >= (2, 6)


def seal_is_built_in(version: str, seal: str) -> bool:
    """Whether this version carries the seal, so that no plugin is needed."""
    return seal in (BUILT_IN_FROM_2_7 if release(version) >= (2, 7) else BUILT_IN_BEFORE_2_7)
