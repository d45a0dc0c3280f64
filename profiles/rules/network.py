"""Who reaches the cluster: peers, edges and the client Service."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

from collections.abc import Iterator

from profiles.addresses import is_cidr, is_host_name, is_within, why_not_explicit
from profiles.rendering.listener import peer_ca_file
from profiles.rules.rule import Breach, Case, each, rule
from profiles.specification.network import EgressRule, IngressRule, LabelSelector, Peer
from profiles.specification.tls import OperatorManagedTls

_NO_HOST = "This is no host name, so Kubernetes would refuse the route."
_A_HOST = "Write it like `bao.example.com`: lower case, no scheme, no port, no address."
_EXPLICIT = "Name them by namespaceSelector or podSelector with labels, or by an ipBlock narrower than everybody."


def _selects(selector: LabelSelector | None) -> bool:
    return selector is not None and bool(selector.match_labels)


def _vague(peer: Peer) -> str | None:
    """Why a peer is not explicit, in the operator's sense; None when it is."""
    if peer.ip_block is not None:
        why = why_not_explicit(str(peer.ip_block.cidr))
        return f"This peer is not explicit: {why}." if why else None
    if _selects(peer.namespace_selector) or _selects(peer.pod_selector):
        return None
    return "This peer is not explicit: it selects everybody."


def _peers(path: str, peers: list[Peer]) -> Iterator[Breach]:
    def look(index: int, peer: Peer) -> Iterator[Breach]:
        vague = _vague(peer)
        if vague:
            yield Breach(f"{path}[{index}]", vague)

    yield from each(peers, look)


@rule(
    "hardened.network.raw-ingress-rules",
    "No raw ingress rules",
    since="N",
    scope="Hardened",
    fields=("network.ingressRules",),
    reason="A raw rule can open any port to anybody; Hardened knows clients only.",
    way_out="Move its peers to network.trustedIngressPeers and remove network.ingressRules.",
)
def no_raw_ingress(case: Case) -> Iterator[Breach]:
    if case.spec.network.ingress_rules:
        yield Breach("network.ingressRules")


@rule(
    "hardened.network.trusted-ingress-peers",
    "Clients are named",
    since="N",
    scope="Hardened",
    fields=("network.trustedIngressPeers",),
    reason="This peer is not explicit.",
    way_out=_EXPLICIT,
)
def explicit_clients(case: Case) -> Iterator[Breach]:
    yield from _peers("network.trustedIngressPeers", case.spec.network.trusted_ingress_peers)


@rule(
    "contract.network.metrics-peers",
    "Scrapers are named",
    since="ours",
    scope="Hardened",
    fields=("network.metricsPeers",),
    reason="This peer is not explicit.",
    way_out=_EXPLICIT,
)
def explicit_scrapers(case: Case) -> Iterator[Breach]:
    yield from _peers("network.metricsPeers", case.spec.network.metrics_peers)


@rule(
    "hardened.network.egress-rules",
    "Destinations are named",
    since="N",
    scope="Hardened",
    fields=("network.egressRules",),
    reason="A rule without destination or port lets a stolen process send anything anywhere.",
    way_out="Give every egress rule explicit `to` peers and `ports` with numbers.",
)
def explicit_destinations(case: Case) -> Iterator[Breach]:
    def look(index: int, egress: EgressRule) -> Iterator[Breach]:
        path = f"network.egressRules[{index}]"
        if not egress.to:
            yield Breach(f"{path}.to", "This rule has no destination, so it means everybody.")
        if not egress.ports:
            yield Breach(f"{path}.ports", "This rule has no ports, so it means all of them.")
        for position, port in enumerate(egress.ports):
            if port.port is None:
                yield Breach(f"{path}.ports[{position}]", "This port has no number, so it means all of them.")
        yield from _peers(f"{path}.to", egress.to)

    yield from each(case.spec.network.egress_rules, look)


