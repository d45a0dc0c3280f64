"""The name of a key that exists already, for whoever reads the stack's outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from components.unseal import policies
from profiles.specification import Specification

_IDS: Final[dict[str, Callable[[Any], str]]] = {
    "static": lambda static: static.key_id or "",
    "transit": lambda transit: f"{transit.mount_path.strip('/')}/keys/{transit.key_name}",
    "awskms": lambda aws: aws.kms_key_id or "",
    "gcpckms": lambda gcp: (
        f"{policies.key_ring_id(gcp.project, gcp.region, str(gcp.key_ring))}/cryptoKeys/{gcp.crypto_key}"
    ),
    "azurekeyvault": lambda azure: f"{azure.vault_name}/keys/{azure.key_name}",
    "ocikms": lambda oci: oci.key_id,
    "kmip": lambda kmip: kmip.kms_key_id,
    "pkcs11": lambda hsm: hsm.key_label or hsm.key_id or "",
    "kms": lambda _: "",  # only the plugin knows
}


def key_id(specification: Specification) -> str:
    """Id of the seal's key as its service knows it; empty where only a plugin knows."""
    unseal = specification.unseal
    return "" if unseal is None else _IDS[unseal.type](unseal)
