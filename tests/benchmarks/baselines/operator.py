"""What openbao-operator makes of an OpenBaoCluster with three replicas: the objects that its builders build.

From the repository dc-tec/openbao-operator (Apache-2.0, no text of it is here), source of commit 04910b9, the newest
that could be read; files not changed there are of 35095cf or 06ee78b:

- `internal/service/workload/statefulset_builder*.go`, `constants.go`, `pdb.go`, `seal_wiring.go`: StatefulSet (no
  management policy, grace period or preStop hook of its own, so Kubernetes' defaults), probes, volumes, soft spreading,
  security contexts, PodDisruptionBudget;
- `internal/adapter/config/testdata/render_hcl_{static_seal_default,tls_native_reload_metrics,transit_seal}.hcl`,
  `render_storage.go`, `render_listener.go`: the server's configuration, with `performance_multiplier` only where a user
  sets it;
- `internal/service/networking/{services,policy_build,policy_rules}.go`: Services and NetworkPolicies;
- `internal/service/identity/manager.go`, `internal/platform/resourceidentity/names.go`: access, names, labels.

The user asks for what the sample `config/samples/basics/openbao_v1alpha1_openbaocluster.yaml` asks for (profile
Development, three replicas, certificates and static key by the operator), and for a Service, since without `service`
there is none for clients. For the scanner there is the Hardened profile too, with the seal of our own specification and
without the ConfigMap of self-init.

Departures, harmless to the figures: our image and our volumes' size, so that both sides run the same; and the sandbox
has no image of the operator's helpers, so `sed` does what `bao-init-config` does, `bao` runs without `bao-wrapper`, and
kubelet asks by itself what `bao-probe` asks (the same paths, delays, periods and timeouts; cheaper than a process).
"""

from __future__ import annotations

from typing import Any, Final, Literal

OPERATOR: Final = "openbao-operator 04910b9"
IMAGE: Final = "docker.io/openbao/openbao:2.7.2"
_RBAC: Final = "rbac.authorization.k8s.io"
_TLS: Final = "/etc/bao/tls"
_RENDERED: Final = "/etc/bao/rendered-config"
_CREDENTIALS: Final = "/etc/bao/seal-creds"
_ALIVE: Final = "/v1/sys/health?standbyok=true&sealedcode=204&uninitcode=204"
_READY: Final = "/v1/sys/health?standbyok=true"

Object = dict[str, Any]
Profile = Literal["Development", "Hardened"]


def selector(name: str) -> dict[str, str]:
    """Labels of the server's pods, and of every object."""
    return {
        "app.kubernetes.io/name": "openbao",
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/managed-by": "openbao-operator",
        "openbao.org/cluster": name,
    }


def certificate_hosts(name: str, replicas: int = 3) -> list[str]:
    """Names in the server's certificate (`internal/service/certs/manager.go`), for a namespace of the same name."""
    own = f"{name}.{name}.svc"
    pods = [f"{name}-{ordinal}.{own}" for ordinal in range(replicas)]
    inside = [own, f"*.{own}", *pods]
    return [
        "localhost",
        _server_name(name),
        *inside,
        *(f"{host}.cluster.local" for host in inside),
        f"{name}-public.{name}.svc",
    ]


def manifests(name: str, profile: Profile = "Development", image: str = IMAGE, replicas: int = 3) -> list[Object]:
    """Everything but the Secrets, for a cluster called `name` in the namespace `name`."""
    objects = [
        *_access(name, replicas),
        _object("v1", "ConfigMap", f"{name}-config", data={"config.hcl": configuration(name, profile)}),
        *_services(name),
        *_network_policies(name),
        _budget(name),
        _pods(name, profile, image, replicas),
    ]
    for item in objects:
        item["metadata"] |= {"namespace": name, "labels": {**selector(name), **item["metadata"].get("labels", {})}}
    return objects


