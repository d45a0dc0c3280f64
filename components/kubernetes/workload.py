"""The StatefulSet: one configuration for all pods, each knowing itself by its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components.kubernetes import plugin, pod
from components.kubernetes.metadata import labels, risk_annotations, selector
from components.kubernetes.volumes import mounts, self_initialises, volumes
from profiles import layout
from profiles.layout import Names
from profiles.rendering import seal_needs
from profiles.specification import Specification
from profiles.specification.unseal import AzureKeyVaultUnseal

# Well above the 5-9 s that a leader takes to stop when another pod was replaced just before (docs/faults.md).
TERMINATION_SECONDS: Final = 60


@dataclass(frozen=True)
class WorkloadNeeds:
    """What other rooms made that the pods use, by name.

    Names, not resources: a StatefulSet whose spec depended on a replaceable object would be replaced with it.
    """

    config_map: str
    tls_secret: str | None
    config_secret: str | None = None
    restart_on: Mapping[str, str] = field(default_factory=dict)
    """Annotations of the pod template: a changed value restarts the pods, one by one."""


def awaiting(specification: Specification) -> dict[str, str]:
    """Pods become ready by themselves only where pod 0 initialises the cluster; else the proof waits, not Pulumi."""
    return {} if self_initialises(specification) else {"pulumi.com/skipAwait": "true"}


def stateful_set(specification: Specification, needs: WorkloadNeeds) -> dict[str, Any]:
    """The StatefulSet's `spec`."""
    names = Names.of(specification)
    retained = "Retain" if specification.deletion_policy == "Retain" else "Delete"
    return {
        "replicas": specification.replicas,
        "serviceName": names.headless_service,
        "podManagementPolicy": "Parallel",  # peers join each other; waiting for an ordinal would deadlock
        "selector": {"matchLabels": selector(specification)},
        "updateStrategy": {"type": "RollingUpdate"},
        "minReadySeconds": 0,
        "revisionHistoryLimit": 10,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": retained, "whenScaled": "Retain"},
        "template": {
            "metadata": {
                "labels": {**labels(specification), **_identity_labels(specification)},
                "annotations": {**risk_annotations(specification), **needs.restart_on},
            },
            "spec": _pod_spec(specification, needs),
        },
        "volumeClaimTemplates": [_data_claim(specification)],
    }


def _identity_labels(specification: Specification) -> dict[str, str]:
    """Azure's webhook projects its token into pods with this label only."""
    match specification.unseal:
        case AzureKeyVaultUnseal(auth_method="workload_identity"):
            return {"azure.workload.identity/use": "true"}
    return {}


def _data_claim(specification: Specification) -> dict[str, Any]:
    storage = specification.storage
    storage_class = {"storageClassName": storage.storage_class_name} if storage.storage_class_name else {}
    return {
        "metadata": {
            "name": "data",
            "labels": selector(specification),
            "annotations": risk_annotations(specification),
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": storage.size}},
            **storage_class,
        },
    }


def _pod_spec(specification: Specification, needs: WorkloadNeeds) -> dict[str, Any]:
    placement = pod.placement(specification)
    optional = {
        **placement,
        "nodeSelector": {**plugin.node_selector(specification), **placement.get("nodeSelector", {})},
        "priorityClassName": specification.scheduling.priority_class_name,
        "imagePullSecrets": [{"name": name} for name in specification.image.pull_secrets],
        "initContainers": plugin.init_containers(specification),
    }
    return {
        "serviceAccountName": Names.of(specification).service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": TERMINATION_SECONDS,
        "securityContext": {**pod.pod_security(specification), **_challenge_port(specification)},
        **_spread(specification),
        **{key: value for key, value in optional.items() if value},
        "containers": [_server(specification, needs)],
        "volumes": volumes(specification, needs.config_map, needs.config_secret, needs.tls_secret),
    }


