"""What a change to a Kubernetes object means: in place, or delete and create; and what the object is called.

The table is that of the official provider (provider/pkg/provider/diff.go): fields that the API server never changes in
place, and ConfigMap and Secret content, whose readers would otherwise not notice.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.plugins.kubernetes import directives
from sandbox.plugins.values import Properties, within

_ALWAYS = ("kind", "metadata.name", "metadata.namespace")
_CONTENT = {"ConfigMap": ("data", "binaryData"), "Secret": ("data", "stringData", "type")}
_MUTABLE_SETTING = {"ConfigMap": "enableConfigMapMutable", "Secret": "enableSecretMutable"}
# fmt: off
_POD_SPEC = (
    "affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases",
    "hostIPC", "hostNetwork", "hostPID", "hostname", "imagePullSecrets", "nodeName", "nodeSelector", "overhead",
    "preemptionPolicy", "priority", "priorityClassName", "readinessGates", "restartPolicy", "runtimeClassName",
    "schedulerName", "securityContext", "serviceAccount", "serviceAccountName", "shareProcessNamespace",
    "subdomain", "terminationGracePeriodSeconds", "volumes", "containers", "initContainers",
)
# fmt: on
_REPLACE: dict[str, tuple[str, ...]] = {
    "ClusterRoleBinding": ("roleRef",),
    "DaemonSet": ("spec.selector",),
    "Deployment": ("spec.selector",),
    "Job": ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    "PersistentVolumeClaim": ("spec",),
    "Pod": tuple(f"spec.{name}" for name in _POD_SPEC),
    "ResourceQuota": ("spec.scopes",),
    "RoleBinding": ("roleRef",),
    "Service": ("spec.clusterIP",),
    "StatefulSet": (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    "StorageClass": ("parameters", "provisioner"),
}


def forces_replacement(path: str, old: Properties, new: Properties, settings: Mapping[str, Any]) -> bool:
    """Whether a change at this property path can only be had by a new object."""
    kind = str(new.get("kind"))
    rules = [*_ALWAYS, *_REPLACE.get(kind, ())]
    if kind in _CONTENT:
        if not directives.is_true(settings.get(_MUTABLE_SETTING[kind])) or old.get("immutable") is True:
            rules += _CONTENT[kind]
        if old.get("immutable") is True:
            rules.append("immutable")
    return any(within(path, rule) or within(rule, path) for rule in rules)


def delete_before_replace(old: Properties, new: Properties) -> bool:
    """Whether old and new would collide: a name that the program chose, unchanged, in the same namespace."""
    if directives.flag(new, directives.AUTONAMED):
        return False
    return _place(old) == _place(new)


def _place(thing: Properties) -> tuple[object, object]:
    metadata = thing.get("metadata") or {}
    return metadata.get("namespace") or "default", metadata.get("name")


def with_name(inputs: Properties, resource_name: str, old: Properties) -> Properties:
    """The inputs with a name: the program's, or one made up once and then kept."""
    metadata = dict(inputs.get("metadata") or {})
    if metadata.get("name"):
        return inputs
    beginning = metadata.get("generateName") or f"{_dns_label(resource_name)}-"
    if directives.flag(old, directives.AUTONAMED):
        metadata["name"] = old["metadata"]["name"]
    else:
        metadata["name"] = f"{beginning}{secrets.token_hex(4)}"
    metadata["annotations"] = {**(metadata.get("annotations") or {}), directives.AUTONAMED: "true"}
    return {**inputs, "metadata": metadata}


def _dns_label(name: str) -> str:
    """A resource name as the beginning of a Kubernetes name."""
    return re.sub(r"[^a-z0-9.-]", "-", name.lower()).strip("-.")[:54]


def object_id(thing: Properties) -> str:
    """`namespace/name`, or `name` where there is no namespace: the id in the state, and for `pulumi import`."""
    metadata = thing["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def skeleton(type_token: str, id: str) -> Properties:
    """The object that a type token and an id name: `kubernetes:core/v1:Secret` and `ns/name`."""
    _, api_version, kind = type_token.split(":")
    namespace, _, name = id.rpartition("/")
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version.removeprefix("core/"), "kind": kind, "metadata": metadata}
