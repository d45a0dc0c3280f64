"""Azure Key Vault: the key and its grants exist; workload identity only needs to know who the pods are."""

from __future__ import annotations

import pulumi

from components.kubernetes.objects import Objects
from components.unseal import TrustRoot
from profiles.specification import Specification
from profiles.specification.unseal import AzureKeyVaultUnseal


def create(_objects: Objects, _specification: Specification, resolved: pulumi.Output[Specification]) -> TrustRoot:
    """The ServiceAccount's annotations for Azure's webhook."""
    return TrustRoot(account_annotations=resolved.apply(account_annotations))


def account_annotations(specification: Specification) -> dict[str, str]:
    """Client and tenant of the pods' identity (https://azure.github.io/azure-workload-identity)."""
    match specification.unseal:
        case AzureKeyVaultUnseal(auth_method="workload_identity") as azure:
            given = {"client-id": azure.client_id, "tenant-id": azure.tenant_id}
            return {f"azure.workload.identity/{key}": value for key, value in given.items() if value is not None}
    return {}
