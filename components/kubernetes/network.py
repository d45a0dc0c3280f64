"""Who may reach the pods and whom they may call."""

from __future__ import annotations

from typing import Any

from components.kubernetes.metadata import selector
from profiles.layout import ACME_PORT, API_PORT, CLUSTER_PORT, METRICS_PORT
from profiles.specification import Specification
from profiles.specification.identity import AwsIdentity, GcpIdentity, PodIdentity
from profiles.specification.network import EgressRule, Network, Peer, Port
from profiles.specification.unseal import (
    AwsKmsUnseal,
    AzureKeyVaultUnseal,
    GcpCkmsUnseal,
    OciKmsUnseal,
)

_NAMESPACE_NAME = "kubernetes.io/metadata.name"
_Agent = tuple[str, tuple[int, ...]]
"""Address range and ports of a service on the node."""
# https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html
_EKS_AGENT: tuple[_Agent, ...] = (("169.254.170.23/32", (80,)), ("fd00:ec2::23/128", (80,)))
# Classic data plane and Dataplane V2: https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy
_GKE_AGENT: tuple[_Agent, ...] = (("169.254.169.252/32", (987, 988)), ("169.254.169.254/32", (80, 8080)))
_NODE_METADATA: tuple[_Agent, ...] = (("169.254.169.254/32", (80,)),)


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


def _identity_agents(specification: Specification) -> list[dict[str, Any]]:
    """Whom the pods ask for their identity on their own node, where a seal relies on it.

    Link-local addresses, which nobody may name in `network.egressRules`. The key services themselves have names, not
    addresses; rule openbao.egress.seal looks after them.
    """
    agents: tuple[_Agent, ...] = ()
    match specification.unseal:
        case AwsKmsUnseal(identity=AwsIdentity(pod_identity=PodIdentity())):
            agents = _EKS_AGENT
        case GcpCkmsUnseal(identity=GcpIdentity()):
            agents = _GKE_AGENT
        case (
            AzureKeyVaultUnseal(auth_method="managed_identity")
            | OciKmsUnseal(auth_type_api_key=False, credentials_secret_ref=None)
        ):
            agents = _NODE_METADATA
    return [{"to": [{"ipBlock": {"cidr": block}}], "ports": _ports(*ports)} for block, ports in agents]


def _to_dns(network: Network) -> dict[str, Any]:
    dns: list[dict[str, Any]] = [{"namespaceSelector": {"matchLabels": {_NAMESPACE_NAME: network.dns_namespace}}}]
    dns += [{"ipBlock": {"cidr": f"{address}/{128 if ':' in address else 32}"}} for address in network.dns_endpoint_ips]
    return {"to": dns, "ports": [*_ports(53, protocol="UDP"), *_ports(53)]}


def _to_api_server(network: Network) -> dict[str, Any]:
    """Without a known address the API server is allowed by its usual ports alone."""
    known = {"to": [{"ipBlock": {"cidr": network.api_server_cidr}}]} if network.api_server_cidr is not None else {}
    return {**known, "ports": _ports(443, 6443)}


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
    scrapers = [_peer(peer) for peer in network.metrics_peers] or clients
    if scrapers and specification.telemetry.enabled and specification.telemetry.metrics_listener:
        ingress.append({"from": scrapers, "ports": _ports(METRICS_PORT)})
    egress = [
        _to_dns(network),
        {"to": own, "ports": _ports(API_PORT, CLUSTER_PORT)},
        _to_api_server(network),
        *_identity_agents(specification),
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
    """Our Jobs: nobody calls them; they call DNS, the cluster, and, to store a root token, the API server."""
    network = specification.network
    server = [{"podSelector": {"matchLabels": selector(specification)}}]
    return {
        "spec": {
            "podSelector": {
                "matchLabels": {"openbao.org/cluster": specification.name, "openbao.org/job": "true"},
            },
            "policyTypes": ["Ingress", "Egress"],
            "egress": [
                _to_dns(network),
                {"to": server, "ports": _ports(API_PORT)},
                *([_to_api_server(network)] if specification.bootstrap == "operatorInit" else []),
            ],
        }
    }


def disruption_budget(specification: Specification) -> dict[str, Any]:
    """One pod at a time may be taken away on purpose; made from three replicas, where it keeps a quorum."""
    return {"spec": {"maxUnavailable": 1, "selector": {"matchLabels": selector(specification)}}}
