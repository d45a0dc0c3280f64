"""The server as its own ACME client: no Secret of certificates, but a way in for the CA and a place for the cache.

Two ways in, since a CA of the real world dials port 443 (RFC 8737) and nothing else:
- the Service `<name>-acme` maps 443 to the listener on every pod, ready or not: for names that lead to it or through an
  edge that passes TLS on. Which pod answers does not matter as long as all share the cache.
- during a challenge OpenBao's ACME client (certmagic) opens 443 in the pod itself, so a pod's own DNS name can be
  validated. It fails the challenge where it may not: the pod's sysctl in `kubernetes/workload.py` allows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from components.arguments import RefusedSpecificationError
from components.kubernetes.objects import Objects
from components.kubernetes.services import challenge_service
from components.tls import Certificates
from components.tls.issuers import ACCOUNT_KEY
from profiles.errors import Problem, SpecificationError
from profiles.layout import Names
from profiles.specification import Specification
from profiles.specification.tls import AcmeTls

_SKIP_AWAIT: Final = {"pulumi.com/skipAwait": "true"}


def create(objects: Objects, specification: Specification, resolved: pulumi.Output[Specification]) -> Certificates:
    """The challenge Service, the shared cache where one is asked for, and the account's key."""
    tls = specification.tls
    if not isinstance(tls, AcmeTls):
        raise TypeError("certificates of the listener's own need tls.mode ACME")
    made: list[pulumi.Resource] = [objects.make("Service", "acme", challenge_service)]
    if tls.shared_cache is not None and tls.shared_cache.claim_name is None:
        made.append(objects.make("PersistentVolumeClaim", "acme-cache", cache_claim))
    account = _account_key(objects, resolved) if tls.eab_secret_ref is not None else None
    return Certificates(secret=None, account_key=account, resources=made)


def cache_claim(specification: Specification) -> dict[str, Any]:
    """The cache that all pods share. Losing it costs new orders, and a CA's rate limit counts them."""
    cache = specification.tls.shared_cache if isinstance(specification.tls, AcmeTls) else None
    if cache is None:
        raise ValueError("tls.sharedCache is not set")
    storage_class = {"storageClassName": cache.storage_class_name} if cache.storage_class_name is not None else {}
    return {
        # A volume that waits for its first pod would be waited for in vain before the pods exist.
        "metadata": {"name": Names.of(specification).child("acme-cache"), "annotations": _SKIP_AWAIT},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": cache.size}},
            **storage_class,
        },
    }


def _account_key(objects: Objects, resolved: pulumi.Output[Specification]) -> pulumi.Output[str]:
    def name(known: Specification) -> str:
        if not isinstance(known.tls, AcmeTls) or known.tls.eab_secret_ref is None:
            raise TypeError("an ACME account's Secret needs tls.eabSecretRef")
        return known.tls.eab_secret_ref

    def key(content: Mapping[str, str]) -> str:
        if not content.get(ACCOUNT_KEY):
            reason, way_out = f"The Secret has no key {ACCOUNT_KEY}.", "Store the MAC key there, as the CA gave it."
            problem = Problem("tls.eabSecretRef", "openbao.acme.account", reason, way_out)
            raise RefusedSpecificationError(SpecificationError([problem]), f'cluster "{objects.specification.name}"')
        return content[ACCOUNT_KEY].strip()

    return objects.existing_secret("acme-account", resolved.apply(name)).apply(key)
