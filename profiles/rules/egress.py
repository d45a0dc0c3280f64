"""What the pods must be able to call, against what the NetworkPolicy lets out.

The policy opens DNS, the peers and the Kubernetes API; while `network.apiServerCidr` is not set, the API's usual ports
443 and 6443 are open to everywhere. Anything else needs an egress rule. Names are resolved by nobody here, so for a
name a rule with the right port counts.
"""
# ruff: noqa: D103 - a rule is described by its decorator

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from profiles.addresses import is_address, network_contains, split_url
from profiles.rules.rule import Breach, Case, rule
from profiles.specification.network import EgressRule, IpBlock
from profiles.specification.tls import AcmeTls
from profiles.specification.unseal import (
    AwsKmsUnseal,
    AzureKeyVaultUnseal,
    GcpCkmsUnseal,
    KmipUnseal,
    OciKmsUnseal,
    StaticUnseal,
    TransitUnseal,
)

_API_PORTS = (443, 6443)
_DEFAULT_PORTS = {"https": 443, "http": 80, "oci": 443}


@dataclass(frozen=True)
class Target:
    """Somebody whom the pods must call: the field that says so, the host if known, the port."""

    field: str
    host: str | None
    port: int
    protocol: str = "TCP"


def _of_url(field: str, url: str | None) -> Iterator[Target]:
    parts = split_url(str(url)) if url is not None else None
    if parts is not None:
        yield Target(field, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme, 443))


def _of_host_port(field: str, text: str, protocol: str = "TCP") -> Iterator[Target]:
    host, _, port = str(text).rpartition(":")
    if port.isdigit():
        yield Target(field, host.strip("[]") or None, int(port), protocol)


def _allowed(case: Case, target: Target) -> bool:
    network = case.spec.network
    if network.api_server_cidr is None and target.port in _API_PORTS and target.protocol == "TCP":
        return True
    return any(_lets_out(egress, target) for egress in network.egress_rules)


def _lets_out(egress: EgressRule, target: Target) -> bool:
    numbers = {port.port for port in egress.ports if port.protocol == target.protocol}
    if egress.ports and not {None, target.port} & numbers:
        return False
    if target.host is None or not is_address(target.host) or not egress.to:
        return True
    blocks = [peer.ip_block for peer in egress.to]
    return any(block is None or _contains(block, target.host) for block in blocks)


def _contains(block: IpBlock, host: str) -> bool:
    return network_contains(str(block.cidr), host) and not any(
        network_contains(str(without), host) for without in block.except_
    )


def _closed(case: Case, targets: Callable[[Case], Iterator[Target]]) -> Iterator[Breach]:
    for target in targets(case):
        if not _allowed(case, target):
            port = f"port {target.port}" if target.protocol == "TCP" else f"{target.protocol} port {target.port}"
            where = f"{target.host} {port}" if target.host else port
            way_out = f"Add a rule with its address range and {port} to network.egressRules."
            yield Breach(target.field, f"The NetworkPolicy does not let the pods reach {where}.", way_out)


def _seal_targets(case: Case) -> Iterator[Target]:
    match case.spec.unseal:
        case TransitUnseal() as transit:
            yield from _of_url("unseal.address", transit.address)
        case KmipUnseal() as kmip:
            yield from _of_host_port("unseal.endpoint", kmip.endpoint)
        case AwsKmsUnseal() as aws:
            if aws.endpoint is not None:
                yield from _of_url("unseal.endpoint", aws.endpoint)
            else:
                yield Target("unseal.region", None, 443)
        case GcpCkmsUnseal():
            yield Target("unseal.project", None, 443)
        case AzureKeyVaultUnseal():
            yield Target("unseal.vaultName", None, 443)
        case OciKmsUnseal() as oci:
            yield from _of_url("unseal.cryptoEndpoint", oci.crypto_endpoint)
            yield from _of_url("unseal.managementEndpoint", oci.management_endpoint)