def _challenge_port(specification: Specification) -> dict[str, Any]:
    """Lets OpenBao's ACME client open 443 during a challenge without a capability; a safe sysctl in Kubernetes' sense.

    Container runtimes differ in what they allow by themselves, and where it cannot open 443 no challenge succeeds
    (certmagic's `robustTryListen`).
    """
    if specification.tls is None or specification.tls.mode != "ACME":
        return {}
    return {"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": str(layout.ACME_PORT)}]}


def _spread(specification: Specification) -> dict[str, Any]:
    """One pod per node (required or preferred), and over zones as far as there are any."""
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": selector(specification)}}
    if specification.scheduling.spread_over_nodes == "Required":
        affinity: dict[str, Any] = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    else:
        affinity = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
    zones = {
        "topologyKey": "topology.kubernetes.io/zone",
        "maxSkew": 1,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(specification)},
    }
    return {"affinity": {"podAntiAffinity": affinity}, "topologySpreadConstraints": [zones]}


def _server(specification: Specification, needs: WorkloadNeeds) -> dict[str, Any]:
    bootstraps = self_initialises(specification)
    arguments = ["server", f"-config={layout.CONFIG_DIR}"]
    if bootstraps:
        arguments.append(f"-config={layout.BOOTSTRAP_DIR}")
    ports = {"api": layout.API_PORT, "cluster": layout.CLUSTER_PORT}
    if specification.telemetry.enabled and specification.telemetry.metrics_listener:
        ports["metrics"] = layout.METRICS_PORT
    resources = specification.resources
    return {
        "name": "openbao",
        "image": pod.image(specification),
        "imagePullPolicy": specification.image.pull_policy,
        # The image's own entrypoint starts a development server when it is given nothing: always say everything.
        "command": ["bao"],
        "args": arguments,
        **({"envFrom": _bootstrap_state(specification)} if bootstraps else {}),
        "env": _environment(specification),
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports.items()],
        **pod.probes(specification),
        "resources": {
            "requests": pod.resource_list(resources.requests),
            "limits": pod.resource_list(resources.limits),
        },
        "securityContext": pod.container_security(),
        "volumeMounts": mounts(specification, needs.tls_secret is not None),
    }


def _bootstrap_state(specification: Specification) -> list[dict[str, Any]]:
    """`pending`, overridden by the latch once it exists; kubelet reads both at every start of the container."""
    names = Names.of(specification)
    return [
        {"configMapRef": {"name": names.child("bootstrap-pending")}},
        {"configMapRef": {"name": names.child("bootstrap-proven"), "optional": True}},
    ]


def _environment(specification: Specification) -> list[dict[str, Any]]:
    names = Names.of(specification)
    pod_name = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}
    pod_namespace = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    registered = {"BAO_K8S_POD_NAME": pod_name, "BAO_K8S_NAMESPACE": pod_namespace}
    own = names.pod_dns("$(POD_NAME)")
    plain: list[dict[str, Any]] = [
        {"name": "POD_NAME", "valueFrom": pod_name},
        *(
            {"name": name, "valueFrom": value}
            for name, value in registered.items()
            if specification.configuration.service_registration
        ),
        {"name": "BAO_RAFT_NODE_ID", "value": "$(POD_NAME)"},
        {"name": "BAO_API_ADDR", "value": f"https://{own}:{layout.API_PORT}"},
        {"name": "BAO_CLUSTER_ADDR", "value": f"https://{own}:{layout.CLUSTER_PORT}"},
        {"name": "HOME", "value": layout.TMP_DIR},
    ]
    seal = seal_needs(specification)
    plain += [{"name": name, "value": value} for name, value in seal.environment.items()]
    return plain + [
        {
            "name": variable,
            "valueFrom": {"secretKeyRef": {"name": wanted.secret_name, "key": wanted.key, "optional": wanted.optional}},
        }
        for variable, wanted in seal.environment_from_secret.items()
    ]
