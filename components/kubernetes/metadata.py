"""Names, labels and annotations that every object carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from profiles.specification import Specification

SECURITY_RISK: Final = "openbao.org/security-risk"
SECURITY_RISK_TEXT: Final = "Development profile: relaxed security, not for production"
SERVER: Final = "server"
_CLUSTER_SCOPED: Final = frozenset({"Namespace", "ClusterRoleBinding", "ClusterIssuer"})


def selector(specification: Specification, component: str = SERVER) -> dict[str, str]:
    """The labels that find the pods of one component; fixed for ever, since a StatefulSet's selector is."""
    return {
        "app.kubernetes.io/name": "openbao",
        "app.kubernetes.io/instance": specification.name,
        "app.kubernetes.io/component": component,
    }


def labels(specification: Specification, component: str = SERVER) -> dict[str, str]:
    """All labels of an object."""
    risk = {SECURITY_RISK: "true"} if specification.profile == "Development" else {}
    return {
        **selector(specification, component),
        "app.kubernetes.io/managed-by": "pulumi",
        "openbao.org/cluster": specification.name,
        "openbao.org/profile": specification.profile,
        **risk,
    }


def risk_annotations(specification: Specification) -> dict[str, str]:
    """All annotations that every object has."""
    return {SECURITY_RISK: SECURITY_RISK_TEXT} if specification.profile == "Development" else {}


def is_namespaced(kind: str) -> bool:
    """Whether objects of this kind live in a namespace."""
    return kind not in _CLUSTER_SCOPED


def metadata(specification: Specification, kind: str, name: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """`metadata` of an object: common labels and annotations under the object's own."""
    place = {"namespace": specification.namespace_name} if is_namespaced(kind) else {}
    return {
        "name": name,
        **place,
        **own,
        "labels": {**labels(specification), **own.get("labels", {})},
        "annotations": {**risk_annotations(specification), **own.get("annotations", {})},
    }