@rule(
    "contract.network.peer-shape",
    "Peers that Kubernetes accepts",
    since="ours",
    fields=("network.trustedIngressPeers", "network.metricsPeers", "network.egressRules", "network.ingressRules"),
    reason="Kubernetes takes a peer with selectors or with an ipBlock, never both and never neither.",
    way_out="Split it into one peer for the selectors and one for the ipBlock.",
)
def peer_shape(case: Case) -> Iterator[Breach]:
    network = case.spec.network
    groups: list[tuple[str, list[Peer]]] = [
        ("network.trustedIngressPeers", network.trusted_ingress_peers),
        ("network.metricsPeers", network.metrics_peers),
    ]
    egress: list[EgressRule] = network.egress_rules
    ingress: list[IngressRule] = network.ingress_rules
    groups += [(f"network.egressRules[{index}].to", one.to) for index, one in enumerate(egress)]
    groups += [(f"network.ingressRules[{index}].from", one.from_) for index, one in enumerate(ingress)]

    def look(_: int, group: tuple[str, list[Peer]]) -> Iterator[Breach]:
        path, peers = group
        yield from each(peers, lambda index, peer: _shape(f"{path}[{index}]", peer))

    yield from each(groups, look)


def _shape(path: str, peer: Peer) -> Iterator[Breach]:
    selectors = peer.namespace_selector is not None or peer.pod_selector is not None
    if selectors == (peer.ip_block is not None):
        yield Breach(path)
    elif peer.ip_block is not None:
        cidr = str(peer.ip_block.cidr)
        if not is_cidr(cidr):
            yield Breach(f"{path}.ipBlock.cidr", "This is not an address range.", "Write it like `10.0.0.0/8`.")
            return
        for index, without in enumerate(peer.ip_block.except_):
            if not is_cidr(str(without)) or not is_within(str(without), cidr):
                reason = "Kubernetes only takes an exception that is a range inside the range."
                yield Breach(f"{path}.ipBlock.except[{index}]", reason, "Correct or remove the exception.")


@rule(
    "contract.network.addresses",
    "Addresses of the cluster are addresses",
    since="ours",
    fields=("network.dnsEndpointIps", "network.apiServerCidr", "service.loadBalancerSourceRanges"),
    reason="This is not an address, so the NetworkPolicy or Service would be refused.",
    way_out="Write addresses like `10.96.0.10` and ranges like `10.0.0.0/8`.",
)
def cluster_addresses(case: Case) -> Iterator[Breach]:
    network = case.spec.network

    def address(index: int, text: str) -> Iterator[Breach]:
        if not is_cidr(f"{text}/0"):
            yield Breach(f"network.dnsEndpointIps[{index}]")

    def source(index: int, text: str) -> Iterator[Breach]:
        if not is_cidr(str(text)):
            yield Breach(f"service.loadBalancerSourceRanges[{index}]")

    if network.api_server_cidr is not None and not is_cidr(str(network.api_server_cidr)):
        yield Breach("network.apiServerCidr")
    yield from each(network.dns_endpoint_ips, address)
    yield from each(case.spec.service.load_balancer_source_ranges, source)


@rule(
    "contract.network.clients",
    "Somebody may connect",
    since="ours",
    fields=("network.trustedIngressPeers",),
    reason="Hardened lets only trusted peers in; without any, nobody but the cluster's own Jobs can log in.",
    way_out="Name the clients in network.trustedIngressPeers.",
    advice=True,
    when=lambda case: case.spec.profile == "Hardened",
)
def clients(case: Case) -> Iterator[Breach]:
    if not case.spec.network.trusted_ingress_peers:
        yield Breach("network.trustedIngressPeers")


@rule(
    "contract.service.source-ranges",
    "A load balancer is not open to the world",
    since="ours",
    fields=("service.type", "service.loadBalancerSourceRanges"),
    reason="A LoadBalancer without source ranges is reachable from everywhere its network is.",
    way_out="Set service.loadBalancerSourceRanges, or make the load balancer internal by its annotations.",
    advice=True,
    when=lambda case: case.spec.service.type == "LoadBalancer",
)
def source_ranges(case: Case) -> Iterator[Breach]:
    if not case.spec.service.load_balancer_source_ranges:
        yield Breach("service.loadBalancerSourceRanges")


@rule(
    "hardened.gateway.backend-tls",
    "TLS up to the pods",
    since="N",
    scope="Hardened",
    fields=("gateway.backendTls.enabled", "gateway.tlsPassthrough"),
    reason="Without backend TLS the gateway would speak in clear text to OpenBao.",
    way_out="Set gateway.tlsPassthrough to true, or remove gateway.backendTls.enabled.",
    when=lambda case: case.spec.gateway is not None and case.spec.gateway.enabled,
)
def gateway_backend_tls(case: Case) -> Iterator[Breach]:
    gateway = case.spec.gateway
    if gateway is not None and not gateway.backend_tls.enabled and not gateway.tls_passthrough:
        yield Breach("gateway.backendTls.enabled")


