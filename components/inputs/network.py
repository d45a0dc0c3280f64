"""Arguments of the components, from profiles/specification (network) by tools/component_inputs.py."""

from typing import NotRequired, TypedDict

import pulumi


class LabelSelector(TypedDict):
    """The block `network.trustedIngressPeers.namespaceSelector`."""

    match_labels: NotRequired[dict[str, pulumi.Input[str]]]


class IpBlock(TypedDict):
    """The block `network.trustedIngressPeers.ipBlock`."""

    cidr: pulumi.Input[str]
    except_: NotRequired[list[pulumi.Input[str]]]


class Peer(TypedDict):
    """One side of a rule: pods, namespaces or an address range."""

    namespace_selector: NotRequired[LabelSelector]
    pod_selector: NotRequired[LabelSelector]
    ip_block: NotRequired[IpBlock]


class Port(TypedDict):
    """The block `network.ingressRules.ports`."""

    port: NotRequired[pulumi.Input[int]]
    protocol: NotRequired[str]
    """One of `TCP`, `UDP`. Default: `TCP`."""


class IngressRule(TypedDict):
    """The block `network.ingressRules`."""

    from_: NotRequired[list[Peer]]
    ports: NotRequired[list[Port]]


class EgressRule(TypedDict):
    """The block `network.egressRules`."""

    to: NotRequired[list[Peer]]
    ports: NotRequired[list[Port]]


class Network(TypedDict):
    """The block `network`."""

    trusted_ingress_peers: NotRequired[list[Peer]]
    """Who may reach the API port 8200."""
    metrics_peers: NotRequired[list[Peer]]
    """Who may reach the metrics port 8202; default: trustedIngressPeers."""
    ingress_rules: NotRequired[list[IngressRule]]
    """Raw rules; refused in Hardened."""
    egress_rules: NotRequired[list[EgressRule]]
    """Whom the pods may call besides DNS, peers and the API server."""
    dns_namespace: NotRequired[pulumi.Input[str]]
    """Default: `kube-system`."""
    dns_endpoint_ips: NotRequired[list[pulumi.Input[str]]]
    api_server_cidr: NotRequired[pulumi.Input[str]]
    """Where the Kubernetes API is; default: anywhere on 443 and 6443."""


class ClientService(TypedDict):
    """The block `service`."""

    type: NotRequired[str]
    """One of `ClusterIP`, `NodePort`, `LoadBalancer`. Default: `ClusterIP`."""
    annotations: NotRequired[dict[str, pulumi.Input[str]]]
    load_balancer_source_ranges: NotRequired[list[pulumi.Input[str]]]


class BackendTls(TypedDict):
    """The block `gateway.backendTls`."""

    enabled: NotRequired[bool]
    """Default: `true`."""
    ca_config_map: NotRequired[pulumi.Input[str]]
    """ConfigMap of the cluster's namespace with the CA, key `ca.crt`; default: where the CA lies."""


class Gateway(TypedDict):
    """The block `gateway`."""

    enabled: NotRequired[bool]
    """Default: `true`."""
    api_release: NotRequired[str]
    """Release of the Gateway API's CRDs in the cluster; newer than 1.5 changes nothing. TLSRoute is v1 from 1.5 and
    BackendTLSPolicy from 1.4; before, both are alpha and in the experimental channel only. Default: `1.5`.
    """
    hostname: NotRequired[pulumi.Input[str]]
    gateway_ref_name: NotRequired[pulumi.Input[str]]
    gateway_ref_namespace: NotRequired[pulumi.Input[str]]
    section_name: NotRequired[pulumi.Input[str]]
    tls_passthrough: NotRequired[bool]
    """Default: `false`."""
    backend_tls: NotRequired[BackendTls]


class Ingress(TypedDict):
    """The block `ingress`."""

    enabled: NotRequired[bool]
    """Default: `true`."""
    host: NotRequired[pulumi.Input[str]]
    class_name: NotRequired[pulumi.Input[str]]
    annotations: NotRequired[dict[str, pulumi.Input[str]]]
    tls_secret_name: NotRequired[pulumi.Input[str]]
