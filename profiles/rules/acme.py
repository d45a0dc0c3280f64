"""The server as its own ACME client: names, challenges and caches that can work."""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

from collections.abc import Iterator

from profiles.addresses import is_dns_name, is_elsewhere, is_internal_name, is_public_acme
from profiles.layout import Names
from profiles.rendering.listener import shared_domains
from profiles.rules.rule import Breach, Case, each, rule
from profiles.specification.tls import AcmeTls


def acme(case: Case) -> AcmeTls | None:
    """The specification's TLS block if its mode is ACME."""
    return case.spec.tls if isinstance(case.spec.tls, AcmeTls) else None


def _is_acme(case: Case) -> bool:
    return acme(case) is not None


@rule(
    "openbao.acme.directory",
    "The ACME directory is named",
    since="S",
    fields=("tls.directoryUrl",),
    reason="An ACME directory is an https URL of another machine.",
    way_out="Write it like `https://acme.example.com/directory`: no user, query or fragment, no local host.",
    when=_is_acme,
)
def directory(case: Case) -> Iterator[Breach]:
    tls = acme(case)
    if tls is not None and not is_elsewhere(str(tls.directory_url)):
        yield Breach("tls.directoryUrl")


@rule(
    "openbao.acme.domains",
    "ACME names are DNS names",
    since="ours",
    fields=("tls.domains",),
    reason="TLS-ALPN-01 proves single DNS names: no address, no wildcard, no port. Clients by IP cannot be served at "
    "all.",
    way_out="Write it like `bao.example.com`, and let clients use that name.",
    when=_is_acme,
)
def domains(case: Case) -> Iterator[Breach]:
    tls = acme(case)

    def look(index: int, name: str) -> Iterator[Breach]:
        if not is_dns_name(str(name)):
            yield Breach(f"tls.domains[{index}]")

    yield from each(tls.domains if tls else [], look)


@rule(
    "openbao.acme.public-names",
    "A public CA can reach the names",
    since="ours",
    fields=("tls.directoryUrl", "tls.domains"),
    reason="A public CA neither resolves nor signs names inside a cluster, so no certificate would ever come.",
    way_out="Set tls.domains to public DNS names that lead to the pods on 443, or use a private ACME CA.",
    when=lambda case: (tls := acme(case)) is not None and is_public_acme(str(tls.directory_url)),
)
def public_names(case: Case) -> Iterator[Breach]:
    tls = acme(case)
    if tls is None:
        return
    if not tls.domains:
        yield Breach("tls.domains", "Without domains the pods ask for their own names, which no public CA signs.")

    def look(index: int, name: str) -> Iterator[Breach]:
        if is_internal_name(str(name)):
            yield Breach(f"tls.domains[{index}]")

    yield from each(tls.domains, look)


@rule(
    "openbao.acme.shared-cache",
    "A shared name has a shared cache",
    since="S",
    fields=("tls.domains", "tls.sharedCache", "replicas"),
    reason="The CA dials one pod of several that answer this name; the others can only serve what a shared cache "
    "holds.",
    way_out="Set tls.sharedCache (a ReadWriteMany volume), or leave tls.domains out and use a private ACME CA.",
    when=lambda case: (tls := acme(case)) is not None and case.spec.replicas > 1 and tls.shared_cache is None,
)
def shared_cache(case: Case) -> Iterator[Breach]:
    tls = acme(case)
    if tls is not None and shared_domains(case.spec, tls):
        yield Breach("tls.sharedCache")


@rule(
    "openbao.acme.pod-names",
    "Every pod has a name to answer",
    since="ours",
    fields=("tls.domains", "replicas"),
    reason="A pod is asked by its own name or by one that all share; without either it never gets a certificate.",
    way_out="Name in tls.domains every pod, or a name that leads to all; left out, each has its own.",
    when=lambda case: (tls := acme(case)) is not None and bool(tls.domains),
)
def pod_names(case: Case) -> Iterator[Breach]:
    tls = acme(case)
    if tls is None or shared_domains(case.spec, tls):
        return
    names = Names.of(case.spec)
    left_out = [names.pod_dns(pod) for pod in names.pods if names.pod_dns(pod) not in tls.domains]
    if left_out:
        yield Breach(
            "tls.domains", f"Neither {left_out[0]} nor a name of all pods is listed, so it never gets a certificate."
        )


@rule(
    "openbao.acme.clients",
    "Edges ask for a name that the server may answer",
    since="ours",
    fields=("tls.domains", "gateway.hostname", "ingress.host"),
    reason="With ACME the server refuses every handshake for a name that is not in tls.domains.",
    way_out="Add this host name to tls.domains.",
    when=_is_acme,
)
def client_names(case: Case) -> Iterator[Breach]:
    tls = acme(case)
    if tls is None:
        return
    gateway, ingress = case.spec.gateway, case.spec.ingress
    hosts = [("gateway.hostname", gateway.hostname if gateway is not None and gateway.enabled else None)]
    hosts += [("ingress.host", ingress.host if ingress is not None and ingress.enabled else None)]
    for path, host in hosts:
        if host is not None and str(host) not in [str(domain) for domain in tls.domains]:
            yield Breach(path)


@rule(
    "openbao.acme.passthrough",
    "Edges pass TLS through",
    since="S",
    fields=("gateway.tlsPassthrough",),
    reason="TLS-ALPN-01 is answered inside the TLS handshake, so an edge that ends TLS breaks issuance.",
    way_out="Set gateway.tlsPassthrough to true.",
    when=lambda case: _is_acme(case) and case.spec.gateway is not None and case.spec.gateway.enabled,
)
def passthrough(case: Case) -> Iterator[Breach]:
    if case.spec.gateway is not None and not case.spec.gateway.tls_passthrough:
        yield Breach("gateway.tlsPassthrough")


