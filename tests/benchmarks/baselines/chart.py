"""What a user of openbao-helm 0.30.3 runs in HA mode with Raft: the objects that the chart's templates render.

From the repository openbao/openbao-helm (MPL-2.0, no text of it is here):

- `charts/openbao/tests/__snapshot__/rendering_test.yaml.snap` of release 0.30.3, suite "renders a highly available
  deployment": objects, names, labels, ports, environment, probe, grace period, preStop hook, update strategy, security
  contexts, PodDisruptionBudget;
- `charts/openbao/values.yaml` and `templates/_helpers.tpl`: what Raft adds (`server.ha.raft`: volume claim,
  `setNodeId`, the default configuration, in which `performance_multiplier` is unset) and how `server.extraVolumes` are
  mounted.

The defaults alone give neither TLS nor a cluster that assembles itself; the chart's own values allow a careful user to
add both, so the baseline has them: `global.tlsDisable: false`, a certificate by `extraVolumes`, one `retry_join` per
pod, `setNodeId: true`. The injector and the `helm test` pod are left out.

Departures, harmless to the figures: our image and our volumes' size, so that both sides run the same; and the sandbox's
image has neither `docker-entrypoint.sh` nor `pidof`, so the shell becomes the server and the hook signals process 1.
"""

from __future__ import annotations

from typing import Any, Final

CHART: Final = "openbao-helm 0.30.3"
IMAGE: Final = "docker.io/openbao/openbao:2.7.2"
_LABEL: Final = "openbao-0.30.3"
_RBAC: Final = "rbac.authorization.k8s.io"

Object = dict[str, Any]


def selector(name: str) -> dict[str, str]:
    """Labels of the server's pods."""
    return {"app.kubernetes.io/name": "openbao", "app.kubernetes.io/instance": name, "component": "server"}


def tls_secret(name: str) -> str:
    """The Secret with tls.crt, tls.key and ca.crt that the user makes beforehand."""
    return f"{name}-tls"


def binding(name: str) -> str:
    """The one object outside the namespace, a ClusterRoleBinding."""
    return f"{name}-{name}-server-binding"


def manifests(name: str, replicas: int = 3) -> list[Object]:
    """The chart's eleven objects for a release called `name` in the namespace `name`."""
    objects = [*_access(name), _config_map(name, replicas), *_services(name), _budget(name), _pods(name, replicas)]
    for item in objects:
        chart = {} if item["kind"] == "StatefulSet" else {"helm.sh/chart": _LABEL}
        common = {key: value for key, value in selector(name).items() if key != "component"}
        item["metadata"]["labels"] = {
            **common,
            "app.kubernetes.io/managed-by": "Helm",
            **chart,
            **item["metadata"].get("labels", {}),
        }
        if not item["kind"].startswith("Cluster"):
            item["metadata"]["namespace"] = name
    return objects


def configuration(name: str, replicas: int) -> str:
    """The server's configuration (`server.ha.raft.config`) in HCL."""
    files = _tls_dir(name)
    joins = "\n".join(
        f'  retry_join {{\n    leader_api_addr = "https://{name}-{ordinal}.{name}-internal:8200"\n'
        f'    leader_ca_cert_file = "{files}/ca.crt"\n  }}'
        for ordinal in range(replicas)
    )
    return f"""ui = true
listener "tcp" {{
  address = "[::]:8200"
  cluster_address = "[::]:8201"
  tls_cert_file = "{files}/tls.crt"
  tls_key_file = "{files}/tls.key"
}}
storage "raft" {{
  path = "/openbao/data"
{joins}
}}
service_registration "kubernetes" {{}}
"""


def _tls_dir(name: str) -> str:
    return f"/openbao/userconfig/{tls_secret(name)}"


def _object(api_version: str, kind: str, name: str, **body: Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **body}