def configuration(name: str, profile: Profile = "Development") -> str:
    """The template of the server's configuration; the init container puts the pod's name in."""
    own = f"${{HOSTNAME}}.{name}.{name}.svc"
    join = f'provider=k8s namespace={name} label_selector=\\"openbao.org/cluster={name}\\"'
    return f"""ui = true
cluster_name = "{name}"
api_addr = "https://{own}:8200"
cluster_addr = "https://{own}:8201"
listener "tcp" {{
  address = "[::]:8200"
  cluster_address = "[::]:8201"
  tls_disable = 0
  max_request_duration = "90s"
  tls_cert_file = "{_TLS}/tls.crt"
  tls_key_file = "{_TLS}/tls.key"
  tls_client_ca_file = "{_TLS}/ca.crt"
  tls_auto_reload = true
  tls_auto_reload_interval = "10s"
}}
{_seal(profile)}
storage "raft" {{
  path = "/bao/data"
  node_id = "${{HOSTNAME}}"
  retry_join {{
    auto_join = "{join}"
    leader_tls_servername = "{_server_name(name)}"
    leader_ca_cert_file = "{_TLS}/ca.crt"
    leader_client_cert_file = "{_TLS}/tls.crt"
    leader_client_key_file = "{_TLS}/tls.key"
  }}
}}
service_registration "kubernetes" {{}}
log_level = "info"
"""


def _seal(profile: Profile) -> str:
    if profile == "Hardened":
        return 'seal "transit" {\n  address = "https://bao.example.com:8200"\n  key_name = "openbao"\n}'
    return (
        'seal "static" {\n  current_key = "file:///etc/bao/unseal/key"\n  current_key_id = "operator-generated-v1"\n}'
    )


def _server_name(name: str) -> str:
    return f"openbao-cluster-{name}.local"


def _object(api_version: str, kind: str, name: str, **body: Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **body}


def _account(name: str) -> str:
    return f"{name}-serviceaccount"


def _access(name: str, replicas: int) -> list[Object]:
    role = f"{_account(name)}-role"
    pods = [f"{name}-{ordinal}" for ordinal in range(replicas)]
    rules = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods"], "resourceNames": pods, "verbs": ["patch", "update"]},
    ]
    account = _object("v1", "ServiceAccount", _account(name))
    account["metadata"]["labels"] = {"openbao.org/service-account-role": "main"}
    return [
        account,
        _object(f"{_RBAC}/v1", "Role", role, rules=rules),
        _object(
            f"{_RBAC}/v1",
            "RoleBinding",
            f"{role}binding",
            roleRef={"apiGroup": _RBAC, "kind": "Role", "name": role},
            subjects=[{"kind": "ServiceAccount", "name": _account(name), "namespace": name}],
        ),
    ]


def _services(name: str) -> list[Object]:
    ports = [{"name": "api", "port": 8200, "protocol": "TCP"}]
    spec = {"selector": selector(name), "ports": ports}
    headless = {**spec, "clusterIP": "None", "publishNotReadyAddresses": True}
    # For clients: every pod that is ready, whether it leads or not.
    public = {**spec, "type": "ClusterIP"}
    return [
        _object("v1", "Service", name, spec=headless),
        _object("v1", "Service", f"{name}-public", spec=public),
    ]


def _ports(*ports: int, protocols: tuple[str, ...] = ("TCP",)) -> list[dict[str, Any]]:
    return [{"protocol": protocol, "port": port} for port in ports for protocol in protocols]


