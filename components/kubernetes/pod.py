"""Pieces of a pod that server and Jobs share: image, security, probes, the projected API token."""

from __future__ import annotations

from typing import Any, Final

from profiles.layout import API_PORT, TLS_CA, TMP_DIR, Names
from profiles.rendering import peer_ca_file, probe_server_name, shared_server_name
from profiles.specification import Specification
from profiles.specification.workload import ResourceList

API_TOKEN_DIR: Final = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a folder
_TOKEN_SECONDS: Final = 3600
# A sealed or not yet initialised server is alive: killing it would help nobody (sys/health's own codes).
_ALIVE: Final = "/v1/sys/health?standbyok=true&sealedcode=204&uninitcode=204"
_READY: Final = "/v1/sys/health?standbyok=true"


def image(specification: Specification) -> str:
    """`repository:tag`, pinned by `@digest` where one is given."""
    chosen = specification.image
    pinned = f"@{chosen.digest}" if chosen.digest else ""
    return f"{chosen.repository}:{chosen.tag or specification.version}{pinned}"


def pod_security(specification: Specification) -> dict[str, Any]:
    """The pod's security context; passes Pod Security "restricted" in both profiles."""
    chosen = specification.security_context.model_dump(by_alias=True, exclude_none=True)
    return {key: value for key, value in chosen.items() if value != []} | {"fsGroupChangePolicy": "OnRootMismatch"}


def container_security() -> dict[str, Any]:
    """No privilege to gain, nothing to write outside the volumes."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
    }


def placement(specification: Specification) -> dict[str, Any]:
    """The nodes that the user chose for this cluster: for the server and for Jobs, which run its image."""
    scheduling = specification.scheduling
    chosen = {
        "nodeSelector": dict(scheduling.node_selector),
        "tolerations": [item.model_dump(by_alias=True, exclude_none=True) for item in scheduling.tolerations],
    }
    return {key: value for key, value in chosen.items() if value}


def resource_list(quantities: ResourceList) -> dict[str, str]:
    """Requests or limits as Kubernetes writes them."""
    return quantities.model_dump(exclude_none=True)


def temporary_volume() -> dict[str, Any]:
    """Scratch space in memory, so that nothing secret reaches a node's disk."""
    return {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}


def temporary_mount() -> dict[str, Any]:
    """Where the scratch space is."""
    return {"name": "tmp", "mountPath": TMP_DIR}


def api_token_volume() -> dict[str, Any]:
    """What `automountServiceAccountToken` would mount, but short-lived and only where asked for."""
    return {
        "name": "api-token",
        "projected": {
            "defaultMode": 0o440,
            "sources": [
                {"serviceAccountToken": {"path": "token", "expirationSeconds": _TOKEN_SECONDS}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {
                    "downwardAPI": {
                        "items": [
                            {
                                "path": "namespace",
                                "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                            }
                        ]
                    }
                },
            ],
        },
    }


def api_token_mount() -> dict[str, Any]:
    """Where client libraries look for the token."""
    return {"name": "api-token", "mountPath": API_TOKEN_DIR, "readOnly": True}


def probes(specification: Specification) -> dict[str, Any]:
    """Startup leaves two minutes for a slow KMS or plugin; readiness means joined and unsealed."""
    if specification.tls is not None and specification.tls.mode == "ACME":
        alive, ready = _acme_probes(specification)
        # Each starts a process of some 0.15 s of CPU time: not every two seconds, for ever.
        pace = {"periodSeconds": 5, "failureThreshold": 2}
        patience = {"timeoutSeconds": 10}  # more than BAO_CLIENT_TIMEOUT on a busy node: kubelet's own end says nothing
    else:
        alive, ready = _health(_ALIVE), _health(_READY)
        pace = {"periodSeconds": 2, "failureThreshold": 3}
        patience = {"timeoutSeconds": 5}
    return {
        "startupProbe": {**alive, **patience, "periodSeconds": 2, "failureThreshold": 60},
        "livenessProbe": {**alive, **patience, "periodSeconds": 10, "failureThreshold": 6},
        "readinessProbe": {**ready, **patience, **pace},
    }


def _health(path: str) -> dict[str, Any]:
    return {"httpGet": {"scheme": "HTTPS", "port": API_PORT, "path": path}}


def _acme_probes(specification: Specification) -> tuple[dict[str, Any], dict[str, Any]]:
    """Alive and ready where the listener insists on a server name (openbao-behaviour: fact 10): asked from inside.

    While its CA is away a server without a certificate lets every handshake hang. It is alive, since raft goes on and
    a restart would not bring the CA back: dead is only who refuses the connection. What a probe prints becomes its
    event.
    """
    authority = peer_ca_file(specification)
    asked = [
        f"BAO_ADDR=https://127.0.0.1:{API_PORT}",
        f"BAO_TLS_SERVER_NAME={probe_server_name(specification, '$POD_NAME')}",
        *([f"BAO_CACERT={authority}"] if authority else []),
        "BAO_CLIENT_TIMEOUT=3s",
        "bao status",
    ]
    status = " ".join(asked)
    alive = f"! {status} 2>&1 | grep 'connection refused'"
    ready = (
        f"why=$({status} 2>&1); case $? in 0) exit 0;; 2) echo 'sealed, or not initialised';; "
        '*) echo "$why; if no certificate came, listener-acme in the log of $POD_NAME says why";; esac; exit 1'
    )
    return _shell(alive), _shell(ready)


def _shell(script: str) -> dict[str, Any]:
    return {"exec": {"command": ["sh", "-c", script]}}


def client_host(specification: Specification, service: str) -> str:
    """DNS name by which our own Jobs reach the cluster: the Service's, where a certificate carries it.

    A listener with ACME certificates for the pods' own names refuses any other: then pod 0, which forwards.
    """
    names, tls = Names.of(specification), specification.tls
    if tls is not None and tls.mode == "ACME" and shared_server_name(specification) is None:
        return names.pod_dns(names.pods[0])
    return names.service_dns(service)


def client_environment(specification: Specification, host: str) -> list[dict[str, Any]]:
    """Where the `bao` command of a Job finds the cluster, by which name it knows it, and whom it trusts."""
    shared = shared_server_name(specification)
    environment = {
        "BAO_ADDR": f"https://{host}:{API_PORT}",
        **({"BAO_TLS_SERVER_NAME": shared} if shared else {}),
        **({"BAO_CACERT": TLS_CA} if peer_ca_file(specification) else {}),
        "HOME": TMP_DIR,
    }
    return [{"name": name, "value": value} for name, value in environment.items()]