@rule(
    "openbao.egress.seal",
    "The seal's key can be reached",
    since="ours",
    fields=("unseal", "network.egressRules", "network.apiServerCidr"),
    reason="The server exits at every start while it cannot reach its key.",
    way_out="Add the key service to network.egressRules.",
    when=lambda case: case.spec.unseal is not None and not isinstance(case.spec.unseal, StaticUnseal),
)
def seal_reachable(case: Case) -> Iterator[Breach]:
    yield from _closed(case, _seal_targets)


def _registry(case: Case) -> Iterator[Target]:
    unseal = case.spec.unseal
    plugin = None if unseal is None or isinstance(unseal, StaticUnseal) else unseal.plugin
    if plugin is not None and plugin.image is not None and plugin.delivery == "download":
        host = str(plugin.image).split("/", 1)[0]
        name, _, port = host.partition(":")
        yield Target("unseal.plugin.image", name, int(port) if port.isdigit() else 443)


@rule(
    "openbao.egress.plugin",
    "The plugin's registry can be reached",
    since="ours",
    fields=("unseal.plugin", "network.egressRules", "network.apiServerCidr"),
    reason="A plugin that is downloaded must be fetched before the server can start.",
    way_out="Add the registry to network.egressRules, or use delivery imageVolume (the node pulls the image).",
    when=lambda case: any(True for _ in _registry(case)),
)
def registry_reachable(case: Case) -> Iterator[Breach]:
    yield from _closed(case, _registry)


def _acme_directory(case: Case) -> Iterator[Target]:
    if isinstance(case.spec.tls, AcmeTls):
        yield from _of_url("tls.directoryUrl", case.spec.tls.directory_url)


@rule(
    "openbao.egress.acme",
    "The ACME CA can be reached",
    since="ours",
    fields=("tls.directoryUrl", "network.egressRules", "network.apiServerCidr"),
    reason="Without the CA there is no certificate, and so no API.",
    way_out="Add the ACME CA to network.egressRules.",
    when=lambda case: isinstance(case.spec.tls, AcmeTls),
)
def acme_reachable(case: Case) -> Iterator[Breach]:
    yield from _closed(case, _acme_directory)


def _audit_sinks(case: Case) -> Iterator[Target]:
    for index, device in enumerate(case.spec.audit):
        if device.type == "http" and "uri" in device.options:
            yield from _of_url(f"audit[{index}].options.uri", device.options["uri"])
        protocol = str(device.options.get("socket_type", "tcp")).upper()
        if device.type == "socket" and protocol != "UNIX":
            yield from _of_host_port(f"audit[{index}].options.address", device.options.get("address", ""), protocol)


@rule(
    "openbao.egress.audit",
    "Remote audit devices can be reached",
    since="ours",
    fields=("audit", "network.egressRules", "network.apiServerCidr"),
    reason="A device that cannot be opened at the first start loses the bootstrap for good.",
    way_out="Add the log server to network.egressRules.",
    when=lambda case: any(device.type in ("http", "socket") for device in case.spec.audit),
)
def audit_reachable(case: Case) -> Iterator[Breach]:
    yield from _closed(case, _audit_sinks)


def _identity_providers(case: Case) -> Iterator[Target]:
    access = case.spec.self_init
    if access is not None and access.oidc is not None:
        yield from _of_url("selfInit.oidc.issuer", access.oidc.issuer)
    if access is not None and access.jwt is not None:
        yield from _of_url("selfInit.jwt.discoveryUrl", access.jwt.discovery_url)
        yield from _of_url("selfInit.jwt.jwksUrl", access.jwt.jwks_url)


@rule(
    "openbao.egress.identity-provider",
    "Identity providers can be reached",
    since="ours",
    fields=("selfInit.oidc", "selfInit.jwt", "network.egressRules", "network.apiServerCidr"),
    reason="OpenBao fetches the provider's keys; without them nobody can log in.",
    way_out="Add the identity provider to network.egressRules.",
    when=lambda case: any(True for _ in _identity_providers(case)),
)
def identity_provider_reachable(case: Case) -> Iterator[Breach]:
    yield from _closed(case, _identity_providers)
