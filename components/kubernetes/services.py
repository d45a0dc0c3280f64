"""The three Services: peers find each other, clients find any pod, writers find the leader."""

from __future__ import annotations

from typing import Any, Final

from components.kubernetes.metadata import selector
from profiles.layout import ACME_PORT, API_PORT, CLUSTER_PORT, METRICS_PORT
from profiles.specification import Specification

_SKIP_AWAIT: Final = {"pulumi.com/skipAwait": "true"}


def _port(name: str, number: int, target: str | None = None) -> dict[str, Any]:
    return {"name": name, "port": number, "targetPort": target or name, "protocol": "TCP"}


def headless_service(specification: Specification) -> dict[str, Any]:
    """Pod DNS names, published before a pod is ready: a pod must be found in order to become ready."""
    ports = [_port("api", API_PORT), _port("cluster", CLUSTER_PORT)]
    if specification.telemetry.enabled and specification.telemetry.metrics_listener:
        ports.append(_port("metrics", METRICS_PORT))
    return {
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": selector(specification),
            "ports": ports,
        }
    }


def challenge_service(specification: Specification) -> dict[str, Any]:
    """Where an ACME CA finds the listener: port 443 of every pod, since none is ready before its first certificate.

    It is reached from where clients come from, so it is of the same type as the Service for clients.
    """
    service = specification.service
    ranges = list(service.load_balancer_source_ranges)
    return {
        "metadata": {"annotations": {"pulumi.com/skipAwait": "true", **service.annotations}},
        "spec": {
            "type": service.type,
            "publishNotReadyAddresses": True,
            "selector": selector(specification),
            "ports": [_port("acme", ACME_PORT, "api")],
            **({"loadBalancerSourceRanges": ranges} if ranges else {}),
        },
    }


def public_service(specification: Specification) -> dict[str, Any]:
    """Any pod that is joined and unsealed; standbys forward writes to the leader."""
    service = specification.service
    ranges = list(service.load_balancer_source_ranges)
    return {
        # Nobody is ready before somebody initialised the cluster by hand.
        "metadata": {
            "annotations": {**service.annotations, **(_SKIP_AWAIT if specification.bootstrap == "manual" else {})}
        },
        "spec": {
            "type": service.type,
            "selector": selector(specification),
            "ports": [_port("api", API_PORT)],
            **({"loadBalancerSourceRanges": ranges} if ranges else {}),
        },
    }


def active_service(specification: Specification) -> dict[str, Any]:
    """The leader only, by the label that OpenBao's service registration keeps on its pod."""
    return {
        # It has no endpoint before the first leader; the proof shows that it works, through it.
        "metadata": {"annotations": dict(_SKIP_AWAIT)},
        "spec": {
            "type": "ClusterIP",
            "selector": {**selector(specification), "openbao-active": "true"},
            "ports": [_port("api", API_PORT)],
        },
    }
