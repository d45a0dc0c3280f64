"""Who may reach the pods and whom they may call."""

from __future__ import annotations

from typing import Any

from components.kubernetes.metadata import selector
from profiles.layout import ACME_PORT, API_PORT, CLUSTER_PORT, METRICS_PORT
from profiles.specification import Specification
from profiles.specification.network import EgressRule, Peer, Port

_NAMESPACE_NAME = "kubernetes.io/metadata.name"


def _ports(*numbers: int, protocol: str = "TCP") -> list[dict[str, Any]]:
    return [{"port": number, "protocol": protocol} for number in numbers]


def _peer(peer: Peer) -> dict[str, Any]:
    return peer.model_dump(by_alias=True, exclude_none=True, exclude_defaults=False)


def _port(port: Port) -> dict[str, Any]:
    return port.model_dump(by_alias=True, exclude_none=True)


def _egress(rule: EgressRule) -> dict[str, Any]:
    return {"to": [_peer(peer) for peer in rule.to], "ports": [_port(port) for port in rule.ports]}


def _client_ports(specification: Specification) -> list[int]:
    """The API; with ACME also the port on which the CA, a trusted peer like any client, validates a pod's own name."""
    acme = specification.tls is not None and specification.tls.mode == "ACME"
    return [API_PORT, ACME_PORT] if acme else [API_PORT]


def network_policy(specification: Specification) -> dict[str, Any]:
    """Peers among themselves, our own Jobs and trusted peers in; DNS, peers, the API server and declared rules out.

    Development without trusted peers lets every pod of the cluster reach the API port: evaluation must be easy.
    """
    network = specification.network
    own = [{"podSelector": {"matchLabels": selector(specification)}}]
    jobs = [{"podSelector": {"matchLabels": {"openbao.org/cluster": specification.name}}}]
    clients = [_peer(peer) for peer in network.trusted_ingress_peers]
    if not clients and specification.profile == "Development":
        clients = [{"namespaceSelector": {}}]
    ingress = [
        {"from": own, "ports": _ports(API_PORT, CLUSTER_PORT)},
        {"from": [*jobs, *clients], "ports": _ports(*_client_ports(specification))},
        *(
            {"from": [_peer(peer) for peer in rule.from_], "ports": [_port(port) for port in rule.ports]}
            for rule in network.ingress_rules
        ),
    ]
    if clients and specification.telemetry.enabled and specification.telemetry.metrics_listener:
        ingress.append({"from": clients, "ports": _ports(METRICS_PORT)})
    dns: list[dict[str, Any]] = [{"namespaceSelector": {"matchLabels": {_NAMESPACE_NAME: network.dns_namespace}}}]
    dns += [{"ipBlock": {"cidr": f"{address}/{128 if ':' in address else 32}"}} for address in network.dns_endpoint_ips]
    api_server = [{"ipBlock": {"cidr": network.api_server_cidr}}] if network.api_server_cidr else []
    egress = [
        {"to": dns, "ports": [*_ports(53, protocol="UDP"), *_ports(53)]},
        {"to": own, "ports": _ports(API_PORT, CLUSTER_PORT)},
        # Without a known address the API server is allowed by its usual ports alone.
        {**({"to": api_server} if api_server else {}), "ports": _ports(443, 6443)},
        *(_egress(rule) for rule in network.egress_rules),
    ]
    return {
        "spec": {
            "podSelector": {"matchLabels": selector(specification)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        }
    }


def jobs_network_policy(specification: Specification) -> dict[str, Any]:
    """Our Jobs: nobody calls them; they call DNS, the cluster, and the API server."""
    dns: list[dict[str, Any]] = [
        {"namespaceSelector": {"matchLabels": {_NAMESPACE_NAME: specification.network.dns_namespace}}}
    ]
    server = [{"podSelector": {"matchLabels": selector(specification)}}]
    return {
        "spec": {
            "podSelector": {
                "matchLabels": {"openbao.org/cluster": specification.name, "openbao.org/job": "true"},
            },
            "policyTypes": ["Ingress", "Egress"],
            "egress": [
                {"to": dns, "ports": [*_ports(53, protocol="UDP"), *_ports(53)]},
                {"to": server, "ports": _ports(API_PORT)},
                {"ports": _ports(443, 6443)},
            ],
        }
    }


def disruption_budget(specification: Specification) -> dict[str, Any]:
    """One pod at a time may be taken away on purpose; made from three replicas, where it keeps a quorum."""
    return {"spec": {"maxUnavailable": 1, "selector": {"matchLabels": selector(specification)}}}
