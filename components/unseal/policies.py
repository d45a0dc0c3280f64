"""Who may do what with the seal's key, as documents: pure, so that each can be read and tested on its own.

Whom a role trusts stands in components/identity/documents.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components.identity.documents import Policy, partition, policy, statement

USE: Final = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt")
"""All that OpenBao's seal calls (https://openbao.org/docs/configuration/seal/awskms/)."""
ADMINISTER: Final = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""What keeps a key alive and in order. No grants: whoever may create one could use the key after all."""
REPLICATE: Final = ("kms:ReplicateKey", "kms:UpdatePrimaryRegion")
"""Beside `ADMINISTER` for multi-region keys."""


def key_policy(
    region: str, account: str, administrators: Sequence[str], users: Sequence[str], *, multi_region: bool
) -> Policy:
    """The policy of a created key: the account administers it, only `users` encrypt and decrypt with it.

    The root statement hands administration, and nothing else, to the account's IAM policies, so that the key never
    becomes unmanageable; terraform-aws-kms delegates `kms:*` there, which would let any IAM policy grant Decrypt.
    """
    administration = sorted((*ADMINISTER, *(REPLICATE if multi_region else ())))
    root = f"arn:{partition(region)}:iam::{account}:root"
    named = {"AWS": sorted(administrators)}
    return policy(
        statement("AccountAdministration", administration, principal={"AWS": root}, resource="*"),
        *([statement("KeyAdministration", administration, principal=named, resource="*")] if administrators else []),
        statement("SealUse", USE, principal={"AWS": sorted(users)}, resource="*"),
    )


def role_policy(region: str, account: str, key_id: str) -> Policy:
    """What the pods' role may do: use the one key, given as ARN, id or alias."""
    if key_id.startswith("arn:") and ":alias/" not in key_id:
        return policy(statement("SealUse", USE, resource=key_id))
    keys = f"arn:{partition(region)}:kms:{region}:{account}:key"
    if "alias/" in key_id:
        # Policies cannot name a key by an alias; a condition can, and follows the alias.
        place, _, name = key_id.rpartition("alias/")
        alias, keys = f"alias/{name}", f"{place}key" if place else keys
        condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}
        return policy(statement("SealUse", USE, resource=f"{keys}/*", condition=condition))
    return policy(statement("SealUse", USE, resource=f"{keys}/{key_id}"))


def ring_parts(ring: str) -> dict[str, str]:
    """What the seal calls the parts of `projects/p/locations/l/keyRings/ring`."""
    _, project, _, region, _, key_ring = ring.split("/")
    return {"project": project, "region": region, "key_ring": key_ring}


def key_ring_id(project: str, region: str, ring: str) -> str:
    """Full name of a key ring that is given by name or full name."""
    return ring if ring.startswith("projects/") else f"projects/{project}/locations/{region}/keyRings/{ring}"
