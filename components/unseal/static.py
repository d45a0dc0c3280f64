"""The static seal: 32 random bytes in a Secret, made once and kept (Development only)."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

import pulumi

from components.bootstrap.self_init import kept
from components.kubernetes.objects import Objects
from components.unseal import TrustRoot
from profiles.specification import Specification
from profiles.specification.unseal import StaticUnseal

_KEY_BYTES: Final = 32


def key_id(key: str) -> str:
    """Id of a base64 key: OpenBao finds the key of a ciphertext by it, so other bytes must give another id."""
    return hashlib.sha256(base64.b64decode(key)).hexdigest()[:16]


def create(objects: Objects, specification: Specification, _resolved: pulumi.Output[Specification]) -> TrustRoot:
    """The key's Secret, or the user's existing one."""
    unseal = specification.unseal
    if not isinstance(unseal, StaticUnseal):
        raise TypeError("the static trust root needs a static unseal")
    if unseal.secret_name is not None:
        return TrustRoot()
    import pulumi_random

    # Whatever changes in this program later: a new key would open nothing that the old one closed.
    key = pulumi_random.RandomBytes(
        objects.resource("unseal-key"),
        length=_KEY_BYTES,
        opts=objects.options(options=pulumi.ResourceOptions(ignore_changes=["length", "keepers"])),
    )
    once = pulumi.ResourceOptions(ignore_changes=["data", "type", "immutable"])
    secret = objects.make_secret(
        "unseal-key",
        data={"key": key.base64},
        immutable=True,
        options=pulumi.ResourceOptions.merge(kept(specification), once),
    )
    # A hash of 256 random bits tells nothing about them.
    identifier = pulumi.Output.unsecret(key.base64.apply(key_id))
    return TrustRoot(
        fields={"key_id": identifier},
        resources=[secret],
        outputs={"key_id": identifier},
    )
