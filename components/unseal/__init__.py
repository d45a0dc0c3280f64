"""Trust roots: one file for each seal that needs something made.

Transit, kmip, ocikms, pkcs11 and generic plugins need nothing: their keys exist, and what they need in
the pod (profiles.rendering.seal_needs) is mounted from the user's Secret.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components.kubernetes.objects import Objects
from components.unseal import existing
from profiles.rendering import inline_seal_keys, inline_seal_secret
from profiles.specification import Specification

# Loaded by name, so that a cloud's SDK is imported only where that cloud is used.
_ROOMS: Final = {
    "static": "static",
    "awskms": "awskms",
    "gcpckms": "gcpckms",
    "azurekeyvault": "azurekeyvault",
}


@dataclass(frozen=True)
class TrustRoot:
    """What opens the barrier.

    fields: fields of `unseal` that are known only once the key exists (`key_id`, `kms_key_id`), to fill in.
    account_annotations: for the pods' ServiceAccount.
    resources: what the pods wait for. outputs: what a program composes with (`key_id`, `identity`).
    """

    fields: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    account_annotations: pulumi.Output[dict[str, str]] | None = None
    resources: list[pulumi.Resource] = field(default_factory=list)
    outputs: dict[str, pulumi.Output[Any]] = field(default_factory=dict)


def trust_root(objects: Objects, specification: Specification, resolved: pulumi.Output[Specification]) -> TrustRoot:
    """Create or find the key and the identity that the specification asks for."""
    root = TrustRoot()
    if specification.unseal is not None and specification.unseal.type in _ROOMS:
        room = importlib.import_module(f"components.unseal.{_ROOMS[specification.unseal.type]}")
        root = room.create(objects, specification, resolved)
    # An existing key may be reached by credentials: the user's Secret, or inline ones in Development.
    root.resources.extend(_inline_credentials(objects, specification, resolved))
    root.outputs.setdefault("key_id", resolved.apply(existing.key_id))
    return root


def _inline_credentials(
    objects: Objects, specification: Specification, resolved: pulumi.Output[Specification]
) -> list[pulumi.Resource]:
    # Which keys there are decides what exists; what they hold may come later.
    keys = inline_seal_keys(specification)
    if not keys:
        return []

    def value(known: Specification, key: str) -> str:
        return (inline_seal_secret(known) or {})[key]

    content = {key: resolved.apply(lambda known, key=key: value(known, key)) for key in keys}  # type: ignore[misc]
    return [objects.make_secret("seal-creds", string_data=content)]


def filled_in(resolved: pulumi.Output[Specification], root: TrustRoot) -> pulumi.Output[Specification]:
    """The specification with the fields that only exist since the key does."""

    def fill(parts: dict[str, Any]) -> Specification:
        known: Specification = parts.pop("specification")
        if not parts or known.unseal is None:
            return known
        return known.model_copy(update={"unseal": known.unseal.model_copy(update=parts)})

    return pulumi.Output.all(specification=resolved, **root.fields).apply(fill)