@rule(
    "contract.gateway.reference",
    "A gateway has a host and a parent",
    since="S",
    fields=("gateway.hostname", "gateway.gatewayRefName"),
    reason="A route without host name and gateway is attached to nothing.",
    way_out="Set gateway.hostname and gateway.gatewayRefName.",
    when=lambda case: case.spec.gateway is not None and case.spec.gateway.enabled,
)
def gateway_reference(case: Case) -> Iterator[Breach]:
    gateway = case.spec.gateway
    if gateway is not None and gateway.hostname is None:
        yield Breach("gateway.hostname")
    elif gateway is not None and not is_host_name(str(gateway.hostname)):
        yield Breach("gateway.hostname", _NO_HOST, _A_HOST)
    if gateway is not None and gateway.gateway_ref_name is None:
        yield Breach("gateway.gatewayRefName")


@rule(
    "contract.gateway.peers",
    "A gateway may pass the NetworkPolicy",
    since="ours",
    scope="Hardened",
    fields=("gateway.enabled", "network.trustedIngressPeers"),
    reason="The NetworkPolicy lets only trusted peers in, so the gateway would reach nothing.",
    way_out="Name the gateway's namespace in network.trustedIngressPeers.",
    when=lambda case: case.spec.gateway is not None and case.spec.gateway.enabled,
)
def gateway_peers(case: Case) -> Iterator[Breach]:
    if not case.spec.network.trusted_ingress_peers:
        yield Breach("network.trustedIngressPeers")


@rule(
    "contract.gateway.backend-ca",
    "The gateway can read the CA",
    since="ours",
    fields=("gateway.backendTls.caConfigMap", "gateway.tlsPassthrough", "gateway.backendTls.enabled", "tls"),
    reason="The CA of this certificate lies in a Secret only, and the Gateway API demands no more of a gateway than "
    "ConfigMaps in a BackendTLSPolicy; one that takes no Secrets answers every request with an error.",
    way_out="Put the CA into a ConfigMap, key `ca.crt`, and name it in gateway.backendTls.caConfigMap; or set "
    "gateway.tlsPassthrough to true.",
    advice=True,
    when=lambda case: case.spec.gateway is not None and case.spec.gateway.enabled,
)
def gateway_backend_ca(case: Case) -> Iterator[Breach]:
    gateway, tls = case.spec.gateway, case.spec.tls
    if gateway is None or gateway.tls_passthrough or not gateway.backend_tls.enabled:
        return
    if gateway.backend_tls.ca_config_map is not None:
        return
    ours = isinstance(tls, OperatorManagedTls) and not tls.cert_manager  # this CA is published as a ConfigMap
    if tls is not None and not ours and peer_ca_file(case.spec) is not None:
        yield Breach("gateway.backendTls.caConfigMap")


@rule(
    "contract.ingress.peers",
    "An ingress may pass the NetworkPolicy",
    since="N",
    fields=("ingress.enabled", "network.trustedIngressPeers"),
    reason="The NetworkPolicy lets only trusted peers in, so the ingress controller would reach nothing.",
    way_out="Name the controller's namespace in network.trustedIngressPeers.",
    when=lambda case: case.spec.ingress is not None and case.spec.ingress.enabled,
)
def ingress_peers(case: Case) -> Iterator[Breach]:
    if not case.spec.network.trusted_ingress_peers:
        yield Breach("network.trustedIngressPeers")


@rule(
    "contract.ingress.host",
    "An ingress has a host",
    since="ours",
    fields=("ingress.host",),
    reason="An ingress without host would catch every request of its controller.",
    way_out="Set ingress.host to the name that clients use.",
    when=lambda case: case.spec.ingress is not None and case.spec.ingress.enabled,
)
def ingress_host(case: Case) -> Iterator[Breach]:
    if case.spec.ingress is not None and case.spec.ingress.host is None:
        yield Breach("ingress.host")
    elif case.spec.ingress is not None and not is_host_name(str(case.spec.ingress.host)):
        yield Breach("ingress.host", _NO_HOST, _A_HOST)
