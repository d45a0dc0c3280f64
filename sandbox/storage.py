"""Dynamic volumes (local-path-provisioner) and the other objects that the cluster has from its first second."""

import json
from typing import Any

from sandbox.settings import Places

NAMESPACE = "local-path-storage"
_RBAC = "rbac.authorization.k8s.io"


def provisioner_config(places: Places) -> str:
    """Where volumes lie on every node."""
    paths = [str(places.state / "volumes")]
    return json.dumps({"nodePathMap": [{"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": paths}]})


def helper_pod(busybox: str) -> str:
    """The pod that makes and removes a volume's folder on its node."""
    container = {"name": "helper-pod", "image": busybox, "imagePullPolicy": "IfNotPresent"}
    return json.dumps(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "helper-pod"}, "spec": {"containers": [container]}}
    )


def base_objects(places: Places) -> str:
    """A List of everything the cluster starts with, for server-side apply."""
    items = [*_dns_access(), _namespace(), _helper_account(), _scripts(places), _storage_class()]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def _dns_access() -> list[dict[str, Any]]:
    """CoreDNS runs outside the cluster, as user system:coredns."""
    name = "system:coredns"
    rules = [
        {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]
    role = {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}
    binding = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": name}],
    }
    return [role, binding]


def _namespace() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def _helper_account() -> dict[str, Any]:
    metadata = {"name": "local-path-provisioner-service-account", "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def _scripts(places: Places) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "local-path-config", "namespace": NAMESPACE},
        "data": {
            "config.json": provisioner_config(places),
            "setup": '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
            "teardown": '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
        },
    }


def _storage_class() -> dict[str, Any]:
    # volumes of type local, because kubelet applies fsGroup to those and not to hostPath volumes
    annotations = {"storageclass.kubernetes.io/is-default-class": "true", "defaultVolumeType": "local"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "local-path", "annotations": annotations},
        "provisioner": "rancher.io/local-path",
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Delete",
    }
