"""Google Cloud KMS: the key in its ring, and the members who may use it.

Grants are members beside what others granted, never a binding or a policy that would replace it. Neither key rings nor
keys can ever be deleted at Google, only the versions of a key: both outlive the stack.
"""

from __future__ import annotations

from typing import Any, Final

import pulumi
import pulumi_gcp as gcp

from components.kubernetes.objects import Objects
from components.unseal import TrustRoot, existing, policies
from components.unseal.gcp_identity import pods_identity
from profiles.layout import created_key, legal_label
from profiles.specification import Specification
from profiles.specification.unseal import CreateGcpKey, GcpCkmsUnseal

_ROLES: Final = {
    "use": "roles/cloudkms.cryptoKeyEncrypterDecrypter",
    # At its start the seal asks for the key's own description (`cloudkms.cryptoKeys.get`).
    "view": "roles/cloudkms.viewer",
}


def create(objects: Objects, specification: Specification, resolved: pulumi.Output[Specification]) -> TrustRoot:
    """Ring and key (unless existing ones are named), and who may use the key."""
    unseal = _unseal(specification)
    identity = pods_identity(objects, unseal, resolved)
    root = TrustRoot(account_annotations=identity.account_annotations if identity else None)
    key_id = resolved.apply(existing.key_id)
    if unseal.create_key is not None:
        ring = _ring(objects, unseal.create_key, resolved)
        key = _key(objects, unseal.create_key, resolved, ring)
        key_id = root.outputs["key_id"] = key.id
        # An existing ring may be in another project or place than the rest: the seal must look for the key there.
        for field in ("project", "region", "key_ring"):
            root.fields[field] = ring.apply(lambda id, field=field: policies.ring_parts(id)[field])  # type: ignore[misc]
        root.fields["crypto_key"] = key.name
        root.resources.append(key)
        for user in dict.fromkeys(unseal.create_key.users):
            root.resources.extend(_grants(objects, f"-{legal_label(user)}", user, key_id))
    if identity is not None:
        root.outputs["identity"] = identity.member
        root.resources.extend([*identity.resources, *_grants(objects, "", identity.member, key_id)])
    return root


def _unseal(specification: Specification) -> GcpCkmsUnseal:
    if not isinstance(specification.unseal, GcpCkmsUnseal):
        raise TypeError("the gcpckms trust root needs a gcpckms unseal")
    return specification.unseal


def _wanted(specification: Specification) -> CreateGcpKey:
    wanted = _unseal(specification).create_key
    if wanted is None:
        raise TypeError("no key is to be created")
    return wanted


def _outliving() -> pulumi.ResourceOptions:
    """Without its key the data is noise: removing it takes an `unprotect`, and even then it stays at Google."""
    return pulumi.ResourceOptions(protect=True, retain_on_delete=True)


def _ring(objects: Objects, wanted: CreateGcpKey, resolved: pulumi.Output[Specification]) -> pulumi.Output[str]:
    """Full name of the key ring: the existing one, or one that is created."""
    if wanted.key_ring is not None:
        return resolved.apply(
            lambda known: policies.key_ring_id(
                _unseal(known).project, _unseal(known).region, str(_wanted(known).key_ring)
            )
        )
    ring = gcp.kms.KeyRing(
        objects.resource("seal"),
        name=resolved.apply(lambda known: created_key(known.name)),
        location=resolved.apply(lambda known: _unseal(known).region),
        project=resolved.apply(lambda known: _unseal(known).project),
        opts=objects.options(options=_outliving()),
    )
    made: pulumi.Output[str] = ring.id
    return made


def _key(
    objects: Objects, wanted: CreateGcpKey, resolved: pulumi.Output[Specification], ring: pulumi.Output[str]
) -> Any:
    return gcp.kms.CryptoKey(
        objects.resource("seal"),
        name=resolved.apply(lambda known: _wanted(known).crypto_key or created_key(known.name)),
        key_ring=ring,
        purpose="ENCRYPT_DECRYPT",
        rotation_period=wanted.rotation_period,
        destroy_scheduled_duration=wanted.destroy_scheduled_duration,
        version_template={"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protection_level": wanted.protection_level},
        labels=resolved.apply(lambda known: {"openbao-cluster": known.name}),
        opts=objects.options(options=_outliving()),
    )


def _grants(
    objects: Objects, suffix: str, member: pulumi.Input[str], key_id: pulumi.Output[str]
) -> list[pulumi.Resource]:
    return [
        gcp.kms.CryptoKeyIAMMember(
            objects.resource(f"seal-{purpose}{suffix}"),
            crypto_key_id=key_id,
            role=role,
            member=member,
            opts=objects.options(),
        )
        for purpose, role in _ROLES.items()
    ]
