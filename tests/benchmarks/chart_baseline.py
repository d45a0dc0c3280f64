"""The baseline: what a user of the openbao-helm chart runs, written by hand in our own words.

The objects, names, probes, grace period, update strategy and security contexts are the chart's defaults (release
0.30.3, HA mode with Raft) as its values and its rendered output describe them; no text of the chart is copied. Where
the defaults do not give a cluster that talks TLS and assembles itself, this is what the chart's own values allow a
careful user to add: a certificate in `userconfig`, `setNodeId`, and one `retry_join` per pod.

Two departures, both harmless to the figures: the sandbox's image has neither `docker-entrypoint.sh` nor `pidof`, so
the shell becomes the server and the preStop hook signals process 1; and volumes are as large as our cluster's.
"""

from __future__ import annotations

from typing import Any, Final

CHART: Final = "openbao-helm 0.30.3"
IMAGE: Final = "docker.io/openbao/openbao:2.7.2"
TLS_DIR: Final = "/openbao/userconfig/tls"
_RBAC: Final = "rbac.authorization.k8s.io"

Object = dict[str, Any]


def selector(name: str) -> dict[str, str]:
    """Labels of the server's pods."""
    return {**_labels(name), "component": "server"}


def manifests(name: str, replicas: int = 3) -> list[Object]:
    """The chart's eleven objects for a release called `name` in the namespace `name`; the injector is left out."""
    objects = [*_access(name), _config_map(name, replicas), *_services(name), _budget(name), _pods(name, replicas)]
    for item in objects:
        item["metadata"]["labels"] = {**_labels(name), "app.kubernetes.io/managed-by": "Helm"}
        if not item["kind"].startswith("Cluster"):
            item["metadata"]["namespace"] = name
    return objects


def configuration(name: str, replicas: int) -> str:
    """The server's configuration in HCL; `performance_multiplier` is unset, as in the chart."""
    joins = "\n".join(
        f'  retry_join {{\n    leader_api_addr = "https://{name}-{ordinal}.{name}-internal:8200"\n'
        f'    leader_ca_cert_file = "{TLS_DIR}/ca.crt"\n  }}'
        for ordinal in range(replicas)
    )
    return f"""ui = true
listener "tcp" {{
  address = "[::]:8200"
  cluster_address = "[::]:8201"
  tls_cert_file = "{TLS_DIR}/tls.crt"
  tls_key_file = "{TLS_DIR}/tls.key"
}}
storage "raft" {{
  path = "/openbao/data"
{joins}
}}
service_registration "kubernetes" {{}}
"""


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": "openbao", "app.kubernetes.io/instance": name}


def _object(api_version: str, kind: str, name: str, **body: Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **body}


def _access(name: str) -> list[Object]:
    account = [{"kind": "ServiceAccount", "name": name, "namespace": name}]
    pods = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "watch", "list", "update", "patch"]}]
    delegator = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "system:auth-delegator"}
    discovery = {"apiGroup": _RBAC, "kind": "Role", "name": f"{name}-discovery-role"}
    return [
        _object("v1", "ServiceAccount", name),
        _object(f"{_RBAC}/v1", "ClusterRoleBinding", f"{name}-server-binding", roleRef=delegator, subjects=account),
        _object(f"{_RBAC}/v1", "Role", discovery["name"], rules=pods),
        _object(f"{_RBAC}/v1", "RoleBinding", f"{name}-discovery-rolebinding", roleRef=discovery, subjects=account),
    ]


def _config_map(name: str, replicas: int) -> Object:
    return _object(
        "v1", "ConfigMap", f"{name}-config", data={"extraconfig-from-values.hcl": configuration(name, replicas)}
    )


def _services(name: str) -> list[Object]:
    ports = [
        {"name": "https", "port": 8200, "targetPort": 8200},
        {"name": "https-internal", "port": 8201, "targetPort": 8201},
    ]
    always: dict[str, Any] = {"publishNotReadyAddresses": True, "ports": ports}
    return [
        _object("v1", "Service", f"{name}-internal", spec={**always, "clusterIP": "None", "selector": selector(name)}),
        _object("v1", "Service", name, spec={**always, "selector": selector(name)}),
        *(
            _object(
                "v1",
                "Service",
                f"{name}-{role}",
                spec={**always, "selector": {**selector(name), "openbao-active": active}},
            )
            for role, active in (("active", "true"), ("standby", "false"))
        ),
    ]