def _network_policies(name: str) -> list[Object]:
    """Of the servers, and of Jobs for backup and restore. The API server's address is the sandbox's."""
    own = {"podSelector": {"matchLabels": selector(name)}}
    controllers = {"key": "app.kubernetes.io/component", "operator": "In", "values": ["controller", "provisioner"]}
    operator = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "openbao-operator-system"}},
        "podSelector": {
            "matchLabels": {"app.kubernetes.io/name": "openbao-operator"},
            "matchExpressions": [controllers],
        },
    }

    def jobs(operation: str, *components: str) -> dict[str, Any]:
        return {"key": "openbao.org/component", "operator": operation, "values": list(components)}

    helpers = {
        "podSelector": {
            "matchLabels": {"openbao.org/cluster": name},
            "matchExpressions": [jobs("In", "backup", "restore")],
        }
    }
    dns = {
        "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
        "ports": _ports(53, protocols=("UDP", "TCP")),
    }
    api_server = {"to": [{"ipBlock": {"cidr": "10.96.0.1/32"}}], "ports": _ports(443)}
    everywhere = {"to": [{"ipBlock": {"cidr": cidr}} for cidr in ("0.0.0.0/0", "::/0")], "ports": _ports(443)}
    both = ["Ingress", "Egress"]
    servers = {
        "podSelector": {
            "matchLabels": selector(name),
            "matchExpressions": [jobs("NotIn", "backup", "restore", "upgrade-snapshot")],
        },
        "policyTypes": both,
        "ingress": [
            {"from": [own], "ports": _ports(8200, 8201)},
            {"from": [operator], "ports": _ports(8200)},
            {"from": [helpers], "ports": _ports(8200)},
        ],
        "egress": [dns, api_server, {"to": [own], "ports": _ports(8200, 8201)}],
    }
    of_jobs = {
        "podSelector": {
            "matchLabels": {"openbao.org/cluster": name},
            "matchExpressions": [jobs("In", "backup", "restore", "upgrade-snapshot")],
        },
        "policyTypes": both,
        "ingress": [],
        "egress": [dns, {"to": [own], "ports": _ports(8200)}, api_server, everywhere],
    }
    kind = ("networking.k8s.io/v1", "NetworkPolicy")
    return [
        _object(*kind, f"{name}-network-policy", spec=servers),
        _object(*kind, f"{name}-jobs-network-policy", spec=of_jobs),
    ]


def _budget(name: str) -> Object:
    components = ["backup", "restore", "upgrade", "upgrade-snapshot", "validation-hook", "post-switch-validation-hook"]
    others = {"key": "openbao.org/component", "operator": "NotIn", "values": components}
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": selector(name), "matchExpressions": [others]}}
    return _object("policy/v1", "PodDisruptionBudget", f"{name}-pdb", spec=spec)


def _pods(name: str, profile: Profile, image: str, replicas: int) -> Object:
    pool = {**selector(name), "openbao.org/workload-pool": "voter"}
    placed = {**pool, "openbao.org/component": "openbaocluster"}
    claim = {
        "metadata": {"name": "data", "labels": selector(name)},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    spec = {
        "serviceName": name,
        "replicas": replicas,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Delete"},
        "selector": {"matchLabels": pool},
        "updateStrategy": {"type": "RollingUpdate"},
        "template": {"metadata": {"labels": placed}, "spec": _pod(name, profile, image, placed)},
        "volumeClaimTemplates": [claim],
    }
    found = _object("apps/v1", "StatefulSet", name, spec=spec)
    found["metadata"]["labels"] = {"openbao.org/profile": profile}
    return found


def _pod(name: str, profile: Profile, image: str, placed: dict[str, str]) -> dict[str, Any]:
    same = {"labelSelector": {"matchLabels": placed}}
    apart = {"weight": 100, "podAffinityTerm": {**same, "topologyKey": "kubernetes.io/hostname"}}
    spread = {"maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway", **same}
    zones = ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    return {
        "shareProcessNamespace": False,
        "automountServiceAccountToken": False,
        "serviceAccountName": _account(name),
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [apart]}},
        "topologySpreadConstraints": [{**spread, "topologyKey": key} for key in zones],
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 100,
            "runAsGroup": 1000,
            "fsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [_renderer(image)],
        "containers": [_server(profile, image)],
        "volumes": _volumes(name, profile),
    }


def _container_security() -> dict[str, Any]:
    return {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}


def _of_pod(**fields: str) -> list[dict[str, Any]]:
    return [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()]


