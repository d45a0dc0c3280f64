"""Who the pods are, and the little they may do at the Kubernetes API."""

from __future__ import annotations

from typing import Any

from profiles.layout import Names
from profiles.specification import Specification

_RBAC = "rbac.authorization.k8s.io"


def namespace(specification: Specification) -> dict[str, Any]:
    """The cluster's own namespace; Pod Security "restricted" is enforced by the API server itself."""
    level = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return {"metadata": {"name": specification.namespace_name, "labels": level}}


def role(specification: Specification) -> dict[str, Any]:
    """What OpenBao's service registration needs: its own pods' labels, by name."""
    pods = Names.of(specification).pods
    rule = {"apiGroups": [""], "resources": ["pods"], "resourceNames": pods, "verbs": ["get", "update", "patch"]}
    return {"rules": [rule]}


def token_role(account: str) -> dict[str, Any]:
    """Whoever has it may act as the ServiceAccount `account`: its tokens, and nothing else."""
    rule = {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": [account],
        "verbs": ["create"],
    }
    return {"rules": [rule]}


def role_binding(
    specification: Specification, role_name: str, account: str, namespace: str | None = None
) -> dict[str, Any]:
    """Binds `account` of the cluster's namespace (or of another) to `role_name`."""
    return {
        "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": role_name},
        "subjects": [
            {"kind": "ServiceAccount", "name": account, "namespace": namespace or specification.namespace_name}
        ],
    }


def token_review_binding(specification: Specification) -> dict[str, Any]:
    """Lets the server check ServiceAccount tokens; only made when the Kubernetes access method is used."""
    return {
        "metadata": {"name": f"{specification.namespace_name}-{specification.name}-token-review"},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "system:auth-delegator"},
        "subjects": [
            {
                "kind": "ServiceAccount",
                "name": Names.of(specification).service_account,
                "namespace": specification.namespace_name,
            }
        ],
    }


def own_role_binding(specification: Specification) -> dict[str, Any]:
    """The pods' account and the pods' Role."""
    names = Names.of(specification)
    return role_binding(specification, names.child("role"), names.service_account)