def _budget(name: str) -> Object:
    # The chart computes (replicas / 2) - 1, which is 0 of three: no voluntary disruption at all.
    return _object(
        "policy/v1",
        "PodDisruptionBudget",
        name,
        spec={"maxUnavailable": 0, "selector": {"matchLabels": selector(name)}},
    )


def _pods(name: str, replicas: int) -> Object:
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    spec = {
        "serviceName": f"{name}-internal",
        "podManagementPolicy": "OrderedReady",
        "replicas": replicas,
        "updateStrategy": {"type": "OnDelete"},
        "selector": {"matchLabels": selector(name)},
        "template": {"metadata": {"labels": selector(name)}, "spec": _pod(name)},
        "volumeClaimTemplates": [claim],
    }
    return _object("apps/v1", "StatefulSet", name, spec=spec)


def _pod(name: str) -> dict[str, Any]:
    apart = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": selector(name)}}
    return {
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]}},
        "terminationGracePeriodSeconds": 10,
        "serviceAccountName": name,
        "hostNetwork": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 100,
            "runAsGroup": 1000,
            "fsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_server(name)],
        "volumes": [
            {"name": "config", "configMap": {"name": f"{name}-config"}},
            {"name": "userconfig-tls", "secret": {"secretName": f"{name}-tls"}},
            {"name": "home", "emptyDir": {}},
        ],
    }


def _server(name: str) -> dict[str, Any]:
    # The chart edits a copy of the file before the start; our configuration has no placeholder to replace.
    copied = "/tmp/storageconfig.hcl"
    start = f"cp /openbao/config/extraconfig-from-values.hcl {copied}; exec bao server -config={copied}"
    return {
        "name": "openbao",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-ec"],
        "args": [start],
        "securityContext": {"allowPrivilegeEscalation": False},
        "env": _environment(name),
        "ports": [
            {"name": "https", "containerPort": 8200},
            {"name": "https-internal", "containerPort": 8201},
            {"name": "https-rep", "containerPort": 8202},
        ],
        "volumeMounts": [
            {"name": "data", "mountPath": "/openbao/data"},
            {"name": "config", "mountPath": "/openbao/config"},
            {"name": "userconfig-tls", "mountPath": TLS_DIR, "readOnly": True},
            {"name": "home", "mountPath": "/home/openbao"},
        ],
        # No startup and no liveness probe: the chart has none by default.
        "readinessProbe": {
            "exec": {"command": ["/bin/sh", "-ec", "bao status -tls-skip-verify"]},
            "initialDelaySeconds": 5,
            "periodSeconds": 5,
            "timeoutSeconds": 3,
            "successThreshold": 1,
            "failureThreshold": 2,
        },
        "lifecycle": {"preStop": {"exec": {"command": ["/bin/sh", "-c", "sleep 5 && kill -TERM 1"]}}},
    }


def _environment(name: str) -> list[dict[str, Any]]:
    fields = {
        "HOST_IP": "status.hostIP",
        "POD_IP": "status.podIP",
        "HOSTNAME": "metadata.name",
        "BAO_K8S_POD_NAME": "metadata.name",
        "BAO_K8S_NAMESPACE": "metadata.namespace",
        "BAO_RAFT_NODE_ID": "metadata.name",
    }
    values = {
        "BAO_ADDR": "https://127.0.0.1:8200",
        "BAO_API_ADDR": "https://$(POD_IP):8200",
        "BAO_CLUSTER_ADDR": f"https://$(HOSTNAME).{name}-internal:8201",
        "HOME": "/home/openbao",
    }
    return [
        *({"name": variable, "valueFrom": {"fieldRef": {"fieldPath": path}}} for variable, path in fields.items()),
        *({"name": variable, "value": value} for variable, value in values.items()),
    ]