def _renderer(image: str) -> dict[str, Any]:
    command = f'sed "s|\\${{HOSTNAME}}|$HOSTNAME|g" /etc/bao/config/config.hcl > {_RENDERED}/config.hcl'
    return {
        "name": "bao-config-init",
        "image": image,
        "securityContext": {**_container_security(), "runAsNonRoot": True},
        "command": ["/bin/sh", "-ec"],
        "args": [command],
        "env": _of_pod(HOSTNAME="metadata.name", POD_IP="status.podIP"),
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/bao/config", "readOnly": True},
            {"name": "config-rendered", "mountPath": _RENDERED},
            {"name": "utils", "mountPath": "/utils"},
        ],
    }


def _server(profile: Profile, image: str) -> dict[str, Any]:
    seal = {"name": "unseal", "mountPath": "/etc/bao/unseal", "readOnly": True}
    environment = [
        *_of_pod(HOSTNAME="metadata.name", BAO_K8S_POD_NAME="metadata.name", BAO_K8S_NAMESPACE="metadata.namespace"),
        *_of_pod(POD_IP="status.podIP"),
        {"name": "BAO_API_ADDR", "value": "https://$(POD_IP):8200"},
        {"name": "UMASK", "value": "0077"},
    ]
    if profile == "Hardened":
        seal = {"name": "seal-creds", "mountPath": _CREDENTIALS, "readOnly": True}
        token = {"secretKeyRef": {"name": "transit-token", "key": "token"}}
        environment.append({"name": "VAULT_TOKEN", "valueFrom": token})
    return {
        "name": "openbao",
        "image": image,
        "securityContext": _container_security(),
        "command": ["bao"],
        "args": ["server", f"-config={_RENDERED}/config.hcl"],
        "env": environment,
        "ports": [{"name": "api", "containerPort": 8200}, {"name": "cluster", "containerPort": 8201}],
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/bao/config", "readOnly": True},
            {"name": "config-rendered", "mountPath": _RENDERED},
            {"name": "data", "mountPath": "/bao/data"},
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "kube-api-access", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True},
            {"name": "tls", "mountPath": _TLS, "readOnly": True},
            seal,
            {"name": "utils", "mountPath": "/utils", "readOnly": True},
        ],
        **_probes(),
    }


def _probes() -> dict[str, Any]:
    """Startup asks for a connection only; the others ask for the server's health, standbys included."""

    def health(path: str) -> dict[str, Any]:
        return {"httpGet": {"scheme": "HTTPS", "port": 8200, "path": path}}

    started = {"initialDelaySeconds": 10, "timeoutSeconds": 10, "periodSeconds": 5, "failureThreshold": 60}
    alive = {"timeoutSeconds": 5, "periodSeconds": 10, "failureThreshold": 6}
    ready = {"initialDelaySeconds": 20, "timeoutSeconds": 10, "periodSeconds": 10, "failureThreshold": 6}
    return {
        "startupProbe": {"tcpSocket": {"port": 8200}, **started},
        "livenessProbe": {**health(_ALIVE), **alive},
        "readinessProbe": {**health(_READY), **ready},
    }


def _volumes(name: str, profile: Profile) -> list[dict[str, Any]]:
    token = {
        "defaultMode": 0o440,
        "sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
        ],
    }

    def secret(volume: str, secret_name: str) -> dict[str, Any]:
        return {"name": volume, "secret": {"secretName": secret_name, "defaultMode": 0o440}}

    volumes: list[dict[str, Any]] = [
        {"name": "config", "configMap": {"name": f"{name}-config"}},
        *({"name": volume, "emptyDir": {}} for volume in ("config-rendered", "tmp", "utils")),
        {"name": "kube-api-access", "projected": token},
        secret("tls", f"{name}-tls-server"),
    ]
    static = profile == "Development"
    return [*volumes, secret("unseal", f"{name}-unseal-key") if static else secret("seal-creds", "transit-token")]