def _access(name: str) -> list[Object]:
    account = [{"kind": "ServiceAccount", "name": name, "namespace": name}]
    pods = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "watch", "list", "update", "patch"]}]
    delegator = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "system:auth-delegator"}
    discovery = {"apiGroup": _RBAC, "kind": "Role", "name": f"{name}-discovery-role"}
    return [
        _object("v1", "ServiceAccount", name),
        _object(f"{_RBAC}/v1", "ClusterRoleBinding", binding(name), roleRef=delegator, subjects=account),
        _object(f"{_RBAC}/v1", "Role", discovery["name"], rules=pods),
        _object(f"{_RBAC}/v1", "RoleBinding", f"{name}-discovery-rolebinding", roleRef=discovery, subjects=account),
    ]


def _config_map(name: str, replicas: int) -> Object:
    return _object(
        "v1", "ConfigMap", f"{name}-config", data={"extraconfig-from-values.hcl": configuration(name, replicas)}
    )


def _services(name: str) -> list[Object]:
    ports = [
        {"name": "https", "appProtocol": "HTTPS", "port": 8200, "targetPort": 8200},
        {"name": "https-internal", "port": 8201, "targetPort": 8201},
    ]
    always: dict[str, Any] = {"publishNotReadyAddresses": True, "ports": ports}
    active, standby = ({"openbao-active": value} for value in ("true", "false"))
    services = [
        _object("v1", "Service", f"{name}-internal", spec={**always, "clusterIP": "None", "selector": selector(name)}),
        _object("v1", "Service", name, spec={**always, "selector": selector(name)}),
        _object("v1", "Service", f"{name}-active", spec={**always, "selector": {**selector(name), **active}}),
        _object("v1", "Service", f"{name}-standby", spec={**always, "selector": {**selector(name), **standby}}),
    ]
    services[0]["metadata"]["labels"] = {"openbao-internal": "true"}
    services[2]["metadata"]["labels"] = active
    return services


def _budget(name: str) -> Object:
    # Of three replicas the chart lets one go: ((3 * 10 / 2) - 1) / 10, rounded down.
    return _object(
        "policy/v1",
        "PodDisruptionBudget",
        name,
        spec={"maxUnavailable": 1, "selector": {"matchLabels": selector(name)}},
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
        "template": {"metadata": {"labels": {**selector(name), "helm.sh/chart": _LABEL}}, "spec": _pod(name)},
        "volumeClaimTemplates": [claim],
    }
    return _object("apps/v1", "StatefulSet", name, spec=spec)


def _pod(name: str) -> dict[str, Any]:
    apart = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": selector(name)}}
    secret = {"secretName": tls_secret(name), "defaultMode": 0o644}
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
            {"name": f"userconfig-{tls_secret(name)}", "secret": secret},
            {"name": "home", "emptyDir": {}},
        ],
    }


def _server(name: str) -> dict[str, Any]:
    # The chart replaces placeholders in a copy of the file before the start; our configuration has none.
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
            {"name": f"userconfig-{tls_secret(name)}", "mountPath": _tls_dir(name), "readOnly": True},
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
        "BAO_K8S_POD_NAME": "metadata.name",
        "BAO_K8S_NAMESPACE": "metadata.namespace",
        "HOSTNAME": "metadata.name",
        "BAO_RAFT_NODE_ID": "metadata.name",
    }
    values = {
        "BAO_ADDR": "https://127.0.0.1:8200",
        "BAO_API_ADDR": "https://$(POD_IP):8200",
        "SKIP_CHOWN": "true",
        "SKIP_SETCAP": "true",
        "BAO_CLUSTER_ADDR": f"https://$(HOSTNAME).{name}-internal:8201",
        "HOME": "/home/openbao",
    }
    return [
        *({"name": variable, "valueFrom": {"fieldRef": {"fieldPath": path}}} for variable, path in fields.items()),
        *({"name": variable, "value": value} for variable, value in values.items()),
    ]
