"""Pieces of a pod that server and Jobs share: image, security, probes, the projected API token."""

from __future__ import annotations

from typing import Any, Final

from profiles.layout import API_PORT, TLS_CA, TMP_DIR, Names
from profiles.rendering import peer_ca_file, server_name, shared_server_name
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


def _health(specification: Specification, path: str) -> dict[str, Any]:
    """How a probe asks: kubelet's httpGet, or from inside with a server name where the listener insists on one."""
    if specification.tls is not None and specification.tls.mode == "ACME":
        # A handshake by IP is refused by a listener with ACME certificates (openbao-behaviour: fact 10).
        return {"exec": {"command": ["sh", "-c", _acme_probe(specification, path)]}}
    return {"httpGet": {"scheme": "HTTPS", "port": API_PORT, "path": path}}


def _acme_probe(specification: Specification, path: str) -> str:
    authority = peer_ca_file(specification)
    environment = [
        f"BAO_ADDR=https://127.0.0.1:{API_PORT}",
        f"BAO_TLS_SERVER_NAME={server_name(specification, '$POD_NAME')}",
        *([f"BAO_CACERT={authority}"] if authority else []),
    ]
    # `bao status`: 0 unsealed, 2 sealed or not initialised, 1 unreachable.
    accepted = '[ "$?" -ne 1 ]' if path == _ALIVE else '[ "$?" -eq 0 ]'
    return f"{' '.join(environment)} bao status >/dev/null 2>&1; {accepted}"


def probes(specification: Specification) -> dict[str, Any]:
    """Startup leaves two minutes for a slow KMS or plugin; readiness means joined and unsealed."""
    alive, ready = _health(specification, _ALIVE), _health(specification, _READY)
    return {
        "startupProbe": {**alive, "periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": 60},
        "livenessProbe": {**alive, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
        "readinessProbe": {**ready, "periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": 3},
    }


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
