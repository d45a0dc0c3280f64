"""Who may talk to the cluster and whom it may call."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from profiles.specification.base import Part
from profiles.values import AnyText, LabelValue, Leaf, SecretName, Text


class LabelSelector(Part):
    match_labels: dict[str, LabelValue] = Field(default_factory=dict)


class IpBlock(Part):
    cidr: Text
    except_: list[Text] = Field(default_factory=list, alias="except")


class Peer(Part):
    """One side of a rule: pods, namespaces or an address range."""

    namespace_selector: LabelSelector | None = None
    pod_selector: LabelSelector | None = None
    ip_block: IpBlock | None = None


class Port(Part):
    port: Annotated[int, Field(ge=1, le=65535), Leaf] | None = None
    protocol: Literal["TCP", "UDP"] = "TCP"


class EgressRule(Part):
    to: list[Peer] = Field(default_factory=list)
    ports: list[Port] = Field(default_factory=list)


class IngressRule(Part):
    from_: list[Peer] = Field(default_factory=list, alias="from")
    ports: list[Port] = Field(default_factory=list)


class Network(Part):
    trusted_ingress_peers: list[Peer] = Field(default_factory=list, description="Who may reach the API port 8200.")
    metrics_peers: list[Peer] = Field(
        default_factory=list, description="Who may reach the metrics port 8202; default: trustedIngressPeers."
    )
    ingress_rules: list[IngressRule] = Field(default_factory=list, description="Raw rules; refused in Hardened.")
    egress_rules: list[EgressRule] = Field(
        default_factory=list, description="Whom the pods may call besides DNS, peers and the API server."
    )
    dns_namespace: Text = "kube-system"
    dns_endpoint_ips: list[Text] = Field(default_factory=list)
    api_server_cidr: Text | None = Field(
        default=None, description="Where the Kubernetes API is; default: anywhere on 443 and 6443."
    )


class ClientService(Part):
    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    annotations: dict[str, AnyText] = Field(default_factory=dict)
    load_balancer_source_ranges: list[Text] = Field(default_factory=list)


class BackendTls(Part):
    enabled: bool = True
    ca_config_map: SecretName | None = Field(
        default=None,
        description="ConfigMap of the cluster's namespace with the CA, key `ca.crt`; default: where the CA lies.",
    )


class Gateway(Part):
    enabled: bool = True
    api_release: Annotated[str, Field(pattern=r"^1\.([1-9]|[1-9][0-9])$")] = Field(
        default="1.5",
        description="Release of the Gateway API's CRDs in the cluster; newer than 1.5 changes nothing. TLSRoute is v1 "
        "from 1.5 and BackendTLSPolicy from 1.4; before, both are alpha and in the experimental channel only.",
    )
    hostname: Text | None = None
    gateway_ref_name: Text | None = None
    gateway_ref_namespace: Text | None = None
    section_name: Text | None = None
    tls_passthrough: bool = False
    backend_tls: BackendTls = Field(default_factory=BackendTls.defaults)


class Ingress(Part):
    enabled: bool = True
    host: Text | None = None
    class_name: Text | None = None
    annotations: dict[str, AnyText] = Field(default_factory=dict)
    tls_secret_name: SecretName | None = None