@rule(
    "openbao.acme.account",
    "An ACME account is complete",
    since="ours",
    fields=("tls.eabKeyId", "tls.eabMacKey", "tls.eabSecretRef"),
    reason="External account binding needs the key id and exactly one source of the MAC key.",
    way_out="Set tls.eabKeyId and tls.eabSecretRef, or none of them.",
    when=_is_acme,
)
def account(case: Case) -> Iterator[Breach]:
    tls = acme(case)
    if tls is None:
        return
    sources = sum(source is not None for source in (tls.eab_mac_key, tls.eab_secret_ref))
    if sources != (0 if tls.eab_key_id is None else 1):
        yield Breach("tls.eabKeyId" if tls.eab_key_id is None else "tls.eabSecretRef")


@rule(
    "openbao.acme.inline-mac-key",
    "No ACME account key in the specification",
    since="ours",
    scope="Hardened",
    fields=("tls.eabMacKey",),
    reason="Whoever reads this stack, its state or the Pulumi program could get certificates in your name.",
    way_out="Put it into a Secret and name that in tls.eabSecretRef.",
    when=_is_acme,
)
def inline_mac_key(case: Case) -> Iterator[Breach]:
    tls = acme(case)
    if tls is not None and tls.eab_mac_key is not None:
        yield Breach("tls.eabMacKey")


@rule(
    "openbao.acme.root",
    "Peers trust what a private ACME CA signs",
    since="S",
    fields=("tls.caRootSecretRef", "tls.directoryUrl"),
    reason="The system's roots do not know a private CA, so pods could not verify each other.",
    way_out="Set tls.caRootSecretRef to a Secret with `ca.crt` and `issuer.crt`, unless the image trusts the CA.",
    advice=True,
    when=lambda case: (tls := acme(case)) is not None and not is_public_acme(str(tls.directory_url)),
)
def private_root(case: Case) -> Iterator[Breach]:
    tls = acme(case)
    if tls is not None and tls.ca_root_secret_ref is None:
        yield Breach("tls.caRootSecretRef")


@rule(
    "openbao.acme.account-secret",
    "The ACME account's Secret can be there first",
    since="ours",
    fields=("tls.eabSecretRef", "namespace.create"),
    reason="The Secret is read before anything is made, and in a namespace that this stack creates it cannot be there "
    "at the first `up`.",
    way_out="Create the namespace and the Secret beforehand, and set namespace.create to false.",
    when=lambda case: (tls := acme(case)) is not None and tls.eab_secret_ref is not None,
)
def account_secret(case: Case) -> Iterator[Breach]:
    if case.spec.namespace.create:
        yield Breach("tls.eabSecretRef")


@rule(
    "openbao.acme.service-names",
    "Clients can verify the address they are given",
    since="ours",
    fields=("tls.domains",),
    reason="Without domains each pod has a certificate of its own name only; no Service name is in any, so clients "
    "cannot verify the outputs `address` and `active_address`.",
    way_out="Give clients the pods' names, or set tls.domains and tls.sharedCache and give them those names.",
    advice=True,
    when=_is_acme,
)
def service_names(case: Case) -> Iterator[Breach]:
    tls = acme(case)
    if tls is not None and not tls.domains:
        yield Breach("tls.domains")


@rule(
    "openbao.acme.ingress-passthrough",
    "An ingress passes TLS through",
    since="ours",
    fields=("ingress.tlsSecretName",),
    reason="TLS-ALPN-01 is answered inside the TLS handshake, so an ingress that ends TLS breaks issuance.",
    way_out="Remove ingress.tlsSecretName; without it the ingress passes TLS through.",
    when=lambda case: _is_acme(case) and case.spec.ingress is not None and case.spec.ingress.enabled,
)
def ingress_passthrough(case: Case) -> Iterator[Breach]:
    if case.spec.ingress is not None and case.spec.ingress.tls_secret_name is not None:
        yield Breach("ingress.tlsSecretName")


@rule(
    "openbao.acme.public-reach",
    "A public CA gets in",
    since="ours",
    fields=("tls.directoryUrl", "service.loadBalancerSourceRanges", "network.trustedIngressPeers"),
    reason="A public CA validates from addresses that it does not publish, so only a way in that is open to everybody "
    "lets it in.",
    way_out="Use an edge that passes TLS on and is itself a trusted peer (gateway or ingress), or a private ACME CA.",
    advice=True,
    when=lambda case: (tls := acme(case)) is not None and is_public_acme(str(tls.directory_url)),
)
def public_reach(case: Case) -> Iterator[Breach]:
    spec = case.spec
    if any(edge is not None and edge.enabled for edge in (spec.gateway, spec.ingress)):
        return  # the CA comes in through the edge, and only the edge must be let in here
    ranges = spec.service.load_balancer_source_ranges
    if ranges and not any(_is_everybody(str(one)) for one in ranges):
        yield Breach("service.loadBalancerSourceRanges")
    blocks = [peer.ip_block for peer in spec.network.trusted_ingress_peers]
    if blocks and not any(block is not None and _is_everybody(str(block.cidr)) for block in blocks):
        yield Breach("network.trustedIngressPeers")


def _is_everybody(cidr: str) -> bool:
    return cidr.endswith("/0")
